"""Files, memory, threads and software: what a run needs of the machine."""

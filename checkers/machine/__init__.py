"""Files, memory, threads, progress and software: what a run needs of the machine."""

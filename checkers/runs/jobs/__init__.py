"""Work over processes and machines."""

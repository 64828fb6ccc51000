"""Every decision in one file, before the next is made."""

"""What a statement's questions are answered by."""

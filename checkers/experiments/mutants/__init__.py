"""What HOLDS is worth: mechanical mutants of statements, each checked as its statement is."""

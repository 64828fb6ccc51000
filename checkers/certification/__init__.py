"""Ball arithmetic: every number a midpoint with a proved radius (python-flint), so an inequality is proved or left open, never guessed."""

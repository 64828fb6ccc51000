"""Ball arithmetic: every number a midpoint with a proved radius (python-flint), so that an inequality is shown or left open, never guessed."""

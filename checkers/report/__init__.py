"""Words and figures."""

"""How wide is wide enough."""

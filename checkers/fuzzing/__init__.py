"""The search for an instance that fails."""

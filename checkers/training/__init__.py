"""A training run that checks the theory along the way."""

"""Fully connected, residual and convolutional networks."""

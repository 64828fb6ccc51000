"""What the paper claims: one declaration per statement, grouped by its chapters. Importing this package fills `registry`."""

from theorems import calculus, convergence, gradients, initialization  # noqa: F401  (order of dependence)
from theorems.registry import registry, statement

__all__ = ["registry", "statement"]

"""What the paper claims: one declaration per statement, grouped by its chapters. Importing this package fills `registry`."""

from importlib import import_module

from theorems.registry import registry, statement

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
for _chapter in ("calculus", "initialization", "sparsity", "stability", "gradients", "smoothness", "kernels", "convergence", "stochastic", "other_losses"):
    import_module(f"theorems.{_chapter}")

__all__ = ["registry", "statement"]

"""What the paper claims: one declaration per statement, grouped by its chapters. Importing this package fills `registry`."""

from importlib import import_module

from theorems.registry import registry, statement

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
_CHAPTERS = (
    "calculus", "initialization", "sparsity", "stability", "gradients", "smoothness", "kernels", "convergence", "stochastic",
    "other_losses",
)  # fmt: skip
for _chapter in _CHAPTERS:
    import_module(f"theorems.{_chapter}")
# Then the same statements on other architectures.
for _architecture in ("residual", "convolutional"):
    import_module(f"theorems.{_architecture}")

__all__ = ["registry", "statement"]

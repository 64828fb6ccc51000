"""Allen-Zhu, Li and Song, "A Convergence Theory for Deep Learning via Over-Parameterization" (ICML 2019), one module a chapter."""

from importlib import import_module

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
_CHAPTERS = (
    "calculus", "initialization", "sparsity", "stability", "gradients", "smoothness", "kernels", "convergence", "stochastic",
    "other_losses",
)  # fmt: skip
for _chapter in _CHAPTERS:
    import_module(f"{__name__}.{_chapter}")
# Then the same statements on other architectures.
for _architecture in ("residual", "convolutional"):
    import_module(f"{__name__}.{_architecture}")

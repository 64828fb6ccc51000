"""Allen-Zhu, Li and Song, "A Convergence Theory for Deep Learning via Over-Parameterization" (ICML 2019), one module a chapter."""

from importlib import import_module

from theorems.language.statement import FIRST_THEORY
from theorems.language.theory import theory

theory(
    id=FIRST_THEORY,
    paper="Allen-Zhu, Li and Song, A Convergence Theory for Deep Learning via Over-Parameterization, ICML 2019",
    year=2019,
    assumes="all hidden layers of a deep ReLU network are trained, inputs are unit vectors with a constant coordinate, no two nearer than"
    " delta, and the width is a polynomial in n, L and 1/delta",
)

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
_CHAPTERS = (
    "calculus", "initialization", "sparsity", "stability", "perturbed_backward", "gradients", "differences", "smoothness", "kernels",
    "convergence", "stochastic", "other_losses", "given_kernel", "given_flips", "requirements",
)  # fmt: skip
for _chapter in _CHAPTERS:
    import_module(f"{__name__}.{_chapter}")
# Then the same statements on other architectures.
for _architecture in ("residual", "convolutional"):
    import_module(f"{__name__}.{_architecture}")

"""Two-layer ReLU networks whose first layer is trained, one module a chapter.

Du, Zhai, Poczos and Singh, "Gradient Descent Provably Optimizes Over-parameterized Neural Networks" (ICLR 2019), and Arora, Du, Hu, Li and
Wang, "Fine-Grained Analysis of Optimization and Generalization for Overparameterized Two-Layer Neural Networks" (ICML 2019).
"""

from importlib import import_module

from theorems.language.theory import theory

theory(
    id="two-layer",
    paper="Du, Zhai, Poczos and Singh, Gradient Descent Provably Optimizes Over-parameterized Neural Networks, ICLR 2019; Arora, Du, Hu, Li"
    " and Wang, Fine-Grained Analysis of Optimization and Generalization for Overparameterized Two-Layer Neural Networks, ICML 2019",
    year=2019,
    assumes="only the first layer of a two-layer ReLU network is trained, inputs are unit vectors whose limit kernel has a positive least"
    " eigenvalue lambda0, and the width is a polynomial in n, 1/lambda0 and 1/p",
)

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
_CHAPTERS = (
    "outputs", "kernel", "positivity", "gates", "stability", "both_layers", "certificate", "convergence", "curve", "complexity",
    "requirements",
)  # fmt: skip
for _chapter in _CHAPTERS:
    import_module(f"{__name__}.{_chapter}")

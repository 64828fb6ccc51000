"""Gradient descent on any differentiable map, by what its Jacobian does near the start alone, one module a chapter.

Oymak and Soltanolkotabi, "Overparameterized Nonlinear Learning: Gradient Descent Takes the Shortest Path?" (ICML 2019), and Oymak, Fabian,
Li and Soltanolkotabi, "Generalization Guarantees for Neural Networks via Harnessing the Low-rank Structure of the Jacobian" (2019).
"""

from importlib import import_module

from theorems.language.theory import theory

theory(
    id="local-jacobian",
    paper="Oymak and Soltanolkotabi, Overparameterized Nonlinear Learning: Gradient Descent Takes the Shortest Path?, ICML 2019; Oymak,"
    " Fabian, Li and Soltanolkotabi, Generalization Guarantees for Neural Networks via Harnessing the Low-rank Structure of the Jacobian,"
    " 2019",
    year=2019,
    assumes="any differentiable map and the squared loss: on a ball around the start the singular values of the Jacobian lie between alpha"
    " > 0 and beta, and it changes little or is Lipschitz there; nothing is random",
)

# A statement may rest only on earlier ones, so the chapters are imported in the order of the proofs.
for _chapter in (
    "jacobian", "distance", "descent", "flow", "polyak", "networks", "stochastic", "orders", "initial", "reference", "width", "gates",
    "deep",
):  # fmt: skip
    import_module(f"{__name__}.{_chapter}")

"""The paper's numbered statements, part by part and quantifier by quantifier: the list that docs/coverage.md is made from.

Numbers are those of arXiv:1811.03962v5 as later papers restate them; claims inside proofs that nobody restates are not on the list. A
part is checked by the statements whose `source` it names. Quantifiers that all have, sizes, data and the random initialization, are not
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quantifier = Literal[
    "samples", "pairs", "layers", "intervals", "outputs", "entries", "steps", "batch sizes", "losses", "labels", "vectors", "D''", "W'",
    "W~", "W and W~",
]  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One claim. source: of the statements that check it. over: what it says "for all" about. missing: why none does."""

    says: str
    source: str
    over: tuple[Quantifier, ...]
    missing: str = "nobody has declared it"


@dataclass(frozen=True)
class Numbered:
    """A numbered statement of the paper."""

    number: str
    about: str
    parts: tuple[Part, ...]


PAPER = (
    Numbered("Fact 2.5", "the gradient", (
        Part("grad_{W_l} F as a sum of outer products", "Fact 2.5", ("layers", "entries")),
    )),
    Numbered("Lemma 7.1", "norms at the initialization", (
        Part("‖h_{i,l}‖ in [1 - eps, 1 + eps]", "Lemma 7.1", ("samples", "layers")),
    )),
    Numbered("Lemma 7.3", "products of layers at the initialization", (
        Part("a: spectral norm, C sqrt(L)", "Lemma 7.3a", ("samples", "intervals", "vectors")),
        Part("b: sparse v, 2 ‖v‖", "Lemma 7.3b", ("samples", "intervals", "vectors")),
        Part("c: sparse u, C ‖u‖", "Lemma 7.3c", ("samples", "intervals", "vectors")),
        Part("d: sparse u and v, C sqrt(s log(m)/m)", "Lemma 7.3d", ("samples", "intervals", "vectors")),
    )),
    Numbered("Lemma 7.4", "backward products at the initialization", (
        Part("a: sparse u, C sqrt(s log(m)/d)", "Lemma 7.4a", ("samples", "layers", "vectors")),
        Part("b: v in R^d, C sqrt(m/d), d <= c m/L", "Lemma 7.4b", ("samples", "layers", "vectors")),
    )),
    Numbered("Lemma 7.5", "separation", (
        Part("‖(I - h_i h_i^T/‖h_i‖^2) h_j‖ >= delta/2", "Lemma 7.5", ("pairs", "layers")),
    )),
    Numbered("Lemma 8.2", "forward perturbation", (
        Part("a: g~ - g = g'_1 + g'_2", "Lemma 8.2a", ("samples", "layers", "W'")),
        Part("b: number of flips; ‖(D~ - D) g‖ and ‖(D~ - D) g~‖", "Lemma 8.2b", ("samples", "layers", "W'")),
        Part("c: ‖g~ - g‖ and ‖h~ - h‖", "Lemma 8.2c", ("samples", "layers", "W'")),
    )),
    Numbered("Lemma 8.6", "products of perturbed layers", (
        Part("C sqrt(L)", "Lemma 8.6", ("samples", "intervals", "vectors", "D''", "W'", "W and W~")),
        Part("products that end in B: C sqrt(m/d)", "Lemma 8.6, products that end in B", ("samples", "layers", "vectors", "D''", "W'",
                                                                                         "W and W~")),
    )),
    Numbered("Lemma 8.7", "perturbed backward products", (
        Part("D'' and W' together", "Lemma 8.7", ("samples", "layers", "vectors", "D''", "W'")),
        Part("D'' alone: C sqrt(L^3 s log(m)/d)", "Lemma 8.7, D'' alone", ("samples", "layers", "vectors", "D''")),
        Part("W' alone: C omega sqrt(L^3 m/d)", "Lemma 8.7, W' alone", ("samples", "layers", "vectors", "W'")),
    )),
    Numbered("Theorem 3", "gradient bounds", (
        Part("upper: one sample, and all together", "Theorem 3, upper bounds", ("samples", "layers", "labels", "W'")),
        Part("lower: of the last layer", "Theorem 3, lower bound", ("labels", "W'")),
    )),
    Numbered("Claim 11.2", "outputs of two networks in the ball", (
        Part("the formula for h(W~ + W') - h(W~)", "Claim 11.2, its proof", ("samples", "layers", "entries", "W~", "W'")),
        Part("‖h(W~ + W') - h(W~)‖, and of the outputs", "Claim 11.2", ("samples", "layers", "W~", "W'")),
    )),
    Numbered("Proposition 11.3", "differences of activations", (
        Part("phi(a) - phi(b) = (D_b + D'')(a - b)", "Proposition 11.3", ("entries",)),
    )),
    Numbered("Theorem 4", "semi-smoothness", (
        Part("F(W~ + W') from above", "Theorem 4", ("labels", "W~", "W'")),
    )),
    Numbered("Theorem 5", "the tangent kernel near the initialization", (
        Part("a: drift of the gradient", "Theorem 5a", ("samples", "outputs", "W'")),
        Part("b: linearization", "Theorem 5b", ("samples", "outputs", "W'")),
        Part("c: drift of the kernel", "Theorem 5c", ("pairs", "outputs", "W'")),
    )),
    Numbered("Theorem 1", "gradient descent", (
        Part("F <= eps within T steps", "Theorem 1", ("labels",)),
        Part("Section 12: the rate and the radius", "Theorem 1, proof in Section 12", ("steps", "labels")),
    )),
    Numbered("Theorem 2", "stochastic gradient descent", (
        Part("F <= eps within T/b steps", "Theorem 2", ("batch sizes", "labels")),
    )),
    Numbered("Appendix A", "other losses", (
        Part("gradient-dominated, convex, and bounded smooth losses", "Appendix A", ("losses", "steps", "labels")),
        Part("cross-entropy: 100% training accuracy", "Appendix A, classification", ("labels",)),
    )),
)  # fmt: skip

"""When is lambda0 = lambda_min(H_inf) positive, and how large is it at least?

h(rho) = rho/4 + (rho/2 pi) arcsin rho, and arcsin has positive coefficients b_k = binom(2k, k)/(4^k (2k + 1)). So H_inf is at least the sum
of the b_k/(2 pi) times the entrywise powers rho^(2k + 2), of which each has least eigenvalue 1 - (n - 1) r^(2k + 2) at least, or 0, r the
largest |rho_ij|: 1 - a^2/2 <= exp(-a^2/2) where a = apart. Let f(j) = max(0, 1 - (n - 1) exp(-j a^2)), 0 at j = 0. By Wallis b_{j-1} >=
(j - 1/2)^(-3/2)/(2 sqrt(pi)), those from j on add up to (j - 1/2)^(-1/2)/sqrt(pi) at least, and summation by parts leaves the integral of
f'(t) (t + 1/2)^(-1/2) over 2 pi^(3/2). There t a^2 - log(n - 1) is an exponential variable, of mean 1, and by Jensen's inequality
    lambda0 >= a/(2 pi^(3/2) sqrt(log(n - 1) + 1 + a^2/2)), a^2 <= 2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import INPUTS
from theorems.language.subject import Comparison, Side
from theorems.laws.gate_laws import kernel_floor
from theorems.laws.gate_positivity import is_positive, least_pivot, parallel_pairs
from theorems.two_layer.shared import EVERY, two_layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from theorems.language.instance import Array
    from theorems.two_layer.subject import TwoLayer

SETS = {"width": (1, 1), "samples": (1, 8), "input_dimension": INPUTS, "separation": (0.02, 1.4)}


def _no_two_equal(inputs: Array) -> bool:
    return not parallel_pairs(inputs)[0]


def _no_two_parallel(inputs: Array) -> bool:
    return not any(parallel_pairs(inputs))


def _as_said(criterion: Callable[[Array], bool]) -> Callable[[TwoLayer], Comparison]:
    """Criterion <= proof and proof <= criterion, as 0 and 1. The proof: all pivots of H_inf are positive, in balls of at most 512 bits."""

    def measure(subject: TwoLayer) -> Comparison:
        import torch

        inputs = subject.instance.inputs
        said, proved = float(criterion(inputs)), float(least_pivot(inputs)[0] > 0)
        # halves on the left, so that where both say yes the sides are told apart
        sides = torch.tensor([[said / 2, proved / 2], [proved, said]], dtype=torch.float64)
        left, right = (side.expand(subject.trials, -1) for side in sides)
        return Comparison(left, right, axes=("direction",))

    return measure


@two_layer(
    id="tl-positive",
    source="Du et al. 2019, Theorem 3.1, made exact",
    claim="lambda0 > 0 if and only if no two inputs are equal and those of which the negative is an input too, one of each pair, are"
    " linearly independent",
    ranges={**SETS, "samples": (1, 8)},
    engines=("vectors",),
    data=EVERY,
    exact=True,
    variants=(
        wrong("no two equal suffices", "assumption", measure=_as_said(_no_two_equal), ranges={"samples": (6, 8)}, data=("circle",)),
        wrong("lambda0 = 0 where two are parallel", "claim", measure=_as_said(_no_two_parallel), ranges={"samples": (2, 8)},
              data=("opposite pairs",)),
    ),
    note="The criterion by exact fractions, positivity by an LDL^T in ball arithmetic. The theorem asks that no two be parallel, which is"
    " more than it takes: one antipodal pair has lambda0 = 1/2. Three antipodal pairs in a plane have lambda0 = 0.",
)  # fmt: skip
def positive(subject: TwoLayer) -> Comparison:
    return _as_said(is_positive)(subject)


def _distance(inputs: Array, *, opposite: bool) -> float:
    """The least distance of two inputs, or of one and another's negative."""
    import numpy as np

    pairs = [(one, other) for place, one in enumerate(inputs) for other in inputs[:place]]
    signs = (1, -1) if opposite else (1,)
    return min((float(np.linalg.norm(one - sign * other)) for one, other in pairs for sign in signs), default=2.0)


def _lower(subject: TwoLayer, *, opposite: bool = True) -> Side:
    import torch

    inputs = subject.instance.inputs
    least = torch.full((subject.trials, 2), kernel_floor(inputs), dtype=torch.float64)
    given = {"apart": torch.full_like(least[:, 0], _distance(inputs, opposite=opposite))}
    # an eigenvalue of a matrix of norm n/2 at most, against at least delta/(100 n^2)
    return Side(least, axes=("part",), rounding=16 * 2.0**-53 * 100 * len(inputs) ** 3 / max(float(given["apart"][0]), 1e-12), given=given)


@two_layer(
    id="tl-separation",
    source="after Oymak and Soltanolkotabi 2019, constant from memory; second form derived",
    claim="lambda0 >= {bound}, and lambda0 >= {bound}, apart = the least ‖x_i - x_j‖ or ‖x_i + x_j‖, i != j",
    at_least=("apart/(100 n^2)", "apart/(11.137 sqrt(log(7.39 (n - 1))))"),
    proved=("apart/(11.137 sqrt(log(7.39 (n - 1))))", ""),
    ranges={**SETS, "samples": (2, 63)},
    tight={"data": "circle"},
    engines=("vectors",),
    data=("orthonormal", "sphere", "close pairs", "cluster", "circle"),
    rests_on=("tl-positive",),
    exact=True,
    variants=(
        wrong("1/(2 pi) in place of 1/(100 n^2)", "constant", at_least=("apart/6.28318", "apart/(11.137 sqrt(log(7.39 (n - 1))))"),
              ranges={"samples": (5, 21)}, data=("circle",)),
        wrong("opposite inputs forgotten", "assumption", measure=partial(_lower, opposite=False), ranges={"samples": (6, 6)},
              data=("circle",)),
    ),
    note="2 pi^(3/2) = 11.137, e^2 = 7.39. The second implies the first. The least lambda0/apart known to us is 0.0627, on lattices in"
    " three dimensions, and 0.0797 on circles: a constant without n.",
)  # fmt: skip
def separated(subject: TwoLayer) -> Side:
    return _lower(subject)

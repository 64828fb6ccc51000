"""How well networks near W(0) can follow random signs, which bounds what a trained one loses on inputs that it has not seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.formula import Formula
from theorems.language.instance import Instance
from theorems.language.statement import Constant
from theorems.language.subject import Side
from theorems.two_layer.shared import FAILURE_P, POSITIVE, SIZES, P, two_layer

if TYPE_CHECKING:
    from theorems.two_layer.subject import TwoLayer

BOUND = "B (1 + (2 log(2/p)/m)^(1/4))/sqrt(2 n) + 2 omega^2 sqrt(m)/kappa + omega sqrt(2 log(2/p))"
LINEAR = {"width": (2**13, 2**14), "radius": (1e-4, 1e-3)}  # where the first term is nearly all of it


def rademacher_bound(samples: int, width: int, distance: float, farthest: float, p: float) -> float:
    """The right side of tl-complexity at B = distance, omega = farthest, kappa = 1."""
    at = Instance(width=width, samples=samples, radius=farthest)
    return float(Formula(BOUND)(at, B=distance, kappa=1.0, p=p))


@two_layer(
    id="tl-complexity",
    source="Arora et al. 2019, Lemma 5.4",
    claim="of all networks with ‖w_r - w_r(0)‖ <= omega for every r and ‖W - W(0)‖_F <= B, where B = share omega sqrt(m): the empirical "
    "Rademacher complexity is at most {bound}",
    at_most=BOUND,
    ranges={**SIZES, "width": (64, 2**14), "samples": (1, 3), "radius": (1e-4, 0.3)},
    failure=FAILURE_P,
    constants={
        "kappa": Constant(1.0, "the standard deviation of the entries of w_r, as drawn"),
        "p": P,
        "share": Constant(0.5, "a choice: then all open neurons of one sample can share B without one of them going farther than omega"),
    },
    data=POSITIVE,
    rests_on=("tl-near",),
    attack="ascent of sum_i e_i f(x_i) for each of the 2^n sign vectors e",
    passes=64,
    variants=(
        wrong("B/sqrt(4 n)", "constant", at_most=BOUND.replace("sqrt(2 n)", "sqrt(4 n)"), ranges={**LINEAR, "samples": (1, 2)},
              data=("orthonormal",)),
        wrong("n in place of sqrt(n)", "exponent", at_most=BOUND.replace("sqrt(2 n)", "(sqrt(2) n)"), ranges={**LINEAR, "samples": (3, 3)},
              data=("orthonormal",)),
    ),
    note="The linear part is (B/n) E ‖sum_i e_i grad f(x_i)‖, nearly B/sqrt(2 n), for tr H(0) is n/2. The other terms pay for gates that"
    " change; no attack of ours makes them visible.",
)  # fmt: skip
def complexity(subject: TwoLayer, share: float) -> Side:
    radius = subject.instance.radius
    budget = share * radius * math.sqrt(subject.instance.width)
    found = subject.complexity(radius, budget)
    # differences of outputs
    rounding = 4 * subject.rounding * float(subject.outputs().abs().amax()) / max(float(found.amin()), 1e-300) + 4 * subject.rounding
    return Side(found, rounding=rounding, given={"B": found.new_full(found.shape, budget)})

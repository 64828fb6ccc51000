"""How well networks near W(0) can follow random signs, which bounds what a trained one loses on inputs that it has not seen.

More than the paper's three terms need say: the linear part is (B/n) sqrt(tr H(0)) at most, and tr H(0) = (1/m) sum_r #{open gates of r} <=
n/2 + n sqrt(log(2/p)/(2 m)) but with probability p/2. What gates that change add to f(x_i) is m^{-1/2} sum_r a_r c_ri with 0 <= c_ri <=
max(0, omega - |w_r . x_i|), for relu is convex, so it helps sign e_i in half of all cases: (1/2) m^{-1/2} sum_r Y_r on average over signs
and samples. The Y_r are independent, in [0, omega], of mean 0.39895 omega^2/kappa and mean square 0.26597 omega^3/kappa at most: Bernstein.
"""

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
SHARP = (
    "B sqrt(1 + sqrt(2 log(2/p)/m))/sqrt(2 n) + 0.19948 omega^2 sqrt(m)/kappa + 0.36471 omega^(3/2) sqrt(log(2/p)/kappa)"
    " + omega log(2/p)/(6 sqrt(m))"
)
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
    proved=SHARP,
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
    " change, a tenth of what they are is enough, and no attack of ours makes them visible.",
)  # fmt: skip
def complexity(subject: TwoLayer, share: float) -> Side:
    radius = subject.instance.radius
    budget = share * radius * math.sqrt(subject.instance.width)
    found = subject.complexity(radius, budget)
    # differences of outputs
    rounding = 4 * subject.rounding * float(subject.outputs().abs().amax()) / max(float(found.amin()), 1e-300) + 4 * subject.rounding
    return Side(found, rounding=rounding, given={"B": found.new_full(found.shape, budget)})

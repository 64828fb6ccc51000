"""Gradient bounds of residual networks: layers below the last carry a factor tau."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.gradients import largest_gradients, least_gradient
from theorems.allen_zhu.residual.shared import AT_START, FLIP_C, FLIP_FAILURE, NO_SKIP, RESIDUAL, TAU_ONE, flips
from theorems.language import along_training
from theorems.language.forms import FALSE, at_least, at_most, bounded, form, informative, wrong
from theorems.language.statement import Constant, FailureProbability
from theorems.laws.norm_laws import step

if TYPE_CHECKING:
    from theorems.language.instance import Instance

def _tau_squared(instance: Instance) -> list[list[float]]:
    """tau^2 for the layers below the last, 1 for that: a column, for (layer, part)."""
    return [[step(instance.width, instance.depth) ** 2]] * (instance.depth - 1) + [[1.0]]


GRADIENTS = (
    at_most("separation", "delta <= c, c = 1/2", "separation", lambda i: 0.5),
    at_least("width", "m >= n^3 log^2 m/delta", "width", lambda i: i.samples**3 * math.log(i.width) ** 2 / i.separation),
    at_most("radius", "omega <= c delta^{3/2}/(n^{9/2} L log^3 m)", "radius",
            lambda i: math.pow(i.separation, 1.5) / (math.pow(i.samples, 4.5) * i.depth * math.log(i.width) ** 3)),
    informative("m omega^{2/3}", 1.0, "radius", lambda i, count: (count / i.width) ** 1.5),
)  # fmt: skip
form(
    "gradient-upper", RESIDUAL, assumptions=GRADIENTS, failure=FLIP_FAILURE,
    claim="‖grad_{W_l} F_i‖_F^2 <= C tau_l^2 m F_i/d and ‖grad_{W_l} F‖_F^2 <= C tau_l^2 n m F/d, tau_l = tau for l < L and 1 for l "
    "= L, for all W with ‖W - W(0)‖_2 <= omega, l, i and all labels",
    ranges={"width": (256, 8192), "depth": (1, 6)},
    constants={"C": Constant(4.0, "limit 1 for l = L and at most 2 below it, where up to all neurons are active; times 2"), "c": FLIP_C},
    measure=bounded(lambda subject, C, c: largest_gradients(subject, C), _tau_squared),
    along=along_training.times(along_training.gradient_upper, lambda i, at: _tau_squared(i)[at.layer - 1][0]),
    variants=(
        wrong("constant 0.9, below the limit", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("tau^4 in place of tau^2", "exponent", ranges={"depth": (2, 6), "width": (256, 1024)},
              measure=bounded(lambda subject, C, c: largest_gradients(subject, C),
              lambda i: [[factor**2 for factor in row] for row in _tau_squared(i)])),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (2, 4), "width": (256, 1024)}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
form(
    "gradient-lower", RESIDUAL, assumptions=GRADIENTS,
    failure=FailureProbability("exp(-C m omega^{2/3})", lambda i, c, C: math.exp(-C * flips(i))),
    ranges={"width": (256, 8192), "depth": (1, 4), "samples": (1, 4)},
    constants={"c": Constant(0.3, "two samples at distance delta, large m: 4/pi as delta -> 0, as for L = 1; 0.41 there by calibration"),
    "C": FLIP_C},
    variants=(
        wrong("delta dropped", "exponent", measure=lambda subject, c, C: least_gradient(subject, c, separation_exponent=0.0),
              data=("pairs",), ranges={"samples": (2, 2), "separation": (0.05, 0.15), "depth": (1, 2), "width": (256, 1024)}, **AT_START),
        wrong("skip connection dropped", "implementation", **NO_SKIP, ranges={"depth": (3, 4), "width": (256, 1024)}, **AT_START),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 2)}),
    ),
    along=along_training.gradient_lower,
    note="The last layer's gradient carries no tau: the bound is that of one fully connected layer on h_{L-1}.",
)  # fmt: skip

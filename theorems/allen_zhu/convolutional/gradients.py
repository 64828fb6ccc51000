"""Gradient bounds of convolutional networks: the patches make squared norms q times as large."""

from __future__ import annotations

import math

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, AT_START, CIRCLE, CONVOLUTIONAL, NO_FAN_IN, TWICE
from theorems.allen_zhu.gradients import largest_gradients, least_gradient
from theorems.allen_zhu.stability import FLIP_FAILURE, flip_count
from theorems.language import along_training
from theorems.language.forms import FALSE, at_least, at_most, bounded, bounded_below, form, wrong
from theorems.language.statement import Constant, FailureProbability

GRADIENTS = (
    AT_MOST_ALL,
    at_most("separation", "delta <= c/(L sqrt P)", "separation", lambda i: 1 / (i.depth * math.sqrt(i.positions))),
    at_least("width", "m >= n^3 L^3 log^2 m/delta", "width",
             lambda i: i.samples**3 * i.depth**3 * math.log(i.width) ** 2 / i.separation),
    at_most("radius", "omega <= c delta^{3/2}/(n^{9/2} L^6 log^3 m sqrt q)", "radius",
            lambda i: math.pow(i.separation, 1.5)
            / (math.pow(i.samples, 4.5) * math.pow(i.depth, 6) * math.log(i.width) ** 3 * math.sqrt(i.patch))),
    at_least("informative radius", "omega >= (m L)^{-3/2} log(20)^{3/2}", "radius", lambda i: (3 / (i.width * i.depth)) ** 1.5),
)  # fmt: skip
form(
    "gradient-upper", CONVOLUTIONAL, assumptions=GRADIENTS, failure=FLIP_FAILURE,
    claim="‖grad_{W_l} F_i‖_F^2 <= C q m F_i/d and ‖grad_{W_l} F‖_F^2 <= C q n m F/d for all W with ‖W - W(0)‖_2 <= omega, l, i and "
    "all labels",
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 2), **CIRCLE},
    constants={"C": Constant(4.0, "as for fully connected networks, the patches' squared norm being q"), "c": TWICE},
    exponents={"width": 1.0, "outputs": -1.0, "samples": 1.0, "patch": 1.0},
    measure=bounded(lambda subject, C, c: largest_gradients(subject, C), lambda i: i.patch),
    along=along_training.times(along_training.gradient_upper, lambda i, at: i.patch),
    variants=(
        wrong("constant 0.8, below the limit", "constant", constants={"C": Constant(0.8, FALSE)}),
        wrong("factor q left out, C = 2", "exponent", constants={"C": Constant(2.0, FALSE)},
              measure=lambda subject, C, c: largest_gradients(subject, C)),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, **AT_START, ranges={"depth": (2, 2), "width": (256, 512)},
              constants={"C": Constant(2.0, "one layer multiplies by q = 3 at least")}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
form(
    "gradient-lower", CONVOLUTIONAL, assumptions=GRADIENTS,
    claim="‖grad_{W_L} F‖_F^2 >= c (delta q^{3/2} m/(sqrt(P) d n)) max_i F_i for all W with ‖W - W(0)‖_2 <= omega and all labels",
    failure=FailureProbability("exp(-C m omega^{2/3} L)", lambda i, c, C: math.exp(-C * flip_count(i))),
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 3), **CIRCLE},
    constants={"c": Constant(0.15, "half of the fully connected constant: patches of unequal norm and of two inputs that differ at one "
                             "position share the angle unevenly"), "C": TWICE},
    exponents={"width": 1.0, "outputs": -1.0, "separation": 1.0, "samples": -1.0, "patch": 1.5, "positions": -0.5},
    measure=bounded_below(lambda subject, c, C: least_gradient(subject, c), lambda i: i.patch**1.5 * i.positions**-0.5),
    along=along_training.times(along_training.gradient_lower, lambda i, at: i.patch**1.5 * i.positions**-0.5),
    variants=(
        wrong("delta dropped", "exponent", data=("pairs",),
              ranges={"samples": (2, 2), "separation": (0.02, 0.06), "depth": (1, 1), "width": (256, 1024)},
              **AT_START,
              measure=bounded_below(lambda subject, c, C: least_gradient(subject, c, separation_exponent=0.0),
                                    lambda i: i.patch**1.5 * i.positions**-0.5)),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 1)}),
    ),
)  # fmt: skip

"""Convolutional networks are semi-smooth near their initialization, and their kernels stay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.convolutional.shared import (
    AT_MOST_ALL,
    CONVOLUTIONAL,
    KERNEL_SMALL,
    MORE,
    NETWORKS,
    SHARED,
    SHARP,
    SMALL,
)
from theorems.allen_zhu.smoothness import (
    LARGE_ENOUGH,
    gradient_changes,
    outputs_beyond_linear_part,
)
from theorems.allen_zhu.stability import FLIP_FAILURE
from theorems.language.forms import FALSE, bounded, form, wrong
from theorems.language.statement import Constant

if TYPE_CHECKING:
    from theorems.language.instance import Instance

def _first(instance: Instance) -> float:
    """sqrt(P) q^{2/3}: sqrt of the P m (sqrt(q) omega)^{2/3} flips, each of which carries its share of sqrt(q) omega."""
    return math.sqrt(instance.positions) * math.pow(instance.patch, 2 / 3)


form(
    "semi-smoothness", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, LARGE_ENOUGH, SMALL, MORE),
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + C sqrt(n F(W~)) sqrt(P) q^{2/3} omega^{1/3} L^2 sqrt(m log m/d) ‖W'‖_2 + "
    "C n L^2 (P q m/d) ‖W'‖_2^2 for all W~ in the ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    at_most="C sqrt(n F) sqrt(P) q^(2/3) omega^(1/3) L^2 sqrt(m log(m)/d) size + C n L^2 P q m/d size^2",
    variants=(
        wrong("a constant of 1/200", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 2048), "depth": (1, 1)},
              at_most="0.1 (C sqrt(n F) omega^(1/3) L^2 sqrt(log(m)/d) size + C n L^2 sqrt(m)/d size^2)",
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
)  # fmt: skip
form(
    "gradient-drift", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= C sqrt(P) q^{1/6} sqrt(log m) omega^{1/3} L^3 ‖grad f_c(W(0))‖_F for all ‖W - "
    "W(0)‖_2 <= omega, i and c",
    constants={"C": Constant(3.0, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: gradient_changes(subject, C), lambda i: math.sqrt(i.positions) * i.patch ** (1 / 6)),
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              measure=lambda subject, C, c: gradient_changes(subject, C, radius_exponent=2 / 3)),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= C sqrt(P) q^{2/3} L^3 omega^{4/3} sqrt(m log m/d) for all "
    "‖W'‖_2 <= omega, i and c",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: outputs_beyond_linear_part(subject, C), _first),
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 1)},
              measure=lambda subject, C, c: outputs_beyond_linear_part(subject, C, radius_exponent=2.0)),
        wrong("constant 0.005", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", CONVOLUTIONAL, passes=4, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE), failure=FLIP_FAILURE, ranges=NETWORKS,
    claim="abs(K_ij(W) - K_ij(W(0))) <= C sqrt(P) q^{1/6} sqrt(log m) omega^{1/3} L^3 sqrt(K_ii K_jj) for all ‖W - W(0)‖_2 <= omega "
    "and i, j",
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    at_most="C sqrt(P) q^(1/6) sqrt(log(m)) omega^(1/3) L^3",
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              at_most="C sqrt(log(m)) omega L^3"),
        wrong("constant 0.01", "constant", constants={"C": Constant(0.01, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip

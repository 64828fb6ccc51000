"""Residual networks are semi-smooth near their initialization, and their kernels stay."""

from __future__ import annotations

import math

from theorems.allen_zhu.residual.shared import FLIP_FAILURE, KERNEL_SMALL, NETWORKS, RESIDUAL, SHARED, SHARP, SMALL, enough_flips
from theorems.allen_zhu.smoothness import gradient_changes, outputs_beyond_linear_part
from theorems.language.forms import FALSE, at_least, bounded, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant

SMOOTH = at_least("least radius", "omega >= d^{3/2}/(m log m)^{3/2}", "radius",
                  lambda i: (i.outputs / (i.width * math.log(i.width))) ** 1.5)
form(
    "semi-smoothness", RESIDUAL, **SHARED, assumptions=(SMOOTH, SMALL, enough_flips(4.0)),
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + C sqrt(n F(W~)) omega^{1/3} L^{4/3} sqrt(m log m/d) ‖W'‖_2 + C n (m/d) ‖W'‖_2^2 "
    "for all W~ in the ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(registry["semi-smoothness"].constants["C"].value,
                             "as calibrated for fully connected networks: for L = 1 the two are the same network, and the same claim"),
               "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 4 / 3, "width": 0.5},
    at_most="C sqrt(n F) omega^(1/3) L^(4/3) sqrt(m log(m)/d) size + C n m/d size^2",
    variants=(
        wrong("a constant of 1/20", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 16384), "depth": (1, 2)},
              at_most="C sqrt(n F) omega^(1/3) L^2 sqrt(log(m)/d) size + C n L^2 sqrt(m)/d size^2",
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
    note="Each of L layers has flips that carry at most tau L omega, seen through (L omega)^{1/3} sqrt(m log m/d): L^{4/3}, as tau L < 1.",
)  # fmt: skip
form(
    "gradient-drift", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, enough_flips(4.0)),
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= C sqrt(log m) omega^{1/3} L ‖grad f_c(W(0))‖_F for all ‖W - W(0)‖_2 <= omega, i and c",
    constants={"C": Constant(3.0, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 1.0},
    measure=bounded(lambda subject, C, c: gradient_changes(subject, C), lambda i: i.depth**-2.0),
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              measure=lambda subject, C, c: gradient_changes(subject, C, radius_exponent=2 / 3)),
        wrong("constant 0.3", "constant", constants={"C": Constant(0.3, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, enough_flips(4.0)),
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= C L^{4/3} omega^{4/3} sqrt(m log m/d) for all ‖W'‖_2 <= omega, "
    "i and c",
    constants={"C": Constant(2.0, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 4 / 3, "width": 0.5, "outputs": -0.5, "depth": 4 / 3},
    measure=bounded(lambda subject, C, c: outputs_beyond_linear_part(subject, C), lambda i: i.depth ** (-5 / 3)),
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 2)},
              measure=lambda subject, C, c: outputs_beyond_linear_part(subject, C, radius_exponent=2.0)),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", RESIDUAL, passes=4, assumptions=(KERNEL_SMALL, enough_flips(4.0)), failure=FLIP_FAILURE,
    claim="abs(K_ij(W) - K_ij(W(0))) <= C sqrt(log m) omega^{1/3} L sqrt(K_ii K_jj) for all ‖W - W(0)‖_2 <= omega and pairs i, j",
    ranges={**NETWORKS, "samples": (1, 4)},
    constants={"C": Constant(2.5, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 1.0},
    at_most="C sqrt(log(m)) omega^(1/3) L",
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              at_most="C sqrt(log(m)) omega L^3"),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip

"""Residual networks are semi-smooth near their initialization, and their kernels stay."""

from __future__ import annotations

import dataclasses

from theorems.allen_zhu.residual.shared import FLIP_FAILURE, KERNEL_SMALL, MORE, NETWORKS, RESIDUAL, SHARED, SHARP, SMALL
from theorems.allen_zhu.stability import BY_FLIPS
from theorems.language.forms import FALSE, assume, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Bands, Constant

SMOOTH = assume("omega >= (d/(m log(m)))^(3/2)", name="least radius")
form(
    "semi-smoothness", RESIDUAL, **SHARED, assumptions=(SMOOTH, SMALL, MORE),
    at_most="C sqrt(n F) omega^(1/3) L^(4/3) sqrt(m log(m)/d) size + C n (m/d) size^2",
    constants={"C": dataclasses.replace(
                   registry["semi-smoothness"].constants["C"], calibrated=False, bands=Bands("m omega^(2/3)", BY_FLIPS.edges),
                   provenance="as calibrated for fully connected networks: for L = 1 the two are the same network, and the same claim"),
               "c": SHARP},
    variants=(
        wrong("a constant of 1/20", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 16384), "depth": (1, 2)},
              at_most="C sqrt(n F) omega^(1/3) L^(4/3) sqrt(log(m)/d) size + C n/d size^2",
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
    note="Each of L layers has flips that carry at most tau L omega, seen through (L omega)^{1/3} sqrt(m log m/d): L^{4/3}, as tau L < 1.",
)  # fmt: skip
form(
    "gradient-drift", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, MORE),
    at_most="C sqrt(log(m)) omega^(1/3) L gradient",
    constants={"C": Constant(3.0, "as for one fully connected layer"), "c": SHARP},
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              at_most="C sqrt(log(m)) omega^(2/3) L gradient"),
        wrong("constant 0.3", "constant", constants={"C": Constant(0.3, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, MORE),
    at_most="C L^(4/3) omega^(4/3) sqrt(m log(m)/d)",
    constants={"C": Constant(2.0, "as for one fully connected layer"), "c": SHARP},
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 2)}, at_most="C L^(4/3) omega^2 sqrt(m log(m)/d)"),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", RESIDUAL, passes=4, assumptions=(KERNEL_SMALL, MORE), failure=FLIP_FAILURE,
    at_most="C sqrt(log(m)) omega^(1/3) L",
    ranges={**NETWORKS, "samples": (1, 4)},
    constants={"C": Constant(2.5, "as for one fully connected layer"), "c": SHARP},
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              at_most="C sqrt(log(m)) omega L"),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip

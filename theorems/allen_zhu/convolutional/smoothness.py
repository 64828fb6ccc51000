"""Convolutional networks are semi-smooth near their initialization, and their kernels stay."""

from __future__ import annotations

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CONVOLUTIONAL, KERNEL_SMALL, NETWORKS, SHARED, SHARP, SMALL
from theorems.allen_zhu.smoothness import LARGE_ENOUGH
from theorems.allen_zhu.stability import FLIP_FAILURE, MORE
from theorems.language.forms import FALSE, form, wrong
from theorems.language.statement import Constant

# sqrt(P) q^(2/3): sqrt of the P m (sqrt(q) omega)^(2/3) flips, each of which carries its share of sqrt(q) omega.
form(
    "semi-smoothness", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, LARGE_ENOUGH, SMALL, MORE),
    at_most="C sqrt(n F) sqrt(P) q^(2/3) omega^(1/3) L^2 sqrt(m log(m)/d) size + C n L^2 (P q m/d) size^2",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("a constant of 1/200", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 2048), "depth": (1, 1)},
              at_most="C sqrt(n F) sqrt(P) q^(2/3) omega^(1/3) L^2 sqrt(log(m)/d) size + C n L^2 (P q/d) size^2",
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
)  # fmt: skip
form(
    "gradient-drift", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    at_most="C sqrt(P) q^(1/6) sqrt(log(m)) omega^(1/3) L^3 gradient",
    constants={"C": Constant(3.0, "as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              at_most="C sqrt(P) q^(1/6) sqrt(log(m)) omega^(2/3) L^3 gradient"),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    at_most="C sqrt(P) q^(2/3) L^3 omega^(4/3) sqrt(m log(m)/d)",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 1)},
              at_most="C sqrt(P) q^(2/3) L^3 omega^2 sqrt(m log(m)/d)"),
        wrong("constant 0.005", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", CONVOLUTIONAL, passes=4, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE), failure=FLIP_FAILURE, ranges=NETWORKS,
    at_most="C sqrt(P) q^(1/6) sqrt(log(m)) omega^(1/3) L^3",
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              at_most="C sqrt(P) q^(1/6) sqrt(log(m)) omega L^3"),
        wrong("constant 0.01", "constant", constants={"C": Constant(0.01, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip

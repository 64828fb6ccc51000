"""Gradient bounds of convolutional networks: the patches make squared norms q times as large."""

from __future__ import annotations

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, AT_START, CIRCLE, CONVOLUTIONAL, NO_FAN_IN, TWICE
from theorems.language.forms import FALSE, assume, form, wrong
from theorems.language.statement import Constant

GRADIENTS = (
    AT_MOST_ALL,
    assume("delta <= c/(L sqrt(P))"),
    assume("m >= n^3 L^3 log(m)^2/delta"),
    assume("omega <= c delta^(3/2)/(n^(9/2) L^6 log(m)^3 sqrt(q))"),
    assume("omega >= (3/(m L))^(3/2)", "where the failure probability is below 1/20", name="informative radius"),
)
form(
    "gradient-upper", CONVOLUTIONAL, assumptions=GRADIENTS, at_most=("C q m/d", "C q n m/d"),
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 2), **CIRCLE},
    constants={"C": Constant(4.0, "as for fully connected networks, the patches' squared norm being q"), "c": TWICE},
    scales=("width", "outputs", "patch"),
    exponents={"samples": 1.0},  # of the second bound
    variants=(
        wrong("constant 0.8, below the limit", "constant", constants={"C": Constant(0.8, FALSE)}),
        wrong("factor q left out, C = 2", "exponent", constants={"C": Constant(2.0, FALSE)}, at_most=("C m/d", "C n m/d")),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, **AT_START, ranges={"depth": (2, 2), "width": (256, 512)},
              constants={"C": Constant(2.0, "one layer multiplies by q = 3 at least")}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
form(
    "gradient-lower", CONVOLUTIONAL, assumptions=GRADIENTS, at_least="c (delta q^(3/2) m/(sqrt(P) d n)) F",
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 3), **CIRCLE},
    constants={"c": Constant(0.15, "half of the fully connected constant: patches of unequal norm and of two inputs that differ at one "
                             "position share the angle unevenly"), "C": TWICE},
    scales=("width", "outputs", "separation", "samples", "patch", "positions"),
    variants=(
        wrong("delta dropped", "exponent", at_least="c (q^(3/2) m/(sqrt(P) d n)) F", data=("pairs",), **AT_START,
              ranges={"samples": (2, 2), "separation": (0.02, 0.06), "depth": (1, 1), "width": (256, 1024)}),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 1)}),
    ),
)  # fmt: skip

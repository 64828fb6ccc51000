"""Gradient bounds of residual networks: layers below the last carry a factor tau."""

from __future__ import annotations

from theorems.allen_zhu.residual.shared import AT_START, FLIP_C, NO_SKIP, RESIDUAL, TAU_ONE
from theorems.language.forms import FALSE, assume, form, probability, wrong
from theorems.language.statement import Constant

GRADIENTS = (
    assume("delta <= c", c=0.5),
    assume("m >= n^3 log(m)^2/delta"),
    assume("omega <= c delta^(3/2)/(n^(9/2) L log(m)^3)"),
    assume("omega >= (log(20)/m)^(3/2)", "where the failure probability is below 1/20", name="informative radius"),
)
form(
    "gradient-upper", RESIDUAL, assumptions=GRADIENTS, failure=probability("exp(-c m omega^(2/3))"),
    claim="‖grad_{W_l} F_i‖_F^2/F_i <= {bound} and ‖grad_{W_l} F‖_F^2/F <= {bound}, tau_l = {tau} for l < L and 1 for l = L, for all W "
    "with ‖W - W(0)‖_2 <= omega, l, i and all labels",
    at_most=("C tau_l^2 m/d", "C tau_l^2 n m/d"),
    definitions={"tau": "1/(L log(m))"},
    ranges={"width": (256, 8192), "depth": (1, 6)},
    constants={"C": Constant(4.0, "limit 1 for l = L and at most 2 below it, where up to all neurons are active; times 2"), "c": FLIP_C},
    variants=(
        wrong("constant 0.9, below the limit", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("tau^4 in place of tau^2", "exponent", ranges={"depth": (2, 6), "width": (256, 1024)},
              at_most=("C tau_l^4 m/d", "C tau_l^4 n m/d")),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (2, 4), "width": (256, 1024)}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
form(
    "gradient-lower", RESIDUAL, assumptions=GRADIENTS, failure=probability("exp(-C m omega^(2/3))"),
    ranges={"width": (256, 8192), "depth": (1, 4), "samples": (1, 4)},
    constants={"c": Constant(0.3, "two samples at distance delta, large m: 4/pi as delta -> 0, as for L = 1; 0.41 there by calibration"),
    "C": FLIP_C},
    variants=(
        wrong("delta dropped", "exponent", at_least="c (m/(d n)) F", data=("pairs",),
              ranges={"samples": (2, 2), "separation": (0.05, 0.15), "depth": (1, 2), "width": (256, 1024)}, **AT_START),
        wrong("skip connection dropped", "implementation", **NO_SKIP, ranges={"depth": (3, 4), "width": (256, 1024)}, **AT_START),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 2)}),
    ),
    note="The last layer's gradient carries no tau: the bound is that of one fully connected layer on h_{L-1}.",
)  # fmt: skip

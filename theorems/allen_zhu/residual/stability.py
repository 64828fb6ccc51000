"""Residual networks near their initialization: signs, activations and outputs."""

from __future__ import annotations

from theorems.allen_zhu.initialization import informative_width
from theorems.allen_zhu.residual.shared import (
    ENOUGH,
    EVERYWHERE,
    EVERYWHERE_FAILURE,
    FLIP_C,
    MORE,
    NETWORKS,
    RESIDUAL,
    SHARED,
    SHARP,
    SMALL,
    TAU_ONE,
)
from theorems.language.forms import FALSE, assume, form, probability, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant

BELOW_ONE_LAYER = wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)},
                        adversary=("hidden alignment",))  # fmt: skip
LONG_STEP = wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}, adversary=("hidden alignment",))
form(
    "sign-flips", RESIDUAL, **{**SHARED, "failure": EVERYWHERE_FAILURE}, assumptions=(SMALL, ENOUGH),
    at_most=("C m (L omega)^(2/3)", "C omega", "C omega"),
    constants={"C": Constant(2.5, "0.985 m (L omega)^{2/3} for what all layers together can move; the rest for counts as small as 3"),
               "c": FLIP_C},
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent", at_most=("C m L^(2/3) omega", "C omega", "C omega")),
        wrong("constant 0.9, below the single-layer optimum", "constant", constants={"C": Constant(0.9, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "forward-stability", RESIDUAL, **{**SHARED, "failure": EVERYWHERE_FAILURE}, assumptions=(SMALL, EVERYWHERE),
    at_most="C omega",
    constants={"C": Constant(3.0, "(1 + 2.83 tau L) omega to first order, tau L <= 0.24 for m >= 64; times 1.5 for what follows"),
               "c": SHARP},
    variants=(BELOW_ONE_LAYER, LONG_STEP),
)  # fmt: skip
form(
    "pre-activation-split", RESIDUAL, **{**SHARED, "failure": EVERYWHERE_FAILURE}, assumptions=(SMALL, EVERYWHERE),
    at_most="C omega", definitions={"t": "c_inf omega sqrt(log(m)/m)"},
    constants={"C": Constant(3.0, "as for forward-stability, which it follows from"), "c": SHARP,
               "c_inf": Constant(1.0, "a choice, as for fully connected networks")},
    variants=(
        wrong("both constants 0.8, below what one layer attains", "constant", ranges={"width": (2**10, 2**14)},
              constants={"C": Constant(0.8, FALSE), "c_inf": Constant(0.8, FALSE)}),
        wrong("omega^{4/3} in place of omega", "exponent", at_most="C omega^(4/3)"),
    ),
    note="No power of L: layers below the last move g_L by tau omega each.",
)  # fmt: skip
for _identifier in ("operator-stability", "backward-stability", "changed-backward-norm", "backward-change-by-signs"):
    registry.leave_out(
        _identifier, RESIDUAL,
        "a diagonal change that doubles the same neuron in every layer is carried along by the skip connections, 2^L: false as quantified; "
        "what holds, |D + D''| <= 1, is part of forward-stability and semi-smoothness here",
    )  # fmt: skip
form(
    "backward-change-by-weights", RESIDUAL,
    claim="‖B D_L T~_L ... D_a T~_a - Back_a‖_2 <= {bound} for all ‖W'‖_2 <= omega, a = 1..L and i, T_l = I + tau W_l for l < L and "
    "T_L = W_L",
    at_most="C omega sqrt(m/d)",
    ranges={**NETWORKS, "width": (64, 2048), "outputs": (1, 8), "radius": (1e-9, 1.0)},
    assumptions=(assume("d <= c m", c=1 / 8), informative_width("16 log(20 n L^2)"), assume("omega <= c")),
    failure=probability("n L^2 exp(-c m)"),
    constants={"C": Constant(2.0, "‖B D‖ sqrt(d/m) <= 1.2 of the last layer; tau L 2.83 more from the layers below"),
               "c": Constant(1 / 16, "as for backward-norm")},
    variants=(
        wrong("constant 0.7, just below what one layer attains", "constant", constants={"C": Constant(0.7, FALSE)}),
        wrong("sqrt(m)/d in place of sqrt(m/d)", "exponent", at_most="C omega sqrt(m)/d", ranges={"outputs": (7, 8), "width": (64, 512)},
              constants={"C": Constant(1.5, FALSE)}),
    ),
    note="Only W' changes, the signs stay.",
)  # fmt: skip
form(
    "output-stability", RESIDUAL, **SHARED, assumptions=(SMALL, MORE),
    at_most=("C size", "C sqrt(m/d) size"),
    constants={"C": Constant(3.0, "as for forward-stability; ‖B D‖ sqrt(d/m) <= 1.2"), "c": SHARP},
    variants=(BELOW_ONE_LAYER, LONG_STEP),
)  # fmt: skip

"""Residual networks near their initialization: signs, activations and outputs."""

from __future__ import annotations

from theorems.allen_zhu.residual.shared import FLIP_C, RESIDUAL, SHARED, SHARP, SMALL, TAU_ONE, enough_flips
from theorems.allen_zhu.smoothness import output_changes
from theorems.allen_zhu.stability import activation_changes, flipped_signs
from theorems.language.forms import FALSE, bounded, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant

form(
    "sign-flips", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips()),
    claim="‖D~_l - D_l‖_0 <= C m (L omega)^{2/3} and ‖(D~_l - D_l) g_l‖ <= C omega for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(2.5, "0.985 m (L omega)^{2/3} for what all layers together can move; the rest for counts as small as 3"),
               "c": FLIP_C},
    exponents={"radius": 2 / 3, "width": 1.0, "depth": 2 / 3},
    measure=lambda subject, C, c: flipped_signs(subject, C, depth_exponent=2 / 3, size=subject.instance.depth**-1.5),
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent",
              measure=lambda subject, C, c: flipped_signs(subject, C, 1.0, 2 / 3, size=subject.instance.depth**-1.5)),
        wrong("constant 0.9, below the single-layer optimum", "constant", constants={"C": Constant(0.9, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "forward-stability", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips(4.0)),
    claim="‖g~_l - g_l‖ <= C omega and ‖h~_l - h_l‖ <= C omega for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(3.0, "(1 + 2.83 tau L) omega to first order, tau L <= 0.24 for m >= 64; times 1.5 for what follows"),
               "c": SHARP},
    exponents={"radius": 1.0, "depth": 0.0},
    measure=lambda subject, C, c: activation_changes(subject, C, depth_exponent=0.0, log_exponent=0.0),
    variants=(
        wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)},
              adversary=("hidden alignment",)),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}, adversary=("hidden alignment",)),
    ),
)  # fmt: skip
for _identifier in ("operator-stability", "backward-stability"):
    registry.leave_out(
        _identifier, RESIDUAL,
        "a diagonal change that doubles the same neuron in every layer is carried along by the skip connections, 2^L: false as quantified; "
        "what holds, |D + D''| <= 1, is part of forward-stability and semi-smoothness here",
    )  # fmt: skip
form(
    "output-stability", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips(4.0)),
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= C ‖W'‖_2 and ‖B(h_L(W~ + W') - h_L(W~))‖ <= C sqrt(m/d) ‖W'‖_2 for all W~ in the ball and "
    "‖W'‖_2 <= omega",
    constants={"C": Constant(3.0, "as for forward-stability; ‖B D‖ sqrt(d/m) <= 1.2"), "c": SHARP},
    exponents={"depth": 0.0, "width": 0.5, "outputs": -0.5},
    measure=bounded(lambda subject, C, c: output_changes(subject, C), lambda i: [i.depth**-1.5, 1 / i.depth]),
    variants=(
        wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)},
              adversary=("hidden alignment",)),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}, adversary=("hidden alignment",)),
    ),
)  # fmt: skip

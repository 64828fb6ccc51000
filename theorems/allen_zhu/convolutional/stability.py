"""Convolutional networks near their initialization: signs, activations, operators and outputs."""

from __future__ import annotations

import math

from theorems.allen_zhu.convolutional.shared import (
    AT_MOST_ALL,
    CONVOLUTIONAL,
    ENOUGH,
    FLIP_C,
    MORE,
    NETWORKS,
    NO_FAN_IN,
    SHARED,
    SHARP,
    SMALL,
)
from theorems.allen_zhu.smoothness import output_changes
from theorems.allen_zhu.stability import FLIP_FAILURE, activation_changes, backward_matrix_changes, flipped_signs
from theorems.language.forms import FALSE, at_least, at_most, bounded, form, wrong
from theorems.language.statement import Constant

# Neurons of one channel flip together at positions that see much the same; the bound counts all: few positions, and widths at which
# small radii say something.
NARROW = {"width": (1024, 2048), "depth": (1, 1), "positions": (3, 3), "patch": (3, 3)}
form(
    "sign-flips", CONVOLUTIONAL, **{**SHARED, "passes": 2}, assumptions=(AT_MOST_ALL, SMALL, ENOUGH),
    claim="‖D~_l - D_l‖_0 <= C P m (sqrt(q) omega)^{2/3} L and ‖(D~_l - D_l) g_l‖ <= C sqrt(q) omega L^{3/2} for all ‖W'‖_2 <= "
    "omega, i and l",
    constants={"C": Constant(2.5, "0.985 P m (sqrt(q) omega)^{2/3} where the positions have equal norms; 1.26 at most for h_0's"),
    "c": FLIP_C},
    exponents={"radius": 2 / 3, "width": 1.0, "depth": 1.0, "positions": 1.0, "patch": 1 / 3},
    measure=bounded(lambda subject, C, c: flipped_signs(subject, C), lambda i: [i.positions * i.patch ** (1 / 3), math.sqrt(i.patch)]),
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent", ranges=NARROW,
              measure=bounded(lambda subject, C, c: flipped_signs(subject, C, radius_exponent=1.0),
                              lambda i: [i.positions * math.sqrt(i.patch), math.sqrt(i.patch)])),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 1), "width": (64, 256)}),
    ),
    note="The attack moves along one direction, which all positions see; the bound lets each have a move of its own.",
)  # fmt: skip
form(
    "forward-stability", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, SMALL, MORE),
    claim="‖g~_l - g_l‖ <= C sqrt(q) omega L^{5/2} sqrt(log m) and ‖h~_l - h_l‖ likewise, for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(1.0, "as for fully connected networks, sqrt(q) omega in place of omega"), "c": SHARP},
    exponents={"radius": 1.0, "depth": 2.5, "patch": 0.5},
    measure=bounded(lambda subject, C, c: activation_changes(subject, C), lambda i: math.sqrt(i.patch)),
    variants=(
        wrong("C sqrt(log m) = 0.4, below what one layer attains", "constant", adversary=("hidden alignment",),
              measure=bounded(lambda subject, C, c: activation_changes(subject, 0.4, log_exponent=0.0), lambda i: math.sqrt(i.patch)),
              ranges={"depth": (1, 1)}),
        wrong("L^{5/2} sqrt(log m) dropped", "exponent", adversary=("hidden alignment",), assumptions=(AT_MOST_ALL, MORE),
              ranges={"depth": (3, 3), "width": (64, 256), "radius": (1e-9, 1e-3)},
              measure=bounded(lambda subject, C, c: activation_changes(subject, C, 0.0, 0.0), lambda i: math.sqrt(i.patch))),
    ),
)  # fmt: skip
form(
    "operator-stability", CONVOLUTIONAL, passes=8, assumptions=(AT_MOST_ALL, SMALL, MORE), failure=FLIP_FAILURE,
    claim="‖T~_b (D_{b-1} + D'') ... (D_a + D'') T~_a‖_2 <= C sqrt(L) for all ‖W'‖_2 <= omega and D'' in [-1,1] with ‖D''‖_0 <= m "
    "omega^{2/3} L",
    ranges={**NETWORKS, "width": (64, 128), "depth": (1, 2), "samples": (1, 1)},
    constants={"C": Constant(6.5, "as for fully connected networks, with 10% for the largest frequency"), "c": SHARP},
    variants=(
        wrong("constant 2.7, below the sharp edge", "constant", constants={"C": Constant(2.7, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 2)},
              constants={"C": Constant(5.0, FALSE)}),
    ),
    note="What is found is a lower bound of the supremum over D'', so a refutation is sound.",
)  # fmt: skip
ONE_CHANGE = at_least("informative radius", "s = m omega^{2/3} L >= 1", "radius", lambda i: (1 / (i.width * i.depth)) ** 1.5)
form(
    "backward-stability", CONVOLUTIONAL, assumptions=(
        AT_MOST_ALL, at_most("radius", "omega <= c L^{-3/2}/sqrt q, c = 1/100", "radius", lambda i: 0.01 * i.depth**-1.5 * i.patch**-0.5),
        ONE_CHANGE,
    ),
    ranges={**NETWORKS, "width": (64, 512), "depth": (1, 2), "radius": (1e-9, 1.0)},
    constants={"C": Constant(18.0, "as for fully connected networks: D'' has as many nonzeros, wherever they are"),
               "c": Constant(1.0, "the union bound over supports of D''")},
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent",
              measure=lambda subject, C, c: backward_matrix_changes(subject, C, radius_exponent=2 / 3)),
        wrong("constant 2", "constant", constants={"C": Constant(2.0, FALSE)}),
    ),
    note="s = m omega^{2/3} L nonzeros among the P m neurons of a layer.",
)  # fmt: skip
form(
    "output-stability", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, SMALL, MORE),
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= C sqrt(q) L^{3/2} ‖W'‖_2 and ‖B(h_L(W~ + W') - h_L(W~))‖ <= C L sqrt(P q m/d) ‖W'‖_2 for all "
    "W~ in the ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    exponents={"depth": 1.5, "width": 0.5, "outputs": -0.5, "patch": 0.5, "positions": 0.5},
    measure=bounded(lambda subject, C, c: output_changes(subject, C),
                    lambda i: [math.sqrt(i.patch), math.sqrt(i.patch * i.positions)]),
    variants=(
        wrong("constant 0.4, below what one layer attains", "constant", constants={"C": Constant(0.4, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("L^{3/2} and L dropped, C = 1", "exponent", constants={"C": Constant(1.0, FALSE)}, ranges={"depth": (3, 3),
              "width": (64, 512)},
              measure=bounded(lambda subject, C, c: output_changes(subject, C, depth=1.0),
                              lambda i: [math.sqrt(i.patch), math.sqrt(i.patch * i.positions)]),
              assumptions=(AT_MOST_ALL, MORE), adversary=("hidden alignment",)),
    ),
)  # fmt: skip

"""Convolutional networks near their initialization: signs, activations, operators and outputs."""

from __future__ import annotations

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL, FLIP_C, NETWORKS, NO_FAN_IN, SHARED, SHARP, SMALL
from theorems.allen_zhu.initialization import FEW_OUTPUTS, informative_width
from theorems.allen_zhu.stability import CHANGE_FAILURE, ENOUGH, EVERYWHERE, EVERYWHERE_FAILURE, MANY_PRODUCTS, MORE, ONE_CHANGE
from theorems.language.forms import FALSE, assume, form, wrong
from theorems.language.statement import Constant

# Neurons of one channel flip together at positions that see much the same; the bound counts all: few positions, and widths at which
# small radii say something.
NARROW = {"width": (1024, 2048), "depth": (1, 1), "positions": (3, 3), "patch": (3, 3)}
form(
    "sign-flips", CONVOLUTIONAL, **{**SHARED, "passes": 2, "failure": EVERYWHERE_FAILURE}, assumptions=(AT_MOST_ALL, SMALL, ENOUGH),
    at_most=("C P m (sqrt(q) omega)^(2/3) L", "C sqrt(q) omega L^(3/2)", "C sqrt(q) omega L^(3/2)"),
    scales=("radius", "width", "depth", "positions", "patch"),
    constants={"C": Constant(2.5, "0.985 P m (sqrt(q) omega)^{2/3} where the positions have equal norms; 1.26 at most for h_0's"),
               "c": FLIP_C},
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent", ranges=NARROW,
              at_most=("C P m sqrt(q) omega L", "C sqrt(q) omega L^(3/2)", "C sqrt(q) omega L^(3/2)")),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 1), "width": (64, 256)}),
    ),
    note="The attack moves along one direction, which all positions see; the bound lets each have a move of its own.",
)  # fmt: skip
form(
    "forward-stability", CONVOLUTIONAL, **{**SHARED, "failure": EVERYWHERE_FAILURE}, assumptions=(AT_MOST_ALL, SMALL, EVERYWHERE),
    at_most="C sqrt(q) omega L^(5/2) sqrt(log(m))",
    scales=("radius", "depth", "patch"),
    constants={"C": Constant(1.0, "as for fully connected networks, sqrt(q) omega in place of omega"), "c": SHARP},
    variants=(
        wrong("C sqrt(log m) = 0.4, below what one layer attains", "constant", adversary=("hidden alignment",),
              at_most="0.4 sqrt(q) omega L^(5/2)", ranges={"depth": (1, 1)}),
        wrong("L^{5/2} sqrt(log m) dropped", "exponent", adversary=("hidden alignment",), at_most="C sqrt(q) omega",
              assumptions=(AT_MOST_ALL, MORE), ranges={"depth": (3, 3), "width": (64, 256), "radius": (1e-9, 1e-3)}),
    ),
)  # fmt: skip
form(
    "operator-stability", CONVOLUTIONAL, passes=8, assumptions=(AT_MOST_ALL, SMALL, MANY_PRODUCTS), failure=CHANGE_FAILURE,
    claim="‖T~_b (D_{b-1} + D'') ... (D_a + D'') T~_a‖_2 <= {bound}, and likewise with T, for all ‖W'‖_2 <= omega and D'' in [-1,1] with "
    "‖D''‖_0 <= {s}, 1 <= a <= b <= L and i",
    ranges={**NETWORKS, "width": (64, 128), "depth": (1, 2), "samples": (1, 1)},
    constants={"C": Constant(6.5, "as for fully connected networks, with 10% for the largest frequency"), "c": SHARP},
    variants=(
        wrong("constant 2.7, below the sharp edge", "constant", constants={"C": Constant(2.7, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 2), "width": (128, 512)},
              constants={"C": Constant(5.0, FALSE)}),
    ),
    note="What is found is a lower bound of the supremum over D'', so a refutation is sound.",
)  # fmt: skip
form(
    "backward-stability", CONVOLUTIONAL,
    assumptions=(AT_MOST_ALL, assume("omega <= c/(L^(3/2) sqrt(q))", c=0.01), ONE_CHANGE),
    ranges={**NETWORKS, "width": (64, 512), "depth": (1, 2), "radius": (1e-9, 1.0)},
    constants={"C": Constant(18.0, "as for fully connected networks: D'' has as many nonzeros, wherever they are"),
               "c": Constant(1.0, "the union bound over supports of D''")},
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", at_most="C omega^(2/3) L^2 sqrt(m log(m)/d)"),
        wrong("constant 2", "constant", constants={"C": Constant(2.0, FALSE)}),
    ),
    note="s = m omega^{2/3} L nonzeros among the P m neurons of a layer.",
)  # fmt: skip
form(
    "changed-backward-norm", CONVOLUTIONAL, passes=4, assumptions=(AT_MOST_ALL, FEW_OUTPUTS, SMALL, MANY_PRODUCTS), failure=CHANGE_FAILURE,
    claim="‖B (D_L + D'') T~_L ... (D_a + D'') T~_a‖_2 <= {bound}, and likewise with T, for all ‖W'‖_2 <= omega and D'' in [-1,1] with "
    "‖D''‖_0 <= {s}, a = 1..L and i",
    at_most="C sqrt(P m/d)",
    scales=("width", "outputs", "positions"),
    ranges={**NETWORKS, "width": (64, 256), "depth": (1, 2), "samples": (1, 1), "outputs": (1, 4)},
    constants={"C": Constant(3.5, "‖B‖ sqrt(d/(P m)) <= 1.4, and what D'' adds at m = 64, as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("constant 0.7, below the norm without changes", "constant", constants={"C": Constant(0.7, FALSE)}),
        wrong("P left out", "exponent", constants={"C": Constant(1.0, FALSE)}, at_most="C sqrt(m/d)", ranges={"positions": (7, 8)}),
    ),
    note="What is found is a lower bound of the supremum over D'', so a refutation is sound.",
)  # fmt: skip
form(
    "backward-change-by-signs", CONVOLUTIONAL,
    claim="‖B (D_L + D'') T_L ... (D_a + D'') T_a - Back_a‖_2 <= {bound} for all diagonal D'' in [-3,3] with at most s nonzeros, a = 1..L "
    "and i",
    assumptions=(
        AT_MOST_ALL, FEW_OUTPUTS, informative_width("20 n L^2"), assume("s <= m/(L^3 log(m))"),
        assume("s >= d/log(m)", name="many nonzeros"),
    ),
    ranges={"width": (64, 512), "depth": (1, 2), "outputs": (1, 4), "sparsity": (1, 64), **CIRCLE},
    constants={"C": Constant(18.0, "as for backward-stability: D'' has as many nonzeros, wherever they are"),
               "c": Constant(1.0, "the union bound over supports of D''")},
    variants=(
        wrong("sqrt(s) dropped", "exponent", constants={"C": Constant(6.0, FALSE)}, at_most="C sqrt(L^3 log(m)/d)",
              ranges={"sparsity": (16, 64), "depth": (1, 1)}),
        wrong("constant 2", "constant", constants={"C": Constant(2.0, FALSE)}),
    ),
    note="s nonzeros among the P m neurons of a layer.",
)  # fmt: skip
form(
    "backward-change-by-weights", CONVOLUTIONAL,
    claim="‖B D_L T~_L ... D_a T~_a - Back_a‖_2 <= {bound} for all ‖W'‖_2 <= omega, a = 1..L and i",
    at_most="C omega sqrt(L^3 P q m/d)",
    scales=("radius", "depth", "width", "outputs", "positions", "patch"),
    ranges={**NETWORKS, "width": (64, 512), "depth": (1, 2), "outputs": (1, 4), "radius": (1e-9, 0.5)},
    assumptions=(AT_MOST_ALL, FEW_OUTPUTS, informative_width("16 L log(20 n L^2)"), assume("omega <= c/(L^(3/2) sqrt(q))")),
    constants={"C": Constant(1.5, "as for fully connected networks: ‖B D‖ sqrt(d/(P m)) <= 1.2 and ‖T'‖ <= sqrt(q) omega")},
    variants=(
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}),
        wrong("omega^{4/3} in place of omega", "exponent", at_most="C omega^(4/3) sqrt(L^3 P q m/d)"),
    ),
    note="Only W' changes, the signs stay. ‖T'‖_2 <= sqrt(q) ‖W'‖_2, as every position is in q patches.",
)  # fmt: skip
form(
    "pre-activation-split", CONVOLUTIONAL, **{**SHARED, "failure": EVERYWHERE_FAILURE}, assumptions=(AT_MOST_ALL, SMALL, EVERYWHERE),
    at_most="C sqrt(q) omega L^(3/2)", definitions={"t": "c_inf sqrt(q) omega L^(5/2) sqrt(log(m)/m)"},
    scales=("radius", "depth", "patch"),
    constants={"C": Constant(2.0, "as for fully connected networks, sqrt(q) omega in place of omega"), "c": SHARP,
               "c_inf": Constant(1.0, "a choice, as for fully connected networks")},
    variants=(
        wrong("both constants 0.2, below what one layer attains", "constant", ranges={"depth": (1, 1), "width": (512, 2048)},
              constants={"C": Constant(0.2, FALSE), "c_inf": Constant(0.2, FALSE)}),
        wrong("omega^{4/3} in place of omega", "exponent", at_most="C sqrt(q) omega^(4/3) L^(3/2)", ranges={"depth": (1, 2)}),
    ),
)  # fmt: skip
form(
    "output-stability", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, SMALL, MORE),
    at_most=("C sqrt(q) L^(3/2) size", "C L sqrt(P q m/d) size"),
    scales=("depth", "patch"),
    exponents={"width": 0.5, "outputs": -0.5, "positions": 0.5},
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    variants=(
        wrong("constant 0.4, below what one layer attains", "constant", constants={"C": Constant(0.4, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("L^{3/2} and L dropped, C = 1", "exponent", constants={"C": Constant(1.0, FALSE)}, ranges={"depth": (3, 3),
              "width": (64, 512)}, at_most=("C sqrt(q) size", "C sqrt(P q m/d) size"), assumptions=(AT_MOST_ALL, MORE),
              adversary=("hidden alignment",)),
    ),
)  # fmt: skip

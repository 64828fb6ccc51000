"""Training convolutional networks."""

from __future__ import annotations

from theorems.allen_zhu.convergence import DUPLICATES, FEW_STEPS, SEPARATED, TWO_SAMPLES, UNSTABLE
from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL
from theorems.language.forms import FALSE, assume, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import INPUTS, Assumption, Constant


def hidden_width(constant: float) -> Assumption:
    """The paper's least width; the constant that it hides is declared."""
    return assume("m >= c n^24 L^12 log(m)^5 d/delta^8", c=constant)


# One sample and one layer: the kernel is near q m/(2d), and its patches are P directions that never change.
STEP_SIZE = "step d delta/(n^4 L^2 q m)"
GD = {
    "assumptions": (AT_MOST_ALL, SEPARATED, hidden_width(1 / 16)),
    "ranges": {"width": (2**13, 2**15), "depth": (1, 1), "separation": (0.8, 1.0), **CIRCLE},
    "beyond": {"width": (64, 128), "depth": (1, 2), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 2),
               "separation": (0.05, 0.4), **CIRCLE},
    "definitions": {"eta": STEP_SIZE},
}  # fmt: skip
form(
    "gd-rate", CONVOLUTIONAL, **GD, at_most="max(1 - c eta delta q m/(d n^2), 0)^t F_0",
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
form(
    "gd-radius", CONVOLUTIONAL, **GD, at_most="C n^3 sqrt(d) log(m)/(delta sqrt(q m))",
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent", at_most="C n^3 sqrt(d) log(m)/(delta sqrt(q) m)"),
        wrong("a hundredth of log(m)", "constant", constants={"C": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
form(
    "gd-convergence", CONVOLUTIONAL, assumptions=GD["assumptions"], engines=("revealed",),
    ranges={"width": (2**13, 2**14), "separation": (0.8, 1.0), "positions": (3, 4), "patch": (3, 3)},
    definitions={"eta": STEP_SIZE, "T": "C n^6 L^2 sqrt(P/q)/delta^2 log(1/eps)"},
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0, "positions": 0.5, "patch": -0.5},
    variants=(
        FEW_STEPS,
        UNSTABLE,
        wrong("gradients of one position: step size twelve times as large", "exponent",
              definitions={"eta": "4 step d delta/(n^4 L^2 m)"}),
        wrong(DUPLICATES, "assumption", data=("duplicate rows",), labels=("opposite",), assumptions=(AT_MOST_ALL, SEPARATED),
              constants=TWO_SAMPLES,
              ranges={"width": (64, 128), "samples": (2, 2), "tolerance": (0.1, 0.1), "positions": (3, 4), "patch": (3, 3)}),
    ),
    note="sqrt(P/q): what gradient-lower loses where two inputs differ at one position only.",
)  # fmt: skip
registry.leave_out("relu-difference", CONVOLUTIONAL, "a fact about phi and two vectors: no network in it")
for _claim in ("gd-rate", "gd-radius", "gd-steps"):
    registry.leave_out(f"{_claim}-given-kernel", CONVOLUTIONAL, "its constants were found along fully connected runs only")
for _claim in ("gd-rate", "gd-radius"):
    registry.leave_out(f"{_claim}-given-flips", CONVOLUTIONAL, "its proof follows single neurons, and a filter moves everywhere at once")

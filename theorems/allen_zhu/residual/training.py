"""Training residual networks."""

from __future__ import annotations

from theorems.allen_zhu.convergence import DUPLICATES, FEW_STEPS, TWO_SAMPLES, UNSTABLE
from theorems.allen_zhu.residual.shared import RESIDUAL, TAU_ONE
from theorems.language.forms import FALSE, assume, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import INPUTS, Assumption, Constant


def hidden_width(constant: float) -> Assumption:
    """The paper's least width without its power of L; the constant that it hides is declared."""
    return assume("m >= c n^24 log(m)^5 d/delta^8", c=constant)


# One sample: the kernel is near m/(2d) whatever the depth, for layers l < L add at most 4 L tau^2 of it.
SEPARATED = assume("delta <= c")
STEP_SIZE = "step d delta/(n^4 m)"
GD = {
    "assumptions": (SEPARATED, hidden_width(1 / 16)),
    "ranges": {"width": (2**13, 2**16), "depth": (1, 4), "separation": (0.8, 1.0)},
}
BEYOND = {"beyond": {"width": (64, 256), "depth": (2, 6), "samples": (1, 6), "input_dimension": INPUTS, "outputs": (1, 3),
                     "separation": (0.05, 0.5)}}  # fmt: skip
form(
    "gd-rate", RESIDUAL, **GD, **BEYOND, definitions={"eta": STEP_SIZE},
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
    note="No power of L: the kernel of the last layer carries the descent, and the layers below it add a factor of at most 1 + 2 L tau^2.",
)  # fmt: skip
form(
    "gd-radius", RESIDUAL, **GD, **BEYOND, definitions={"eta": STEP_SIZE},
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent", at_most="C n^3 sqrt(d) log(m)/(delta m)"),
        wrong("a fiftieth of log(m)", "constant", constants={"C": Constant(0.02, FALSE)}),
    ),
)  # fmt: skip
form(
    "gd-convergence", RESIDUAL, **GD, definitions={"eta": STEP_SIZE, "T": "C n^6/delta^2 log(1/eps)"},
    exponents={"samples": 6.0, "depth": 0.0, "separation": -2.0},
    variants=(
        FEW_STEPS,
        UNSTABLE,
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 4)}),
        wrong(DUPLICATES, "assumption", data=("duplicate rows",), labels=("opposite",), assumptions=(SEPARATED,),
              constants=TWO_SAMPLES,
              ranges={"width": (256, 512), "samples": (2, 2), "depth": (1, 2), "tolerance": (0.1, 0.1)}),
    ),
    note="F need only be below eps once: how it falls at every step is gd-rate.",
)  # fmt: skip
registry.leave_out("relu-difference", RESIDUAL, "a fact about phi and two vectors: no network in it")
for _claim in ("gd-rate", "gd-radius", "gd-steps"):
    registry.leave_out(f"{_claim}-given-kernel", RESIDUAL, "its constants were found along fully connected runs only")
for _claim in ("gd-rate", "gd-radius"):
    registry.leave_out(f"{_claim}-given-flips", RESIDUAL, "its proof is of one layer, where residual networks are fully connected ones")

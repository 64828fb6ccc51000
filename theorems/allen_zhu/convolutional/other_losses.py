"""Other losses on convolutional networks: the fully connected claims with q m in place of m, on few positions and channels."""

from __future__ import annotations

from theorems.allen_zhu.convergence import SEPARATED
from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CONVOLUTIONAL
from theorems.allen_zhu.convolutional.training import STEP_SIZE, hidden_width
from theorems.allen_zhu.other_losses import PROMISES, wrong_classifications, wrong_promises
from theorems.language.forms import form
from theorems.language.registry import registry
from theorems.language.statement import Constant
from theorems.laws.losses import Conclusion

ASSUMPTIONS = (AT_MOST_ALL, SEPARATED, hidden_width(1e-15))
OF_ONE_LAYER = "as for fully connected networks, q m in place of m and delta/sqrt(P/q) in place of delta"
FEW_POSITIONS = {"positions": (3, 4), "patch": (3, 3)}
ON_A_CIRCLE: dict[Conclusion, str] = {
    **PROMISES,
    "linear rate": "max(1 - c mu eta delta q m/(beta d n^2 sqrt(P/q)), 0)^t F_0",
    "global minimum": "F_z + C sqrt(P/q) n^2 d beta gap/(eta delta q m t)",
}

form(
    "other-losses", CONVOLUTIONAL, assumptions=ASSUMPTIONS, definitions={"eta": STEP_SIZE}, at_most=tuple(ON_A_CIRCLE.values()),
    ranges={"width": (64, 128), **FEW_POSITIONS},
    exponents={"separation": 1.0, "samples": -2.0, "positions": -0.5, "patch": 1.5},
    constants={"C": Constant(1.5, OF_ONE_LAYER), "c": Constant(0.5, OF_ONE_LAYER)},
    variants=wrong_promises(ON_A_CIRCLE),
    note="sqrt(P/q): as in gd-convergence.",
)  # fmt: skip
form(
    "classification", CONVOLUTIONAL, assumptions=ASSUMPTIONS, definitions={"eta": STEP_SIZE, "T": "C n^6 L^2 sqrt(P/q)/delta^2"},
    ranges={"width": (48, 96), "separation": (0.8, 1.0), **FEW_POSITIONS},
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0, "positions": 0.5, "patch": -0.5},
    variants=wrong_classifications({}, ASSUMPTIONS[:2]),
    note=registry["classification"].note,
)  # fmt: skip

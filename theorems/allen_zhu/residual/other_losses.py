"""Other losses on residual networks: the fully connected claims without their powers of L, at widths of some hundreds."""

from __future__ import annotations

from theorems.allen_zhu.other_losses import PROMISES, wrong_classifications, wrong_promises
from theorems.allen_zhu.residual.shared import RESIDUAL
from theorems.allen_zhu.residual.training import SEPARATED, STEP_SIZE, hidden_width
from theorems.language.forms import form
from theorems.language.registry import registry
from theorems.language.statement import Constant

ASSUMPTIONS = (SEPARATED, hidden_width(1e-15))
OF_ONE_LAYER = "as for fully connected networks: the last layer carries the descent, and the layers below it only add to the kernel"

form(
    "other-losses", RESIDUAL, assumptions=ASSUMPTIONS, definitions={"eta": STEP_SIZE},
    ranges={"width": (256, 384), "depth": (1, 2)},
    constants={"C": Constant(1.5, OF_ONE_LAYER), "c": Constant(0.5, OF_ONE_LAYER)},
    variants=wrong_promises(PROMISES),
    note="No power of L: the last layer's kernel carries the descent, as in gd-rate.",
)  # fmt: skip
form(
    "classification", RESIDUAL, assumptions=ASSUMPTIONS, definitions={"eta": STEP_SIZE, "T": "C n^6/delta^2"},
    ranges={"width": (128, 192), "depth": (1, 2), "separation": (0.8, 1.0)},
    exponents={"samples": 6.0, "depth": 0.0, "separation": -2.0},
    variants=wrong_classifications({}, ASSUMPTIONS[:1]),
    note=registry["classification"].note,
)  # fmt: skip

"""Other losses on convolutional networks: the fully connected claims with q m in place of m, on few positions and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.allen_zhu.convergence import SEPARATED, patch_spread
from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CONVOLUTIONAL
from theorems.allen_zhu.convolutional.training import hidden_width
from theorems.allen_zhu.other_losses import promised_losses, worst_cross_entropy, wrong_classifications, wrong_promises
from theorems.language.forms import form
from theorems.language.registry import registry
from theorems.language.statement import Constant

if TYPE_CHECKING:
    from theorems.language.subject import Comparison, Subject

ASSUMPTIONS = (AT_MOST_ALL, SEPARATED, hidden_width(1e-15))
OF_ONE_LAYER = "as for fully connected networks, q m in place of m and delta/sqrt(P/q) in place of delta"
FEW_POSITIONS = {"positions": (3, 4), "patch": (3, 3)}

form(
    "other-losses", CONVOLUTIONAL, assumptions=ASSUMPTIONS,
    claim="with eta = c' d delta/(n^4 L^2 q m) over the smoothness: gradient-dominated losses fall like (1 - c mu eta delta q m/(d n^2 "
    "sqrt(P/q)))^t, convex ones are within C sqrt(P/q) n^2 d ‖f(0) - z‖^2/(eta delta q m t) of F(z) for every z, bounded smooth ones have "
    "min_{s<t} ‖grad F(W(s))‖_F^2 <= 2 C F(0)/(eta t)",
    ranges={"width": (64, 128), **FEW_POSITIONS},
    exponents={"separation": 1.0, "samples": -2.0, "positions": -0.5, "patch": 1.5},
    constants={"C": Constant(1.5, OF_ONE_LAYER), "c": Constant(0.5, OF_ONE_LAYER)},
    variants=wrong_promises(promised_losses),
    note="sqrt(P/q): as in gd-convergence.",
)  # fmt: skip


def _every_label(subject: Subject, step: float, C: float, never: int = -1) -> Comparison:
    """T = C n^6 L^2 sqrt(P/q)/delta^2 with eta = c' d delta/(n^4 L^2 q m)."""
    return worst_cross_entropy(subject, step, C * patch_spread(subject.instance), never)


form(
    "classification", CONVOLUTIONAL, measure=lambda subject, step, C: _every_label(subject, step, C), assumptions=ASSUMPTIONS,
    claim="with cross-entropy, 100% training accuracy within T = C n^6 L^2 sqrt(P/q)/delta^2 steps: max_i F_i(W(t)) < log 2 for some t <= "
    "T",
    ranges={"width": (48, 96), "separation": (0.8, 1.0), **FEW_POSITIONS},
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0, "positions": 0.5, "patch": -0.5},
    variants=wrong_classifications(_every_label, {}, ASSUMPTIONS[:2]),
    note=registry["classification"].note,
)  # fmt: skip

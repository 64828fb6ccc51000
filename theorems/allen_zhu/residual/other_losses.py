"""Other losses on residual networks: the fully connected claims without their powers of L, at widths of some hundreds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.allen_zhu.other_losses import promised_losses, worst_cross_entropy, wrong_classifications, wrong_promises
from theorems.allen_zhu.residual.shared import RESIDUAL
from theorems.allen_zhu.residual.training import SEPARATED, hidden_width
from theorems.language.forms import form
from theorems.language.registry import registry
from theorems.language.statement import Constant

if TYPE_CHECKING:
    from theorems.language.subject import Comparison, Subject
    from theorems.laws.losses import Conclusion

ASSUMPTIONS = (SEPARATED, hidden_width(1e-15))
OF_ONE_LAYER = "as for fully connected networks: the last layer carries the descent, and the layers below it only add to the kernel"


def _every_loss(subject: Subject, step: float, C: float, c: float, instead: dict[Conclusion, Conclusion] | None = None) -> Comparison:
    """With eta = c' d delta/(n^4 m) over the smoothness."""
    return promised_losses(subject, step * subject.instance.depth**2, C, c, instead)


form(
    "other-losses", RESIDUAL, measure=lambda subject, step, C, c: _every_loss(subject, step, C, c), assumptions=ASSUMPTIONS,
    claim="with eta = c' d delta/(n^4 m) over the smoothness: gradient-dominated losses fall like (1 - c mu eta delta m/(d n^2))^t, convex "
    "ones are within C n^2 d ‖f(0) - z‖^2/(eta delta m t) of F(z) for every z, bounded smooth ones have min_{s<t} ‖grad F(W(s))‖_F^2 <= "
    "2 C F(0)/(eta t)",
    ranges={"width": (256, 384), "depth": (1, 2)},
    constants={"C": Constant(1.5, OF_ONE_LAYER), "c": Constant(0.5, OF_ONE_LAYER)},
    variants=wrong_promises(_every_loss),
    note="No power of L: the last layer's kernel carries the descent, as in gd-rate.",
)  # fmt: skip


def _every_label(subject: Subject, step: float, C: float, never: int = -1) -> Comparison:
    """T = C n^6/delta^2 with eta = c' d delta/(n^4 m)."""
    return worst_cross_entropy(subject, step * subject.instance.depth**2, C / subject.instance.depth**2, never)


form(
    "classification", RESIDUAL, measure=lambda subject, step, C: _every_label(subject, step, C), assumptions=ASSUMPTIONS,
    claim="with cross-entropy, 100% training accuracy within T = C n^6/delta^2 steps: max_i F_i(W(t)) < log 2 for some t <= T",
    ranges={"width": (128, 192), "depth": (1, 2), "separation": (0.8, 1.0)},
    exponents={"samples": 6.0, "depth": 0.0, "separation": -2.0},
    variants=wrong_classifications(_every_label, {}, ASSUMPTIONS[:1]),
    note=registry["classification"].note,
)  # fmt: skip

"""Losses, and what the paper promises for each kind of them: Appendix A.

A loss is a function of one sample's output z and target y, l(z, y) >= 0; the network minimizes F = sum_i l(f(x_i), y_i). What gradient
descent reaches depends on its kind:

- "linear rate": ‖l'(z)‖^2 >= 2 mu l(z), gradient-dominated, convex or not. F falls by a constant factor a step.
- "global minimum": convex. F comes within eps of its infimum after O(1/eps) steps.
- "stationary point": bounded and smooth, not convex. ‖grad F‖ <= eps after O(1/eps^2) steps, and nothing is promised of F itself.

Adding a loss is one function of (outputs, targets) under the decorator `loss`; its gradient is then taken by automatic differentiation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from theorems.language.statement import DeclarationError

if TYPE_CHECKING:
    from torch import Tensor

Conclusion = Literal["linear rate", "global minimum", "stationary point"]
Value = Callable[["Tensor", "Tensor"], "Tensor"]


def _automatic(value: Value) -> Value:
    """The derivative of `value` in its first argument."""

    def gradient(outputs: Tensor, targets: Tensor) -> Tensor:
        import torch

        with torch.enable_grad():
            free = outputs.detach().requires_grad_()
            derivative: Tensor = torch.autograd.grad(value(free, targets).sum(), free)[0]
        return derivative

    return gradient


def _targets(targets: Tensor) -> Sequence[Tensor]:
    return (targets,)


@dataclass(frozen=True)
class Loss:
    """value, gradient: (outputs (..., d), targets (..., d)) -> (...), and (..., d).

    conclusion: what is promised. smoothness: Lipschitz constant of the gradient in the outputs.
    domination: mu > 0 of a loss with conclusion "linear rate". references: targets -> outputs of small loss (..., d), which a convex
    loss is compared with; the targets themselves unless the infimum is elsewhere, or nowhere.
    certain: a sample whose loss is below this is classified rightly, where targets are the corners e_c; 0: none is.
    """

    name: str
    value: Value
    gradient: Value
    conclusion: Conclusion
    smoothness: float
    domination: float = 0.0
    references: Callable[[Tensor], Sequence[Tensor]] = _targets
    certain: float = 0.0
    source: str = ""


losses: dict[str, Loss] = {}


def loss(
    *,
    name: str,
    conclusion: Conclusion,
    smoothness: float,
    domination: float = 0.0,
    gradient: Value | None = None,
    references: Callable[[Tensor], Sequence[Tensor]] = _targets,
    certain: float = 0.0,
    source: str = "",
) -> Callable[[Value], Value]:
    """Decorator: register the decorated function of (outputs, targets) as a loss. Raises DeclarationError if it cannot be one."""
    where = f"loss {name!r}"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise DeclarationError(f"{where} needs a name of lower-case words joined by hyphens")
    if name in losses:
        raise DeclarationError(f"{where} is declared twice")
    if conclusion not in get_args(Conclusion):
        raise DeclarationError(f"{where} promises the unknown conclusion {conclusion!r}; known: {', '.join(get_args(Conclusion))}")
    if not 0 < smoothness < math.inf:
        raise DeclarationError(f"{where} needs a positive, finite smoothness: the Lipschitz constant of its gradient")
    if (conclusion == "linear rate") != (0 < domination <= smoothness):
        raise DeclarationError(f"{where}: a domination in (0, smoothness] belongs to a linear rate, and to nothing else")

    def declare(value: Value) -> Value:
        made = Loss(name, value, gradient or _automatic(value), conclusion, smoothness, domination, references, certain, source)
        losses[name] = made
        return value

    return declare


@loss(
    name="squared", conclusion="linear rate", smoothness=1.0, domination=1.0, gradient=lambda z, y: z - y,
    certain=0.25, source="Section 2",
)  # fmt: skip
def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """1/2 ‖z - y‖^2; ‖l'‖^2 = 2 l. A wrong class has z_c >= z_y, so (1 - z_y)^2 + z_c^2 >= 1/2, and a loss of at least 1/4."""
    return 0.5 * (outputs - targets).square().sum(-1)


def _cross_entropy_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    return outputs.softmax(-1) * targets.sum(-1, keepdim=True) - targets


MARGINS = (1.0, 2.0, 4.0, 8.0, 16.0)  # an infimum that is never attained is approached along these multiples of the targets


@loss(
    name="cross-entropy", conclusion="global minimum", smoothness=0.5, gradient=_cross_entropy_gradient,
    references=lambda targets: [margin * targets for margin in MARGINS], certain=math.log(2), source="Appendix A",
)  # fmt: skip
def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """-sum_c y_c log softmax(z)_c, y a corner e_c or any distribution. A wrong class has probability at least that of the right one,
    which is then at most 1/2. The Hessian diag(p) - p p^T is at most 1/2."""
    return -(targets * outputs.log_softmax(-1)).sum(-1)


def _signs(targets: Tensor) -> Tensor:
    import torch

    return torch.where(targets > 0, 1.0, -1.0).to(targets)


@loss(
    name="logistic", conclusion="global minimum", smoothness=0.25,
    gradient=lambda z, y: -_signs(y) * (-_signs(y) * z).sigmoid(),
    references=lambda targets: [margin * _signs(targets) for margin in MARGINS], certain=math.log(2), source="Appendix A",
)  # fmt: skip
def logistic(outputs: Tensor, targets: Tensor) -> Tensor:
    """sum_c log(1 + exp(-s_c z_c)), s_c = 1 where y_c > 0, else -1: one against the rest. A wrong class has z_y <= z_c, so one of
    z_y <= 0 and z_c >= 0, and a term of at least log 2."""
    from torch.nn.functional import softplus

    return softplus(-_signs(targets) * outputs).sum(-1)


@loss(name="huber", conclusion="global minimum", smoothness=1.0, gradient=lambda z, y: (z - y).clamp(-1, 1), certain=0.25,
      source="Appendix A")  # fmt: skip
def huber(outputs: Tensor, targets: Tensor) -> Tensor:
    """sum_c r_c^2/2 where |r_c| <= 1, |r_c| - 1/2 beyond, r = z - y. As for the squared loss, a wrong class costs at least 1/4."""
    size = (outputs - targets).abs()
    near = size.clamp(max=1)
    return (near * (size - near / 2)).sum(-1)


@loss(
    name="rippled", conclusion="linear rate", smoothness=8.0, domination=1 / 32,
    gradient=lambda z, y: 2 * (z - y) + 3 * (2 * (z - y)).sin(), certain=0.5, source="Appendix A; Karimi et al. 2016, section 2.2",
)  # fmt: skip
def rippled(outputs: Tensor, targets: Tensor) -> Tensor:
    """sum_c r_c^2 + 3 sin^2 r_c: gradient-dominated with mu = 1/32 and not convex, for l'' = 2 + 6 cos 2r goes down to -4."""
    residual = outputs - targets
    return (residual.square() + 3 * residual.sin().square()).sum(-1)


@loss(
    name="welsch", conclusion="stationary point", smoothness=1.0,
    gradient=lambda z, y: (z - y) * (-0.5 * (z - y).square().sum(-1, keepdim=True)).exp(), certain=1 - math.exp(-0.25),
    source="Appendix A",
)  # fmt: skip
def welsch(outputs: Tensor, targets: Tensor) -> Tensor:
    """1 - exp(-‖r‖^2/2): bounded by 1 and smooth, with gradients that vanish far from the target."""
    return -(-0.5 * (outputs - targets).square().sum(-1)).expm1()

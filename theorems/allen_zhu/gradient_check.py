"""The gradient formula of any architecture against reverse-mode differentiation of a forward pass written out for the purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from theorems.allen_zhu.calculus import UNIT_ROUNDOFF
from theorems.language.subject import Comparison

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

# (A, [W_1..W_L], B, x, phi) -> f: (trials, samples, outputs); phi is called on g_0, ..., g_L in turn. The instance is for sizes only.
Activation = Callable[["Tensor"], "Tensor"]
Written = Callable[["Subject", "Tensor", "list[Tensor]", "Tensor", "Tensor", Activation], "Tensor"]
# loss, factors of one layer (a, b as in Subject.gradient_factors) -> its gradient (trials, rows, columns)
Formula = Callable[["Subject", int, "Tensor", "Tensor", "Tensor"], "Tensor"]


def layer_gradient(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """sum_i sum_r (sum_c loss_{i,c} a_{i,c,r}) b_{i,r}^T."""
    left = (loss[..., None, None] * a).sum(2)
    return left.flatten(1, 2).mT @ b.flatten(1, 2)


def gradient_check(written: Written, formula: Formula = layer_gradient) -> Callable[[Subject], Comparison]:
    """A measure: |formula - derivative| for every entry of every layer against the rounding of both, as calculus.py bounds it.

    The expression in absolute values is the derivative of the same forward pass with |A|, |W_l|, |B|, |x| in place of the matrices and
    the activation pattern kept: all terms positive, so nothing cancels.
    """

    def measure(subject: Subject) -> Comparison:
        import torch

        instance = subject.instance
        first, hidden, last = subject.weights()
        inputs, targets = (torch.as_tensor(rows, device=last.device) for rows in (instance.inputs, instance.targets))
        inputs = inputs.expand(subject.trials, -1, -1)
        loss = subject.network_outputs() - targets
        found = [formula(subject, layer, loss, *subject.gradient_factors(layer)) for layer in range(1, instance.depth + 1)]

        active: list[Tensor] = []

        def relu(g: Tensor) -> Tensor:
            active.append((g >= 0).to(g.dtype))
            return g.relu()

        free = [matrix.detach().clone().requires_grad_() for matrix in hidden]
        outputs = written(subject, first, free, last, inputs, relu)
        automatic = torch.autograd.grad(0.5 * (outputs - targets).square().sum(), free)

        masks = iter(active)
        sizes = [matrix.detach().abs().requires_grad_() for matrix in hidden]
        size = written(subject, first.abs(), sizes, last.abs(), inputs.abs(), lambda g: next(masks) * g)
        bounds = torch.autograd.grad(((size + targets.abs()).detach() * size).sum(), sizes)
        longest = max(instance.neurons, instance.patch * instance.width, instance.input_dimension, instance.outputs,
                      instance.samples * instance.positions) + 4  # fmt: skip
        rounding = 2 * (2 * instance.depth + 4) * longest * UNIT_ROUNDOFF * 1.01
        left = torch.stack([(one - other).abs() for one, other in zip(found, automatic, strict=True)], dim=1)
        return Comparison(left, rounding * torch.stack(bounds, dim=1) + 1e-300, axes=("layer", "row", "column"))

    return measure


def without_last_sample(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The mistake of a false variant."""
    return layer_gradient(subject, layer, loss[:, :-1], a[:, :-1], b[:, :-1])

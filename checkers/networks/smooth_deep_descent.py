"""Gradient descent on the hidden layers of a deep network with a smooth activation, by its matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from checkers.networks.two_layer_descent import TwoLayerStep
from theorems.language.instance import Array


def descend_smooth_deep(
    first: Array, hidden: Sequence[Array], output: Array, inputs: Array, labels: Array, activation: str, step_size: float, steps: int
) -> Iterator[TwoLayerStep]:
    """f = b . h_L, h_l = phi(W_l h_{l-1}), h_0 = phi(A x) on 1/2 ‖y - f‖^2, of which W_1..W_L move: farthest is ‖W - W(0)‖_F. activation:
    phi, as torch calls it."""
    phi: Callable[[Tensor], Tensor] = getattr(torch.nn.functional, activation)
    start, b, y = [torch.from_numpy(one) for one in hidden], torch.from_numpy(output), torch.from_numpy(labels)
    below = phi(torch.from_numpy(inputs) @ torch.from_numpy(first).mT)
    now = [one.clone().requires_grad_() for one in start]
    for step in range(steps + 1):
        h = below
        for matrix in now:
            h = phi(h @ matrix.mT)
        residual = y - h @ b
        with torch.no_grad():
            moved = torch.stack([torch.linalg.matrix_norm(one - before) for one, before in zip(now, start, strict=True)])
        yield TwoLayerStep(step, residual.detach(), float(moved.norm()), True)
        gradients = torch.autograd.grad(residual.square().sum() / 2, now)
        with torch.no_grad():
            for one, gradient in zip(now, gradients, strict=True):
                one -= step_size * gradient

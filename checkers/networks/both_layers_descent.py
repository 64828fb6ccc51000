"""Gradient descent on both layers of a two-layer network, by its weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from checkers.networks.two_layer_descent import TwoLayerStep
from theorems.language.instance import Array


def descend_both_layers(
    weights: Array, output: Array, inputs: Array, labels: Array, c: float, step_size: float, steps: int, *, bias: bool = False
) -> Iterator[TwoLayerStep]:
    """f(x) = sum_r v_r relu(w_r . x) on 1/2 ‖y - f‖^2 with steps of eta on the w_r, (m, d), and eta c^2 on v, (m,), and
    on a number added to f if `bias`. farthest: the largest ‖w_r - w_r(0)‖."""
    start, v, rows, y = (torch.from_numpy(array) for array in (weights, output, inputs, labels))
    w, offset = start.clone(), y.new_zeros(())
    for step in range(steps + 1):
        z = w @ rows.mT
        hidden, gates = z.clamp_min(0), (z >= 0).to(z)
        residual = y - v @ hidden - offset
        yield TwoLayerStep(step, residual, float((w - start).norm(dim=1).max()), True)
        offset = offset + step_size * c**2 * residual.sum() * bias
        w, v = w + step_size * v[:, None] * ((gates * residual) @ rows), v + step_size * c**2 * (hidden @ residual)

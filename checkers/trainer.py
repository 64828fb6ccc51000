"""The trainer core: full-batch gradient descent on dense or revealed weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from checkers.network import Network, Record
from theorems.subject import Trajectory

# Called at every step t = 0..steps, before the weights move, with (t, record of the forward pass, loss F per trial); True stops the run.
Observer = Callable[[int, Record, Tensor], bool]


def gradient_descent(
    network: Network, inputs: Any, targets: Any, step_size: float, steps: int, observe: Observer | None = None
) -> Trajectory:
    """W(t + 1) = W(t) - step_size grad F(W(t)), F = 1/2 sum_i ‖f(x_i) - y_i‖^2, for all trials at once; moves `network` itself.

    inputs: (samples, d_in); targets: (samples, outputs) or (trials, samples, outputs). Returns F(t) and ‖W(t) - W(0)‖_F, t = 0..steps.
    """
    goal = torch.as_tensor(targets, dtype=network.output.dtype, device=network.output.device)
    losses: list[Tensor] = []
    distances: list[Tensor] = []
    for step in range(steps + 1):
        record = network.forward(inputs)
        residual = record.outputs - goal
        losses.append(0.5 * residual.square().sum((1, 2)))
        distances.append(network.distance())
        if (observe is not None and observe(step, record, losses[-1])) or step == steps:
            break
        network.step(record, residual, step_size)
    return Trajectory(torch.stack(losses, dim=1), torch.stack(distances, dim=1), step_size)

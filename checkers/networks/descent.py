"""The trainer core: gradient descent and stochastic gradient descent, on dense or revealed weights, for any loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from checkers.networks.kernels import gradient_norms
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import ForwardPass, Network, taken
from theorems.language.subject import Descent, Trajectory
from theorems.laws.losses import Loss, losses

SQUARED = losses["squared"]

Schedule = Callable[[int], bool]


def every_step(step: int) -> bool:
    """The schedule that records all of a run."""
    return True


def loss_vectors(record: ForwardPass, goal: Tensor, loss: Loss, step: int, batches: Minibatches | None) -> Tensor:
    """v, (trials, n, d), of the step W -= step_size sum_i grad <f(x_i), v_i>: l'(f(x_i)), times n/b in the step's minibatch, 0 outside."""
    vectors = loss.gradient(record.outputs, goal)
    if batches is None:
        return vectors
    members = torch.zeros(batches.trials, batches.samples).scatter_(1, batches.indices(step), 1.0)
    return batches.samples / batches.size * vectors * members.to(vectors)[..., None]


class Stand(NamedTuple):
    """Where a descent stands at a recorded step. record: of the forward pass; losses: F_i of each trial and sample, (trials, n)."""

    step: int
    record: ForwardPass
    losses: Tensor

    @property
    def loss(self) -> Tensor:
        """F of each trial."""
        return self.losses.sum(-1)


def descend(
    network: Network,
    inputs: Any,
    targets: Any,
    step_size: float | Tensor,
    steps: int,
    *,
    loss: Loss = SQUARED,
    batches: Minibatches | None = None,
    recorded: Schedule = every_step,
    first: int = 0,
    passed: ForwardPass | None = None,
) -> Iterator[Stand]:
    """W(t + 1) = W(t) - step_size (n/b) sum_{i in S_t} grad F_i(W(t)), for all trials at once; moves `network` itself.

    Stops at every recorded step for whoever iterates, before the weights move; who has seen enough asks for no more.
    inputs: (samples, d_in); targets: (samples, outputs) or (trials, samples, outputs). step_size: one for all, or (trials,).
    batches None: S_t is everything, b = n. first: the step that the network stands at, of a run that is resumed, and passed: its forward
    pass, if that was done. The recorded steps of first..steps are those of the schedule, the first and the last.
    """
    rows, record = network.inputs(inputs), passed
    goal = torch.as_tensor(targets, dtype=network.output.dtype, device=network.output.device).expand(network.trials, -1, -1)
    for step in range(first, steps + 1):
        seen = recorded(step) or step in (first, steps)
        if seen or batches is None:
            moving = record = network.forward(inputs, record) if passed is None or step > first else passed
        if seen:
            yield Stand(step, moving, loss.value(moving.outputs, goal))
        if step < steps and batches is not None:  # where nobody looked, a pass over the minibatch is enough
            chosen = batches.indices(step).to(rows.device)
            moving = moving.at(chosen) if seen else network.forward(taken(rows, chosen))
            network.step(moving, loss.gradient(moving.outputs, taken(goal, chosen)), step_size * batches.samples / batches.size)
        elif step < steps:
            network.step(moving, loss.gradient(moving.outputs, goal), step_size)


def gradient_descent(
    network: Network,
    inputs: Any,
    targets: Any,
    step_size: float | Tensor,
    steps: int,
    *,
    loss: Loss = SQUARED,
    batches: Minibatches | None = None,
    recorded: Schedule = every_step,
    gradients: bool = False,
    distances: bool = True,
) -> Trajectory:
    """The curves of `descend`. gradients: also ‖grad F‖^2 of each trial, layers together; distances: also ‖W(t) - W(0)‖_F."""
    goal = torch.as_tensor(targets, dtype=network.output.dtype, device=network.output.device)
    kept: list[tuple[int, Tensor, Tensor, Tensor, Tensor]] = []
    for step, record, each in descend(network, inputs, targets, step_size, steps, loss=loss, batches=batches, recorded=recorded):
        squares = gradient_norms(network, record, loss.gradient(record.outputs, goal)).square().sum(-1) if gradients else each.new_zeros(0)
        distance = network.distance() if distances else each.new_zeros(0)
        kept.append((step, each.sum(-1), distance, each.amax(-1), squares))
        del record  # of a step that need not be held while the next are taken
    times, values, far, worst, norms = zip(*kept, strict=True)
    empty = values[0].new_zeros(0)
    distance, gradient = torch.stack(far, 1) if distances else empty, torch.stack(norms, 1) if gradients else empty
    return Trajectory(torch.stack(values, 1), distance, step_size, torch.stack(worst, 1), gradient, times)


def follow(
    network: Network, inputs: Any, targets: Any, step_size: float | Tensor, steps: int, descent: Descent, order: np.random.SeedSequence
) -> Trajectory:
    """`gradient_descent` as a statement asks for it. order: the seed of the minibatches."""
    samples = network.inputs(inputs).shape[1]
    batches = Minibatches(descent.batch, samples, network.trials, order, descent.never) if descent.batch else None
    return gradient_descent(
        network, inputs, targets, step_size, steps, loss=losses[descent.loss], batches=batches,
        recorded=lambda step: step % descent.every == 0, gradients=descent.gradients, distances=descent.distances,
    )  # fmt: skip

"""Gradient descent beside its certificate: every step is held against what was promised before the first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from checkers.networks.both_layers_descent import descend_both_layers
from checkers.networks.descent import descend
from checkers.networks.network import Network
from checkers.networks.smooth_deep_descent import descend_smooth_deep
from checkers.networks.two_layer_descent import TwoLayerStep, descend_smooth, descend_two_layer, in_blocks
from checkers.records.events import Listener, StepRecorded, silent
from checkers.records.training_certificates import CertifiedRun, TrainingCertificate
from theorems.language.instance import Array

EPS = float(np.finfo(np.float64).eps)
STEPS = 10_000


@dataclass(frozen=True)
class Wrong:
    """False variants of a promise, as factors: of the rate, of the distance, of the step size."""

    rate: float = 1.0
    distance: float = 1.0
    step_size: float = 1.0


Descend = Callable[[float, int], Iterator[TwoLayerStep]]  # step size, steps


def descending(
    weights: Array, output: Array, inputs: Array, labels: Array, found: TrainingCertificate, activation: str = "relu"
) -> Descend:
    """Gradient descent on that network, as far as its certificate lets it go."""
    rows, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    if activation == "relu":
        return partial(descend_two_layer, in_blocks(weights, output), rows, y, found.descent.travel)
    return partial(descend_smooth, weights, output, rows, y, activation)


def descending_both(weights: Array, output: Array, inputs: Array, labels: Array, c: float, *, bias: bool = False) -> Descend:
    """Gradient descent on both layers, the output layer's step, and that of its bias if there is one, c^2 times the hidden one's."""
    return partial(descend_both_layers, weights, output, inputs, labels, c, bias=bias)


def descending_deep(network: Network, inputs: Array, labels: Array) -> Descend:
    """Gradient descent on all hidden layers of one network with one output, which moves itself; farthest: ‖W(k) - W(0)‖_F."""

    def steps_of(step_size: float, steps: int) -> Iterator[TwoLayerStep]:
        goal = torch.from_numpy(labels)[:, None]
        for stand in descend(network, inputs, goal, step_size, steps):
            yield TwoLayerStep(stand.step, goal[:, 0] - stand.record.outputs[0, :, 0], float(network.distance()), True)

    return steps_of


def descending_smooth_deep(
    first: Array, hidden: Sequence[Array], output: Array, inputs: Array, labels: Array, activation: str
) -> Descend:  # fmt: skip
    """Gradient descent on all hidden layers of a network with a smooth activation; farthest: ‖W(k) - W(0)‖_F."""
    return partial(descend_smooth_deep, first, hidden, output, inputs, labels, activation)


def kept_word(
    descend: Descend, labels: Array, found: TrainingCertificate, *, steps: int = STEPS, goal: float = 0.0, progress: Listener = silent,
    wrong: Wrong = Wrong(),
) -> CertifiedRun:  # fmt: skip
    """Train until the loss is `goal` times the initial one, for `steps` steps, or to the first that breaks the promise of `found`."""
    begun, promise = time.monotonic(), found.descent
    if not promise.certified:
        raise ValueError("not certified: there is no promise to keep")
    step_size, travel = promise.step_size * wrong.step_size, promise.travel * wrong.distance
    factor, scale = 1 - promise.step_size * promise.rate * wrong.rate, promise.radius / promise.travel
    # Outputs are sums over m neurons whose roundings have random signs; the run, unlike the certificate, is no proof.
    rounding = 16 * EPS * math.sqrt(found.width) * float(np.linalg.norm(labels) + found.residual)
    residual: list[float] = []
    allowed: list[float] = []
    farthest: list[float] = []
    broken, reached = -1, False
    for stand in descend(step_size, steps):
        size = float(stand.residual.norm())
        residual.append(size)
        allowed.append(factor**stand.step * found.residual)
        farthest.append(stand.farthest * scale)
        progress(StepRecorded(stand.step, steps, (size / max(residual[0], rounding)) ** 2))
        if not (size <= allowed[-1] + rounding and stand.farthest <= travel * (1 + rounding)):
            broken = stand.step
            break
        if size <= math.sqrt(goal) * residual[0]:
            reached = True
            break
    return CertifiedRun(
        steps=len(residual) - 1, step_size=step_size, reached=reached, radius=scale * travel, residual=residual, allowed=allowed,
        farthest=farthest, residual_ratio=max((a / b for a, b in zip(residual[1:], allowed[1:], strict=True)), default=0.0),
        distance_ratio=max(farthest) / (scale * travel), broken=broken, seconds=time.monotonic() - begun,
    )  # fmt: skip

"""What the distance travelled says of rows that were not seen, for true labels and for random ones (Arora et al. 2019, section 5).

By the statement tl-complexity the networks within R of W(0), row by row, and within B all together have Rademacher complexity at most
(B/sqrt(2 n)) (1 + (2 log(2/p)/m)^(1/4)) + 2 R^2 sqrt(m)/kappa + R sqrt(2 log(2/p)); with a loss of slope 1 in [0, 1] their expected loss
exceeds that on the n rows by twice this plus 3 sqrt(log(2/p)/(2 n)) at most. B and R are put in as the run had them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from checkers.data.sphere_data import SphereData
from checkers.errors import InputError
from checkers.experiments.compare.measured import MOST_STEPS, Problem, follow, patience
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.records.comparison import Generalization
from theorems.language.instance import Array
from theorems.laws.gate_laws import correlations, gate_kernel, kernel_floor
from theorems.two_layer.complexity import rademacher_bound

WIDTH = 1024
GOAL = 1e-2  # of the loss: the signs are learned


def generalize(data: SphereData, *, seed: int, p: float, width: int = WIDTH) -> list[Generalization]:
    """A network for the true labels and, from the same W(0), one for random signs, whose held-out labels are random as well."""
    steps = patience(Problem(data.inputs, data.targets))
    if steps > MOST_STEPS:
        raise InputError(f"--held-out: lambda0 is so small that training may take {steps:.2g} steps, and the limit is {MOST_STEPS:,}")
    source = NormalSource(seed_sequence(seed, "generalization"))
    coins = 2.0 * source.spawn("labels").integers((len(data.inputs) + len(data.unseen),), 0, 1).numpy() - 1
    count = len(data.inputs)
    return [
        _one(data, data.targets, data.unseen_targets, data.labels, source, p, width),
        _one(data, coins[:count], coins[count:], "random signs", source, p, width),
    ]


def _one(data: SphereData, targets: Array, unseen: Array, words: str, source: NormalSource, p: float, width: int) -> Generalization:
    count = len(data.inputs)
    everything = TwoLayerNetwork.draw(np.vstack([data.inputs, data.unseen]), width, 1, source.spawn("network"), 1.0)
    network = TwoLayerNetwork(
        everything.rows[:count], torch.from_numpy(correlations(data.inputs)), everything.weights, everything.signs
    )  # fmt: skip
    labels = torch.from_numpy(targets)
    residual, kernel = labels - network.outputs()[0], network.kernel()[0]
    run = follow(network, labels, kernel_floor(data.inputs), goal=GOAL)
    lengths = run.lengths(network)[0]
    moved = everything.at(run.change @ torch.linalg.pinv(network.rows).mT)
    outputs = moved.outputs()[0]
    losses = [_loss(outputs[:count], labels), _loss(outputs[count:], torch.from_numpy(unseen))]
    errors = [_errors(outputs[:count], labels), _errors(outputs[count:], torch.from_numpy(unseen))]
    distance, farthest = float(lengths.norm()), float(lengths.max())
    complexity = rademacher_bound(count, width, distance, farthest, p / 2)
    return Generalization(
        labels=words, width=width, steps=int(run.steps[0]) if bool(run.steps[0].isfinite()) else None, samples=count, held_out=len(unseen),
        train_loss=losses[0], held_out_loss=losses[1], train_error=errors[0], held_out_error=errors[1], gap=losses[1] - losses[0],
        bound=2 * complexity + 3 * math.sqrt(math.log(4 / p) / (2 * count)), leading=2 * distance / math.sqrt(2 * count),
        distance=distance, predicted_distance=math.sqrt(max(0.0, float(residual @ torch.linalg.solve(kernel, residual)))),
        farthest=farthest, kernel_bound=math.sqrt(2 * float(targets @ np.linalg.solve(gate_kernel(data.inputs), targets)) / count),
    )  # fmt: skip


def _loss(outputs: Tensor, labels: Tensor) -> float:
    """Mean of min(|y - f|, 1)."""
    return float((outputs - labels).abs().clamp(max=1).mean())


def _errors(outputs: Tensor, labels: Tensor) -> float:
    """Share of wrong signs."""
    return float(((outputs >= 0) != (labels >= 0)).double().mean())

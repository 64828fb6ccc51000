"""What the attacks of a statement miss: their findings over those of long ascents from many starts, on networks so small that those
are affordable. Written to benchmarks/long_ascent.md, and for the report to checkers/report/attacked.json.

Run from the repository's root: python -m benchmarks.long_ascent (some ten minutes of one core).

A long ascent moves whole matrices, W'_l <- (1 - gamma) W'_l + gamma omega U V^T with the gradient's singular vectors U, V (Frank-Wolfe: it
stays in the ball), gamma falling from 1/2 to 1/20. Signs are logistic in g/T while the gradient is taken, T falling from omega to omega/50;
what is found is weighed with the true signs. Statements about W~ and W' have both ascend.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack
from checkers.evidence.drawing import drawn_subjects, largest_ratio
from checkers.machine.files import write_whole
from checkers.networks.network import ForwardPass, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.networks.weights.protocol import Weights
from checkers.report.text import number, table
from checkers.subjects.network import NetworkSubject
from strategies.instances import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED, Statement

SEED = 0
NETWORKS = 10
SIZES = ((16, 1, 2, 2), (32, 2, 1, 1), (32, 2, 2, 2), (64, 3, 1, 2), (32, 4, 2, 1))  # m, L, n, d
FLIPS = 8.0  # m L omega^{2/3}: some signs can flip, most cannot
STEPS = 30
RANDOM_STARTS = 2
# Of moves that reach the outputs, the hidden layers and the signs: starts beside what the statement's own adversaries found.
STARTS = ("output alignment", "hidden alignment", "joint pushes", "joint weighted flips")
STATEMENTS = tuple(s.id for s in registry if s.architecture == FULLY_CONNECTED and s.adversary and not s.attack)
FILE = Path(__file__).parents[1] / "checkers" / "report" / "attacked.json"

Matrices = list[Tensor]


class Smooth(Network):
    """A network whose signs are logistic: 1/(1 + exp(-g/temperature))."""

    temperature = 1.0

    def forward(self, x: Any, before: ForwardPass | None = None) -> ForwardPass:
        record = super().forward(x, before)
        vars(record)["signs"] = tuple(torch.sigmoid(g / self.temperature) for g in record.pre_activations)
        return record


@dataclass(frozen=True)
class Task:
    """One statement on some networks. joint: whether W~ is chosen too."""

    statement: Statement
    instance: Instance
    network: Network
    source: NormalSource

    @property
    def joint(self) -> bool:
        return bool(self.statement.start)

    def ratio(self, matrices: Matrices, temperature: float = 0.0) -> Tensor:
        """The statement's largest ratio at W' (and W~, which come first), each (trials, m, m): (trials,)."""
        depth, base = self.network.depth, self.network
        if self.joint:
            base = self._moved(base, matrices[:depth], temperature)
        origin = NetworkSubject(base, self.instance, self.source.spawn("questions"))
        return largest_ratio(self.statement, origin, self.source.spawn("objective"), self._moved(base, matrices[-depth:], temperature))

    def _moved(self, base: Network, matrices: Matrices, temperature: float) -> Network:
        hidden: list[Weights] = [
            PerturbedWeights(weights, torch.eye(weights.rows, dtype=matrix.dtype).expand(len(matrix), -1, -1), matrix)
            for weights, matrix in zip(base.hidden, matrices, strict=True)
        ]
        kind = Smooth if temperature else Network
        moved = kind(base.architecture, base.input_weights, hidden, base.output)
        if isinstance(moved, Smooth):
            moved.temperature = temperature
        return moved


def matrices_of(network: Network) -> Matrices:
    """The change of every layer, whole; of a network that moved twice the second."""
    return [w.left.mT @ w.right for w in network.hidden if isinstance(w, PerturbedWeights)]


def ascent(task: Task, start: Matrices) -> Tensor:
    """The largest ratio met from there, (trials,)."""
    radius = task.instance.radius
    with torch.no_grad():
        best = task.ratio(start)
    matrices = start
    for step in range(STEPS):
        progress = step / (STEPS - 1)
        gamma, temperature = 0.5 * 0.1**progress, radius * 0.02**progress
        leaves = [matrix.detach().requires_grad_() for matrix in matrices]
        value = task.ratio(leaves, temperature)
        if not value.requires_grad:
            return best
        gradients = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
        matrices = [
            matrix if gradient is None else (1 - gamma) * matrix + gamma * radius * polar(gradient.nan_to_num(0, 0, 0))
            for matrix, gradient in zip(matrices, gradients, strict=True)
        ]
        with torch.no_grad():
            best = torch.fmax(best, task.ratio(matrices))
    return best


def polar(gradient: Tensor) -> Tensor:
    """U V^T over the singular values that are not rounding."""
    u, s, vh = torch.linalg.svd(gradient)
    direction: Tensor = (u * (s > 1e-9 * s[:, :1])[:, None].to(s.dtype)) @ vh
    return direction


def radius_of(width: int, depth: int) -> float:
    return math.pow(FLIPS / (width * depth), 1.5)


def shares(identifier: str, sizes: tuple[int, int, int, int]) -> list[float]:
    """For each network what the statement's adversaries find over the most that anybody found."""
    statement = registry[identifier]
    width, depth, samples, outputs = sizes
    asked: dict[str, int | float | str] = {
        "width": width, "depth": depth, "samples": samples, "outputs": outputs, "radius": radius_of(width, depth), "labels": "random",
    }  # fmt: skip
    instance = instance_from_sizes(statement, asked)
    source = NormalSource(seed_sequence(SEED, "long ascent", identifier, *sizes))
    subjects = [subject for name, subject in drawn_subjects(statement, instance, "dense", NETWORKS, source, "cpu") if name]
    moved = [subject.network for subject in subjects if isinstance(subject, NetworkSubject)]
    bases = [subject.origin.network for subject in subjects if isinstance(subject, NetworkSubject)]
    network = Network.draw("dense", width, depth, instance.input_dimension, outputs, NETWORKS, source)
    task = Task(statement, instance, network, source)
    found = [[*(matrices_of(base) if task.joint else []), *matrices_of(end)] for base, end in zip(bases, moved, strict=True)]
    with torch.no_grad():
        values = torch.stack([task.ratio(one) for one in found]).nan_to_num(nan=-torch.inf)
    own = values.amax(0)
    trials = torch.arange(NETWORKS)
    starts = [[torch.stack(layer)[values.argmax(0), trials] for layer in zip(*found, strict=True)]]
    origin = NetworkSubject(network, instance, source.spawn("questions"))
    for name in STARTS:
        attack = Attack(network, instance, source.spawn(name), partial(largest_ratio, statement, origin, source.spawn("objective")))
        one = matrices_of(ADVERSARIES[name](attack))
        starts.append([*one, *one] if task.joint else one)
    for k in range(RANDOM_STARTS):
        count = depth * (2 if task.joint else 1)
        draws = [source.spawn(f"start {k} {layer}").normal((NETWORKS, width, width), 1.0) for layer in range(count)]
        starts.append([instance.radius * x / torch.linalg.matrix_norm(x, ord=2)[:, None, None] for x in draws])
    most = torch.stack([own, *(ascent(task, start) for start in starts)]).amax(0)
    return [float(share) for share in own / most]


def row(identifier: str, found: Sequence[list[float]]) -> list[str]:
    together = [share for one in found for share in one]
    cells = [f"{number(statistics.median(one), 2)}" for one in found]
    return [identifier, *cells, number(statistics.median(together), 2), number(round(min(together), 3), 2)]


def main() -> None:
    found = {}
    for identifier in STATEMENTS:
        found[identifier] = [shares(identifier, sizes) for sizes in SIZES]
        print(*row(identifier, found[identifier]), flush=True)
    headers = ["statement", *(f"m = {m}, L = {L}, n = {n}, d = {d}" for m, L, n, d in SIZES), "all", "least"]
    body = table(headers, [row(identifier, one) for identifier, one in found.items()], "github")
    starts = 1 + len(STARTS) + RANDOM_STARTS
    text = f"""# Attacks against long ascents

The statement's ratio left/right under the strongest of its own adversaries, over the largest that anybody found: they, or
ascents of {STEPS} steps over whole matrices from {starts} starts. Medians over {NETWORKS} networks of each size (stored
weights, float64, run seed {SEED}; m L omega^(2/3) = {FLIPS:g}), and the least of all. A share of 1 says that no ascent found
more, one of 0 that an ascent made the right side of the inequality vanish.
Written by `python -m benchmarks.long_ascent`.

{body}
"""
    write_whole(Path(__file__).with_name("long_ascent.md"), text)
    facts = {
        identifier: {
            "share": round(statistics.median(together), 3), "least": round(min(together), 3), "networks": len(together),
        }
        for identifier, one in found.items() if (together := [share for part in one for share in part])
    }  # fmt: skip
    write_whole(FILE, json.dumps({"width": [16, 64], "statements": facts}, indent=2) + "\n")
    print(text)


if __name__ == "__main__":
    main()

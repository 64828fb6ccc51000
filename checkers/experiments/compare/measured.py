"""The least width at which gradient descent trains two-layer networks on a data set, by bisection.

Success: with the step 1/lambda_max(H(0)) the residual falls to a thousandth within PATIENCE/(eta lambda0) steps, three times what H_inf
needs whatever the labels. A width is enough if a share ENOUGH of SEEDS networks succeeds; success is taken not to get rarer with width.

A network is followed as the table of its z_ri = w_r . x_i: a step is z <- z + (eta/sqrt m) a_r (D_r o (y - u)) rho.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch import Tensor

from checkers.networks.randomness import NormalSource
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.records.comparison import Trained, TriedTraining
from theorems.language.instance import Array
from theorems.laws.gate_laws import gate_kernel, kernel_floor

GOAL: Final = 1e-6  # of the loss
PATIENCE: Final = 20.0
SEEDS: Final = 8
ENOUGH: Final = 0.75
RESOLUTION: Final = 1.05  # of a width, where that is more than one neuron; eight other networks differ by more
LARGEST: Final = 2**17
LEAST_LARGEST: Final = 256  # is tried in any case
MOST_STEPS: Final = 50_000  # of one run: some seconds, however narrow
MOST_WORK: Final = 3e11  # multiplications of the widest: a minute or two


@dataclass(frozen=True)
class Problem:
    """inputs: unit rows, (n, d_in). targets: (n,)."""

    inputs: Array
    targets: Array

    @cached_property
    def floor(self) -> float:
        """lambda0."""
        return kernel_floor(self.inputs)

    def draw(self, width: int, source: NormalSource, seeds: int = SEEDS) -> TwoLayerNetwork:
        """Networks of that width, each width with random numbers of its own."""
        return TwoLayerNetwork.draw(self.inputs, width, seeds, source.spawn(width), 1.0)


@dataclass(frozen=True)
class Run:
    """steps: at which the loss is first at the goal, (trials,), infinite beyond the patience. change: of z, (trials, m, n)."""

    steps: Tensor
    change: Tensor

    def lengths(self, network: TwoLayerNetwork) -> Tensor:
        """‖w_r - w_r(0)‖, (trials, m): the way w = F^+ z, F the rows in coordinates of their span, for it never leaves that."""
        change = self.change.double() @ torch.linalg.pinv(network.rows).mT
        lengths: Tensor = torch.linalg.vector_norm(change, dim=-1)
        return lengths


def follow(
    network: TwoLayerNetwork, targets: Tensor, floor: float, *, goal: float = GOAL, most: int | None = None,
    dtype: torch.dtype = torch.float64,
) -> Run:  # fmt: skip
    """Descent from these networks until all, or `most` of them, have reached the goal or lost patience. floor: lambda0."""
    start = network.pre_activations.to(dtype)
    top = torch.linalg.eigvalsh(network.kernel())[:, -1].clamp_min(1 / network.width)  # a network without an open gate stands still
    limit = PATIENCE * top / floor
    z, gram, labels = start.clone(), network.gram.to(dtype), targets.to(start)
    outward = (network.signs.to(dtype) / math.sqrt(network.width))[:, None]
    inward = (outward[:, 0] / top.to(dtype)[:, None])[..., None]  # with the step size
    steps, final = torch.full_like(top, torch.inf), start.clone()
    alive = torch.arange(network.trials, device=z.device)
    residual = labels - (outward @ z.relu())[:, 0]
    least = goal * residual.square().sum(-1)
    step = 0
    while True:
        reached = residual.square().sum(-1) <= least
        steps[alive[reached]] = step
        keep = ~reached & (step < limit)
        if not bool(keep.all()):
            final[alive[~keep]] = z[~keep]
            alive, z, residual, least, limit, outward, inward = (one[keep] for one in (alive, z, residual, least, limit, outward, inward))
        if len(alive) == 0 or (most is not None and int(steps.isfinite().sum()) >= most):
            return Run(steps, final - start)
        z.baddbmm_((z >= 0) * (inward * residual[:, None]), gram.expand(len(z), -1, -1))
        residual = labels - (outward @ z.relu())[:, 0]
        step += 1


def try_width(problem: Problem, width: int, source: NormalSource) -> TriedTraining:
    """SEEDS networks of that width, until so many have succeeded as are enough."""
    needed = math.ceil(ENOUGH * SEEDS)
    # float32: the residual falls by a thousand, and its rounding is a millionth
    steps = follow(
        problem.draw(width, source), torch.from_numpy(problem.targets), problem.floor, most=needed, dtype=torch.float32
    ).steps  # fmt: skip
    reached = steps[steps.isfinite()]
    median = float(steps.sort().values[(SEEDS - 1) // 2])
    return TriedTraining(width=width, seeds=SEEDS, successes=len(reached), steps=median if math.isfinite(median) else None)


def least_enough(enough: Callable[[int], bool], first: int = 1, largest: int = LARGEST, resolution: float = RESOLUTION) -> int | None:
    """The least width that is enough, up to the resolution, if it is enough from some width on; None beyond the largest."""
    low, high = 0, first
    while not enough(high):
        low, high = high, 2 * high
        if high > largest:
            return None
    while high - low > 1 and high > resolution * max(low, 1):
        middle = max(low + 1, min(high - 1, round(math.sqrt(max(low, 1) * high))))
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def predicted_steps(problem: Problem) -> int:
    """Steps of eta = 1/lambda_max(H_inf) after which (I - eta H_inf)^k brings these labels to the goal: well within the patience."""
    values, vectors = np.linalg.eigh(gate_kernel(problem.inputs))
    parts, shrinks = (vectors.T @ problem.targets) ** 2, 1 - values / values[-1]
    most = math.ceil(PATIENCE * float(values[-1]) / problem.floor)
    return bisect_left(range(most), True, key=lambda k: bool(parts @ shrinks ** (2 * k) <= GOAL * parts.sum()))


def patience(problem: Problem) -> float:
    """PATIENCE/(eta lambda0) with eta = 1/lambda_max(H_inf): steps."""
    return PATIENCE * float(np.linalg.eigvalsh(gate_kernel(problem.inputs))[-1]) / max(problem.floor, 1e-300)


def measure(problem: Problem, source: NormalSource, *, hopeless: bool = False) -> Trained:
    """The least width that is enough, and all that were tried, by width; none where lambda0 = 0 (hopeless) or where a run takes more than
    MOST_STEPS."""
    tried: dict[int, TriedTraining] = {}

    def enough(width: int) -> bool:
        tried[width] = try_width(problem, width, source)
        return tried[width].successes >= ENOUGH * SEEDS

    steps = patience(problem)
    largest = int(min(LARGEST, max(LEAST_LARGEST, MOST_WORK / (2 * SEEDS * steps * len(problem.inputs) ** 2))))
    skipped = "lambda0 = 0" if hopeless else f"a run takes up to {steps:.2g} steps" if steps > MOST_STEPS else ""
    width = None if skipped else least_enough(enough, largest=largest)
    return Trained(
        goal=GOAL, patience=PATIENCE, enough=ENOUGH, largest=largest, width=width, steps=tried[width].steps if width else None,
        predicted=None if hopeless else predicted_steps(problem), skipped=skipped, tried=[tried[one] for one in sorted(tried)],
    )  # fmt: skip

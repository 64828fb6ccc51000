"""The convergence theorem where its own width condition holds, or as near to it as memory allows.

One run a row: gradient descent from a random initialization with the step 1/(2 lambda_max) of the limit kernel, which at n = L = 1 is
the paper's own with constant 1, until F <= goal F(0).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from checkers.errors import InputError
from checkers.experiments.width.limit_kernel import LimitDescent
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.machine.threads import one_thread
from checkers.networks.descent import descend
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener
from checkers.records.experiments import RegimeRow
from checkers.runs.jobs.groups import Group, jobs
from strategies.data import data_set
from theorems import registry
from theorems.language.formula import Formula
from theorems.language.instance import Instance
from theorems.language.least import least_value

GOAL, SHARE = 1e-3, 0.5
PATIENCE = 4  # times the predicted number of steps, after which a run is given up


@dataclass(frozen=True)
class Place:
    samples: int
    depth: int
    width: int
    precision: str = "float64"


QUICK = (Place(1, 1, 2**20), Place(1, 2, 2**20), Place(1, 3, 2**20), Place(2, 1, 2**24))
PLACES = {
    "quick": QUICK,
    "standard": (*QUICK, Place(1, 2, 2**22), Place(1, 3, 2**22, "float32")),
    "thorough": (*QUICK, Place(1, 2, 2**23), Place(1, 3, 2**23, "float32")),
}


def planned_bytes(place: Place, outputs: int, steps: int) -> int:
    """The most that a run may hold: directions and images of both sides, the last questions, and what the passes make on their way."""
    n, depth = place.samples, place.depth
    long = 2 * n + n  # the first layer's directions, images and change
    long += (depth - 1) * 4 * min(place.width, n * (steps + 1))
    long += 4 * n * depth + (4 * depth + 10) * n + 3 * outputs  # last questions of both sides; g, h, D, factors; input and output layers
    return long * place.width * torch.empty(0, dtype=getattr(torch, place.precision)).element_size()


def run(place: Place, seed: int, device: str = "cpu") -> RegimeRow:
    """Train at one place; inputs are orthogonal directions (delta = 1), labels random signs."""
    generator = np.random.Generator(np.random.SFC64(seed))
    inputs = data_set("orthogonal", generator, place.samples, None, 1.0)
    targets = generator.choice([-1.0, 1.0], size=(place.samples, 1))
    kernel = LimitDescent.of(inputs, place.depth)
    steps = kernel.steps(GOAL, SHARE)
    assert steps is not None
    separation = min(1.0, 1 / place.depth)
    instance = Instance(width=place.width, depth=place.depth, samples=place.samples, separation=separation, tolerance=GOAL)
    theorem = registry["gd-convergence"]
    (least,) = (one for one in theorem.assumptions if one.quantity == "width")
    assert isinstance(least.bound, Formula)
    needed = planned_bytes(place, 1, PATIENCE * steps)
    row = RegimeRow(
        samples=place.samples, depth=place.depth, separation=separation, width=place.width, precision=place.precision,
        inside=place.width / least.bound.without_logarithms()(instance),
        inside_with_logs=place.width / least_value(least, instance), predicted_steps=steps,
        allowed_steps=theorem.values(instance, C=1.0)["T"], bytes=needed,
    )  # fmt: skip
    try:
        refuse_beyond_memory(needed, free_bytes(device))
    except InputError as error:
        return _with(row, refused=str(error))
    start = time.monotonic()
    source = NormalSource(seed_sequence(seed, "regime", place.samples, place.depth, place.width))
    dtype = getattr(torch, place.precision)
    network = Network.draw("revealed", place.width, place.depth, inputs.shape[1], 1, 1, source, dtype=dtype, device=device)
    losses: list[float] = []
    for stand in descend(network, inputs, targets, kernel.step_size(place.width, 1, SHARE), PATIENCE * steps):
        losses.append(float(stand.loss[0]))
        if losses[-1] <= GOAL * losses[0]:
            break
    done = losses[-1] <= GOAL * losses[0]
    share = losses[-1] / losses[0]
    return _with(row, taken=len(losses) - 1 if done else None, loss=share, seconds=time.monotonic() - start)


def _with(row: RegimeRow, **changes: object) -> RegimeRow:
    import msgspec

    return msgspec.structs.replace(row, **changes)


def regime_groups(profile: str, seed: int, device: str) -> list[Group]:
    """The work of the report's table: outcomes are its rows."""
    places = PLACES[profile]
    names = [f"n = {place.samples}, L = {place.depth}, m = {place.width}, {place.precision}" for place in places]
    return jobs(_row, (seed, device), [(place,) for place in places], "inside the regime", names)


def _row(settings: tuple[int, str], listener: Listener, place: Place) -> RegimeRow:
    with one_thread():
        return run(place, *settings)

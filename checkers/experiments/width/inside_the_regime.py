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
from checkers.networks.one_layer import Start, train_from
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener
from checkers.records.experiments import RegimeRow
from checkers.runs.jobs.groups import Group, jobs
from strategies.data import data_set
from theorems import registry
from theorems.language.formula import Formula
from theorems.language.instance import Instance
from theorems.language.least import least_value
from theorems.laws.exact_laws import Array

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
    """The most that a run may hold: directions and images of both sides, the last questions, and what the passes make on their way. One
    layer is asked once, and then forgotten: g_0, h_0, g_1, h_1, images of A, the question, its directions and their images."""
    n, depth = place.samples, place.depth
    if depth == 1:
        long = 8 * n + outputs
    else:
        long = 2 * n + n  # the first layer's directions, images and change
        long += (depth - 1) * 4 * min(place.width, n * (steps + 1))
        long += 4 * n * depth + (4 * depth + 10) * n + 3 * outputs  # last questions of both sides; g, h, D, factors; A and B
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
    losses = _losses(place, source, inputs, targets, kernel.step_size(place.width, 1, SHARE), PATIENCE * steps, device)
    done = losses[-1] <= GOAL * losses[0]
    share = losses[-1] / losses[0]
    return _with(row, taken=len(losses) - 1 if done else None, loss=share, seconds=time.monotonic() - start)


def _losses(place: Place, source: NormalSource, inputs: Array, targets: Array, step_size: float, steps: int, device: str) -> list[float]:
    """F at every step until the goal is reached, or the last."""

    def drawn() -> Network:
        dtype = getattr(torch, place.precision)
        return Network.draw("revealed", place.width, place.depth, inputs.shape[1], 1, 1, source, dtype=dtype, device=device)

    def begun() -> Start:
        network = drawn()
        output, record = network.output, network.forward(inputs)
        del network
        return Start.of(output, record, torch.as_tensor(targets), step_size)

    if place.depth == 1:  # of the network nothing is kept but g and B
        curve = train_from(begun(), step_size, steps, range(steps + 1), distances=False).loss[0].tolist()
        reached = [step for step, value in enumerate(curve) if value <= GOAL * curve[0]]
        return curve[: reached[0] + 1] if reached else curve
    losses: list[float] = []
    for stand in descend(drawn(), inputs, targets, step_size, steps):
        losses.append(float(stand.loss[0]))
        if losses[-1] <= GOAL * losses[0]:
            break
    return losses


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

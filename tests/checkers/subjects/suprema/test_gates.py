"""The attack on the gates of a two-layer network: never beyond what can be reached, near to it at tiny sizes, and the known values."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import LinearConstraint, minimize

from checkers.machine.threads import one_thread
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.subjects.suprema.gates import kernel_change, reachable
from checkers.subjects.two_layer import TwoLayerSubject
from strategies import data_set, instance_from_sizes
from tests.helpers import sources
from theorems.language.instance import Array

source = sources(7, "gates")


def network(shape: str, samples: int, separation: float, width: int, trials: int = 1, dimension: int | None = None) -> TwoLayerNetwork:
    inputs = data_set(shape, np.random.default_rng(3), samples, dimension, separation)
    return TwoLayerNetwork.draw(inputs, width, trials, source(shape, samples, width), 1.0)


def least_move(rows: Array, weight: Array, pattern: tuple[bool, ...]) -> float:
    """How far w must move for its gates to be this pattern, or its closure: a small quadratic program."""
    signs = np.where(pattern, 1.0, -1.0)
    constraint = LinearConstraint(signs[:, None] * rows, 0, np.inf)
    search: Any = minimize  # whose stubs want dictionaries for options
    found = search(lambda x: ((x - weight) ** 2).sum(), weight, constraints=constraint, method="SLSQP", options={"ftol": 1e-14})
    return math.sqrt(max(0.0, float(found.fun))) if (signs[:, None] * rows @ found.x).min() >= -1e-8 else math.inf


@pytest.mark.parametrize(("shape", "separation"), [("orthonormal", 1.0), ("cluster", 0.3), ("sphere", 0.3)])
def test_the_patterns_are_those_that_a_quadratic_program_reaches(shape: str, separation: float) -> None:
    """Three inputs, so eight patterns a neuron."""
    net, radius = network(shape, 3, separation, 60, dimension=3 if shape != "cluster" else None), 0.4
    patterns, within, place = reachable(net, radius)
    missed = seen = 0
    for neuron, (_, r) in enumerate(place.tolist()):
        found = {tuple(row) for row in patterns[neuron][within[neuron]].tolist()}
        for pattern in itertools.product((False, True), repeat=3):
            distance = least_move(net.rows.numpy(), net.weights[0, r].numpy(), pattern)
            if pattern in found:
                assert distance <= radius * (1 + 1e-6)
            seen += distance < radius * 0.999
            missed += distance < radius * 0.999 and pattern not in found
    assert seen > 60
    assert missed == 0


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("shape", ["orthonormal", "cluster", "sphere"])
def test_it_comes_near_to_brute_force_over_all_reachable_patterns(shape: str, top: bool) -> None:
    """Six neurons, two inputs: every combination of reachable patterns is tried."""
    net, radius = network(shape, 2, 0.5, 6, dimension=2 if shape != "cluster" else 3), 0.6
    patterns, within, place = reachable(net, radius)
    choices = [[torch.tensor(row).double() for row in {*map(tuple, patterns[k][within[k]].tolist())}] for k in range(len(place))]
    best = 0.0
    for chosen in itertools.product(*choices):
        gates = net.gates[0].clone()
        for (_, r), pattern in zip(place.tolist(), chosen, strict=True):
            gates[r] = pattern
        values = torch.linalg.eigvalsh(net.gram * (gates.T @ gates) / 6 - net.kernel()[0])
        best = max(best, float(values[-1] if top else -values[0]))
    values = torch.linalg.eigvalsh(kernel_change(net, radius, top=top)[0])
    found = float(values[-1] if top else -values[0])
    assert found <= best + 1e-12
    assert found >= 0.9 * best
    assert best > 0 or (shape, top) == ("orthonormal", True)


@pytest.mark.parametrize(
    ("shape", "samples", "width", "low", "high"),
    [("orthonormal", 1, 2**17, 0.38, 0.41), ("orthonormal", 6, 2**12, 0.40, 0.50), ("cluster", 6, 2**15, 0.38 * 6, 0.44 * 6),
     ("cluster", 12, 2**13, 0.37 * 12, 0.45 * 12)],
)  # fmt: skip
def test_the_change_per_radius_is_what_is_known(shape: str, samples: int, width: int, low: float, high: float) -> None:
    """0.399 R at n = 1, as m grows; n times that in a cluster; the largest of six counts fluctuates upwards at m = 4096."""
    net, radius = network(shape, samples, 0.01 if shape == "cluster" else 1.0, width, trials=2), 0.05
    with one_thread():
        change = torch.cat([torch.linalg.eigvalsh(kernel_change(net, radius, top=top)).abs().amax(-1) for top in (True, False)])
    assert low < float(change.mean()) / radius < high


def test_no_change_exceeds_the_bound_by_counts() -> None:
    inputs = data_set("sphere", np.random.default_rng(3), 5, 3, 0.3)
    instance = instance_from_sizes(None, {"width": 512, "samples": 5, "data": "sphere", "input_dimension": 3, "separation": 0.3})
    subject = TwoLayerSubject(TwoLayerNetwork.draw(inputs, 512, 8, source("bound"), 1.0), instance, source("questions"))
    for radius in (0.01, 0.1, 1.0):
        bound = subject.flip_bound(radius)
        for top in (True, False):
            assert bool((subject.kernel_change(radius, top).abs() <= bound + 1e-12).all())


def test_amplitudes_enlarge_what_gates_do() -> None:
    net = network("sphere", 3, 0.3, 256, trials=4, dimension=3)
    still = kernel_change(net, 1e-12, top=True, amplitude=0.1)
    torch.testing.assert_close(still, 0.21 * net.kernel(), rtol=1e-9, atol=1e-12)

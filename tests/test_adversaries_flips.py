"""Targeted flips: against brute force over all subsets, and the sharp law of one layer."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.flips import cheapest_flips
from checkers.network import Network
from checkers.randomness import NormalSource, seed_sequence
from theorems.instance import Instance


def source(*names: str | int) -> NormalSource:
    return NormalSource(seed_sequence(11, "flips", *names))


@pytest.mark.parametrize("valued", [False, True])
def test_no_subset_of_affordable_neurons_is_larger(valued: bool) -> None:
    trials, width = 20, 8
    g = source("g").normal((trials, width), 1.0)
    value = source("value").normal((trials, width), 1.0).square() if valued else torch.ones(trials, width, dtype=g.dtype)
    budget = torch.linspace(0.1, 2.0, trials, dtype=g.dtype)
    u = cheapest_flips(g, g < 0, budget, value if valued else None)
    flipped = ((g + u) >= 0) != (g >= 0)
    assert bool((u.norm(dim=-1) <= budget).all())
    assert bool(((u != 0) == flipped).all())
    gained = (flipped * value).sum(-1)
    for trial in range(trials):
        subsets = (list(s) for k in range(width + 1) for s in itertools.combinations(range(width), k))
        best = max(float(value[trial, s].sum()) for s in subsets if float(g[trial, s].norm()) * (1 + 1e-5) <= budget[trial])
        # by count greedy is optimal; by value the knapsack's greedy order loses at most the most valuable item
        assert float(gained[trial]) >= best - (float(value[trial].max()) if valued else 1e-9)


def _flips(name: str, width: int, radius: float) -> float:
    trials = 8
    instance = Instance(width=width, radius=radius, inputs=np.array([[math.sqrt(0.5), math.sqrt(0.5)]]))
    network = Network.draw("revealed", width, 1, 2, 1, trials, source(name, width))
    moved = ADVERSARIES[name](Attack(network, instance, source("attack", name), lambda network: torch.zeros(trials)))
    before, after = network.forward(instance.inputs), moved.forward(instance.inputs)
    assert float(torch.stack([w.change_spectral_norm() for w in moved.hidden]).amax()) <= radius * (1 + 1e-12)
    # relative to ‖h_0‖ = 1, for the density of g at zero is that of N(0, 2 ‖h‖^2/m) and the budget is radius ‖h‖: it cancels
    return float((before.signs[1] != after.signs[1]).sum(-1).double().mean())


@pytest.mark.parametrize(("name", "exponent", "tolerance"), [("targeted sign flips", 2 / 3, 0.03), ("random", 1.0, 0.1)])
def test_exponent_of_the_flips_in_one_layer(name: str, exponent: float, tolerance: float) -> None:
    width = 2**17
    # random: rank one moves by radius <v, h>, of size radius/sqrt(m): larger radii, for there to be flips
    radii = np.geomspace(1e-4, 1e-2, 5) if exponent < 1 else np.geomspace(1e-1, 10, 5)
    counts = [_flips(name, width, radius) for radius in radii]
    slope = np.polyfit(np.log(radii), np.log(counts), 1)[0]
    assert slope == pytest.approx(exponent, abs=tolerance)
    if exponent < 1:
        # With p = sqrt(m/(4 pi)) the density of g_k ~ N(0, 2/m) at 0: the sum of g^2 over |g| < t is (2/3) m p t^3, the budget
        # radius^2; so t = (3 radius^2/(2 m p))^{1/3}, and the count 2 m p t is 2 p (3/(2 m p))^{1/3} m radius^{2/3}.
        density = math.sqrt(width / (4 * math.pi))
        sharp = 2 * density * (1.5 / (width * density)) ** (1 / 3)
        assert sharp == pytest.approx(0.985, abs=0.001)
        # the density varies by t^2 m/4 over the flipped range: below 1% at radius 1e-3
        assert counts[2] / (width * radii[2] ** (2 / 3)) == pytest.approx(0.985, abs=0.05)

"""Pushes through zero: against brute force over all sets of neurons, and as the strongest attack on linearity in one layer."""

from __future__ import annotations

import itertools
import math
from functools import partial

import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.flips import cheapest_flips
from checkers.adversaries.pushes import largest_push
from checkers.evidence.drawing import largest_ratio
from checkers.networks.network import Engine, Network
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry

source = sources(12, "pushes")


@pytest.mark.parametrize(("equal", "share"), [(True, 1 - 1e-9), (False, 0.85)])
def test_no_set_of_neurons_gains_more(equal: bool, share: float) -> None:
    """On a set S the best u gains budget ‖b_S‖ - sum of b_k distance_k. For equal weights the nearest neurons are best; else a knapsack."""
    trials, width = 300, 7
    distance, value = source("g").normal((trials, width), 1.0).abs(), source("b").normal((trials, width), 1.0)
    value = value.sign() if equal else value
    budget = torch.linspace(0.1, 6.0, trials, dtype=value.dtype)
    away = torch.where(source("side").normal((trials, width), 1.0) > 0, 1.0, -1.0).to(value)
    u = largest_push(distance, away, value, budget)
    assert bool((u.norm(dim=-1) <= budget * (1 + 1e-12)).all())
    assert bool((u * away >= 0).all())
    gained = (value * (u.abs() - distance).clamp_min(0)).sum(-1)
    sets = [list(s) for k in range(1, width + 1) for s in itertools.combinations(range(width), k)]
    member = torch.stack([torch.zeros(width).double().index_fill(0, torch.tensor(s), 1.0) for s in sets])  # (sets, width)
    b = value.clamp_min(0)
    best = (budget[:, None] * (b.square() @ member.mT).sqrt() - (b * distance) @ member.mT).amax(1).clamp_min(0)
    assert bool((gained <= best * (1 + 1e-9)).all())
    assert bool((gained >= share * best).all())
    assert float((gained[best > 0] / best[best > 0]).mean()) > 0.999


def test_a_push_is_found_behind_a_neuron_that_is_out_of_reach() -> None:
    """The best ratio of distance to weight is neuron 0's, at a distance beyond the budget; neuron 1 gains 1 * (0.5 - 0.4)."""
    distance, value = torch.tensor([[1.0, 0.4]]).double(), torch.tensor([[10.0, 1.0]]).double()
    u = largest_push(distance, torch.ones_like(value), value, torch.tensor([0.5]).double())
    assert u.tolist() == [[0.0, 0.5]]


def test_two_moves_push_twice_as_far_as_one() -> None:
    """Equal weights 1, density rho of g at zero, budget B. One move: S = {abs(g) < t} gains B sqrt(rho t) - rho t^2/2, at most at
    t^{3/2} = B/(2 sqrt rho): 3/2^{7/3} rho^{1/3} B^{4/3}. Two: rho t^3/3 = B^2 brings S to zero, and B sqrt(rho t) is
    3^{1/6} rho^{1/3} B^{4/3}."""
    width, budget = 2**17, 0.02
    g = source("two").normal((1, width), math.sqrt(2 / width)).abs()
    density = 2 * width * math.sqrt(width / (4 * math.pi))  # of abs(g), g ~ N(0, 2/m): twice m/sqrt(2 pi 2/m)
    scale, ones, room = density ** (1 / 3) * budget ** (4 / 3), torch.ones_like(g), torch.tensor([budget]).double()

    def gain(distance: torch.Tensor) -> float:
        return float((largest_push(distance, ones, ones, room) - distance).clamp_min(0).sum())

    brink, _ = cheapest_flips(-g[:, None], torch.ones_like(g[:, None], dtype=torch.bool), g.new_ones(1, 1), budget, ones[:, None])
    assert gain(g) / scale == pytest.approx(3 / 2 ** (7 / 3), rel=0.02)
    assert gain((g - brink).clamp_min(0)) / scale == pytest.approx(3 ** (1 / 6), rel=0.02)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_no_other_adversary_bends_one_layer_more(engine: Engine) -> None:
    statement = registry["linearization"]
    instance = instance_from_sizes(statement, {"width": 512, "depth": 1, "radius": 5e-3, "samples": 1, "outputs": 1})
    network = Network.draw(engine, 512, 1, instance.input_dimension, 1, 8, source(engine))
    origin = NetworkSubject(network, instance, source("questions"))
    objective = partial(largest_ratio, statement, origin, source("objective"))
    found = {}
    for name in ("pushes through zero", "spectral ascent", "continuation", "weighted sign flips", "random"):
        moved = ADVERSARIES[name](Attack(network, instance, source(name), objective))
        assert all(bool((weights.change_spectral_norm() <= 5e-3 * (1 + 1e-12)).all()) for weights in moved.hidden)
        with torch.no_grad():
            found[name] = objective(moved)
    best = found.pop("pushes through zero")
    assert all(bool((best >= other * (1 - 1e-9)).all()) for other in found.values())
    assert float((best / found["random"].clamp_min(1e-300)).median()) > 10

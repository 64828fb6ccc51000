"""Pushes through zero: against brute force over all sets of neurons, and as the strongest attack on linearity in one layer."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.pushes import largest_push
from checkers.decide import largest_ratio
from checkers.network import Engine, Network
from checkers.randomness import NormalSource, seed_sequence
from checkers.subject import NetworkSubject
from strategies import instance_from_sizes
from theorems import registry


def source(*names: str | int) -> NormalSource:
    return NormalSource(seed_sequence(12, "pushes", *names))


@pytest.mark.parametrize(("equal", "share"), [(True, 1 - 1e-9), (False, 0.8)])
def test_no_set_of_neurons_gains_more(equal: bool, share: float) -> None:
    """On a set S the best u gains budget ‖b_S‖ - sum of b_k distance_k. For equal weights the nearest neurons are best; else a knapsack."""
    trials, width = 30, 7
    distance, value = source("g").normal((trials, width), 1.0).abs(), source("b").normal((trials, width), 1.0)
    value = value.sign() if equal else value
    budget = torch.linspace(0.1, 6.0, trials, dtype=value.dtype)
    away = torch.where(source("side").normal((trials, width), 1.0) > 0, 1.0, -1.0).to(value)
    u = largest_push(distance, away, value, budget)
    assert bool((u.norm(dim=-1) <= budget * (1 + 1e-12)).all())
    assert bool((u * away >= 0).all())
    gained = (value * (u.abs() - distance).clamp_min(0)).sum(-1)
    sets = [list(s) for k in range(1, width + 1) for s in itertools.combinations(range(width), k)]
    for trial in range(trials):
        positive = [s for s in sets if bool((value[trial, s] > 0).all())]
        best = max([0.0, *(float(budget[trial] * value[trial, s].norm() - value[trial, s] @ distance[trial, s]) for s in positive)])
        assert share * best <= float(gained[trial]) <= best * (1 + 1e-9)


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

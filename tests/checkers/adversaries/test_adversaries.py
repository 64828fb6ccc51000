"""Adversaries stay inside the ball, are reproducible, and the aligned one reaches the optimum that it claims."""

from __future__ import annotations

import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance

RADII = [1e-6, 1e-2, 1.0, 50.0]
RANK_ONE = ["random", "rank-one alignment"]


def an_instance(radius: float, **sizes: int) -> Instance:
    return instance_from_sizes(None, {"width": 48, "depth": 3, "samples": 3, "outputs": 2, "radius": radius, **sizes})


def drawn(instance: Instance, engine: Engine = "dense", trials: int = 4) -> Network:
    source = NormalSource(seed_sequence(1, "network"))
    return Network.draw(engine, instance.width, instance.depth, instance.input_dimension, instance.outputs, trials, source)


def attacked(name: str, instance: Instance, engine: Engine = "dense", seed: int = 2) -> tuple[Network, Network]:
    """The network before and after the attack."""
    network = drawn(instance, engine)
    return network, moved_by(name, network, instance, seed)


def moved_by(name: str, network: Network, instance: Instance, seed: int = 2) -> Network:
    def size_of_outputs(other: Network) -> torch.Tensor:
        return other.forward(instance.inputs).outputs.square().sum((1, 2))

    return ADVERSARIES[name](Attack(network, instance, NormalSource(seed_sequence(seed, "adversary")), size_of_outputs))


def test_every_adversary_that_a_statement_names_exists() -> None:
    assert {name for statement in registry for name in (*statement.adversary, *statement.start)} <= set(ADVERSARIES)


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("engine", ["dense", "revealed"])
@pytest.mark.parametrize("name", RANK_ONE)
def test_every_layer_moves_by_the_radius_and_no_more(name: str, engine: Engine, radius: float) -> None:
    _, moved = attacked(name, an_instance(radius), engine)
    rounding = 48 * torch.finfo(torch.float64).eps * radius  # m eps for the norm of a product of two vectors
    for weights in moved.hidden:
        change = weights.change_spectral_norm()
        assert (change <= radius + rounding).all()
        assert (change >= radius - rounding).all(), "rank-one moves spend all that they may"


@pytest.mark.parametrize("name", RANK_ONE)
def test_without_a_radius_nothing_moves(name: str) -> None:
    network, moved = attacked(name, an_instance(0.0))
    assert torch.equal(network.forward(an_instance(0.0).inputs).outputs, moved.forward(an_instance(0.0).inputs).outputs)
    assert not moved.distance().any()


@pytest.mark.parametrize("name", RANK_ONE)
def test_the_same_seed_gives_the_same_attack(name: str) -> None:
    instance = an_instance(0.5)
    outputs = [attacked(name, instance, seed=seed)[1].forward(instance.inputs).outputs for seed in (2, 2, 3)]
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2]) == (name != "random"), "only the random direction depends on the seed"


@pytest.mark.parametrize("engine", ["dense", "revealed"])
@pytest.mark.parametrize("radius", RADII)
def test_alignment_lengthens_the_first_pre_activation_by_all_that_the_ball_allows(engine: Engine, radius: float) -> None:
    """‖(W_1 + W') h_0‖ <= ‖g_1‖ + radius ‖h_0‖, with equality for W' = radius (g_1/‖g_1‖)(h_0/‖h_0‖)^T."""
    instance = an_instance(radius, samples=1)  # of several, the sample is chosen where the objective grows most
    network, moved = attacked("rank-one alignment", instance, engine)
    before, after = network.forward(instance.inputs), moved.forward(instance.inputs)
    growth = after.pre_activations[1][:, 0].norm(dim=-1) - before.pre_activations[1][:, 0].norm(dim=-1)
    optimum = radius * before.activations[0][:, 0].norm(dim=-1)
    torch.testing.assert_close(growth, optimum, rtol=1e-12, atol=48 * torch.finfo(torch.float64).eps * (3 + radius))


def test_a_random_direction_is_far_from_that_optimum() -> None:
    """<g_1, u><v, h_0> is of size radius ‖g_1‖ ‖h_0‖/m: at a small radius the growth is that share of the optimum."""
    instance = an_instance(1e-3)
    network, moved = attacked("random", instance)
    before, after = network.forward(instance.inputs), moved.forward(instance.inputs)
    growth = after.pre_activations[1][:, 0].norm(dim=-1) - before.pre_activations[1][:, 0].norm(dim=-1)
    assert (growth.abs() < 0.2 * instance.radius * before.activations[0][:, 0].norm(dim=-1)).all()  # 10 times 1/m


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_dead_layer_stays_finite(name: str) -> None:
    """g_1 = 0 and h_1 = 0 have no direction: the aligned adversary then leaves the later layers alone."""
    width, trials = 8, 2
    zero = torch.zeros(trials, width, width, dtype=torch.float64)
    instance = an_instance(0.5, width=width, depth=2, samples=1)
    first = torch.full((trials, width, instance.input_dimension), -1.0, dtype=torch.float64)
    inputs = torch.as_tensor(instance.inputs).abs()
    network = Network.from_matrices(first, [zero, zero], torch.ones(trials, 2, width, dtype=torch.float64))
    assert not network.forward(inputs).activations[0].any()
    moved = moved_by(name, network, instance)
    assert all(bool((weights.change_spectral_norm() <= 0.5 + 1e-14).all()) for weights in moved.hidden)

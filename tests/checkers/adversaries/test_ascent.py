"""Steepest ascent and alignment: known optima, the ball, determinism, and one matrix for both networks."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.ascent import ascend
from checkers.adversaries.attack import factors
from checkers.networks.network import Network
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.subjects.network import NetworkSubject
from tests.helpers import sources
from theorems.language.instance import Instance

X = np.array([[math.sqrt(0.5), math.sqrt(0.5)]])
TRIALS = 6

source = sources(13, "ascent")


def network(engine: str, depth: int = 2, width: int = 24) -> Network:
    return Network.draw("revealed" if engine == "revealed" else "dense", width, depth, 2, 2, TRIALS, source("network"))


def pre_activation_move(origin: Network, moved: Network) -> Tensor:
    """‖g_1~ - g_1‖/(radius ‖h_0‖), at most 1."""
    before, after = origin.forward(X), moved.forward(X)
    move: Tensor = (after.pre_activations[1] - before.pre_activations[1]).norm(dim=-1)[:, 0]
    size: Tensor = before.activations[0].norm(dim=-1)[:, 0]
    return move / size


def linear(origin: Network, targets: list[Tensor], moved: Network) -> Tensor:
    """sum_l <G_l, W_l> for fixed G_l: largest over the ball at radius times the sum of the nuclear norms."""
    identity = torch.eye(origin.width).double().expand(TRIALS, -1, -1)
    return torch.stack([(w.apply(identity).mT * g).sum((1, 2)) for w, g in zip(moved.hidden, targets, strict=True)]).sum(0)


def attack(origin: Network, radius: float, objective: partial[Tensor], name: str = "") -> Attack:
    instance = Instance(width=origin.width, depth=origin.depth, outputs=2, radius=radius, inputs=X)
    return Attack(origin, instance, source("attack", name), objective)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_one_step_reaches_the_nuclear_norm(engine: str) -> None:
    origin = network(engine, width=8)
    # rank 2, within the 4 products that the ascent expects of one sample and two outputs
    targets = [
        source("left", k).normal((TRIALS, 8, 2), 1.0) @ source("right", k).normal((TRIALS, 2, 8), 1.0) for k in range(origin.depth)
    ]
    task = attack(origin, 0.1, partial(linear, origin, targets))
    still = task.objective(task.still())
    with torch.no_grad():  # the caller's, which must not switch off the adversary's own derivatives
        gained = task.objective(ascend(task, task.still(), steps=1)) - still
    nuclear = torch.stack([torch.linalg.matrix_norm(g, ord="nuc") for g in targets]).sum(0)
    assert torch.allclose(gained, 0.1 * nuclear, rtol=1e-8)
    random = task.objective(ADVERSARIES["random"](task)) - still
    assert bool((random < 0.5 * gained).all())


@pytest.mark.parametrize("name", sorted(ADVERSARIES))
@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_every_adversary_stays_in_the_ball_and_repeats_itself(name: str, engine: str) -> None:
    found = []
    for _ in range(2):
        origin = network(engine)
        task = attack(origin, 0.05, partial(pre_activation_move, origin), name)
        moved = ADVERSARIES[name](task)
        sizes = torch.stack([weights.change_spectral_norm() for weights in moved.hidden])
        assert float(sizes.amax()) <= 0.05 * (1 + 1e-9)
        assert float(sizes.amax(1)[0]) > 0  # the objective looks at the first layer; later ones may be left alone
        assert all(isinstance(w, PerturbedWeights) and w.base is b for w, b in zip(moved.hidden, origin.hidden, strict=True))
        found.append(factors(moved))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


@pytest.mark.parametrize("name", ["rank-one alignment", "hidden alignment", "output alignment", "spectral ascent", "best of all"])
def test_aligned_moves_attain_the_most_that_one_layer_allows(name: str) -> None:
    origin = network("dense")
    moved = ADVERSARIES[name](attack(origin, 0.05, partial(pre_activation_move, origin)))
    assert torch.allclose(pre_activation_move(origin, moved), torch.full((TRIALS,), 0.05).double(), rtol=1e-9)


def test_output_alignment_moves_the_outputs_as_far_as_one_layer_can() -> None:
    origin = network("dense", depth=1)
    radius = 1e-7  # so small that no sign flips
    moved = ADVERSARIES["output alignment"](attack(origin, radius, partial(pre_activation_move, origin)))
    before, after = origin.forward(X), moved.forward(X)
    best = torch.linalg.matrix_norm(origin.output * before.signs[1], ord=2) * before.activations[0].norm(dim=-1)[:, 0]
    assert torch.allclose((after.outputs - before.outputs).norm(dim=-1)[:, 0], radius * best, rtol=1e-6)


def test_best_of_all_is_the_best_of_each() -> None:
    origin = network("dense")
    task = attack(origin, 0.05, partial(pre_activation_move, origin))
    best = task.objective(ADVERSARIES["best of all"](task))
    for name, adversary in ADVERSARIES.items():
        assert bool((task.objective(adversary(task)) <= best * (1 + 1e-12)).all()), name


def test_original_and_moved_network_share_one_matrix() -> None:
    """What the moved network asks of revealed weights must agree with what the original then answers: (W + W') x - W x = W' x."""
    origin = network("revealed")
    moved = origin.perturbed()
    u, v, x = (source(name).normal((TRIALS, 1, origin.width), 1.0) for name in "uvx")
    moved.hidden[0].add_outer(u, v)
    difference = moved.hidden[0].apply(x) - origin.hidden[0].apply(x)
    assert torch.allclose(difference, (x * v).sum(-1, keepdim=True) * u, atol=1e-10)
    subject = NetworkSubject(origin, Instance(width=24, depth=2, outputs=2, inputs=X), source("questions"))
    after = NetworkSubject(moved, subject.instance, source("questions"), subject)
    assert torch.allclose(after.displacement(1, x), difference, atol=1e-10)
    assert torch.equal(after.displacement(2, x), torch.zeros_like(x))
    assert torch.allclose(after.displacement_norm(), u.norm(dim=-1)[:, 0] * v.norm(dim=-1)[:, 0])
    # a copy is no perturbation of the origin, and is refused
    stranger = NetworkSubject(origin.copy(), subject.instance, source("questions"), subject)
    with pytest.raises(ValueError, match="no perturbation of the origin's"):
        stranger.displacement(1, x)


def test_revealed_products_have_the_derivative_that_the_transpose_gives() -> None:
    weights = network("revealed").hidden[0]
    x = source("x").normal((TRIALS, 2, 24), 1.0).requires_grad_()
    u = source("u").normal((TRIALS, 2, 24), 1.0)
    (gradient,) = torch.autograd.grad((weights.apply(x) * u).sum(), x)
    assert torch.allclose(gradient, weights.apply_transpose(u))

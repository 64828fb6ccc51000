"""Subjects of local Jacobian theory: their constants are what they say, and their runs are those written out."""

from __future__ import annotations

import math

import pytest
import torch

from checkers.networks.smooth import BUMP, RAMP, SIGMOID, Activation, SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources

source = sources(3, "smooth")
KINDS = {"sigmoid": SIGMOID, "ramp": RAMP, "bump": BUMP}


def activation(kind: int, low: float = 0.25, high: float = 2.0, steepness: float = 4.0) -> Activation:
    least, most, steep = (torch.tensor([one], dtype=torch.float64) for one in (low, high, steepness))
    return Activation(least, most, steep, torch.tensor([kind]))


def subject(trials: int = 6, width: int = 3, linear: bool = False, data: str = "sphere", samples: int = 3) -> SmoothSubject:
    sizes: dict[str, int | float | str] = {"width": width, "samples": samples, "input_dimension": 5, "data": data, "labels": "signs"}
    of = instance_from_sizes(None, sizes)
    return SmoothSubject(SmoothNetwork.draw(of.inputs, width, trials, source("draw"), 1.0, linear=linear), of, source("questions"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_activations_are_what_their_constants_say(kind: int) -> None:
    """Slopes are derivatives, between gamma and Gamma, and bend by M at most, which is attained where it is said to be."""
    phi = activation(kind)
    z = torch.linspace(-30, 30, 60_001, dtype=torch.float64)[None, None].requires_grad_()
    slope = phi.slope(z)
    (found,) = torch.autograd.grad(phi(z).sum(), z)
    torch.testing.assert_close(found, slope.detach(), rtol=1e-13, atol=1e-13)
    (bend,) = torch.autograd.grad(slope.sum(), z)
    assert 0.25 <= float(slope.detach().min()) < 0.2501
    assert 1.9 < float(slope.detach().max()) <= 2.0
    most = float(phi.bend)
    assert float(bend.abs().max()) == pytest.approx(most, rel=1e-4)
    assert float(bend.abs().max()) <= most * (1 + 1e-12)
    place = phi.steepest[:, None, None].requires_grad_()
    (there,) = torch.autograd.grad(phi.slope(place).sum(), place)
    assert abs(float(there)) == pytest.approx(most, rel=1e-12)


def test_a_linear_map_is_one() -> None:
    one = subject(linear=True, width=1)
    assert one.lipschitz().tolist() == [0.0] * 6
    far = torch.full((6,), torch.inf, dtype=torch.float64)
    values = torch.linalg.svdvals(one.network.rows)
    high = one.network.activation.high
    torch.testing.assert_close(one.least(far), high * values[-1], rtol=1e-9, atol=0)
    torch.testing.assert_close(one.most(far), high * values[0], rtol=1e-9, atol=0)


def test_bounds_on_a_ball_hold_in_it() -> None:
    """At 200 places of balls of three radii, by the Jacobian's own singular values."""
    one = subject(trials=64, data="close pairs", samples=4)
    for size in (0.03, 0.3, 3.0):
        radius = torch.full((64,), size, dtype=torch.float64)
        least, most = one.least(radius), one.most(radius)
        moves = source("inside", str(size)).normal((64, 200, 3, 4), 1.0)
        moves = size * moves / torch.linalg.vector_norm(moves, dim=(-2, -1), keepdim=True)
        values = torch.linalg.eigvalsh(one.gram_at(moves)).clamp_min(0).sqrt()
        assert bool((values[..., 0].amin(-1) >= least - 1e-9).all())
        assert bool((values[..., -1].amax(-1) <= most + 1e-9).all())


def test_descent_is_that_of_the_weights_written_out() -> None:
    one = subject()
    eta = torch.linspace(0.02, 0.2, 6, dtype=torch.float64)
    residual = torch.tensor([[0.3, -0.2, 0.5], [-1.0, 0.1, 0.2]], dtype=torch.float64).expand(6, -1, -1)
    goal = one.moves(residual, torch.ones(6, dtype=torch.float64))
    torch.testing.assert_close(torch.linalg.vector_norm(goal, dim=(-2, -1)), torch.ones(6, 2, dtype=torch.float64))
    path = one.descend(residual, eta, 5, goal)
    for label in (0, 1):
        labels, weights = one.outputs() + residual[:, label], one.network.weights
        length = torch.zeros(6, dtype=torch.float64)
        for step in range(6):
            w = weights.detach().requires_grad_()
            outputs = (one.network.output[:, None] @ one.network.activation(w @ one.network.rows.mT))[:, 0]
            torch.testing.assert_close(path.residual[:, label, step], (labels - outputs).detach(), rtol=1e-9, atol=1e-12)
            change = weights - one.network.weights
            torch.testing.assert_close(path.distance[:, label, step], change.flatten(1).norm(dim=1), rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(path.apart[:, label, step], (change - goal[:, label]).flatten(1).norm(dim=1), rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(path.length[:, label, step], length, rtol=1e-9, atol=1e-12)
            (gradient,) = torch.autograd.grad(0.5 * (labels - outputs).square().sum(), w)
            weights = weights - eta[:, None, None] * gradient
            length = length + eta * gradient.flatten(1).norm(dim=1)


def test_flow_is_the_limit_of_small_steps() -> None:
    """1000 steps of descent, which err by their size, against 24 of Runge and Kutta's, which err by what they say."""
    one = subject()
    residual = torch.tensor([[0.3, -0.2, 0.5]], dtype=torch.float64).expand(6, -1, -1)
    flow = one.flow(residual, torch.full((6,), 2.0, dtype=torch.float64), 24)
    small = one.descend(residual, torch.full((6,), 2.0 / 1000, dtype=torch.float64), 1000)
    gap = torch.linalg.vector_norm(flow.residual[:, 0, -1] - small.residual[:, 0, -1], dim=-1)
    assert float(gap.max()) < 0.01
    assert float(flow.error.max()) < 1e-3
    torch.testing.assert_close(flow.length[:, 0, -1], small.length[:, 0, -1], rtol=0, atol=0.01)


def test_a_linear_flow_is_an_exponential_of_its_kernel() -> None:
    one = subject(linear=True, width=1)
    residual = torch.tensor([[0.3, -0.2, 0.5]], dtype=torch.float64).expand(6, -1, -1)
    path = one.flow(residual, torch.full((6,), 1.5, dtype=torch.float64), 24)
    exact = torch.linalg.matrix_exp(-1.5 * one.gram()) @ residual.mT
    gap = torch.linalg.vector_norm(path.residual[:, 0, -1] - exact[..., 0], dim=-1)
    assert bool((gap <= path.error[:, 0, -1] + 1e-14).all())


def test_the_jacobian_changes_as_fast_as_it_may() -> None:
    """Orthonormal inputs and a ramp: M ‖v‖_inf is attained by one row moved along an input, and by a row for each input along its own."""
    inputs = torch.eye(3, dtype=torch.float64)
    halves = torch.full((1, 4), 0.5, dtype=torch.float64)
    network = SmoothNetwork(inputs, torch.zeros(1, 4, 3, dtype=torch.float64), halves, activation(RAMP))
    of = instance_from_sizes(None, {"width": 4, "samples": 3, "data": "orthonormal", "labels": "signs"})
    one = SmoothSubject(network, of, source("questions"))
    found = one.jacobian_moves(0.1)
    ratio = found.change / (float(one.network.activation.bend) * 0.5 * found.spectral)
    assert float(ratio.max()) == pytest.approx(1.0, rel=1e-12)
    assert float(ratio[0, -1]) == pytest.approx(1.0, rel=1e-12)
    assert float(found.frobenius[0, -1] / found.spectral[0, -1]) == pytest.approx(math.sqrt(3))
    torch.testing.assert_close(found.frobenius, torch.full_like(found.frobenius, 0.1))

"""Stochastic descent: runs are those written out, means are those over all orders, and what the proofs use holds."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from checkers.networks.smooth import SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.local_jacobian.orders import mean_sharp

source = sources(10, "orders")


def subject(trials: int = 4, width: int = 3, samples: int = 2, linear: bool = False, radius: float = 0.5) -> SmoothSubject:
    sizes: dict[str, int | float | str] = {"width": width, "samples": samples, "input_dimension": 5, "data": "sphere", "labels": "signs"}
    of = instance_from_sizes(None, {**sizes, "radius": radius})
    return SmoothSubject(SmoothNetwork.draw(of.inputs, width, trials, source("draw"), 1.0, linear=linear), of, source("questions"))


def test_a_step_sees_one_sample() -> None:
    one = subject()
    residual = torch.tensor([[0.3, -0.4]], dtype=torch.float64).expand(4, -1, -1)
    orders = torch.tensor([[[0, 1, 1]]]).expand(4, -1, -1)
    path = one.descend_sampled(residual, torch.full((4,), 0.1, dtype=torch.float64), orders)
    weights, labels = one.network.weights, one.outputs() + residual[:, 0]
    for step, sample in enumerate((0, 1, 1)):
        now = SmoothNetwork(one.network.rows, weights, one.network.output, one.network.activation)
        left = labels - now.outputs()
        torch.testing.assert_close(path.residual[:, 0, step], left, rtol=1e-12, atol=1e-12)
        weights = weights + 0.1 * left[:, sample, None, None] * now.slopes[..., sample, None] * one.network.rows[sample]
    torch.testing.assert_close(path.distance[:, 0, -1], (weights - one.network.weights).flatten(1).norm(dim=-1))


def test_orders_are_uniform_and_drawn_anew() -> None:
    orders = subject(trials=50).orders(3, 40)
    assert orders.shape == (50, 3, 40)
    assert set(orders.flatten().tolist()) == {0, 1}
    assert abs(float(orders.double().mean()) - 0.5) <= 5 * 0.5 / math.sqrt(orders.numel())
    assert not torch.equal(orders[0], orders[1])


def test_the_mean_over_orders_is_the_recursion_of_a_linear_map() -> None:
    """E r r^T -> (I - eta G e e^T) E r r^T (...)^T in the mean over e, for a linear map."""
    one = subject(width=1, linear=True)
    found = mean_sharp(one, nu=3.0)
    eta, r_0 = found.given["eta"], found.given["r_0"]
    vectors = torch.linalg.eigh(one.gram())[1]
    moment = 0.999**2 * r_0[:, None, None] ** 2 * vectors[..., :1] * vectors[..., :1].mT
    for step in range(found.values.shape[-1]):
        parts = []
        for unit in torch.eye(2, dtype=torch.float64):
            move = torch.eye(2, dtype=torch.float64) - eta[:, None, None] * one.gram() @ torch.outer(unit, unit)
            parts.append(move @ moment @ move.mT)
        moment = torch.stack(parts).mean(0)
        torch.testing.assert_close(found.values[:, 0, step], moment.diagonal(dim1=1, dim2=2).sum(-1), rtol=1e-9, atol=0)


@pytest.mark.parametrize("nu", [3.0, 4.0, 12.0, 100.0, 1e6])
def test_the_ball_is_left_with_less_than_five_thirds_over_nu(nu: float) -> None:
    """What the supermartingale gives at t = 1/2."""
    assert (2 * nu / (2 * nu - 1) + 1 / (2 * nu - 1)) / (math.sqrt(nu**2 + 0.25) - 0.5) <= 5 / (3 * nu)


def test_that_sum_is_a_supermartingale() -> None:
    """At random places of the ball, in the mean over samples: g + 2 nu ‖r‖/((2 nu - 1) alpha) + ‖r‖^2/((4 nu - 2) beta^2 c)."""
    nu, radius = 3.0, 0.5
    one = subject(trials=64, samples=2, radius=radius)
    size = torch.full((64,), radius, dtype=torch.float64)
    alpha, beta, high = one.least(size), one.most(size), one.slopes()[1]
    kept = alpha >= 0.05 * beta
    assert int(kept.sum()) >= 10
    alpha = torch.where(kept, alpha, beta)
    r_0 = alpha * radius / nu
    eta = alpha**2 / (nu * high**2 * (beta**2 + one.lipschitz() * (r_0 + beta * radius)))
    away = source("away").normal((64, *one.network.weights.shape[1:]), 1.0)
    away = radius * source("length").integers((64, 1, 1), 1, 8) / 8 * away / away.flatten(1).norm(dim=-1)[:, None, None]
    there = one.network.at(away)
    left = r_0[:, None] * torch.nn.functional.normalize(source("left").normal((64, 2), 1.0), dim=-1)
    c = r_0 / (2 * alpha)

    def potential(change: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        norm = residual.norm(dim=-1)
        g = (change.flatten(1).square().sum(-1) + c**2).sqrt()
        found: torch.Tensor = g + 2 * nu / ((2 * nu - 1) * alpha) * norm + norm.square() / ((4 * nu - 2) * beta**2 * c)
        return found

    after = []
    for sample in range(2):
        step = eta[:, None, None] * there.pull(left * torch.eye(2, dtype=torch.float64)[sample])
        moved = there.at(step)
        after.append(potential(away + step, left - (moved.outputs() - there.outputs())))
    assert bool((torch.stack(after).mean(0) <= potential(away, left) * (1 + 1e-12))[kept].all())


@pytest.mark.parametrize("orders", list(itertools.product(range(2), repeat=3)))
def test_a_generalized_linear_model_comes_no_farther_from_its_optimum(orders: tuple[int, ...]) -> None:
    one = subject(trials=16, width=1)
    goal = one.moves(torch.tensor([[1.0, -1.0]], dtype=torch.float64).expand(16, 1, 2), torch.ones(16, dtype=torch.float64))
    residual = one.outputs_at(goal) - one.outputs()[:, None]
    drawn = torch.tensor(orders).expand(16, 1, -1)
    path = one.descend_sampled(residual, 1.99 / one.slopes()[1] ** 2, drawn, goal)
    assert bool((path.apart.diff(dim=-1) <= 1e-12).all())

"""Where the statements of this theory are attained: the values beyond which they are false."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from checkers.networks.smooth import RAMP, SIGMOID, Activation, SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources

source = sources(4, "sharp values")


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def map_of(rows: Tensor, activation: Activation, start: Tensor) -> SmoothSubject:
    """One neuron, v = 1."""
    of = instance_from_sizes(None, {"width": 1, "samples": len(rows), "data": "orthonormal", "labels": "signs"})
    network = SmoothNetwork(rows, start[None, None], torch.ones(1, 1, dtype=torch.float64), activation)
    return SmoothSubject(network, of, source("questions"))


def linear(rows: Tensor) -> SmoothSubject:
    one = numbers(1.0)
    return map_of(rows, Activation(one, one, one, torch.tensor([SIGMOID])), torch.zeros(rows.shape[1], dtype=torch.float64))


def parabola() -> SmoothSubject:
    """At 1/2 - x phi' is 1 - x until x = 1, and 0 from there: alpha_0 = L = 1."""
    zero, one = numbers(0.0), numbers(1.0)
    return map_of(torch.eye(1, dtype=torch.float64), Activation(zero, one, 4 * one, torch.tensor([RAMP])), numbers(0.5))


def test_the_parabola_is_one() -> None:
    one = parabola()
    assert one.lipschitz().tolist() == [1.0]
    assert float(one.gram()) == 1.0
    moves = -torch.linspace(0, 1, 11, dtype=torch.float64)[None, :, None, None]
    x = -moves[0, :, 0, 0]
    torch.testing.assert_close(one.outputs()[0] - one.outputs_at(moves)[0, :, 0], x - x**2 / 2)


@pytest.mark.parametrize(("factor", "reached"), [(2.1, True), (1.9, False)])
def test_flow_down_a_parabola_ends_at_two(factor: float, reached: bool) -> None:
    """2 L r_0 < alpha_0^2 is needed: r_0 = 1/2.1 is reached within s* = 1 - sqrt(1 - 2 r_0) = 0.7818, r_0 = 1/1.9 never."""
    r_0 = 1 / factor
    path = parabola().flow(numbers(-r_0)[None, None], numbers(120.0), 400)
    left, way = abs(float(path.residual[0, 0, -1, 0])), float(path.length[0, 0, -1])
    if reached:
        assert left < 1e-4
        assert way == pytest.approx(1 - math.sqrt(1 - 2 * r_0), abs=2e-3) == pytest.approx(0.7818, abs=2e-3)
    else:
        assert left > r_0 - 0.5 - 1e-9
        assert way == pytest.approx(1.0, abs=0.05)
    ell = path.length[0, 0]
    # the first claim of os-flow is an equality all the way
    torch.testing.assert_close(path.residual[0, 0, :, 0].abs(), r_0 - ell + ell**2 / 2, rtol=0, atol=1e-9)


def test_a_linear_map_is_no_nearer_to_its_optimum_than_it_must_be() -> None:
    """(2.14): ‖y - f(theta_t)‖ + beta ‖theta_t - theta_0‖ = r_0 along the top direction; with alpha = beta also along all others."""
    rows = torch.diag(numbers(3.0, 1.0))
    path = linear(rows).descend(numbers(2.0, 0.0)[None, None], numbers(0.01), 50)
    reach = torch.linalg.vector_norm(path.residual[0, 0], dim=-1) + 3 * path.distance[0, 0]
    torch.testing.assert_close(reach, torch.full_like(reach, 2.0), rtol=1e-12, atol=0)
    bottom = linear(rows).descend(numbers(0.0, 2.0)[None, None], numbers(0.01), 50)
    slow = torch.linalg.vector_norm(bottom.residual[0, 0], dim=-1)
    torch.testing.assert_close(slow, 2 * (1 - 0.01) ** torch.arange(51, dtype=torch.float64), rtol=1e-12, atol=0)
    torch.testing.assert_close(slow + 1 * bottom.distance[0, 0], torch.full_like(slow, 2.0), rtol=1e-12, atol=0)


def test_in_one_dimension_half_of_mu_is_attained() -> None:
    """sqrt(mu/2) ‖theta_t - theta_0‖ + sqrt(F_t) = sqrt(F_0): the 1/8 of the claim could be 1/2, and no more."""
    path = linear(numbers(1.5)[:, None]).descend(numbers(0.7)[None, None], numbers(0.1), 30)
    loss, mu = path.residual[0, 0, :, 0] ** 2 / 2, 1.5**2
    together = math.sqrt(mu / 2) * path.distance[0, 0] + loss.sqrt()
    torch.testing.assert_close(together, torch.full_like(together, float(loss[0].sqrt())), rtol=1e-12, atol=0)
    torch.testing.assert_close(loss, loss[0] * (1 - 0.1 * mu) ** (2 * torch.arange(31, dtype=torch.float64)), rtol=1e-9, atol=0)

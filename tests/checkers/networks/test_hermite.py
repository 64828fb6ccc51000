"""E phi'(z) phi'(z') by its series, against sums over the plane."""

from __future__ import annotations

import math

import pytest
import torch

from checkers.networks.hermite import expected_products
from checkers.networks.smooth import BUMP, RAMP, SIGMOID, Activation, SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources

source = sources(9, "hermite")
CORRELATIONS = torch.tensor([[1.0, 0.3, 0.995], [0.3, 1.0, -0.6], [0.995, -0.6, 1.0]], dtype=torch.float64)


def activation(kind: int, steepness: float) -> Activation:
    low, high, steep = (torch.tensor([one], dtype=torch.float64) for one in (0.25, 2.0, steepness))
    return Activation(low, high, steep, torch.tensor([kind]))


@pytest.mark.parametrize("steepness", [0.5, 8.0])
@pytest.mark.parametrize("kind", [SIGMOID, RAMP, BUMP])
def test_the_series_is_the_integral(kind: int, steepness: float) -> None:
    phi, kappa = activation(kind, steepness), 1.5
    found, off = expected_products(phi, CORRELATIONS, kappa)
    grid = torch.linspace(-8, 8, 1601, dtype=torch.float64)
    weight = (-grid.square() / 2).exp()
    weight = weight / weight.sum()
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 2)):
        rho = float(CORRELATIONS[i, j])
        second = rho * grid[:, None] + math.sqrt(1 - rho**2) * grid
        slopes = phi.slope(kappa * grid[None, :, None]) * phi.slope(kappa * second[None])
        plane = float((weight[:, None] * weight * slopes[0]).sum())
        # the plane's grid is coarser than the series' line, which shows where a ramp has its kinks: 1e-4 of a curvature of 8
        assert float(found[0, i, j]) == pytest.approx(plane, abs=float(off) + (1e-4 if kind == RAMP else 1e-12))
    assert 0 < float(off) < 1e-3


def test_a_linear_slope_is_its_square() -> None:
    one = torch.ones(1, dtype=torch.float64)
    found, _ = expected_products(Activation(one, one, one, torch.tensor([SIGMOID])), CORRELATIONS, 1.0)
    torch.testing.assert_close(found, torch.ones(1, 3, 3, dtype=torch.float64), rtol=0, atol=1e-12)


def test_kernels_at_the_start_have_that_mean() -> None:
    """4,000 networks of one neuron with one phi and v = 1: five standard errors, wrong once in a million."""
    trials = 4000
    of = instance_from_sizes(None, {"width": 1, "samples": 3, "input_dimension": 4, "data": "sphere", "labels": "signs"})
    network = SmoothNetwork.draw(of.inputs, 1, trials, source("draw"), 4.0, linear=False)
    phi = activation(SIGMOID, 4.0)
    same = Activation(*(one.expand(trials) for one in (phi.low, phi.high, phi.steepness, phi.kind)))
    drawn = SmoothNetwork(network.rows, network.weights, torch.ones(trials, 1, dtype=torch.float64), same)
    subject = SmoothSubject(drawn, of, source("questions"), 4.0)
    gram, (expected, _) = subject.gram(), subject.expected_gram()
    assert bool(((gram.mean(0) - expected[0]).abs() <= 5 * gram.std(0) / math.sqrt(trials)).all())

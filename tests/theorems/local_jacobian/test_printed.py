"""What is printed and false, with exact counterexamples, and what is printed and neither proved nor refuted."""

from __future__ import annotations

import math

import pytest
import torch

from checkers.networks.smooth import RAMP, Activation, SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry

source = sources(6, "printed")


def test_the_bound_without_the_start_is_false_at_once() -> None:
    """(4.8) as printed: (gamma s/4) ‖W_0‖_F + r_0 <= r_0 for no W_0 but 0; it is declared as such, and refuted by `power`."""
    (one,) = (variant for variant in registry["os-nn"].variants if variant.kind == "as printed")
    assert "without W_0" in one.name
    assert registry["os-nn-rate"].kind == "declared"


@pytest.mark.parametrize("small", [1e-6, 1.0])
def test_a_gamma_too_many_is_no_condition_for_small_activations(small: float) -> None:
    """eta <= min(1, gamma^2 s^2/(Gamma M ‖X‖ r_0))/(2 Gamma^2 ‖X‖^2) with phi and r_0 a millionth: the minimum is 1, though the curvature
    is what it was for phi, and ‖r‖ grows by a twentieth in one step. Without that Gamma both are the same problem, with a short step."""
    rho = -0.7
    rows = torch.tensor([[1.0, 0.0], [rho, math.sqrt(1 - rho**2)]], dtype=torch.float64)
    start = torch.linalg.solve(rows, torch.tensor([-0.51, 0.43], dtype=torch.float64))
    low, high, steep = (torch.tensor([one], dtype=torch.float64) for one in (small / 8, small, 8.0))
    activation = Activation(low, high, steep, torch.tensor([RAMP]))
    network = SmoothNetwork(rows, start[None, None], torch.ones(1, 1, dtype=torch.float64), activation)
    of = instance_from_sizes(None, {"width": 1, "samples": 2, "data": "sphere", "labels": "signs", "separation": 0.1})
    one = SmoothSubject(network, of, source("questions"))
    residual = small * torch.tensor([[[-21.6, -19.65]]], dtype=torch.float64)
    r_0, size, bend = float(residual.norm()), math.sqrt(1 + abs(rho)), float(network.activation.bend)
    floor = float(low) * math.sqrt(1 - abs(rho))
    allowed = floor**2 / (bend * size * r_0)  # does not change with `small`
    assert allowed == pytest.approx(0.0048 / (1.75 * 1.304 * 29.2), rel=0.05)
    printed = min(1.0, allowed / float(high)) / (2 * float(high) ** 2 * size**2)
    corrected = min(1.0, allowed) / (2 * float(high) ** 2 * size**2)
    paths = [one.descend(residual, torch.tensor([eta], dtype=torch.float64), 1) for eta in (printed, corrected)]
    wide, short = (float(path.residual[0, 0, 1].norm()) / r_0 for path in paths)
    assert short <= 1 - corrected * floor**2
    assert (wide > 1.04) == (small < 1)

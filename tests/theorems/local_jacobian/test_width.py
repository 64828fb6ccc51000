"""The widths that local Jacobian theory asks for, against the numbers that are known of them."""

from __future__ import annotations

import math

import pytest
import torch

from checkers.networks.smooth import SIGMOID, Activation, SmoothNetwork
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.subjects.smooth import SmoothSubject
from checkers.subjects.two_layer import TwoLayerSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.gates import changed

source = sources(12, "width")


def test_orthonormal_rows_enter_at_ten_neurons_by_flow_and_at_hundreds_by_descent() -> None:
    """phi' = (1 + 3 S)/4 with a sigmoid S, n = 10, r_0^2 = 10: k >= c M^2 ‖X‖^2 r_0^2/alpha_0^4 with c = 4 and 256."""
    rows, width = torch.eye(10, dtype=torch.float64), 4000
    quarter, one = (torch.tensor([value], dtype=torch.float64) for value in (0.25, 1.0))
    phi = Activation(quarter, one, one, torch.tensor([SIGMOID]))
    weights = source("weights").normal((1, width, 10), 1.0)
    output = torch.ones(1, width, dtype=torch.float64) / math.sqrt(width)
    output[:, ::2] *= -1
    of = instance_from_sizes(None, {"width": width, "samples": 10, "input_dimension": 10, "data": "orthonormal", "labels": "signs"})
    subject = SmoothSubject(SmoothNetwork(rows, weights, output, phi), of, source("questions"))
    least = float(torch.linalg.eigvalsh(subject.gram())[0, 0])  # alpha_0^2
    asked = float(subject.slopes()[2]) ** 2 * 10 / least**2
    assert 4 * asked == pytest.approx(8.2, abs=1)
    assert 256 * asked == pytest.approx(525, abs=60)


def relu(width: int, data: str, samples: int) -> TwoLayerSubject:
    of = instance_from_sizes(None, {"width": width, "samples": samples, "input_dimension": 6, "data": data, "labels": "signs"})
    return TwoLayerSubject(TwoLayerNetwork.draw(of.inputs, width, 2, source("draw", width, data), 1.0), of, source("questions"))


def test_so_many_gates_can_be_changed_and_no_more() -> None:
    """The cheapest change of k gates of an input, by moving each nearest neuron onto its hyperplane, just changes them."""
    subject = relu(64, "sphere", 3)
    costs, z = subject.gate_costs(), subject.network.pre_activations
    for sample, k in ((0, 1), (1, 7), (2, 20)):
        order = z[:, :, sample].abs().argsort(dim=1)[:, :k]
        change = torch.zeros_like(subject.network.weights)
        past = 1 + 1e-9
        for trial in range(2):
            chosen = order[trial]
            change[trial, chosen] = -past * z[trial, chosen, sample, None] * subject.network.rows[sample]
        flipped = (subject.network.at(change).gates != subject.network.gates)[..., sample].sum(1)
        assert flipped.tolist() == [k, k]
        torch.testing.assert_close(change.flatten(1).square().sum(-1), costs[:, sample, k - 1] * past**2, rtol=1e-12, atol=0)
        # by that much the Jacobian is another, in this row
        assert int(changed(subject, float(costs[0, sample, k - 1].sqrt()) * past)[0]) >= k


@pytest.mark.parametrize("data", ["orthonormal", "sphere"])
def test_the_integral_tends_to_its_limit(data: str) -> None:
    """int (alpha_0 - omega) up to omega = alpha_0 over alpha_0^4 sqrt(m)/(5.53 ‖X‖^3); its square is the width's 30.6."""
    subject = relu(2**16, data, 3)
    size, width = data_norm(subject.instance.inputs), subject.instance.width
    alpha = torch.linalg.eigvalsh(subject.kernel())[..., 0].sqrt()
    end = 1.2 * (alpha / (1.114 * size)).pow(3) * math.sqrt(width)
    places = (torch.arange(400, dtype=torch.float64) + 0.5) / 400
    omega = torch.stack([size * (changed(subject, place * end) / width).sqrt() for place in places], -1)
    found = (alpha[:, None] - omega).clamp_min(0).mean(-1) * end
    limit = alpha**4 * math.sqrt(width) / (5.53 * size**3)
    assert bool(((found / limit - 1).abs() < 0.1).all())

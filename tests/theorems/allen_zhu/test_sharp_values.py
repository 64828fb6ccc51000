"""Sharp values that theory gives and the measures must find again; each with a wrong value that the same test rejects."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.machine.threads import one_thread
from checkers.networks.kernels import empirical_kernel, limit_kernel
from checkers.networks.network import Network
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from tests.helpers import product_edge, sources
from theorems import registry
from theorems.laws.exact_laws import kappa1

source = sources(3, "sharp")


def test_operator_norms_lie_at_the_free_probability_edge() -> None:
    """Mean of 4 networks of width 2048. Each D_l keeps K_l ~ Binomial(m, 1/2) neurons and the squared norm is proportional to each
    K_l/(m/2), so one norm of k factors has a relative standard deviation of about sqrt((k - 1)/m)/2 = 2.9% at k = 8; and the edge of
    a finite matrix lies inside the limit, by 2% there. Single precision: errors of 1e-5 here."""
    instance = instance_from_sizes(registry["operator-norm"], {"width": 2048, "depth": 8, "samples": 1})
    network = Network.draw("dense", 2048, 8, instance.inputs.shape[1], 1, 4, source("edge"), dtype=torch.float32)
    subject = NetworkSubject(network, instance, source("questions"))
    with one_thread():
        for factors in (1, 2, 4, 8):
            found = float(subject.product_norm(1, factors).mean())
            assert found == pytest.approx(product_edge(factors), rel=0.03)
            assert found != pytest.approx(product_edge(factors + 1), rel=0.03)


def slope(x: list[float], y: list[float]) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def test_gradients_are_bounded_below_linearly_in_the_distance() -> None:
    """Exponent 1 ± 0.1 in delta. At width 2^16, m delta/pi > 200 neurons tell the two inputs apart: standard error 7%/sqrt(16) a point."""
    distances, found = [0.01 * 2**k for k in range(5)], []
    for distance in distances:
        sizes: dict[str, int | float | str] = {"width": 2**16, "samples": 2, "separation": distance, "data": "pairs"}
        instance = instance_from_sizes(registry["gradient-lower"], sizes)
        network = Network.draw("revealed", 2**16, 1, instance.inputs.shape[1], 1, 16, source("lower"))
        with one_thread():
            sides = registry["gradient-lower"].sides(NetworkSubject(network, instance, source("questions")))
        found.append(float(sides.right.mean()))
    assert slope(distances, found) == pytest.approx(1.0, abs=0.1)
    assert slope(distances, found) != pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("angle", [0.02, 0.1])
def test_angles_shrink_like_one_over_depth(angle: float) -> None:
    """theta_l -> theta_0/(1 + l theta_0/(3 pi)), leading order of arccos kappa1(cos theta) = theta - theta^2/(3 pi) + ...; the next
    order is theta^3, 1/8 at most of the change for these angles and depths."""
    cosine, depth = np.array(math.cos(angle)), 100
    for _ in range(depth):
        cosine = kappa1(cosine)
    found, predicted = math.acos(float(cosine)), angle / (1 + depth * angle / (3 * math.pi))
    assert found == pytest.approx(predicted, rel=0.01)
    assert found != pytest.approx(angle / (1 + 2 * depth * angle / (3 * math.pi)), rel=0.01)


def test_angles_of_a_wide_network_follow_the_recursion() -> None:
    """theta_0 is the angle of h_0. Width 2^16, depth 8, 8 networks: relative error sqrt(L/(m theta))/sqrt 8 = 0.9%."""
    sizes: dict[str, int | float | str] = {"width": 2**16, "depth": 8, "samples": 2, "separation": 0.5, "data": "pairs"}
    instance = instance_from_sizes(registry["separation"], sizes)
    network = Network.draw("revealed", 2**16, 8, instance.inputs.shape[1], 1, 8, source("angle"))
    record = network.forward(instance.inputs)

    def angle(layer: int) -> float:
        h = record.activations[layer]
        return float(torch.arccos((h[:, 0] * h[:, 1]).sum(-1) / (h[:, 0].norm(dim=-1) * h[:, 1].norm(dim=-1))).mean())

    assert angle(8) == pytest.approx(angle(0) / (1 + 8 * angle(0) / (3 * math.pi)), rel=0.05)
    assert angle(8) != pytest.approx(angle(0), rel=0.05)


def test_kernels_approach_their_limit_like_the_root_of_the_width() -> None:
    """Root mean square error of K_11 and K_12 over 128 networks: 5% a point, so the slope over a factor 64 is known to 0.02."""
    inputs = np.array([[math.sqrt(0.5), math.sqrt(0.5)], [-math.sqrt(0.5), math.sqrt(0.5)]])
    widths, errors = [256, 1024, 4096, 16384], []
    for width in widths:
        network = Network.draw("revealed", width, 1, 2, 1, 128, source("limit", width))
        with one_thread():
            error = empirical_kernel(network, inputs) - limit_kernel(inputs, 1)
        errors.append(float(np.sqrt((error**2).mean())))
    found = slope([float(width) for width in widths], errors)
    assert found == pytest.approx(-0.5, abs=0.1)
    assert found != pytest.approx(-0.25, abs=0.1)

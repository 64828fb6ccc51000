"""The ascent of tl-complexity against what is known of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.subjects.suprema.rademacher import complexity
from theorems.two_layer.complexity import rademacher_bound


def network(samples: int, width: int, trials: int = 3) -> TwoLayerNetwork:
    return TwoLayerNetwork.draw(np.eye(4)[:samples], width, trials, NormalSource(seed_sequence(1, "rademacher")), 1.0)


def test_of_one_sample_it_is_the_root_of_the_open_share() -> None:
    """sup |<V, P>| = B ‖P‖ while no gate changes and no neuron meets R."""
    drawn = network(1, 4096)
    radius = 1e-6
    budget = 0.5 * radius * 64
    expected = budget * (drawn.gates.sum((1, 2)) / 4096).sqrt()
    torch.testing.assert_close(complexity(drawn, radius, budget), expected, rtol=1e-3, atol=0)


def test_no_neuron_goes_beyond_its_radius() -> None:
    """A budget without end: every open neuron goes R, and the others cannot help."""
    drawn = network(1, 1024)
    found = complexity(drawn, 1e-6, 1e6)
    torch.testing.assert_close(found, drawn.gates.sum((1, 2)) / 32 * 1e-6, rtol=1e-2, atol=0)


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_it_stays_below_the_bound_and_near_its_first_term(samples: int) -> None:
    budget = 0.5 * 1e-4 * 128
    found = complexity(network(samples, 2**14), 1e-4, budget)
    assert bool((found <= rademacher_bound(samples, 2**14, budget, 1e-4, 0.05)).all())
    assert bool((found >= 0.85 * budget / math.sqrt(2 * samples)).all())

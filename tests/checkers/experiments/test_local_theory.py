"""The theory of local Jacobians on deep networks: attacked from below, bounded from above, and what that lets it say."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from checkers.certification.deep_certificate import deep_certificate, deep_norms
from checkers.experiments.width.drawn_deep import drawn_deep
from checkers.experiments.width.local_theory import local_theory
from checkers.records.training_certificates import LocalTheory
from tests.helpers import sources

source = sources(11, "local theory")


def found(samples: int, width: int, depth: int, nearer: float = 1.0) -> LocalTheory | None:
    """nearer: how many times nearer to the outputs the labels are."""
    inputs, network = np.eye(samples), drawn_deep(np.eye(samples), width, depth, 1)
    outputs = network.forward(inputs).outputs[0, :, 0].numpy()
    norms = deep_norms(network)
    one = deep_certificate(network, inputs, outputs + np.ones(samples) / nearer, norms)
    return local_theory(network, inputs, norms[1:], one, source(samples, width, depth))


@pytest.mark.parametrize(("samples", "width", "depth"), [(1, 128, 1), (2, 256, 2), (2, 64, 3)])
def test_no_adversary_exceeds_the_bound(samples: int, width: int, depth: int) -> None:
    local = found(samples, width, depth)
    assert local is not None
    assert 0 < local.attacked <= local.bounded
    assert local.depth < local.flow_depth < local.flow_most
    assert local.theorem == ("no" if local.attacked > local.allowed else "open")


def test_depth_is_inversely_proportional_to_the_residual() -> None:
    """And with labels near enough both speak of the network."""
    far, near = found(1, 128, 1), found(1, 128, 1, nearer=1e4)
    assert far is not None
    assert near is not None
    assert near.depth / far.depth == pytest.approx(1e4, rel=0.7)  # up to the distances that are looked at
    assert (near.theorem, near.flow) == ("yes", "yes")
    assert near.radius / far.radius == pytest.approx(1e-4)


def test_open_is_neither_yes_nor_no() -> None:
    local = found(1, 128, 1)
    assert local is not None
    between = msgspec.structs.replace(local, depth=0.5, attacked=local.allowed / 2, flow_depth=0.5, flow_most=2.0)
    assert (between.theorem, between.flow) == ("open", "open")


def test_equal_rows_have_no_alpha() -> None:
    inputs, network = np.array([[1.0, 0.0], [1.0, 0.0]]), drawn_deep(np.eye(2), 32, 2, 1)
    norms = deep_norms(network)
    one = deep_certificate(network, inputs, np.array([1.0, -1.0]), norms)
    assert one.floor <= 0
    assert local_theory(network, inputs, norms[1:], one, source("equal")) is None

"""Certificates of deep networks: runs keep them, false ones are caught, and they agree with what is known of one layer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.certification.deep_certificate import deep_certificate
from checkers.certification.training_certificate import certificate
from checkers.errors import InputError
from checkers.networks.network import Network
from checkers.networks.weights.dense import DenseWeights
from checkers.records.training_certificates import TrainingCertificate
from checkers.training.certified_run import Wrong, descending_deep, kept_word
from tests.helpers import sources
from theorems.language.instance import Array

source = sources(7, "deep certificates")
REACH = 0.9  # of the residual that a certificate allows, to which its depth is inversely proportional up to the nodes of the integral


def drawn(seed: int, width: int, depth: int, samples: int, engine: str = "dense") -> Network:
    return Network.draw("dense" if engine == "dense" else "revealed", width, depth, samples, 1, 1, source(seed, width, depth))


def kernel(network: Network, inputs: Array) -> Array:
    """H(0) of orthonormal inputs by reverse-mode differentiation."""
    matrices = [one.apply(torch.eye(one.columns, dtype=torch.float64)[None])[0].mT.requires_grad_() for one in network.hidden]
    hidden = network.input_weights.apply(torch.from_numpy(inputs)[None])[0].relu()
    for matrix in matrices:
        hidden = (hidden @ matrix.mT).relu()
    gradients = [torch.autograd.grad(one, matrices, retain_graph=True) for one in hidden @ network.output[0, 0]]
    rows = torch.stack([torch.cat([part.flatten() for part in one]) for one in gradients])
    found: Array = (rows @ rows.mT).numpy()
    return found


def reached(network: Network, inputs: Array, direction: Array, reach: float = REACH) -> tuple[Array, TrainingCertificate]:
    """Labels in that direction from the outputs, as far as the certificate goes, or a share of it."""
    outputs = network.forward(inputs).outputs[0, :, 0].numpy()
    far = deep_certificate(network, inputs, outputs + direction)
    labels = outputs + reach * far.descent.depth * direction
    return labels, deep_certificate(network, inputs, labels)


def test_what_is_enclosed_of_the_start_is_what_differentiation_finds() -> None:
    network, inputs = drawn(1, 200, 3, 3), np.eye(3)
    found = deep_certificate(network, inputs, np.ones(3))
    spectrum = np.linalg.eigvalsh(kernel(network, inputs))
    assert found.floor <= spectrum[0] <= found.floor * (1 + 1e-6)
    assert found.top * (1 - 1e-6) <= spectrum[-1] <= found.top
    residual = float(np.linalg.norm(1 - network.forward(inputs).outputs[0, :, 0].numpy()))
    assert residual <= found.residual <= residual * (1 + 1e-6)
    assert found.failure == 0


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_certified_runs_keep_their_word(depth: int, seed: int) -> None:
    """In the direction of the kernel's bottom or top eigenvector, or of one sample, as far as the certificate reaches."""
    samples, width = 1 + seed % 3, (64, 200)[seed % 2]
    network, inputs = drawn(seed, width, depth, samples), np.eye(samples)
    vectors = np.linalg.eigh(kernel(network, inputs))[1]
    labels, found = reached(network, inputs, (vectors[:, 0], vectors[:, -1], np.eye(samples)[0])[seed // 2])
    assert found.certified
    assert 1 <= found.descent.depth < 2
    assert found.descent.rate <= found.floor
    run = kept_word(descending_deep(network, inputs, labels), labels, found, steps=100, goal=1e-6)
    assert run.broken == -1
    assert 0 < run.residual_ratio <= 1
    assert 0 < run.distance_ratio <= 1


@pytest.mark.parametrize("widths", [(80, 30, 120), (30, 200, 60)])
def test_layers_of_different_widths_are_certified_too(widths: tuple[int, ...]) -> None:
    network, inputs = drawn(4, 200, 2, 2), np.eye(2)
    first, *hidden = (one.matrix[0] for one in (network.input_weights, *network.hidden) if isinstance(one, DenseWeights))
    cut = [one[:rows, :columns] for one, columns, rows in zip(hidden, widths, widths[1:], strict=False)]
    network = Network.from_matrices(first[: widths[0]], cut, network.output[..., : widths[-1]])
    labels, found = reached(network, inputs, np.array([0.6, -0.8]), reach=0.7)
    assert (found.certified, found.width) == (True, max(widths))
    spectrum = np.linalg.eigvalsh(kernel(network, inputs))
    assert found.floor <= spectrum[0] <= found.floor * (1 + 1e-6)
    run = kept_word(descending_deep(network, inputs, labels), labels, found, steps=100, goal=1e-6)
    assert run.broken == -1
    assert 0 < run.residual_ratio <= 1
    assert 0 < run.distance_ratio <= 1


@pytest.mark.parametrize("wrong", [Wrong(rate=2.0), Wrong(distance=0.8), Wrong(step_size=30.0)], ids=str)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_false_promise_is_caught_by_the_run(wrong: Wrong, depth: int) -> None:
    """Near the outputs, where the true one is nearly attained."""
    network, inputs = drawn(3, 200, depth, 1), np.eye(1)
    labels, _ = reached(network, inputs, np.ones(1), reach=1e-3)
    found = deep_certificate(network, inputs, labels, shares=(0.1,))
    kept = kept_word(descending_deep(network.copy(), inputs, labels), labels, found, steps=60)
    assert kept.broken == -1
    assert 0.8 < kept.distance_ratio <= 1
    run = kept_word(descending_deep(network.copy(), inputs, labels), labels, found, steps=60, wrong=wrong)
    assert 0 < run.broken <= 30


def test_weights_that_nobody_has_seen_whole_are_certified_up_to_a_probability() -> None:
    network, inputs = drawn(1, 60_000, 2, 1, "revealed"), np.eye(1)
    labels, found = reached(network, inputs, np.ones(1))
    assert found.certified
    assert 0 < found.failure < 1e-12
    run = kept_word(descending_deep(network, inputs, labels), labels, found, steps=20, goal=1e-6)
    assert run.broken == -1


def test_one_hidden_layer_is_certified_about_as_far_as_a_two_layer_network_of_its_inputs() -> None:
    network, inputs = drawn(2, 1500, 1, 2), np.eye(2)
    hidden = network.input_weights.apply(torch.from_numpy(inputs)[None])[0].relu().numpy()
    labels = np.array([1.0, -1.0])
    deep = deep_certificate(network, inputs, labels)
    weights = network.hidden[0].apply(torch.eye(1500, dtype=torch.float64)[None])[0].mT.numpy()
    wide = certificate(weights, network.output[0, 0].numpy(), hidden, labels)
    assert deep.floor == pytest.approx(wide.floor, rel=1e-9)
    assert 0.4 < deep.descent.depth / wide.descent.depth < 1.4  # which counts neurons that stay as they are, too


def test_depth_grows_like_the_root_of_the_width() -> None:
    labels = np.array([1.0])
    reach = []
    for width in (10_000, 160_000):
        found = deep_certificate(drawn(5, width, 2, 1, "revealed"), np.eye(1), labels)
        reach.append(found.descent.depth * found.residual)
    # 1/2, and more as long as terms of lower order count: they fall with the width
    assert 0.45 < math.log(reach[1] / reach[0]) / math.log(16) < 0.65


def test_more_rows_than_vectors_are_looked_at_are_refused() -> None:
    with pytest.raises(InputError, match="23 rows on 2 layers ask for more vectors than a certificate looks at"):
        deep_certificate(drawn(1, 16, 2, 23), np.eye(23), np.ones(23))


def test_inputs_of_one_direction_have_no_certificate() -> None:
    inputs = np.array([[1.0, 0.0], [1.0, 0.0]])
    found = deep_certificate(drawn(1, 64, 2, 2), inputs, np.array([1.0, -1.0]))
    assert (found.certified, found.descent.depth, found.floor <= 0) == (False, 0.0, True)

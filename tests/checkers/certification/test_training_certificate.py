"""Certificates of training: entered where the theory says, and sound against what plain autograd does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.certification.gate_tables import GateTables
from checkers.certification.training_certificate import certificate
from checkers.errors import InputError
from checkers.experiments.width.certified_width import certified_width, drawn_certificate
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.records.training_certificates import TrainingCertificate
from checkers.subjects.two_layer import TwoLayerSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.language.instance import Array

source = sources(3, "training certificates")
Network = tuple[Array, Array, Array, Array]  # weights, output, inputs, labels


def drawn(samples: int, width: int, seed: int, dimension: int = 0) -> Network:
    """Orthonormal inputs, or random ones on the sphere of that dimension; random signs as labels."""
    generator = np.random.default_rng([seed, samples, width, dimension])
    inputs = generator.normal(size=(samples, dimension)) if dimension else np.eye(samples)
    inputs /= np.linalg.norm(inputs, axis=1, keepdims=True)
    weights = generator.normal(size=(width, inputs.shape[1]))
    return weights, generator.choice([-1.0, 1.0], width) / math.sqrt(width), inputs, generator.choice([-1.0, 1.0], samples)


def test_orthonormal_inputs_are_certified_from_about_58_neurons_each() -> None:
    """sqrt m int (1/2 - 0.8 s/sqrt m) ds = ‖X‖ r_0 at the median of draws; half of that width is too little, twice enough."""
    flow = {width: [certificate(*drawn(10, width, seed), shares=()).flow.depth for seed in range(9)] for width in (300, 600, 1200)}
    assert 0.85 < np.median(flow[600]) < 1.15
    assert max(flow[300]) < 1 < min(flow[1200])
    assert 0.85 < np.median([certificate(*drawn(40, 3000, seed), shares=(), nodes=24).flow.depth for seed in range(3)]) < 1.15


def follow(network: Network, found: TrainingCertificate, steps: int) -> tuple[Array, Array]:
    """Plain torch: ‖y - u‖ and the largest ‖w_r - w_r(0)‖/|v_r| at every step."""
    weights, output, inputs, labels = map(torch.from_numpy, network)
    now = weights.clone().requires_grad_()
    residuals, travels = [], []
    for _ in range(steps + 1):
        residual = labels - (inputs @ now.T).relu() @ output
        residuals.append(float(residual.detach().norm()))
        travels.append(float(((now.detach() - weights).norm(dim=1) / output.abs()).max()))
        (gradient,) = torch.autograd.grad(residual.square().sum() / 2, now)
        now = (now - found.descent.step_size * gradient).detach().requires_grad_()
    return np.array(residuals), np.array(travels)


@pytest.mark.parametrize(
    "network",
    [drawn(10, 1500, 1), drawn(3, 40_000, 2, dimension=4), drawn(1, 50, 3), drawn(5, 40_000, 4, dimension=5)],
    ids=["orthonormal", "sphere", "one input", "crowded sphere"],
)
@pytest.mark.parametrize("uneven", [False, True])
def test_plain_training_keeps_what_is_certified(network: Network, uneven: bool) -> None:
    """Also for an output layer and inputs of any sizes."""
    weights, output, inputs, labels = network
    if uneven:
        generator = np.random.default_rng(5)
        output = output * generator.uniform(0.8, 1.2, len(output))
        inputs = inputs * generator.uniform(0.9, 1.1, (len(inputs), 1))
        network = weights, output, inputs, labels
    found = certificate(*network)
    promise = found.descent
    assert found.certified
    assert promise.depth >= 1
    steps = 60
    residuals, travels = follow(network, found, steps)
    assert residuals[0] == pytest.approx(found.residual, rel=1e-6)
    bounds = (1 - promise.step_size * promise.rate) ** np.arange(steps + 1) * found.residual
    assert np.all(residuals <= bounds * (1 + 1e-9))
    assert np.all(travels <= promise.travel)
    assert promise.radius == pytest.approx(np.abs(output).max() * promise.travel)


def test_what_is_wrong_with_the_labels_is_wrong_with_the_certificate() -> None:
    """The depth goes with 1/r_0, and the labels that the network has already need nothing."""
    weights, output, inputs, labels = drawn(4, 4000, 0)
    outputs = np.maximum(inputs @ weights.T, 0) @ output
    near, far = (certificate(weights, output, inputs, outputs + size * (labels - outputs)).descent.depth for size in (1.0, 10.0))
    assert near == pytest.approx(10 * far, rel=0.15)  # the grid, and another step size
    assert certificate(weights, output, inputs, outputs).certified


def test_equal_inputs_have_no_certificate() -> None:
    weights, output, inputs, labels = drawn(3, 400, 0)
    found = certificate(weights, output, inputs[[0, 1, 1]], labels)
    assert found.floor < 1e-12
    assert not found.certified
    assert found.flow.depth == found.descent.depth == 0


def test_gates_are_near_from_where_the_neuron_can_reach_them() -> None:
    weights, output, inputs, _ = drawn(4, 300, 1, dimension=3)
    tables = GateTables(weights, output, inputs)
    exact = np.abs(weights @ inputs.T) / np.linalg.norm(inputs, axis=1) / np.abs(output)[:, None]
    assert np.all(tables.reach <= exact)
    np.testing.assert_allclose(tables.reach, exact, atol=1e-11)
    travel = float(np.median(exact))
    moved, near = tables.at(travel), exact <= travel
    opened = weights @ inputs.T >= 0
    able, surely = (opened | near).astype(int), (opened & ~near).astype(int)
    still = opened[~near.any(1)].astype(int)
    np.testing.assert_array_equal(moved.flips.value, able.T @ able - surely.T @ surely)
    for side, found in zip((output > 0, output < 0), moved.near, strict=True):
        np.testing.assert_array_equal(found.value, near[side].astype(int).T @ near[side].astype(int))
    np.testing.assert_array_equal(moved.still.value, still.T @ still)


def test_flips_are_those_of_the_statement() -> None:
    """U(R) of theorems/two_layer, R = |v_r| t."""
    instance = instance_from_sizes(None, {"width": 500, "samples": 4, "data": "cluster", "input_dimension": 6, "separation": 0.6})
    network = TwoLayerNetwork.draw(instance.inputs, 500, 1, source("flips"), 1.0)
    tables = GateTables(network.weights[0].numpy(), network.signs[0].numpy() / math.sqrt(500), network.rows.numpy())
    for radius in (0.01, 0.2):
        expected = TwoLayerSubject(network, instance, source("questions")).flip_bound(radius)[0].numpy()
        found = np.abs(network.gram.numpy()) * tables.at(radius * math.sqrt(500)).flips.value / 500
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_one_step_from_where_gates_are_about_to_flip(seed: int) -> None:
    """The inequality of the still neurons at its worst: near gates a hair before their kinks, and residuals of which many flips hurt."""
    generator = np.random.default_rng(seed)
    weights, output, inputs, _ = drawn(3, 60, seed, dimension=3)
    z, gram, unit = weights @ inputs.T, inputs @ inputs.T, output[0] ** 2
    kernel = gram * unit * ((z >= 0).T.astype(float) @ (z >= 0))
    top = np.linalg.eigvalsh(kernel)[-1]
    nearest = np.argmin(np.abs(z), axis=1)
    reached = np.abs(z).min(axis=1) <= generator.uniform(0.02, 0.15)
    now = weights - (reached * z[np.arange(60), nearest] * (1 - 1e-3 * generator.choice([-1.0, 1.0], 60)))[:, None] * inputs[nearest]
    for residual in generator.normal(size=(20, 3)):
        for step_size in (0.02 / top, 0.5 / top):
            after = now + step_size * output[:, None] * ((now @ inputs.T >= 0) * residual) @ inputs
            fitted = output @ (np.maximum(after @ inputs.T, 0) - np.maximum(now @ inputs.T, 0))
            farthest = max(float((np.linalg.norm(w - weights, axis=1) / np.abs(output)).max()) for w in (now, after))
            moved = GateTables(weights, output, inputs).at(farthest)
            flips, *sides = (np.linalg.eigvalsh(np.abs(gram) * one.value)[-1] * unit for one in (moved.flips, *moved.near))
            still, theta = np.linalg.eigvalsh(gram * moved.still.value)[0] * unit, step_size * (top + flips)
            assert theta < 2
            fall = step_size * ((2 - theta) * still - max(sides) / (2 - theta))
            assert np.sum((residual - fitted) ** 2) <= (1 - fall) * np.sum(residual**2) * (1 + 1e-12)


def test_products_that_overflow_are_refused() -> None:
    with pytest.raises(InputError, match="overflow"):
        certificate(np.full((2, 1), 1e200), np.ones(2), np.full((1, 1), 1e200), np.ones(1))


def test_the_least_certified_width_lies_between_two_that_were_tried() -> None:
    inputs, labels = np.eye(5), np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    found = certified_width(inputs, labels, 3)
    depths = {one.width: one.depth for one in found.tried}
    assert depths[found.width] >= 1
    below = max(width for width in depths if width < found.width)
    assert depths[below] < 1
    assert found.width <= 1.1 * below
    assert drawn_certificate(inputs, labels, found.width, 3).descent.depth == depths[found.width]
    none = certified_width(inputs, labels, 3, largest=100)
    assert none.width == 0
    assert 100 < none.predicted < 3000

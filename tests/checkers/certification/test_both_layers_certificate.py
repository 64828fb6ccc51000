"""Certificates of training both layers: sound against runs along any residuals, kept by descent, and of no more than they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from flint import arb

from checkers.certification.both_layers_certificate import both_layers_certificate, tables_of
from checkers.certification.linear import eigenvalues, matrix_product
from checkers.certification.training_certificate import as_balls
from checkers.experiments.width.certified_width import drawn_network
from checkers.networks.both_layers_descent import descend_both_layers
from checkers.training.certified_run import Wrong, descending_both, kept_word
from strategies.data import data_set
from theorems.language.instance import Array


def problem(samples: int, width: int, seed: int, shape: str = "orthonormal") -> tuple[Array, Array, Array, Array]:
    generator = np.random.default_rng([samples, width, seed])
    inputs = data_set(shape, generator, samples, samples + 1, 0.7)
    return *drawn_network(inputs, width, seed), generator.choice([-1.0, 1.0], samples)


@pytest.mark.parametrize("bias", [False, True])
def test_descent_is_that_of_autograd_on_the_rescaled_output_layer(bias: bool) -> None:
    weights, output, inputs, labels = problem(3, 50, 1, "sphere")
    c, step_size = 1 / math.sqrt(50), 0.3
    w, a = torch.from_numpy(weights).requires_grad_(), torch.from_numpy(output / c).requires_grad_()
    rows, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    b = torch.zeros((), dtype=torch.float64).requires_grad_()
    residual = y - (rows @ w.T).relu() @ (c * a) - c * b
    gradients = torch.autograd.grad(residual.square().sum() / 2, (w, a, b))
    after = [one.detach() - step_size * gradient for one, gradient in zip((w, a, b), gradients, strict=True)]
    _, second = descend_both_layers(weights, output, inputs, labels, c, step_size, 1, bias=bias)
    assert torch.allclose(second.residual, y - (rows @ after[0].T).relu() @ (c * after[1]) - c * after[2] * bias)
    assert second.farthest == pytest.approx(float((after[0] - torch.from_numpy(weights)).norm(dim=1).max()))


def test_the_kernel_is_what_differentiation_finds() -> None:
    weights, output, inputs, labels = problem(3, 80, 2, "sphere")
    z = weights @ inputs.T
    hidden, gates = np.maximum(z, 0), (z >= 0) * output[:, None]
    spectrum = np.linalg.eigvalsh((inputs @ inputs.T) * (gates.T @ gates) + 0.25 * hidden.T @ hidden)
    found = both_layers_certificate(weights, output, inputs, labels, 0.5)
    assert found.floor <= spectrum[0] <= found.floor * (1 + 1e-9)
    assert found.top * (1 - 1e-9) <= spectrum[-1] <= found.top
    spectrum = np.linalg.eigvalsh((inputs @ inputs.T) * (gates.T @ gates) + 0.25 * hidden.T @ hidden + 0.25)
    with_bias = both_layers_certificate(weights, output, inputs, labels, 0.5, bias=True)
    assert found.floor < with_bias.floor <= spectrum[0] <= with_bias.floor * (1 + 1e-9)
    assert with_bias.top * (1 - 1e-9) <= spectrum[-1] <= with_bias.top


def jacobian(weights: Array, output: Array, inputs: Array, c: float) -> Array:
    """(n, m (d + 1))."""
    z = weights @ inputs.T
    moved = np.einsum("rn,r,nd->nrd", (z >= 0).astype(float), output, inputs)
    return np.concatenate([moved.reshape(len(inputs), -1), c * np.maximum(z, 0).T], 1)


@pytest.mark.parametrize("seed", range(12))
def test_no_run_changes_the_kernel_more_than_the_bound(seed: int) -> None:
    """Residuals of any direction, of total norm `travel`; at two places of the run at once, as a step's mean Jacobian is."""
    generator = np.random.default_rng(seed)
    samples, width, c = 1 + seed % 3, (1, 4, 30)[seed % 3], (1.0, 0.2)[seed % 2]
    weights, output, inputs, _ = problem(samples, width, seed, "sphere")
    rows = as_balls(inputs)
    gram = matrix_product(rows, rows.T)
    travel = 10 ** generator.uniform(-3, 0)
    tables = tables_of(weights, output, inputs, gram, eigenvalues(gram)[-1].sqrt(), c)
    first, most, reach = jacobian(weights, output, inputs, c), tables.lost(travel), tables.reach(travel)
    for _ in range(20):
        w, v, steps = weights, output, int(generator.choice([1, 20]))
        direction, places = generator.normal(size=samples), [first]
        for _ in range(steps):
            residual = direction / np.linalg.norm(direction) * travel / steps
            z = w @ inputs.T
            w, v = w + v[:, None] * (((z >= 0) * residual) @ inputs), v + c**2 * np.maximum(z, 0) @ residual
            places.append(jacobian(w, v, inputs, c))
        assert np.linalg.norm(w - weights, axis=1).max() <= reach
        for place in places:
            assert np.all(np.abs(place @ places[-1].T - first @ first.T) <= most * (1 + 1e-12))


def test_the_bound_is_attained_by_one_neuron_and_one_input() -> None:
    """w = v = 1, pushed along: v' = cosh t + sinh t = w', in many small steps."""
    w, v, x, travel, steps = np.ones((1, 1)), np.ones(1), np.ones((1, 1)), 0.5, 20_000
    rows = as_balls(x)
    tables = tables_of(w, v, x, matrix_product(rows, rows), arb(1), 1.0)
    most, reach = tables.lost(travel), tables.reach(travel)
    for _ in range(steps):
        w, v = w + v[:, None] * travel / steps, v + w[:, 0] * travel / steps
    assert reach == pytest.approx(float(w[0, 0]) - 1, rel=1e-3)
    assert float(most[0, 0]) == pytest.approx(float(w[0, 0] ** 2 + v[0] ** 2) - 2, rel=1e-3)


@pytest.mark.parametrize("shape", ["orthonormal", "sphere", "opposite pairs"])
@pytest.mark.parametrize("seed", range(8))
def test_certified_runs_keep_their_word(shape: str, seed: int) -> None:
    """Labels as far as the certificate goes, in the bottom or the top direction of the kernel or at random; c of both kinds."""
    samples, width = 2 + seed % 3, (40, 300)[seed % 2]
    c, bias = (1.0, 1 / math.sqrt(width))[seed // 2 % 2], seed >= 4
    weights, output, inputs, labels = problem(samples, width, seed, shape)
    z = weights @ inputs.T
    outputs, hidden, gates = output @ np.maximum(z, 0), np.maximum(z, 0), (z >= 0) * output[:, None]
    vectors = np.linalg.eigh((inputs @ inputs.T) * (gates.T @ gates) + c**2 * (hidden.T @ hidden + bias))[1]
    direction = (vectors[:, 0], vectors[:, -1], labels / math.sqrt(samples))[seed % 3]
    reach = both_layers_certificate(weights, output, inputs, outputs + direction, c, bias=bias).descent.depth
    labels = outputs + 0.9 * reach * direction
    found = both_layers_certificate(weights, output, inputs, labels, c, bias=bias)
    assert found.certified
    run = kept_word(descending_both(weights, output, inputs, labels, c, bias=bias), labels, found, steps=100, goal=1e-6)
    assert run.broken == -1
    assert 0 < run.residual_ratio <= 1
    assert 0 < run.distance_ratio <= 1


@pytest.mark.parametrize("wrong", [Wrong(rate=2.0), Wrong(distance=0.5), Wrong(step_size=30.0)], ids=str)
def test_a_false_promise_is_caught_by_the_run(wrong: Wrong) -> None:
    weights, output, inputs, _ = problem(1, 400, 1)
    c = 1 / math.sqrt(400)
    labels = output @ np.maximum(weights @ inputs.T, 0) + 1e-3
    found = both_layers_certificate(weights, output, inputs, labels, c, shares=(0.1,))
    descend = descending_both(weights, output, inputs, labels, c)
    assert kept_word(descend, labels, found, steps=60).broken == -1
    assert 0 < kept_word(descend, labels, found, steps=60, wrong=wrong).broken <= 60


def test_depth_grows_like_the_root_of_the_width() -> None:
    found = [both_layers_certificate(*problem(4, width, 1), 1 / math.sqrt(width)) for width in (2000, 32_000)]
    reach = [one.descent.depth * one.residual for one in found]
    # 1/2, but for what one drawn network differs from the next, and terms of lower order
    assert 0.4 < math.log(reach[1] / reach[0]) / math.log(16) < 0.65
    assert found[1].certified


def test_a_kernel_without_a_floor_has_no_certificate() -> None:
    weights, output, _, _ = problem(2, 50, 1)
    rows = np.array([[1.0, 0.0], [2.0, 0.0]])
    found = both_layers_certificate(weights, output, rows, np.array([1.0, -1.0]), 1.0)
    assert (found.certified, found.descent.depth) == (False, 0.0)

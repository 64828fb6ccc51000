"""Certificates of networks with smooth activations: sound against plain autograd, and nearly attained."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from flint import arb

from checkers.certification.activations import SMOOTH
from checkers.certification.smooth_certificate import smooth_certificate
from checkers.experiments.width.certified_width import certified_width
from checkers.training.certified_run import Wrong, descending, kept_word
from theorems.language.instance import Array


@pytest.mark.parametrize("name", SMOOTH)
def test_activations_are_torchs_and_bend_no_more_than_they_say(name: str) -> None:
    phi = SMOOTH[name]
    points = np.linspace(-6, 6, 4001)
    x = torch.from_numpy(points).requires_grad_()
    values = getattr(torch.nn.functional, name)(x)
    (slopes,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    (bends,) = torch.autograd.grad(slopes.sum(), x)
    for place in range(0, 4001, 100):
        here = arb(float(points[place]))
        assert float(phi.value(here)) == pytest.approx(values[place].item(), rel=1e-6, abs=1e-12)  # torch's softplus is exact to 2e-9
        assert float(phi.slope(here)) == pytest.approx(slopes[place].item(), rel=1e-6, abs=1e-12)
    assert 0.99 * phi.bend < bends.abs().max().item() <= phi.bend


def problem(samples: int, width: int, seed: int) -> tuple[Array, Array, Array, Array]:
    generator = np.random.default_rng([samples, width, seed])
    inputs = generator.normal(size=(samples, samples + 2)) / math.sqrt(samples)
    weights = generator.normal(size=(width, samples + 2))
    output = generator.uniform(0.5, 1.5, width) * generator.choice([-1.0, 1.0], width) / math.sqrt(width)
    return weights, output, inputs, generator.choice([-1.0, 1.0], samples)


@pytest.mark.parametrize("name", SMOOTH)
def test_plain_training_keeps_what_is_certified(name: str) -> None:
    weights, output, inputs, labels = problem(3, 300, 1)
    phi = getattr(torch.nn.functional, name)
    now, v, x = torch.from_numpy(weights).clone().requires_grad_(), torch.from_numpy(output), torch.from_numpy(inputs)
    labels = (v @ phi(now @ x.T)).detach().numpy() + 0.1 * labels  # else a sigmoid's network would have to be far wider
    found = smooth_certificate(weights, output, inputs, labels, name)
    assert found.certified
    promise = found.descent
    for step in range(40):
        residual = torch.from_numpy(labels) - v @ phi(now @ x.T)
        size, moved = float(residual.detach().norm()), float((now.detach() - torch.from_numpy(weights)).norm())
        assert size <= (1 - promise.step_size * promise.rate) ** step * found.residual * (1 + 1e-9)
        assert moved <= promise.radius
        (gradient,) = torch.autograd.grad(residual.square().sum() / 2, now)
        now = (now - promise.step_size * gradient).detach().requires_grad_()


@pytest.mark.parametrize("wrong", [Wrong(), Wrong(rate=1.2), Wrong(distance=0.8), Wrong(step_size=40)], ids=str)
def test_a_false_promise_is_caught(wrong: Wrong) -> None:
    """Close to its start a network is linear: labels along the bottom direction take the whole path and just the rate that are promised."""
    weights, output, inputs, _ = problem(3, 400, 2)
    z = weights @ inputs.T
    slopes = output[:, None] / (1 + np.exp(-z))
    bottom = np.linalg.eigh(inputs @ inputs.T * (slopes.T @ slopes))[1][:, 0]
    labels = output @ np.log1p(np.exp(z)) + 1e-3 * bottom
    found = smooth_certificate(weights, output, inputs, labels, "softplus", shares=(2.0**-4,))
    run = kept_word(descending(weights, output, inputs, labels, found, "softplus"), labels, found, steps=3000, goal=1e-6, wrong=wrong)
    assert (run.broken >= 0) == (wrong != Wrong())
    if wrong == Wrong():
        assert run.residual_ratio > 0.9


def test_orthonormal_inputs_need_few_smooth_neurons_each() -> None:
    """About 10 for 10 inputs and labels of norm sqrt(10) in flow; descent with a step that it allows needs little more."""
    labels = np.random.default_rng(0).choice([-1.0, 1.0], 10)
    assert 5 <= certified_width(np.eye(10), labels, 1, activation="softplus").width <= 150


def test_singular_jacobians_have_no_certificate() -> None:
    weights, output, inputs, labels = problem(3, 50, 1)
    found = smooth_certificate(weights, output, inputs[[0, 1, 1]], labels, "tanh")
    assert not found.certified
    assert found.flow.depth < 1e-6

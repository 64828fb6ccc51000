from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
import torch

from checkers.networks.kernels import empirical_kernel, gradient_norms, limit_kernel
from checkers.networks.network import Network
from tests.helpers import sources
from theorems.laws.exact_laws import kappa0, kappa1

ANGLE = 1.0
PLANE = np.array([[1.0, 0.0], [np.cos(ANGLE), np.sin(ANGLE)], [-1.0, 0.0]])

source = sources(17, "kernels")


def dense(trials: int, outputs: int = 2) -> Network:
    return Network.draw("dense", 6, 3, 2, outputs, trials, source("net", trials))


@pytest.mark.parametrize("trials", [1, 3])
def test_empirical_kernel_is_the_gram_matrix_of_autograd_gradients(trials: int) -> None:
    network = dense(trials)
    parameters = [weights._current.requires_grad_() for weights in network.hidden]  # type: ignore[attr-defined]
    outputs = network.forward(PLANE).outputs[:, :, 0]
    rows = []
    for sample in range(len(PLANE)):
        gradients = torch.autograd.grad(outputs[:, sample].sum(), parameters, retain_graph=True)
        rows.append(torch.cat([gradient.flatten(1) for gradient in gradients], 1))
    stacked = torch.stack(rows, 1)
    expected = (network.outputs / network.width) * stacked @ stacked.mT
    kernel = empirical_kernel(network, PLANE)
    assert isinstance(kernel, np.ndarray)
    assert kernel.shape == ((3, 3) if trials == 1 else (trials, 3, 3))
    np.testing.assert_allclose(kernel, expected.detach().numpy().reshape(kernel.shape), rtol=1e-12, atol=1e-12)  # ~10^3 roundings
    as_tensor = empirical_kernel(network, torch.from_numpy(PLANE))
    np.testing.assert_array_equal(as_tensor.detach().numpy(), kernel)


def test_gradient_norms_are_autograds() -> None:
    network = dense(3)
    parameters = [weights._current.requires_grad_() for weights in network.hidden]  # type: ignore[attr-defined]
    record = network.forward(PLANE)
    loss = record.outputs.detach() - 0.5
    losses = (record.outputs - 0.5).square().sum(2) / 2
    total = torch.autograd.grad(losses.sum(), parameters, retain_graph=True)
    norms = torch.stack([gradient.norm(dim=(1, 2)) for gradient in total], -1)
    torch.testing.assert_close(gradient_norms(network, record, loss).detach(), norms, rtol=1e-12, atol=1e-12)
    for sample in range(len(PLANE)):
        one = torch.autograd.grad(losses[:, sample].sum(), parameters, retain_graph=True)
        norms = torch.stack([gradient.norm(dim=(1, 2)) for gradient in one], -1)
        alone = torch.zeros_like(loss)
        alone[:, sample] = loss[:, sample]
        torch.testing.assert_close(gradient_norms(network, record, alone).detach(), norms, rtol=1e-12, atol=1e-12)


def test_arc_cosine_kernels_at_known_points() -> None:
    # Right angle: kappa0 = 1 - (pi/2)/pi = 1/2, kappa1 = (1 + 0)/pi. 60 degrees: kappa0 = 2/3, kappa1 = (sqrt(3)/2 + pi/3)/pi.
    points = np.array([1.0, 0.5, 0.0, -1.0])
    np.testing.assert_allclose(kappa0(points), [1, 2 / 3, 1 / 2, 0], rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(kappa1(points), [1, (sqrt(3) / 2 + pi / 3) / pi, 1 / pi, 0], rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_limit_kernel_is_the_formula_term_by_term(depth: int) -> None:
    kernel = limit_kernel(PLANE, depth)
    for i in range(3):
        for j in range(3):
            r = [float(np.clip(PLANE[i] @ PLANE[j], -1, 1))]
            for _ in range(depth):
                r.append(float(kappa1(np.array(r[-1]))))  # r[k] is the board's r_{k-1}
            terms = [r[layer] * np.prod([kappa0(np.array(r[k])) for k in range(layer, depth + 1)]) for layer in range(1, depth + 1)]
            assert kernel[i, j] == pytest.approx(sum(terms) / 2, rel=1e-7)  # arccos near 1 costs half of the digits here
    assert np.array_equal(np.diag(kernel), np.full(3, depth / 2))
    assert np.array_equal(kernel, kernel.T)
    assert torch.equal(limit_kernel(torch.from_numpy(PLANE), depth), torch.from_numpy(kernel))


def test_equal_inputs_have_equal_entries() -> None:
    rows = source("equal").normal((4, 7), 1.0)
    rows = rows / rows.norm(dim=-1, keepdim=True)
    rows[3] = rows[0]
    kernel = limit_kernel(rows.numpy(), 3)
    assert kernel[0, 3] == 1.5
    assert np.array_equal(kernel[0], kernel[3])


@pytest.mark.parametrize("depth", [1, 3])
def test_wide_revealed_networks_come_near_the_limit(depth: int) -> None:
    """Mean over 64 draws at width 4096: relative standard error 11%/sqrt(2) / 8 at most (theory: 6% to 11% of one draw at
    width 2048), finite-width bias below 0.5%; 5 standard errors are a false-alarm rate of 6e-7 each. A kernel without its
    last layer, or of another depth, is refuted by the same test."""
    network = Network.draw("revealed", 4096, depth, 2, 1, 64, source("wide", depth))
    draws = empirical_kernel(network, PLANE)
    error, spread = draws.mean(0) - limit_kernel(PLANE, depth), draws.std(0) / 8
    scale = 0.005 * limit_kernel(PLANE, depth)
    assert (np.abs(error) <= 5 * spread + scale).all()
    wrong = draws.mean(0) - limit_kernel(PLANE, depth + 1)
    assert (np.abs(wrong) > 5 * spread + scale).any()


def test_bad_input_gets_one_sentence() -> None:
    with pytest.raises(ValueError, match="unit norm"):
        limit_kernel(2 * PLANE, 1)
    with pytest.raises(ValueError, match="unit norm"):
        limit_kernel(np.nan * PLANE, 1)
    with pytest.raises(ValueError, match=r"shape \(n, d_in\)"):
        limit_kernel(PLANE[0], 1)
    with pytest.raises(ValueError, match="depth must be at least 1"):
        limit_kernel(PLANE, 0)

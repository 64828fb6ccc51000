"""Limit kernels of convolutional and residual networks against finite ones, whose distance from them falls like m^{-1/2}."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc

from checkers.errors import InputError
from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.convolutional import Convolutional
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.architectures.residual import Residual
from checkers.networks.kernels import empirical_kernel, limit_kernel
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies.instances import instance_from_sizes
from theorems.laws import exact_laws, limit_kernels
from theorems.laws.limit_kernels import convolutional_limit_kernel, residual_limit_kernel, residual_limit_kernel_bytes

DEPTH = 3
INPUTS = instance_from_sizes(None, {"width": 1, "samples": 3, "input_dimension": 7, "separation": 0.4}).inputs
# c = 3: with c = 1 the layers below the last weigh tau^2 = 1/300 and their errors would go unnoticed
NETWORKS: dict[str, Architecture] = {"residual": Residual(c=3.0), "convolutional": Convolutional(4, 3)}


def draws(name: str, width: int, trials: int) -> np.ndarray:
    source = NormalSource(seed_sequence(29, "limit kernels", name, width))
    network = Network.draw("dense", width, DEPTH, INPUTS.shape[1], 1, trials, source, architecture=NETWORKS[name])
    return empirical_kernel(network, INPUTS)


@pytest.mark.parametrize("name", NETWORKS)
def test_finite_kernels_come_near_the_limit_like_the_square_root_of_the_width(name: str) -> None:
    """Root mean square error over 60 draws at widths 4 apart twice: its relative standard error is about 1/sqrt(120) = 9%, so a slope
    between ends 16 apart in width has a standard error of sqrt(2) 0.09/log 16 = 0.05; five of them, false-alarm rate 6e-7."""
    widths = (32, 128, 512)
    errors = []
    for width in widths:
        limit = limit_kernel(INPUTS, DEPTH, NETWORKS[name], width)
        found = draws(name, width, 60)
        errors.append(float(np.sqrt(((found - limit) ** 2).mean() / (limit**2).mean())))
        # and no bias beyond five standard errors and the 1/m that finite widths have
        assert (np.abs(found.mean(0) - limit) <= 5 * found.std(0) / 60**0.5 + 8 * limit / width).all()
    slope = np.log(errors[-1] / errors[0]) / np.log(widths[-1] / widths[0])
    assert -0.75 < slope < -0.25


@pytest.mark.parametrize("name", NETWORKS)
def test_a_wrong_limit_is_noticed(name: str) -> None:
    found = draws(name, 512, 60)
    wrong = limit_kernel(INPUTS, DEPTH + 1, NETWORKS[name], 64)
    assert (np.abs(found.mean(0) - wrong) > 5 * found.std(0) / 60**0.5 + 8 * wrong / 512).any()


def test_one_position_is_the_fully_connected_limit() -> None:
    np.testing.assert_allclose(convolutional_limit_kernel(INPUTS, 4, 1, 1), exact_laws.limit_kernel(INPUTS, 4), rtol=1e-7)


@pytest.mark.parametrize(("positions", "patch"), [(3, 3), (6, 3), (7, 5)])
def test_the_diagonal_of_the_convolutional_limit_is_q_l_over_2(positions: int, patch: int) -> None:
    np.testing.assert_allclose(np.diag(convolutional_limit_kernel(INPUTS, 4, positions, patch)), np.full(3, patch * 2.0), rtol=1e-12)


def test_one_residual_layer_is_a_fully_connected_one() -> None:
    """h_0 and h_1 have no skip; the quadrature error of S_0 remains."""
    np.testing.assert_allclose(residual_limit_kernel(INPUTS, 1, 0.3), exact_laws.limit_kernel(INPUTS, 1), atol=3e-3)


def test_the_quadrature_has_settled() -> None:
    coarse, fine = (residual_limit_kernel(INPUTS, 6, 0.1, nodes) for nodes in (1 << 13, 1 << 16))
    assert float(np.abs(coarse - fine).max()) < 3e-3


def node_by_node(inputs: np.ndarray, depth: int, step: float, nodes: int) -> np.ndarray:
    """The recursion as it is written in theorems.laws.limit_kernels, with one matrix (n, n) for each node."""
    samples = len(inputs)
    points = qmc.Sobol(samples * depth, rng=np.random.default_rng(0)).random(nodes)
    normals = ndtri(np.clip(points, 1e-12, 1 - 1e-12)).reshape(nodes, depth, samples)

    def gaussian(layer: int, covariance: np.ndarray) -> np.ndarray:
        z = np.concatenate([normals[:, layer], -normals[:, layer]])
        z = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / len(z))).T
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(z @ (vectors * np.sqrt(np.maximum(values, 0))).T)

    h = [np.maximum(gaussian(0, 2 * (inputs @ inputs.T)), 0)]
    inner, signs = [h[0].T @ h[0] / (2 * nodes)], []
    for layer in range(1, depth):
        g = h[-1] + step * gaussian(layer, 2 * inner[-1])
        signs.append((g >= 0).astype(float))
        h.append(np.maximum(g, 0))
        inner.append(h[-1].T @ h[-1] / (2 * nodes))
    own = np.sqrt(np.diag(inner[-1]))
    ratio = np.clip(inner[-1] / np.outer(own, own), -1, 1)
    np.fill_diagonal(ratio, 1.0)
    top = 0.5 * exact_laws.kappa0(ratio)
    kernel, back = inner[-1] * top, np.repeat(2 * top[None], 2 * nodes, axis=0)
    for layer in range(depth - 1, 0, -1):
        back = signs[layer - 1][:, :, None] * signs[layer - 1][:, None, :] * back
        mean = back.mean(0)
        kernel = kernel + step**2 * inner[layer - 1] * mean
        back = back + 2 * step**2 * mean
    return np.asarray((kernel + kernel.T) / 2)


@pytest.mark.parametrize(("depth", "step"), [(1, 0.3), (2, 0.5), (6, 0.1)])
@pytest.mark.parametrize("block", [limit_kernels.BLOCK, 1 << 12])
def test_the_residual_limit_is_the_recursion_node_by_node(depth: int, step: float, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the blocks. Rounding: sums of 2^14 terms of size one, L times over."""
    monkeypatch.setattr(limit_kernels, "BLOCK", block)
    found = residual_limit_kernel(INPUTS, depth, step)
    np.testing.assert_allclose(found, node_by_node(INPUTS, depth, step, limit_kernels.NODES), rtol=1e-12)


KINDS: dict[str, Architecture] = {"fully connected": FullyConnected(), "residual": Residual(), "convolutional": Convolutional(4, 3)}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("samples", "depth"), [(40, 5), (150, 2)])
def test_a_limit_kernel_takes_what_is_planned(name: str, samples: int, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy tells tracemalloc of its arrays. No more than planned, and a third of that at least: a plan that no run needs refuses runs."""
    monkeypatch.setattr(limit_kernels, "BLOCK", 1 << 20)  # so that blocks do not hide the rest
    rows = np.random.default_rng(0).standard_normal((samples, 9))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    KINDS[name].limit_kernel(rows[:2], depth, 64)  # what is imported on the way
    tracemalloc.start()
    try:
        KINDS[name].limit_kernel(rows, depth, 64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    planned = KINDS[name].limit_kernel_bytes(samples, depth)
    assert planned / 3 < peak <= planned


def test_the_planned_memory_is_linear_in_the_samples_where_nodes_are_many() -> None:
    """An array of all nodes and pairs of 400 samples would take 19.5 GiB."""
    assert 2**28 < residual_limit_kernel_bytes(400, 4) < 2**29
    assert residual_limit_kernel_bytes(800, 4) < 2 * residual_limit_kernel_bytes(400, 4)


def test_more_samples_times_layers_than_a_sequence_has_dimensions_are_refused() -> None:
    assert qmc.Sobol.MAXDIM == limit_kernels.LARGEST
    with pytest.raises(InputError, match=r"^the limit kernel [^\n]* at most 21201 samples times layers, not 6000 times 4$"):
        limit_kernel(np.eye(6000), 4, Residual())


def test_an_architecture_without_a_known_limit_says_so() -> None:
    with pytest.raises(ValueError, match="not known"):
        limit_kernel(INPUTS, 2, Residual(identity=0.0))
    with pytest.raises(ValueError, match="not known"):
        limit_kernel(INPUTS, 2, Convolutional(4, 3, shared_fan_in=False))

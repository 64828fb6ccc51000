"""Limit kernels of convolutional and residual networks against finite ones, whose distance from them falls like m^{-1/2}."""

from __future__ import annotations

import numpy as np
import pytest

from checkers.architecture import Architecture
from checkers.convolutional import Convolutional
from checkers.kernels import empirical_kernel, limit_kernel
from checkers.network import Network
from checkers.randomness import NormalSource, seed_sequence
from checkers.residual import Residual
from strategies.instances import instance_from_sizes
from theorems import exact_laws
from theorems.limit_kernels import convolutional_limit_kernel, residual_limit_kernel

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


def test_an_architecture_without_a_known_limit_says_so() -> None:
    with pytest.raises(ValueError, match="not known"):
        limit_kernel(INPUTS, 2, Residual(identity=0.0))
    with pytest.raises(ValueError, match="not known"):
        limit_kernel(INPUTS, 2, Convolutional(4, 3, shared_fan_in=False))

"""The kernel of two-layer networks in closed form, the exact criterion for its least eigenvalue, and the laws of gates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from strategies import data_set
from theorems.language.instance import Array
from theorems.laws import gate_laws
from theorems.laws.gate_positivity import is_positive, least_pivot, parallel_pairs, rank


def made(shape: str, samples: int, separation: float, dimension: int | None = None, seed: int = 0) -> Array:
    return data_set(shape, np.random.default_rng(seed), samples, dimension, separation)


@pytest.mark.parametrize(("samples", "expected"), [(3, 1 / 3), (5, 0.3), (9, 0.0393967), (21, 0.0126063), (6, 0.0), (8, 0.0)])
def test_lambda0_on_the_circle(samples: int, expected: float) -> None:
    assert gate_laws.circle_floor(samples) == pytest.approx(expected, abs=1e-7)
    assert gate_laws.kernel_floor(made("circle", samples, 0.1, 2)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("samples", [3, 4, 5, 9])
def test_the_circle_follows_its_fourier_series(samples: int) -> None:
    """lambda0 = n min_r sum_{k = r mod n} c_k; the terms are summed up to |k| = 10^5, and the tail is below 2 n/10^5."""
    k = np.arange(-100_000, 100_001)
    even = k % 2 == 0
    coefficients = np.where(even, (k**2.0 + 1) / (math.pi**2 * np.where(even, (k**2.0 - 1) ** 2, 1)), np.where(np.abs(k) == 1, 1 / 8, 0.0))
    sums = [samples * coefficients[k % samples == r].sum() for r in range(samples)]
    assert min(sums) == pytest.approx(gate_laws.circle_floor(samples), abs=2e-4)


def test_lambda0_of_wide_circles_tends_to_one_over_4n() -> None:
    assert 4 * 101 * gate_laws.circle_floor(101) == pytest.approx(1.0024, abs=1e-4)


@pytest.mark.parametrize(("distance", "expected"), [(0.1, 0.018343), (0.01, 0.001616), (2.0, 0.5), (math.sqrt(2), 0.5)])
def test_lambda0_of_a_pair(distance: float, expected: float) -> None:
    assert gate_laws.pair_floor(distance) == pytest.approx(expected, abs=6e-7)
    assert gate_laws.kernel_floor(made("close pairs", 2, distance)) == pytest.approx(gate_laws.pair_floor(distance), rel=1e-9)


def test_at_an_angle_of_a_tenth_it_is_another_number() -> None:
    """The chord of the angle 0.1 is 2 sin(0.05)."""
    assert gate_laws.pair_floor(2 * math.sin(0.05)) == pytest.approx(0.018334, abs=6e-7)


@pytest.mark.parametrize("distance", [0.05, 0.5, 1.2])
def test_lambda0_of_equal_correlations_and_of_opposite_pairs(distance: float) -> None:
    found = gate_laws.kernel_floor(made("cluster", 7, distance))
    assert found == pytest.approx(gate_laws.equal_floor(1 - distance**2 / 2), rel=1e-9)
    assert gate_laws.kernel_floor(made("orthonormal", 7, 1.0)) == pytest.approx(gate_laws.equal_floor(0.0), rel=1e-12)
    assert gate_laws.kernel_floor(made("opposite pairs", 6, 1.0)) == pytest.approx(0.5, rel=1e-12)


SETS = {
    "one antipodal pair": (made("opposite pairs", 2, 1.0), True),
    "independent antipodal pairs": (made("opposite pairs", 6, 1.0), True),
    "two antipodal pairs in a plane": (made("circle", 4, 1.0, 2), True),
    "three antipodal pairs in a plane": (made("circle", 6, 0.5, 2), False),
    "nearly in a plane, by the last digits": (made("circle", 6, 0.5, 3), True),
    "an odd circle": (made("circle", 9, 0.5, 2), True),
    "two equal": (np.array([[0.6, 0.8], [0.6, 0.8], [1.0, 0.0]]), False),
    "close ones": (made("cluster", 5, 1e-3), True),
}


@pytest.mark.parametrize(("inputs", "positive"), SETS.values(), ids=SETS.keys())
def test_the_criterion_is_what_balls_prove(inputs: Array, positive: bool) -> None:
    pivot, bits = least_pivot(inputs)
    assert is_positive(inputs) is positive
    assert (pivot > 0) is positive
    assert bits in (64, 128, 256, 512)


def test_random_sets_with_planted_antipodes_follow_the_criterion() -> None:
    """Points in three dimensions, some with their negatives: up to three independent pairs are harmless, a fourth is not."""
    generator, seen = np.random.default_rng(1), []
    for pairs in range(6):
        rows = generator.standard_normal((7, 3))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        inputs = np.concatenate([rows, -rows[:pairs]])
        seen.append(is_positive(inputs))
        assert (least_pivot(inputs)[0] > 0) is seen[-1]
    assert seen == [True, True, True, True, False, False]


def test_parallel_rows_and_ranks_are_found_exactly() -> None:
    rows = np.array([[3.0, 4.0], [-6.0, -8.0], [3.0, 4.0 + 1e-15]])
    assert parallel_pairs(rows) == ([], [(0, 1)])
    assert (rank(rows), rank(rows[:2]), rank(np.zeros((0, 2)))) == (2, 1, 0)


def test_orthant_probabilities_are_those_of_gaussians() -> None:
    """10^6 draws: three standard errors of a probability are 1.5e-3 at most."""
    inputs = made("sphere", 3, 0.2, 3, seed=4)
    patterns, probability = gate_laws.gate_patterns(inputs)
    gates = (np.random.default_rng(2).standard_normal((10**6, 3)) @ inputs.T >= 0).astype(float)
    for pattern, expected in zip(patterns, probability, strict=True):
        assert (gates == pattern).all(axis=1).mean() == pytest.approx(expected, abs=2e-3)
    with pytest.raises(ValueError, match="4 inputs have no probabilities"):
        gate_laws.gate_patterns(made("orthonormal", 4, 1.0))


def test_the_conjugate_kernel_is_the_second_moment_of_relus() -> None:
    inputs = made("sphere", 3, 0.2, 3, seed=4)
    features = np.maximum(np.random.default_rng(3).standard_normal((10**6, 3)) @ inputs.T, 0)
    np.testing.assert_allclose(features.T @ features / 10**6, gate_laws.conjugate_kernel(inputs), atol=3e-3)

"""Data on the sphere: the promise is kept, and the special positions are exact where criteria look at them exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from strategies import SPHERE_SHAPES, check_data, data_set
from theorems.language.instance import Array
from theorems.laws.gate_positivity import parallel_pairs


def made(shape: str, samples: int, separation: float, spare: int = 0) -> Array:
    dimension = SPHERE_SHAPES[shape].minimum_dimension(samples, separation) + spare
    return data_set(shape, np.random.default_rng(1), samples, dimension, separation)


@pytest.mark.parametrize("spare", [0, 3])
@pytest.mark.parametrize("samples", [1, 2, 3, 6, 20])
@pytest.mark.parametrize("shape", SPHERE_SHAPES)
def test_the_promise_is_kept_at_every_extreme(shape: str, samples: int, spare: int) -> None:
    largest = SPHERE_SHAPES[shape].largest_separation(samples)
    for separation in (1e-3, largest / 2, largest * (1 - 1e-12)):
        rows = made(shape, samples, separation, spare)
        if separation > 0.1 or shape not in ("close pairs", "cluster"):
            check_data(rows, separation if samples > 1 else None, constant=False)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-14)


def test_close_pairs_and_clusters_are_at_the_distance_asked_for() -> None:
    pairs = made("close pairs", 5, 0.01)
    assert np.linalg.norm(pairs[0] - pairs[1]) == pytest.approx(0.01, rel=1e-12)
    assert np.linalg.norm(pairs[2] - pairs[3]) == pytest.approx(0.01, rel=1e-12)
    assert np.linalg.norm(pairs[1] - pairs[2]) == pytest.approx(math.sqrt(2), abs=0.01)
    cluster = made("cluster", 4, 0.02)
    gaps = [np.linalg.norm(one - other) for place, one in enumerate(cluster) for other in cluster[:place]]
    np.testing.assert_allclose(gaps, 0.02, rtol=1e-10)


def test_opposites_are_exact() -> None:
    assert parallel_pairs(made("opposite pairs", 6, 1.0)) == ([], [(0, 1), (2, 3), (4, 5)])
    assert parallel_pairs(made("circle", 8, 0.5)) == ([], [(0, 4), (1, 5), (2, 6), (3, 7)])
    assert parallel_pairs(made("circle", 7, 0.5)) == ([], [])


def test_without_the_constant_it_is_no_data_set_of_the_first_paper() -> None:
    with pytest.raises(ValueError, match="does not end with 1/sqrt 2"):
        check_data(made("orthonormal", 3, 1.0))

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from strategies import digits
from strategies.data import ALL_SHAPES, FAULTY_SHAPES, ROUNDING, SHAPES, check_data, closest_pair, data_set, separation
from strategies.instances import data_sets
from strategies.shapes import WIDEST
from strategies.sizes import radii, sizes
from theorems.language.instance import Array

QUIET = settings(derandomize=True, database=None, deadline=None, max_examples=100, phases=(Phase.generate, Phase.shrink))


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def made(shape: str, samples: int, delta: float, spare: int = 0, seed: int = 0) -> Array:
    """In the least dimension that will do, and `spare` more."""
    dimension = ALL_SHAPES[shape].minimum_dimension(samples, delta) + spare
    return data_set(shape, generator(seed), samples, dimension, delta)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("samples", [1, 2, 3, 5, 64])
def test_the_promise_is_kept_at_every_extreme(shape: str, samples: int) -> None:
    largest = SHAPES[shape].largest_separation(samples)
    assert largest > 0.06
    for delta in (1e-6, 1e-3, largest / 2, largest):
        x = check_data(made(shape, samples, delta), promised=delta)
        assert len(x) == samples
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=4e-15)
        assert np.all(x[:, -1] == math.sqrt(0.5))


@settings(QUIET)
@given(st.sampled_from(list(SHAPES)), sizes(1, 64), st.integers(0, 40), st.integers(0, 2**32 - 1), st.data())
def test_the_promise_is_kept(shape: str, samples: int, spare: int, seed: int, data: st.DataObject) -> None:
    kind = SHAPES[shape]
    delta = data.draw(radii(1e-6, kind.largest_separation(samples)))
    x = made(shape, samples, delta, 0 if kind.highest_dimension else spare, seed)
    check_data(x, promised=delta)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_least_dimension_is_least(shape: str) -> None:
    for samples in (1, 2, 7):
        delta = SHAPES[shape].largest_separation(samples) / 2
        dimension = SHAPES[shape].minimum_dimension(samples, delta)
        assert SHAPES[shape].largest_separation(samples, dimension) >= delta
        assert SHAPES[shape].largest_separation(samples, dimension - 1) < delta


@pytest.mark.parametrize("shape", ["pairs", "arc"])
@pytest.mark.parametrize("delta", [1e-6, 1e-4, 0.01, 0.09])
def test_pairs_and_arc_are_exactly_as_close_as_promised(shape: str, delta: float) -> None:
    for samples in (2, 5, 40):
        x = made(shape, samples, delta, spare=3)
        assert separation(x) == pytest.approx(delta, rel=1e-9)
        near = np.linalg.norm(np.diff(x, axis=0), axis=1)[:: 1 if shape == "arc" else 2]
        np.testing.assert_allclose(near, delta, rtol=1e-9)


def test_orthogonal_and_antipodal_are_what_they_say() -> None:
    z = made("orthogonal", 6, 0.3)[:, :-1] * WIDEST
    np.testing.assert_allclose(z @ z.T, np.eye(6), atol=1e-14)
    x = made("antipodal", 6, 0.3)
    np.testing.assert_allclose(np.linalg.norm(x[:3] - x[3:], axis=1), WIDEST, rtol=1e-15)


def test_random_data_are_uniform_on_the_sphere_and_differ_by_seed() -> None:
    # One point in R^2: 4 quarters of the circle, 4000 draws; chi-square with 3 degrees exceeds 31 with probability 1e-6.
    z = np.concatenate([made("random", 1, 1.0, spare=1, seed=seed) for seed in range(4000)])[:, :-1]
    quarters = np.bincount(2 * (z[:, 0] > 0) + (z[:, 1] > 0), minlength=4)
    assert np.sum((quarters - 1000.0) ** 2 / 1000) < 31
    assert not np.array_equal(made("random", 4, 0.1), made("random", 4, 0.1, seed=1))
    assert np.array_equal(made("random", 4, 0.1), made("random", 4, 0.1))


def test_digits_are_distinct_images() -> None:
    assert len(np.unique(digits.images(), axis=0)) == 1797
    z = made("digits", 40, 0.1)[:, :-1] * WIDEST
    assert z.shape == (40, 64)
    assert np.all(np.abs(digits.images() @ z.T - 1).min(axis=0) < 1e-14)
    assert SHAPES["digits"].largest_separation(1798) == 0
    check_data(made("digits", 1797, 0.06), promised=0.06)


def test_faulty_shapes_are_faulty() -> None:
    for samples in (2, 5, 12):
        x = made("forgotten pair", samples, 0.5)
        i, j, distance = closest_pair(x)
        assert distance == pytest.approx(0.05)
        assert j == i + 1
        if samples > 2:  # without one row of that pair, the promise holds
            check_data(np.delete(x, j, axis=0), promised=0.5)
        with pytest.raises(ValueError, match=f"rows {i} and {j} of the data are 0.05 apart, less than the promised separation 0.5"):
            check_data(x, promised=0.5)
        with pytest.raises(ValueError, match=r"rows \d+ and \d+ of the data are equal"):
            check_data(made("duplicate rows", samples, 0.5))
    assert all(shape.largest_separation(1) == 0 for shape in FAULTY_SHAPES.values())


def test_separation_of_tiny_distances() -> None:
    angle = 1e-12  # where 1 - <x, y> is lost to rounding altogether
    x = np.array([[1.0, 0.0], [0.0, 1.0], [math.cos(angle), math.sin(angle)]])
    assert closest_pair(x)[:2] == (0, 2)
    assert separation(x) == pytest.approx(angle, rel=1e-9)
    assert separation(x[:1]) == math.inf


GOOD = made("arc", 3, 0.3)


def changed(row: int, values: Array | float) -> Array:
    x = GOOD.copy()
    x[row] = values
    return x


@pytest.mark.parametrize(
    ("x", "complaint"),
    [
        (changed(1, math.nan), "row 1 of the data holds a NaN or an infinity"),
        (changed(2, math.inf), "row 2 of the data holds a NaN or an infinity"),
        (changed(2, 2 * GOOD[2]), "row 2 of the data does not have norm 1 but 2"),
        (changed(0, np.array([0.6, 0.0, 0.8])), "row 0 of the data does not end with 1/sqrt 2 but with 0.8"),
        (changed(2, GOOD[0]), "rows 0 and 2 of the data are equal"),
        (GOOD[0], "the data have shape (3,), not (samples, input_dimension)"),
        (np.zeros((0, 3)), "the data have shape (0, 3), not (samples, input_dimension)"),
        ([["one", "two"]], "the data are not an array of numbers"),
        ([[1.0], [1.0, 2.0]], "the data are not an array of numbers"),
        (GOOD.astype(np.float32), "row "),
    ],
)
def test_check_data_names_the_row(x: Array, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(complaint)):
        check_data(x)


def test_check_data_tolerates_rounding_only() -> None:
    delta = separation(GOOD)
    check_data(GOOD, promised=delta + ROUNDING / 2)
    with pytest.raises(ValueError, match="less than the promised separation"):
        check_data(GOOD, promised=delta + 1e-12)


@pytest.mark.parametrize(
    ("shape", "samples", "dimension", "delta", "complaint"),
    [
        ("heap", 2, 3, 0.1, "unknown data shape 'heap'; known: random, "),
        ("arc", 10, 3, 0.9, "data of shape 'arc' cannot promise separation 0.9 for 10 samples of dimension 3; the largest is 0.437"),
        ("pairs", 4, 3, 0.1, "these sizes do not fit the shape"),
        ("digits", 4, 64, 0.1, "these sizes do not fit the shape"),
        ("random", 4, 5, 0.0, "cannot promise separation 0 "),
    ],
)
def test_data_set_refuses_what_cannot_be(shape: str, samples: int, dimension: int, delta: float, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        data_set(shape, generator(), samples, dimension, delta)


@pytest.mark.parametrize("shape", ["arc", "antipodal", "digits", "pairs"])
def test_the_largest_separation_may_be_rounded_up(shape: str) -> None:
    delta = SHAPES[shape].largest_separation(9) * (1 + 1e-15)
    check_data(data_set(shape, generator(), 9, None, delta), promised=delta)


def test_data_sets_are_valid_and_shrink() -> None:
    seen: set[int] = set()

    @settings(QUIET)
    @given(data_sets(samples=(2, 30), separation=(0.01, 1.0)))
    def valid(x: Array) -> None:
        seen.add(len(check_data(x, promised=0.01)))

    valid()
    assert min(seen) == 2
    assert max(seen) > 15
    assert find(data_sets(), lambda x: True, settings=QUIET).shape == (1, 2)
    least = find(data_sets(shapes=["arc", "pairs"]), lambda x: separation(x) < 0.3, settings=QUIET)
    assert least.shape == (2, 3)
    assert separation(least) == pytest.approx(0.25)  # two samples, and the first half of the largest delta that will do


def test_data_sets_refuse_bad_ranges() -> None:
    with pytest.raises(ValueError, match="data sets need 0 < low <= high for samples"):
        data_sets(samples=(3, 2))
    with pytest.raises(ValueError, match="unknown data 'heap'"):
        data_sets(shapes=["heap"])
    with pytest.raises(ValueError, match="no instance"):
        data_sets(samples=(20, 30), separation=(1.2, 1.4))

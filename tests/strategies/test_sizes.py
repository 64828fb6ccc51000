from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.sizes import radii, sizes

QUIET = settings(derandomize=True, database=None, deadline=None, max_examples=1000, phases=(Phase.generate, Phase.shrink))


@pytest.mark.parametrize("least", [1, 2, 3, 17, 1000, 1023, 10**6 + 1])
def test_the_least_size_with_a_property_is_found_exactly(least: int) -> None:
    assert find(sizes(1, 10**12), lambda size: size >= least, settings=QUIET) == least


def test_sizes_shrink_to_low() -> None:
    assert find(sizes(37, 10**9), lambda size: True, settings=QUIET) == 37


@pytest.mark.parametrize(("bound", "simplest"), [(1.0, 1.0), (0.5, 0.5), (0.3, 0.25), (1e-3, 2.0**-10)])
def test_radii_shrink_to_the_largest_and_prefer_halves(bound: float, simplest: float) -> None:
    assert find(radii(1e-6, 1.0), lambda radius: radius <= bound, settings=QUIET) == simplest


def octaves(strategy: SearchStrategy[int] | SearchStrategy[float], examples: int) -> Counter[int]:
    counts: Counter[int] = Counter()

    @settings(QUIET, max_examples=examples)
    @given(strategy)
    def count(value: float) -> None:
        counts[math.frexp(value)[1]] += 1

    count()
    return counts


def even(counts: Counter[int], expected: range) -> bool:
    """Every octave, and no other, has a quarter of its share or more. Of 20 expected, an even law yields fewer than 5 in one octave
    with probability 2e-5 (Poisson); this leaves room for Hypothesis, which prefers some integers a little."""
    return set(counts) == set(expected) and min(counts.values()) >= sum(counts.values()) / len(expected) / 4


def test_every_octave_is_about_equally_likely() -> None:
    # From 2^14 on, since small octaves hold few integers and Hypothesis avoids to try one twice.
    assert even(octaves(sizes(2**14, 2**44 - 1), 600), range(15, 45))
    assert even(octaves(radii(2.0**-20, 1 - 2**-10), 400), range(-19, 1))
    # and what is uniform is recognized (2^20 multiples of 2^24, for Hypothesis prefers small integers in ranges beyond that)
    assert not even(octaves(st.integers(0, 2**20 - 1).map(lambda i: 2**14 + 2**24 * i), 600), range(15, 45))
    assert not even(octaves(st.floats(2.0**-20, 1 - 2**-10), 400), range(-19, 1))


@settings(QUIET, max_examples=200)
@given(st.data(), st.integers(1, 10**12), st.integers(0, 10**12))
def test_sizes_stay_in_range(data: st.DataObject, low: int, extent: int) -> None:
    assert low <= data.draw(sizes(low, low + extent)) <= low + extent


@settings(QUIET, max_examples=200)
@given(st.data(), st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_radii_stay_in_range(data: st.DataObject, one: float, other: float) -> None:
    assert min(one, other) <= data.draw(radii(min(one, other), max(one, other))) <= max(one, other)


@pytest.mark.parametrize(
    ("low", "high", "complaint"),
    [
        (0, 3, "sizes need 1 <= low <= high, not low = 0 and high = 3"),
        (4, 3, "sizes need 1 <= low <= high, not low = 4 and high = 3"),
        (1.5, 3, "low must be an integer, not 1.5"),
        (1, True, "high must be an integer, not True"),
    ],
)
def test_sizes_refuse_a_bad_range(low: int, high: int, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        sizes(low, high)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_radii_refuse_a_bad_range(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="radii need 0 < low <= high, both finite"):
        radii(low, high)

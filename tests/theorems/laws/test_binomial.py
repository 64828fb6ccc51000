"""Binomial numbers and the means of their largest shares, against sums written out and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from theorems.laws.binomial import binomial, hoeffding_deviations, largest_deviations


def written_out(m: int, share: float, p: float) -> float:
    """Taken one count after the other, the largest square first, until they have probability p."""
    total, left = 0.0, p
    for square, weight in sorted((((k - m * share) ** 2, float(binom.pmf(k, m, share))) for k in range(m + 1)), reverse=True):
        taken = min(weight, left)
        total, left = total + taken * square, left - taken
    return total / p / m


@pytest.mark.parametrize("m", [1, 2, 16, 101])
@pytest.mark.parametrize("share", [0.5, 0.3, 0.02])
@pytest.mark.parametrize("p", [0.05, 0.3])
def test_the_mean_of_the_largest_share_is_the_sum_written_out(m: int, share: float, p: float) -> None:
    assert largest_deviations(m, share, p) == pytest.approx(written_out(m, share, p), rel=1e-9)


@pytest.mark.parametrize("p", [0.5, 0.05, 0.001])
def test_of_many_neurons_it_is_that_of_a_normal_square_and_below_what_hoeffding_gives(p: float) -> None:
    end = float(norm.isf(p / 2))
    limit = 0.25 * (1 + 2 * end * float(norm.pdf(end)) / p)  # E(z^2; |z| > t) = 2 t phi(t) + P(|z| > t)
    assert largest_deviations(10**10, 0.5, p) == pytest.approx(limit, rel=1e-3)
    assert largest_deviations(10**10, 0.5, p) >= limit * (1 - 1e-6), "groups of counts overstate"
    assert all(largest_deviations(m, share, p) <= hoeffding_deviations(p) for m in (1, 7, 64, 1000) for share in (0.5, 0.25, 0.01))


def test_all_of_it_is_the_variance() -> None:
    assert largest_deviations(64, 0.25, 1 - 1e-12) == pytest.approx(0.25 * 0.75)
    counts, weight = binomial(10**12, 0.5)
    assert float(weight.sum()) == pytest.approx(1, abs=1e-12)
    assert math.sqrt(float(weight @ (counts - 5e11) ** 2)) == pytest.approx(5e5, rel=1e-3)


def test_no_sum_exceeds_those_of_its_terms_with_more_than_that_probability() -> None:
    """Three binomial numbers of one draw: equal, opposite, independent."""
    generator, m, p = np.random.default_rng(5), 50, 0.05
    one, other = generator.binomial(m, 0.5, (2, 200_000))
    for sum_ in (2 * (one - 25) ** 2, (one - 25) ** 2 + (m - one - 25) ** 2, (one - 25) ** 2 + (other - 25) ** 2):
        assert float((sum_ > 2 * m * largest_deviations(m, 0.5, p)).mean()) < p

"""The derived failure probability of forward-norm and the sharp edge, held against exact sums, closed forms and the simulated truth."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, chi2

from checkers.evidence.binomial import p_value
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.exact_law import layer_norms
from tests.helpers import product_edge
from theorems.laws.exact_laws import log_moment, norm_failure_probability

ERROR = 1e-6  # probability that one of the statistical tests below rejects a true law (the seeds are fixed)
# log_moment charges 1e-9 for the rounding of probabilities; a sum of lgammas of arguments up to 1e6 has an error near 1e-9 itself.
ROUNDING = 3e-9


def binomial_law(width: int) -> list[Fraction]:
    return [Fraction(math.comb(width, count), 2**width) for count in range(width + 1)]


@pytest.mark.parametrize("width", [1, 2, 3, 16, 64, 300, 1000])
def test_positive_moments_have_their_closed_forms(width: int) -> None:
    """E Z = 1, E Z^2 = 1 + 5/m, E Z^3 = 1 + 15/m + 44/m^2, from E K(K+2)(K+4) and the moments of the binomial law."""
    exact = [1.0, 1 + 5 / width, 1 + 15 / width + 44 / width**2]
    for power, value in enumerate(exact, start=1):
        assert log_moment(width, power) == pytest.approx(math.log(value), abs=ROUNDING)


@pytest.mark.parametrize("width", [10**5, 10**6, 10**9, 10**12])
def test_moments_of_wide_layers_are_bounded_closely(width: int) -> None:
    """Grouping K replaces it by the group's end, 80 sqrt(m)/16384 at most away: log Z^p moves by p 2 (80/16384)/sqrt(m)."""
    for power, exact in ((1, 1.0), (2, 1 + 5 / width), (3, 1 + 15 / width + 44 / width**2)):
        excess = log_moment(width, power) - math.log(exact)
        assert -ROUNDING <= excess <= ROUNDING + power * 2 * (80 / 16384) / math.sqrt(width)


@pytest.mark.parametrize("width", [5, 16, 61])
@pytest.mark.parametrize("power", [-1, -2, -4])
def test_negative_moments_match_an_exact_sum(width: int, power: int) -> None:
    """E (chi^2_K)^{-p} = 1/((K-2)(K-4)...(K-2p)) for K > 2p; smaller K are left to the caller."""
    least = -2 * power
    total = sum(
        (Fraction(width, 2) ** -power * weight / math.prod(count - 2 * step for step in range(1, -power + 1)))
        for count, weight in enumerate(binomial_law(width))
        if count > least
    )
    expected = math.log(total) if total else -math.inf
    assert log_moment(width, power) == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("power", [0.3, 2.5, 17.25, -0.3, -2.5])
def test_fractional_moments_match_a_direct_sum(power: float) -> None:
    width = 40
    terms = [
        float(weight) * (4 / width) ** power * math.exp(math.lgamma(count / 2 + power) - math.lgamma(count / 2))
        for count, weight in enumerate(binomial_law(width))
        if count > 0 and count / 2 + power > 0
    ]
    assert log_moment(width, power) == pytest.approx(math.log(math.fsum(terms)), abs=ROUNDING)


def tolerance_where_the_bound_is(probability: float, width: int, depth: int) -> float:
    def excess(log_tolerance: float) -> float:
        return math.log(max(norm_failure_probability(width, depth, 1, math.exp(log_tolerance)), 1e-300) / probability)

    scale = math.log(math.sqrt(5 * (depth + 1) / (4 * width)))  # one standard deviation of log ‖h_L‖
    return math.exp(brentq(excess, scale - 1, scale + 3, rtol=1e-4))


SIZES = [(16, 1), (16, 4), (64, 1), (256, 8), (10**4, 64), (10**6, 16), (10**9, 3), (10**12, 64)]


@pytest.mark.parametrize(("width", "depth"), SIZES)
def test_the_failure_probability_is_near_the_simulated_truth_and_above_it(width: int, depth: int) -> None:
    trials, probability = 2**17, 0.02
    tolerance = tolerance_where_the_bound_is(probability, width, depth)
    norms = layer_norms(width, depth, trials, NormalSource(seed_sequence(1, "exact laws", width, depth)))
    failures = int(((norms - 1).abs().amax((1, 2)) > tolerance).sum())
    assert p_value(failures, trials, probability) > ERROR, "an upper bound of the truth"
    assert p_value(failures, trials, probability / 10) < ERROR, "and not ten times the truth: a tenth of it is rejected"


# Tolerances up to 1, of which the lemma speaks: at width 16 nothing smaller than 1e-3 is inside.
TAILS = [(16, 1e-2), *((width, probability) for width in (200, 10**4, 10**6) for probability in (1e-2, 1e-6, 1e-12, 1e-25))]


@pytest.mark.parametrize(("width", "probability"), TAILS)
def test_the_failure_probability_is_near_the_exact_truth_far_in_the_tail(width: int, probability: float) -> None:
    """One layer: P(|‖h_0‖ - 1| > e) is a sum over K of chi-square tails. Chernoff's bound of a Gaussian tail at x standard
    deviations is exp(-x^2/2), which exceeds it by sqrt(2 pi) x; x = 10.6 at 1e-25 gives 27, and half as much again is allowed."""
    tolerance = tolerance_where_the_bound_is(probability, width, 0)
    reach = int(20 * math.sqrt(width))  # 40 standard deviations of K
    count = np.arange(max(1, width // 2 - reach), min(width, width // 2 + reach) + 1)
    tails = chi2.sf(width / 2 * (1 + tolerance) ** 2, count)
    tails += chi2.cdf(width / 2 * (1 - tolerance) ** 2, count)
    truth = float((binom.pmf(count, width, 0.5) * tails).sum()) + 0.5**width
    assert tolerance < 1
    assert truth <= norm_failure_probability(width, 0, 1, tolerance) <= 40 * truth


def test_the_failure_probability_grows_and_falls_as_the_lemma_says() -> None:
    base = norm_failure_probability(1024, 4, 1, 0.4)
    assert norm_failure_probability(1024, 4, 3, 0.4) == pytest.approx(3 * base)
    assert norm_failure_probability(1024, 5, 1, 0.4) > base
    assert norm_failure_probability(2048, 4, 1, 0.4) < base
    assert norm_failure_probability(1024, 4, 1, 0.5) < base
    assert norm_failure_probability(16, 64, 1, 0.1) >= 0.5, "where nothing can be said, nothing is"


def test_doubling_the_width_squares_the_failure_probability() -> None:
    """exp(-0.4 m eps^2/(L+1)) up to its prefactor: the ratio of the logarithms is 2 to within the prefactor's few units."""
    once, twice = (math.log(norm_failure_probability(width, 8, 1, 0.05)) for width in (10**5, 2 * 10**5))
    assert twice / once == pytest.approx(2, abs=0.1)


# sqrt(8) for one factor (z = 1); for two, z = (sqrt 17 - 1)/8 solves the stationarity 4 z^2 + z = 1.
Z = (math.sqrt(17) - 1) / 8
EDGES = [(1, math.sqrt(8)), (2, math.sqrt(2 * (1 + Z) ** 2 * (1 + 2 * Z) / Z)), (4, 6.220), (8, 9.047), (16, 12.99)]


@pytest.mark.parametrize(("factors", "edge"), EDGES)
def test_sharp_edges(factors: int, edge: float) -> None:
    exact = factors <= 2
    assert product_edge(factors) == pytest.approx(edge, rel=1e-9 if exact else 5e-4)  # three digits are known of the others


def test_the_sharp_edge_grows_like_the_root_of_the_number_of_factors() -> None:
    """From below: at z = 1/(2k) the minimum's argument is 4 e k (1 + 1/(2k))^2 (1 + O(1/k))."""
    ratios = [product_edge(factors) / math.sqrt(4 * math.e * factors) for factors in (1, 4, 16, 64, 256, 1024)]
    assert ratios == sorted(ratios)
    assert 1 - 1 / 1024 < ratios[-1] < 1

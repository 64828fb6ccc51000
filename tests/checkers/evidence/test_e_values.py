"""e-values: a closed form that agrees with quadrature, expectations of at most 1 by enumeration, and power that grows over nights."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from checkers.evidence.binomial import p_value
from checkers.evidence.e_values import CAP, log_beta_binomial, log_process

CLAIMS = [0.01, 0.1, 0.3, 0.49]


@pytest.mark.parametrize("claimed", CLAIMS)
@pytest.mark.parametrize(("failures", "trials"), [(0, 1), (1, 1), (0, 30), (3, 30), (29, 30), (30, 30)])
def test_the_closed_form_is_the_mixture_integral(failures: int, trials: int, claimed: float) -> None:
    """r = sin^2 u turns the density of Beta(1/2, 1/2) into a constant, so plain quadrature serves."""
    low = math.asin(math.sqrt(claimed))

    def ratio(u: float) -> float:
        r = math.sin(u) ** 2
        return (r / claimed) ** failures * ((1 - r) / (1 - claimed)) ** (trials - failures)

    integral = quad(ratio, low, math.pi / 2, epsabs=0, epsrel=1e-12)[0] / (math.pi / 2 - low)
    assert float(log_beta_binomial(failures, trials, claimed)[0]) == pytest.approx(math.log(integral), abs=1e-9)


@pytest.mark.parametrize("claimed", [*CLAIMS, 0.0])
@pytest.mark.parametrize("trials", [1, 2, 7, 40])
def test_the_expectation_is_at_most_one_under_every_failure_probability_that_is_claimed(claimed: float, trials: int) -> None:
    values = np.exp(log_beta_binomial(np.arange(trials + 1), trials, claimed))
    for true in np.linspace(0, claimed, 11):
        expectation = float(binom.pmf(np.arange(trials + 1), trials, true) @ values)
        assert expectation <= 1 + 1e-12
        if true == claimed > 0:
            assert expectation == pytest.approx(1.0, abs=1e-12)
    beyond = min(1.0, 2 * claimed + 0.1)
    assert trials < 40 or float(binom.pmf(np.arange(trials + 1), trials, beyond) @ values) > 1, "a false claim gains"


@pytest.mark.parametrize("claimed", CLAIMS)
def test_one_more_trial_changes_nothing_on_average(claimed: float) -> None:
    """The martingale property, which makes it safe to stop whenever one likes: E(k, n) = p E(k+1, n+1) + (1-p) E(k, n+1)."""
    k, n = np.array([(k, n) for n in range(60) for k in range(n + 1)]).T
    now, failed, passed = (np.exp(log_beta_binomial(*pair, claimed)) for pair in ((k, n), (k + 1, n + 1), (k, n + 1)))
    np.testing.assert_allclose(claimed * failed + (1 - claimed) * passed, now, rtol=1e-10)


def test_the_process_over_instances_has_expectation_one_and_seldom_ever_crosses_its_level() -> None:
    """All 3^5 outcomes of five decisions of two trials each on three instances, the last choice depending on what was seen."""
    claims = {"a": 0.3, "b": 0.05, "c": 0.49}
    total, crossed, level = np.zeros(5), 0.0, 0.25
    for outcome in itertools.product(range(3), repeat=5):
        keys = ["a", "b", "a", "c", "b" if outcome[1] else "c"]
        p = [claims[key] for key in keys]
        probability = math.prod(float(binom.pmf(k, 2, q)) for k, q in zip(outcome, p, strict=True))
        values = np.exp(log_process(keys, outcome, [2] * 5, p))
        total += probability * values
        crossed += probability * bool(values.max() >= 1 / level)
    np.testing.assert_allclose(total, 1.0, atol=1e-12)
    assert 0 < crossed <= level


@pytest.mark.parametrize(("failures", "trials", "claimed"), [(0, 10**6, 0.1), (10, 10**6, 0.3), (0, 3000, 0.49), (20_000, 10**6, 0.05)])
def test_far_fewer_failures_than_claimed_do_not_underflow(failures: int, trials: int, claimed: float) -> None:
    """There the integrand is largest at r = p, where it is 1 and falls like e^(-slope (r - p)): Laplace's rule at an end point."""
    slope = (trials - failures) / (1 - claimed) - failures / claimed
    density = 1 / math.sqrt(claimed * (1 - claimed)) / (math.pi - 2 * math.asin(math.sqrt(claimed)))
    assert float(log_beta_binomial(failures, trials, claimed)[0]) == pytest.approx(math.log(density / slope), abs=0.01)


def test_one_failure_refutes_a_claim_of_never() -> None:
    assert float(log_beta_binomial(1, 100, 0.0)[0]) == CAP
    assert float(log_process(["a", "a"], [0, 1], [50, 50], [0.0, 0.0])[-1]) > CAP - 2
    assert float(log_process(["a"], [0], [50], [0.0])[-1]) < 0


def _sequence(rate: float, nights: int, seed: int) -> np.ndarray:
    """Each night 12 instances never seen before, 60 trials each, claims of 0.05."""
    generator = np.random.Generator(np.random.SFC64(seed))
    count = 12 * nights
    return log_process(range(count), generator.binomial(60, rate, count).tolist(), [60] * count, [0.05] * count)


def test_evidence_that_no_night_has_alone_accumulates() -> None:
    level = math.log(1e6)
    alone = [_sequence(0.07, 1, seed)[-1] for seed in range(20)]
    together = [_sequence(0.07, 20, seed).max() for seed in range(20)]
    assert max(alone) < level <= min(together), "1.4 times the claimed rate"


def test_looking_after_every_decision_keeps_the_error_rate() -> None:
    """1,000 sequences of 120 decisions on a claim that is just true; the seeds are fixed, the chance that this test errs is 1e-6."""
    runs, level = 1000, 0.05
    crossed = sum(bool(_sequence(0.05, 10, seed).max() >= -math.log(level)) for seed in range(runs))
    assert p_value(crossed, runs, level) > 1e-6


def test_no_decisions_are_no_evidence() -> None:
    assert log_process([], [], [], []).shape == (0,)

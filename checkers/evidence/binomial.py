"""Exact binomial tests of a count of failures against the claimed probability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

SUSPICIOUS = 0.01  # a p-value from which on a closer look is worth its cost, though it refutes nothing
DETECTION = 0.99  # the probability with which a verdict's detectable rate would have been refuted


def p_value(failures: int, trials: int, claimed: float) -> float:
    """P(at least `failures` failures in `trials` independent trials), if each fails with probability `claimed`."""
    from scipy.stats import binom

    return 1.0 if failures <= 0 else float(binom.sf(failures - 1, trials, claimed))


def critical_failures(trials: int, claimed: float, alpha: float) -> int:
    """The least number of failures whose p-value is at most alpha; trials + 1 if none is."""
    low, high = 0, trials + 1  # p_value is decreasing in failures; p_value(trials + 1) = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if p_value(middle, trials, claimed) <= alpha else (middle, high)
    return high


def detectable_rate(decisions: Iterable[tuple[int, float, float]]) -> float:
    """The failure rate, common to all decisions (trials, claimed, alpha), that at least one would have refuted with probability 99%.

    1.0 where even certain failure could have gone unnoticed.
    """
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import binom

    thresholds = Counter((trials, critical_failures(trials, claimed, alpha)) for trials, claimed, alpha in decisions)
    if not thresholds:
        return 1.0
    trials, critical = np.array(list(thresholds), dtype=float).T
    count = np.array(list(thresholds.values()), dtype=float)

    def missed(rate: float) -> float:
        """log P(no decision refutes) - log 1%."""
        return float((count * binom.logcdf(critical - 1, trials, rate)).sum() - np.log1p(-DETECTION))

    if missed(1 - 1e-12) > 0:
        return 1.0
    return float(brentq(missed, 1e-15, 1 - 1e-12, xtol=1e-15, rtol=1e-6))


def rate_interval(failures: int, trials: int, level: float) -> tuple[float, float]:
    """The exact two-sided interval of a failure rate (Clopper and Pearson 1934): wrong with probability 1 - level at most."""
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = float(beta.ppf(tail, failures, trials - failures + 1)) if failures else 0.0
    high = float(beta.isf(tail, failures + 1, trials - failures)) if failures < trials else 1.0
    return low, high


def median_ranks(trials: int, level: float) -> tuple[int, int]:
    """The indices from 0, in ascending order, of two of so many independent draws between which the median lies: wrong with probability
    1 - level at most, where there are enough draws for that; else the least and the greatest."""
    from scipy.stats import binom

    # at least k draws lie below the median but with probability P(Bin(trials, 1/2) < k)
    k = max(1, int(binom.ppf((1 - level) / 2, trials, 0.5)))
    return k - 1, trials - k

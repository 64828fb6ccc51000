"""Exact binomial tests of a count of failures against the claimed probability."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

SUSPICIOUS = 0.01  # a p-value below which a closer look is worth its cost, though it refutes nothing
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


def trials_to_reach(level: float, claimed: float) -> int:
    """The least number of trials of which the failure of all has a p-value of at most `level`; claimed < 1."""
    if claimed <= 0 or level >= 1:
        return 1
    trials = max(1, math.ceil(math.log(level) / math.log(claimed)))
    while p_value(trials, trials, claimed) > level:  # the quotient's own rounding
        trials += 1
    return trials


class Plan(NamedTuple):
    """What was planned for one instance. second: trials of the second stage, with fresh weights and at the same alpha, which follows a
    first that does not refute but has a p-value below SUSPICIOUS; 0: there is none."""

    trials: int
    claimed: float
    alpha: float
    second: int = 0

    @property
    def blind(self) -> bool:
        """Whether even failures of all trials would refute nothing."""
        return not (_reaches(self.trials, self) or (_suspicious(self) <= self.trials and _reaches(self.second, self)))


def _reaches(trials: int, plan: Plan) -> bool:
    return critical_failures(trials, plan.claimed, plan.alpha) <= trials


def _suspicious(plan: Plan) -> int:
    """The least number of failures that leads to the second stage."""
    import numpy as np

    return critical_failures(plan.trials, plan.claimed, float(np.nextafter(SUSPICIOUS, 0)))


def detectable_rate(tests: Iterable[tuple[int, float, float] | Plan]) -> float:
    """The failure rate, common to all tests, (trials, claimed, alpha) each, that at least one would have refuted with probability 99%.

    1.0 where even certain failure could have gone unnoticed.
    """
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import binom

    thresholds = Counter(_thresholds(Plan(*one)) for one in tests)
    if not thresholds:
        return 1.0
    trials, critical, suspicious, second, last = np.array(list(thresholds), dtype=float).T
    count = np.array(list(thresholds.values()), dtype=float)

    def missed(rate: float) -> float:
        """log P(no test refutes) - log 1%. A first stage that is not suspicious enough ends it, one in between needs the second."""
        between = binom.cdf(critical - 1, trials, rate) - binom.cdf(suspicious - 1, trials, rate)
        alone = binom.cdf(suspicious - 1, trials, rate) + between * binom.cdf(last - 1, second, rate)
        with np.errstate(divide="ignore"):
            log_alone = np.where(second > 0, np.log(alone), binom.logcdf(critical - 1, trials, rate))
        return float(np.maximum(count * log_alone, -1e9).sum() - np.log1p(-DETECTION))

    if missed(1 - 1e-12) > 0:
        return 1.0
    return float(brentq(missed, 1e-15, 1 - 1e-12, xtol=1e-15, rtol=1e-6))


def _thresholds(plan: Plan) -> tuple[int, int, int, int, int]:
    """Trials, failures that refute, failures that are suspicious, trials of the second stage, its failures that refute."""
    critical = critical_failures(plan.trials, plan.claimed, plan.alpha)
    if not plan.second:
        return plan.trials, critical, critical, 0, 1
    last = critical_failures(plan.second, plan.claimed, plan.alpha)
    return plan.trials, critical, min(critical, _suspicious(plan)), plan.second, last


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

"""Exact statistics of failures: binomial decisions, one ledger for the run's error budget, and what a run could have detected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

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


@dataclass
class Account:
    """One statement's part of the budget. The j-th decision may spend budget/(j (j + 1)): all of them together at most the budget."""

    budget: float
    decisions: int = 0

    def spend(self) -> float:
        """The false-alarm probability of the next decision."""
        self.decisions += 1
        return self.budget / (self.decisions * (self.decisions + 1))


@dataclass
class Ledger:
    """A run's false-alarm budget alpha: the probability, at most, that the run refutes any statement that is true.

    The statement at position k of the registry owns alpha/((k + 1)(k + 2)), whichever statements the run checks and in whatever order,
    and divides it among its decisions in the same way; the series sum to 1, however many statements and decisions there are.
    """

    alpha: float = 1e-6
    _accounts: dict[tuple[int, str], Account] = field(default_factory=dict)

    def account(self, position: int, architecture: str = "fully connected", architectures: int = 1) -> Account:
        """The account of a statement on one of the architectures it is claimed for, among which its share is divided equally."""
        share = self.alpha / ((position + 1) * (position + 2) * architectures)
        return self._accounts.setdefault((position, architecture), Account(share))

"""Binomial numbers of any m, and the means of their largest shares.

Let T_p(X) be the mean of X over its largest share p, max E(X | A) over events A of probability p. If X >= t with probability a, t is at
most T_a(X), and T_p(X_1 + X_2) <= T_p(X_1) + T_p(X_2) whatever the dependence: a sum exceeds the sum of its terms' T_p with probability p
at most. So that is what a union over terms becomes where they are added, and where all terms are equal it is no more than their T_p.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from theorems.language.instance import Array

MOST = 100_000  # groups of values
LEFT_OUT = 37.0  # e^-37 is 8.5e-17


def binomial(m: int, share: float) -> tuple[Array, Array]:
    """Values of K ~ Binomial(m, share) and their probabilities. By Bernstein's inequality the window leaves out below 2 exp(-LEFT_OUT).
    Beyond MOST values groups of them by their largest: what grows with K can only be overstated."""
    from scipy.stats import binom

    spread = math.sqrt(2 * LEFT_OUT * m * share * (1 - share)) + LEFT_OUT / 3 + 1
    counts = np.unique(np.linspace(max(0, math.floor(m * share - spread)), min(m, math.ceil(m * share + spread)), MOST + 1).round())
    return counts, np.diff(binom.cdf(np.concatenate([[-1.0], counts]), m, share))


@lru_cache(maxsize=4096)
def largest_deviations(m: int, share: float, p: float) -> float:
    """T_p((K - m share)^2)/m of K ~ Binomial(m, share)."""
    counts, weight = binomial(m, share)
    lowest = np.concatenate([counts[:1], counts[:-1] + 1])  # of each group
    squares = np.maximum((counts - m * share) ** 2, (lowest - m * share) ** 2)
    order = np.argsort(-squares)
    before = np.concatenate([[0.0], np.cumsum(weight[order])[:-1]])
    taken = np.clip(p - before, 0.0, weight[order])
    return float(taken @ squares[order]) / p / m


def hoeffding_deviations(p: float) -> float:
    """At least largest_deviations, for all m and shares: P((K - m share)^2 > t m) <= 2 exp(-2 t)."""
    return (1 + math.log(2 / p)) / 2

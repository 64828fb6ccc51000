"""Evidence that accumulates over nights: e-values, which keep the stated error rate whenever one stops looking.

H0: every decision's trials fail independently with probabilities q <= p, p the claimed one of its instance. For one trial X in {0, 1}
and any r >= p the likelihood ratio LR(X) = (r/p)^X ((1-r)/(1-p))^(1-X) has E_q LR = 1 + (q - p)(r/p - (1-r)/(1-p)) <= 1, with equality at
q = p. Products over trials, also over those that were chosen in view of earlier ones, are therefore supermartingales under H0 that start
at 1, and so are mixtures of them over r with weights fixed in advance. Ville's inequality: P(some value ever >= 1/alpha) <= alpha.
Two mixtures, averaged, because a claim may be wrong in two ways:

somewhere   one instance fails too often. For n trials and k failures on it, r is mixed by Beta(1/2, 1/2) restricted to (p, 1]:
                E(k, n; p) = int_p^1 r^(k-1/2) (1-r)^(n-k-1/2) dr / ( p^k (1-p)^(n-k) int_p^1 r^(-1/2) (1-r)^(-1/2) dr ),
            a ratio of incomplete beta functions. The j-th instance, in the order of appearance, has the weight 1/(j (j + 1)).
everywhere  all instances fail somewhat too often, none noticeably by itself. Their odds p/(1-p) are multiplied by one common factor t:
                prod_i t^(k_i) (1 - p_i + p_i t)^(-n_i), mixed over t = 2^(j/2), j = 1, 2, ..., with the weights 1/(j (j + 1)).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# e^600 is beyond any level of interest and still a double. To report less than the true value keeps an e-value one.
CAP: Final = 600.0
_TERMS: Final = 20_000  # of a series of positive terms: leaving out the rest makes the value smaller, never larger
_FACTORS: Final = 64  # odds up to 2^32 times the claimed


def _log_upper_beta(a: Array, b: Array, p: Array) -> Array:
    """log of int_p^1 r^(a-1) (1-r)^(b-1) dr, or less; a, b > 0, 0 <= p < 1; elementwise."""
    from scipy.special import betaincc, betaln

    tail = betaincc(a, b, p)
    usual = betaln(a, b) + np.log(np.maximum(tail, 1e-320))
    result: Array = np.array(usual)
    for index in np.flatnonzero(tail < 1e-280):  # far more successes than claimed: the regularized function underflows
        # (1-p)^b p^a / b * sum_j prod_{i=1..j} (1-p) (a + b + i - 1)/(b + i), Gauss' series of the incomplete beta function
        i = np.arange(1, _TERMS)
        factors = (1 - p[index]) * (a[index] + b[index] + i - 1) / (b[index] + i)
        series = 1 + np.exp(np.cumsum(np.log(factors))).sum()
        result[index] = b[index] * np.log1p(-p[index]) + a[index] * np.log(p[index]) - np.log(b[index]) + np.log(series)
    return result


def log_beta_binomial(failures: npt.ArrayLike, trials: npt.ArrayLike, claimed: npt.ArrayLike) -> Array:
    """log E(k, n; p) of the module's text, at most CAP; elementwise. A claim of 0 is refuted by one failure: CAP."""
    k, n, p = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (failures, trials, claimed))
    k, n, p = (np.array(x) for x in np.broadcast_arrays(k, n, p))
    certain = (p <= 0) & (k > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_likelihood = np.where(k > 0, k * np.log(np.where(p > 0, p, 1.0)), 0.0) + (n - k) * np.log1p(-p)
    half = np.full_like(p, 0.5)
    value = _log_upper_beta(k + 0.5, n - k + 0.5, p) - log_likelihood - _log_upper_beta(half, half, p)
    capped: Array = np.where(certain, CAP, np.minimum(value, CAP))
    return capped


def _somewhere(keys: Sequence[Hashable], failures: Array, trials: Array, claimed: Array) -> Array:
    """The first mixture after each decision; keys: the instance of each. The weights of instances not yet met multiply 1."""
    order: dict[Hashable, int] = {}
    total: dict[Hashable, tuple[float, float]] = {}
    previous, k, n, weight = [], [], [], []
    for key, more_failures, more_trials in zip(keys, failures, trials, strict=True):
        before = total.get(key, (0.0, 0.0))
        total[key] = (before[0] + more_failures, before[1] + more_trials)
        j = order.setdefault(key, len(order) + 1)
        previous.append(before)
        k.append(total[key][0])
        n.append(total[key][1])
        weight.append(1 / (j * (j + 1)))
    now = np.exp(log_beta_binomial(k, n, claimed))
    before_k, before_n = np.array(previous).T
    then = np.where(before_n > 0, np.exp(log_beta_binomial(before_k, before_n, claimed)), 1.0)
    value: Array = 1 + np.cumsum(np.array(weight) * (now - then))
    return np.maximum(value, 1e-300)  # rounding may not make it negative


def _everywhere(failures: Array, trials: Array, claimed: Array) -> Array:
    """The second mixture after each decision."""
    j = np.arange(1, _FACTORS + 1)
    weight = 1 / (j * (j + 1.0))
    log_factor = j * np.log(2) / 2
    steps = failures[:, None] * log_factor - trials[:, None] * np.log1p(claimed[:, None] * np.expm1(log_factor))
    steps = np.where((claimed[:, None] <= 0) & (failures[:, None] > 0), CAP, steps)
    value: Array = np.exp(np.minimum(np.cumsum(steps, axis=0), CAP)) @ weight + (1 - weight.sum())
    return value


def log_process(
    keys: Sequence[Hashable], failures: Sequence[int], trials: Sequence[int], claimed: Sequence[float]
) -> Array:  # fmt: skip
    """log of the average of both mixtures after each decision, in the order in which they were made; (decisions,).

    keys: the instance of each decision; equal keys must have equal claims. All trials must be independent: fresh networks.
    """
    if not keys:
        return np.zeros(0)
    k, n, p = (np.array(x, dtype=float) for x in (failures, trials, claimed))
    average: Array = 0.5 * _somewhere(keys, k, n, p) + 0.5 * _everywhere(k, n, p)
    return np.log(average)

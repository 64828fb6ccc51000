"""Exact laws of random ReLU networks, and what follows from them with explicit constants.

For one input, ‖h_l‖^2 / ‖h_{l-1}‖^2 ~ Z = (2/m) chi^2_K with K ~ Binomial(m, 1/2), independent over the layers 0..L:
given h_{l-1}, the pre-activations are independent N(0, 2‖h_{l-1}‖^2/m), K counts the positive ones, and the sign of a
centred normal is independent of its square.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# K outside 40 standard deviations of Binomial(m, 1/2) has probability below 2 exp(-800) (Hoeffding): it is charged apart.
_WINDOW = 40.0
OUTSIDE = 2 * math.exp(-_WINDOW**2 / 2)
# At most this many groups of values of K. Within a group the moment is replaced by its worst value; the loss at depth 64 and
# failure probability e^-10 is a factor below 1.1 at every width.
_GROUPS = 16384


def _log_gamma_ratio(a: Array, p: float) -> Array:
    """log Gamma(a + p) / Gamma(a), without cancellation for large a (Stirling's series, error below a^-5/1000 beyond a = 1000)."""
    from scipy.special import gammaln

    large = a > 1000
    big = np.where(large, a, 2000.0 + abs(p))
    series = p * np.log(big) + (big + p - 0.5) * np.log1p(p / big) - p + 1 / (12 * (big + p)) - 1 / (12 * big)
    return np.where(large & (a + p > 1000), series, gammaln(np.maximum(a + p, 1e-300)) - gammaln(np.maximum(a, 1e-300)))


@lru_cache(maxsize=512)
def _groups(width: int) -> tuple[Array, Array, Array]:
    """Values of K in the window, in groups [low, high], and log P(K in group)."""
    from scipy.stats import binom

    deviation = math.sqrt(width) / 2
    low = max(0, math.floor(width / 2 - _WINDOW * deviation))
    high = min(width, math.ceil(width / 2 + _WINDOW * deviation))
    edges = np.unique(np.linspace(low, high + 1, min(high - low + 1, _GROUPS) + 1).round())
    first, last = edges[:-1], edges[1:] - 1
    below = binom.cdf(last, width, 0.5) - binom.cdf(first - 1, width, 0.5)
    above = binom.sf(first - 1, width, 0.5) - binom.sf(last, width, 0.5)
    probability = np.where(last <= width / 2, below, above)
    # 1e-9 covers the relative error of the incomplete beta function; empty groups (underflow) are charged with OUTSIDE.
    return first, last, np.log(np.maximum(probability, 1e-320)) + 1e-9


def log_moment(width: int, power: float) -> float:
    """An upper bound on log E[Z^power; K in the window], power of either sign; exact where the window has at most 16384 values.

    E[(chi^2_K)^p] = 2^p Gamma(K/2 + p)/Gamma(K/2). For p < 0 it is finite for K > -2p only: smaller K are left to the caller.
    """
    from scipy.special import logsumexp

    first, last, log_probability = _groups(width)
    count = last if power > 0 else first  # the moment grows with K for p > 0 and falls for p < 0
    usable = (count > 0) & (count / 2 + power > 0)
    a = np.where(usable, count / 2, 1.0 + abs(power))
    terms = power * math.log(4 / width) + _log_gamma_ratio(a, power) + log_probability
    return float(logsumexp(terms[usable])) if usable.any() else -math.inf


def optimal(
    width: int, layers: int, log_level: float, sign: int, extra: Callable[[float], float] = lambda power: 0.0, copies: int = 1
) -> float:
    """min over p > 0 of log( E[Z^(sign p)]^layers level^(-sign p) ), Doob's maximal inequality for the martingale ‖h_l‖^2.

    extra: p -> log of a bound, at least 1, on the moments of further factors. copies: counts K in each layer of which none may be small.
    """
    from scipy.optimize import minimize_scalar
    from scipy.stats import binom

    def objective(log_power: float) -> float:
        power = math.exp(log_power)
        value = layers * max(0.0, log_moment(width, sign * power)) + extra(power) - sign * power * log_level
        if sign < 0:  # the event that some K is too small for the moment to exist
            small = copies * layers * float(binom.cdf(math.floor(2 * power), width, 0.5))
            value = float(np.logaddexp(value, math.log(small))) if small > 0 else value
        return value

    # A Gaussian log ‖h‖^2 of variance 5 layers/m would have its optimum here; any p gives a valid bound.
    guess = math.log(max(abs(log_level) * width / (5 * layers), 1e-3))
    top = min(guess + 1.5, math.log(width / 4)) if sign < 0 else guess + 1.5
    result = minimize_scalar(objective, bounds=(min(guess, top) - 1.5, top), method="bounded", options={"maxiter": 30})
    return float(result.fun)


@lru_cache(maxsize=65536)
def norm_failure_probability(width: int, depth: int, samples: int, tolerance: float) -> float:
    """A bound on P(some ‖h_{i,l}‖ outside [1 - tolerance, 1 + tolerance]), i <= samples, 0 <= l <= depth; may exceed 1.

    P(max_l ‖h_l‖ >= 1 + e) <= min_p (E Z^p)^{L+1} (1 + e)^{-2p}, likewise below with E Z^{-p}, and a union over the samples.
    """
    layers = depth + 1
    upper = optimal(width, layers, 2 * math.log1p(tolerance), +1)
    total = math.exp(min(upper, 1.0)) + layers * OUTSIDE
    if tolerance < 1:
        lower = optimal(width, layers, 2 * math.log1p(-tolerance), -1)
        total += math.exp(min(lower, 1.0)) + layers * OUTSIDE
    return samples * total


def kappa0(correlation: Array) -> Array:
    """2 E 1[a >= 0] 1[b >= 0] for standard Gaussians a, b of this correlation in [-1, 1]."""
    value: Array = 1 - np.arccos(correlation) / math.pi
    return value


def kappa1(correlation: Array) -> Array:
    """2 E phi(a) phi(b) for standard Gaussians a, b of this correlation in [-1, 1]."""
    value: Array = (np.sqrt(1 - correlation**2) + (math.pi - np.arccos(correlation)) * correlation) / math.pi
    return np.clip(value, -1, 1)  # one rounding above 1 would have no arccos


def limit_kernel(inputs: Array, depth: int) -> Array:
    """The limit of (d/m) K as the width grows (Arora et al. 2019, theorem 3.1, for this network): (n, n).

    1/2 sum_{l=1..L} r_{l-1} prod_{k=l..L} kappa0(r_{k-1}), r_{-1} = <x_i, x_j>, r_l = kappa1(r_{l-1}); L/2 on the diagonal.
    inputs: (n, d_in), rows of unit norm.
    """
    # From distances, so that equal inputs have correlation exactly one: arccos is infinitely steep there.
    squares = np.stack([((inputs - row) ** 2).sum(axis=1) for row in inputs])
    correlation = kappa1(np.clip(1 - squares / 2, -1, 1))
    kernel = np.zeros_like(correlation)
    for _ in range(depth):
        kernel = (kernel + correlation) * kappa0(correlation)
        correlation = kappa1(correlation)
    return kernel / 2

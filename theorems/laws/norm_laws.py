"""Norms of residual and convolutional networks: failure probabilities with explicit constants, by comparison with exact laws.

Residual. Given h = h_{l-1} >= 0, W h ~ N(0, (2/m) ‖h‖^2 I). As phi(x)^2 <= x^2, ‖h_l‖^2/‖h‖^2 <= R = ‖h + tau W h‖^2/‖h‖^2, and
R = (2 tau^2/m) chi^2_m(m/(2 tau^2)), noncentral, whatever h is. With R^p <= e^{p(R-1)} and u = 4 p tau^2/m < 1,

    E R^p <= (1 - u)^{-m/2} exp(p u/(1 - u)).

As phi(x) >= x and h >= 0, ‖h_l‖ ‖h‖ >= <h, h_l> >= <h, h + tau W h> = ‖h‖^2 (1 + tau eta), eta ~ N(0, 2/m). Where tau eta >= -1/2,
log(1 + tau eta) >= tau eta - (tau eta)^2, so with v = 8 p tau^2/m < 1

    E (‖h_l‖/‖h‖)^{-2p} <= (1 - v)^{-1/2} exp(4 p^2 tau^2/m/(1 - v)),

and the rest has probability Phi(-sqrt(m/2)/(2 tau)) a layer. h_0 and h_L are fully connected layers, with their exact factor Z each. So no
power of L is left: L - 1 layers contribute 4 p^2 tau^2 (L-1)/m <= 4 p^2 c^2/(m L log^2 m) to the exponent where Z contributes 5 p^2/(2m).

Convolutional. ‖h_l‖^2 is the sum over positions of w_p Z_p ‖h_{l-1}‖^2, where w_p >= 0 is the share of p's patch in all patches' squared
norm and Z_p ~ Z has the law of a fully connected layer (the Z_p depend on each other). By Jensen, E (sum_p w_p Z_p)^r <= E Z^r for r >= 1
and r < 0: a convolutional layer is never more spread out than a fully connected one, and the same bound holds, with one count K for
each position that must not be small.
"""

from __future__ import annotations

import math
from functools import lru_cache

from theorems.laws.exact_laws import OUTSIDE, optimal


def step(width: int, depth: int, c: float = 1.0) -> float:
    """tau = c/(L log m)."""
    return c / (depth * math.log(max(width, 3)))


@lru_cache(maxsize=65536)
def residual_failure_probability(width: int, depth: int, samples: int, tolerance: float) -> float:
    """A bound on P(some ‖h_{i,l}‖ outside [1 - tolerance, 1 + tolerance]) for the residual network; may exceed 1."""
    from scipy.special import log_ndtr

    tau, inner = step(width, depth), depth - 1
    full = min(2, depth + 1)

    def upper(power: float) -> float:
        u = 4 * power * tau**2 / width
        return inner * (-width / 2 * math.log1p(-u) + power * u / (1 - u)) if u < 1 else math.inf

    def lower(power: float) -> float:
        v = 8 * power * tau**2 / width
        return inner * (-math.log1p(-v) / 2 + 4 * power**2 * tau**2 / width / (1 - v)) if v < 1 else math.inf

    total = math.exp(min(optimal(width, full, 2 * math.log1p(tolerance), +1, upper), 1.0)) + full * OUTSIDE
    if tolerance < 1:
        total += math.exp(min(optimal(width, full, 2 * math.log1p(-tolerance), -1, lower), 1.0)) + full * OUTSIDE
    total += inner * math.exp(float(log_ndtr(-math.sqrt(width / 2) / (2 * tau))))
    return samples * total


@lru_cache(maxsize=65536)
def convolutional_failure_probability(width: int, depth: int, samples: int, positions: int, tolerance: float) -> float:
    """A bound on P(some total norm ‖h_{i,l}‖ outside [1 - tolerance, 1 + tolerance]) for the convolutional network; may exceed 1."""
    layers = depth + 1
    total = math.exp(min(optimal(width, layers, 2 * math.log1p(tolerance), +1), 1.0)) + positions * layers * OUTSIDE
    if tolerance < 1:
        lower = optimal(width, layers, 2 * math.log1p(-tolerance), -1, copies=positions)
        total += math.exp(min(lower, 1.0)) + positions * layers * OUTSIDE
    return samples * total

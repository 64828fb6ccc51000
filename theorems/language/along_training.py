"""The claimed sides of the lemmas behind the convergence theorems at one moment of a training run.

A statement's measure takes the worst over all that it quantifies over; a run has its own losses, its own step and its own distance from
W(0). What a form declares as `along` is its claimed side for those: the same bound, with the same constants, as in its measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theorems.language.instance import Instance


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a bound may depend on at W(t).

    layer: the layer whose gradient is bounded. loss: F, or max_i F_i where the claim has that. distance: omega, the radius of a ball around
    W(0) that holds W(t) and W(t) + W'. size: max_l ‖W'_l‖_2 of the step.
    """

    layer: int = 1
    loss: float = 0.0
    distance: float = 0.0
    size: float = 0.0


# (instance, moment, constants) -> the claimed side.
Along = Callable[..., float]


def gradient_upper(instance: Instance, at: Moment, C: float, **others: float) -> float:
    """C m/d: of ‖grad_{W_l} F_i‖_F^2/F_i, and of ‖grad_{W_l} F‖_F^2/(n F)."""
    return C * instance.width / instance.outputs


def gradient_lower(instance: Instance, at: Moment, c: float, **others: float) -> float:
    """c (delta m/(d n)) max_i F_i: of ‖grad_{W_L} F‖_F^2, from below."""
    return c * instance.separation * instance.width / (instance.outputs * instance.samples) * at.loss


def semi_smoothness(instance: Instance, at: Moment, C: float, quadratic: float = 1.0, **others: float) -> float:
    """C sqrt(n F) omega^{1/3} L^2 sqrt(m log m/d) ‖W'‖_2 + C n L^2 (m/d) ‖W'‖_2^2: of F(W + W') - F(W) - <grad F(W), W'>."""
    n, d, m, depth = instance.samples, instance.outputs, instance.width, instance.depth
    flips = math.sqrt(n * max(at.loss, 0.0)) * math.cbrt(at.distance) * depth**2 * math.sqrt(m * math.log(m) / d)
    return C * (flips * at.size + quadratic * n * depth**2 * m / d * at.size**2)


def kernel_stability(instance: Instance, at: Moment, C: float, **others: float) -> float:
    """C sqrt(log m) omega^{1/3} L^3: of |K_ij(W) - K_ij(W(0))|/sqrt(K_ii K_jj)."""
    return C * math.sqrt(math.log(instance.width)) * math.cbrt(at.distance) * instance.depth**3


def times(along: Along, factor: Callable[[Instance, Moment], float]) -> Along:
    """The claimed side multiplied by a factor of an architecture's own."""

    def scaled(instance: Instance, at: Moment, **constants: float) -> float:
        return along(instance, at, **constants) * factor(instance, at)

    return scaled

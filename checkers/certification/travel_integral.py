"""From how fast the residual falls at each travel to how far training travels, and how much residual that uses up.

Travel t is the sum of eta c ‖r‖ over the steps, c a constant, and q a falling function such that a step on which the travel stays below t
multiplies ‖r‖ by 1 - eta q(t) at most. The travel never exceeds T if c r_0 <= T q(T), by the geometric series; or if c r_0 (1 + eta (q(0) -
q(T))) is at most the integral of q over [0, T]: c ‖r(k)‖ <= c r_0 - sum_j q(t_{j+1}) (t_{j+1} - t_j), and the sum falls short of the
integral by the largest step, eta c r_0, times q(0) - q(T) at most. A falling step function below q may stand in its place. Flow: eta = 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb


def rounded_up(value: arb) -> float:
    """A number above all of the ball."""
    return float(np.nextafter(float(value.upper()), np.inf))


def rounded_down(value: arb) -> float:
    """A number below all of the ball."""
    return float(np.nextafter(float(value.lower()), -np.inf))


def integrated(needed: arb, rates: Sequence[tuple[float, arb]], step_size: float) -> tuple[float, int, float]:
    """needed: c r_0 at most; rates: travels, ascending, and q there at least.

    Depth, what q allows over what is needed, at least; and the first place from where on it is 1, -1 if there is none, with the rate there.
    """
    deepest, reached, rate_there = 0.0, -1, 0.0
    total, before, first, last = arb(0), 0.0, None, None
    for place, (travel, rate) in enumerate(rates):
        last = rate if last is None or rate < last else last  # it falls, and its enclosures need not
        first = last if first is None else first
        if not last > 0:
            break
        total += (arb(travel) - arb(before)) * last
        before = travel
        allowed = (total / (1 + step_size * (first - last))).max(arb(travel) * last)
        if reached < 0 and allowed >= needed:
            reached, rate_there = place, rounded_down(last)
        deepest = max(deepest, rounded_down(allowed / needed))
    return deepest, reached, rate_there

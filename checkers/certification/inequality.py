"""The claim `left <= right` on one trial, enclosed: proved to hold, proved to fail, or open at this precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from flint import arb

from checkers.certification.balls import PRECISIONS, Balls, Undecided, precision
from theorems.language.subject import Comparison, Subject

# The scalars of a formula, C sqrt(m log m/d), are computed in float64: a few dozen operations and powers of half an ulp to two
# ulps each. 2^-40 is 4096 ulps; what is proved is proved with that much to spare, relative to the two sides.
SCALARS = 2.0**-40
UNBOUNDED = "the balls enclose every number"  # after a division by a ball around zero, say; no sign of rounding in float64
NOTHING = "the measure compares nothing"


@dataclass(frozen=True)
class Enclosure:
    """outcome: of all indices together. low <= the largest left - right of all indices <= high. bits: of precision.

    indices: how many of each axis were compared; looked_at: which, where they are not all (theorems.language.subject.Comparison).
    """

    outcome: Literal["violated", "holds", "open"]
    low: float
    high: float
    bits: int
    reason: str = ""
    indices: Mapping[str, int] = field(default_factory=dict)
    looked_at: str = ""


def _float(exact: arb, towards: float) -> float:
    """The nearest float64 that is not on the wrong side."""
    near = float(exact)
    wrong = arb(near) > exact if towards < 0 else arb(near) < exact
    return float(np.nextafter(near, towards)) if wrong else near


def _ends(comparison: Comparison, bits: int) -> Enclosure:
    left, right = Balls(comparison.left).data, Balls(comparison.right).data
    left, right = np.broadcast_arrays(left, right)
    # the largest difference is at least every lower end, and at most the largest upper end
    low, high, compared = -np.inf, -np.inf, 0
    violated, holds, bounded = False, True, True
    for a, b in zip(left.reshape(-1).tolist(), right.reshape(-1).tolist(), strict=True):
        if b.mid() == arb.pos_inf() and b.is_exact() and a.is_finite():
            continue  # nothing is claimed here
        compared += 1
        excess, slack = a - b, SCALARS * (abs(a) + abs(b))
        violated = violated or bool(excess > slack)
        holds = holds and bool(excess + slack <= 0)
        if excess.is_finite():
            low, high = max(low, _float(excess.lower(), -np.inf)), max(high, _float(excess.upper(), np.inf))
        else:
            high, holds, bounded = np.inf, False, False
    outcome: Literal["violated", "holds", "open"] = "violated" if violated else "holds" if holds and compared else "open"
    shape = left.shape[1:]
    axes = comparison.axes if len(comparison.axes) == len(shape) else tuple(f"axis {k}" for k in range(len(shape)))
    reason = NOTHING if not compared else "" if bounded else UNBOUNDED
    return Enclosure(outcome, low, high, bits, reason, dict(zip(axes, shape, strict=True)), comparison.looked_at)


def enclose(compare: Callable[[Subject], Comparison], subject: Callable[[], Subject]) -> Enclosure:
    """A statement's own sides on a subject of balls, made anew at each precision until the outcome is not open, or precision does not
    help: between the largest value found and an upper bound of a supremum there is a gap that stays."""
    found = Enclosure("open", -np.inf, np.inf, PRECISIONS[0])
    for bits in PRECISIONS:
        width = found.high - found.low
        with precision(bits):
            try:
                found = _ends(compare(subject()), bits)
            except Undecided as error:
                found = Enclosure("open", -np.inf, np.inf, bits, str(error))
        if found.outcome != "open" or width / 2 <= found.high - found.low < np.inf:
            break
    return found

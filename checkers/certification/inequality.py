"""The claim `left <= right` on one trial, enclosed: proved to hold, proved to fail, or open at this precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from flint import arb

from checkers.certification.balls import PRECISIONS, Balls, Undecided, precision
from theorems.subject import Comparison, Subject

# The scalars of a formula, C sqrt(m log m/d), are computed in float64: a few dozen operations and powers of half an ulp to two
# ulps each. 2^-40 is 4096 ulps; what is proved is proved with that much to spare, relative to the two sides.
SCALARS = 2.0**-40
UNBOUNDED = "the balls enclose every number"  # after a division by a ball around zero, say; no sign of rounding in float64


@dataclass(frozen=True)
class Enclosure:
    """outcome: of all indices together. low <= left - right <= high at the index where the difference is largest. bits: of precision."""

    outcome: Literal["violated", "holds", "open"]
    low: float
    high: float
    bits: int
    reason: str = ""


def _float(exact: arb, towards: float) -> float:
    """The nearest float64 that is not on the wrong side."""
    near = float(exact)
    wrong = arb(near) > exact if towards < 0 else arb(near) < exact
    return float(np.nextafter(near, towards)) if wrong else near


def _ends(comparison: Comparison, bits: int) -> Enclosure:
    left, right = Balls(comparison.left).data, Balls(comparison.right).data
    left, right = np.broadcast_arrays(left, right)
    worst: tuple[float, float] = (-np.inf, -np.inf)
    violated, holds, bounded = False, True, True
    for a, b in zip(left.reshape(-1).tolist(), right.reshape(-1).tolist(), strict=True):
        if b.mid() == arb.pos_inf() and b.is_exact() and a.is_finite():
            continue  # nothing is claimed here
        excess, slack = a - b, SCALARS * (abs(a) + abs(b))
        violated = violated or bool(excess > slack)
        holds = holds and bool(excess + slack <= 0)
        low, high = _float(excess.lower(), -np.inf), _float(excess.upper(), np.inf)
        if not excess.is_finite():
            low, high, holds, bounded = -np.inf, np.inf, False, False
        worst = max(worst, (low, high))
    return Enclosure("violated" if violated else "holds" if holds else "open", *worst, bits, "" if bounded else UNBOUNDED)


def enclose(measure: Callable[..., Comparison], constants: Mapping[str, float], subject: Callable[[], Subject]) -> Enclosure:
    """A statement's own measure on a subject of balls, made anew at each precision until the outcome is not open."""
    found = Enclosure("open", -np.inf, np.inf, PRECISIONS[0])
    for bits in PRECISIONS:
        with precision(bits):
            try:
                found = _ends(measure(subject(), **constants), bits)
            except Undecided as error:
                found = Enclosure("open", -np.inf, np.inf, bits, str(error))
        if found.outcome != "open":
            break
    return found

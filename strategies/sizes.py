"""Sizes and radii, drawn log-uniformly: the octaves of the range are about equally likely.

Every draw makes the same number of choices, however narrow the range, so no range looks simpler to the shrinker than another.
"""

from __future__ import annotations

import math
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

# Steps of `radii` inside an octave. A step changes the value by at most 1/64 = 1.6%, finer than any constant here is known.
STEPS: Final = 64


def sizes(low: int, high: int) -> SearchStrategy[int]:
    """Integers in [low, high], 1 <= low. Shrinks to `low`; the least integer with a property is found exactly.

    Raises ValueError when the range is empty or not one of positive integers.
    """
    for name, value in (("low", low), ("high", high)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} must be an integer, not {value!r}")
    if not 1 <= low <= high:
        raise ValueError(f"sizes need 1 <= low <= high, not low = {low} and high = {high}")
    return _sizes(low, high)


@st.composite
def _sizes(draw: DrawFn, low: int, high: int) -> int:
    octave = draw(st.integers(0, (high // low).bit_length() - 1))
    first = low << octave
    # One draw in eight is uniform from `low` on. The shrinker turns every draw into such a one, where the value still fits when
    # the octave is lowered; inside an octave, shrinking would stop at the first power of two that has the property.
    start = first if draw(st.integers(0, 7)) else low
    return draw(st.integers(start, min(high, 2 * first - 1)))


def radii(low: float, high: float) -> SearchStrategy[float]:
    """Floats in [low, high], 0 < low, of the form high 2^-k (1 - i/128) with 0 <= i < 64, or `low` itself. Shrinks to `high`.

    The largest value is the simple one, for separations, tolerances and radii alike: it is where data are least special, a
    claim is weakest, and an effect stands farthest above rounding. A counterexample whose radius did not shrink back to the
    top thereby says that small radii matter. Next simplest are the halves high/2, high/4, ... (i = 0). All values come from two
    integers, so they are the same floats on every machine. Raises ValueError when the range is empty or not positive.
    """
    if not (math.isfinite(low) and math.isfinite(high) and 0 < low <= high):
        raise ValueError(f"radii need 0 < low <= high, both finite, not low = {low!r} and high = {high!r}")
    return _radii(float(low), float(high))


@st.composite
def _radii(draw: DrawFn, low: float, high: float) -> float:
    # The fine part comes first in the choice sequence, so it is simplified first: 0.25 is preferred to 0.2998 below 0.3.
    step = draw(st.integers(0, STEPS - 1))
    octaves = math.ceil(math.log2(high) - math.log2(low))  # the quotient itself may overflow
    octave = draw(st.integers(0, max(0, octaves - 1)))
    return max(low, math.ldexp(high * (1 - step / (2 * STEPS)), -octave))

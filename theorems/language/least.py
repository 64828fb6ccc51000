"""The least value that a condition allows where its right side reads the quantity itself, as log(m) in m >= n^24 log(m)^5."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from theorems.language.instance import Instance
from theorems.language.statement import Assumption, Statement

FAR = 1e300  # no width is larger, and its powers of ten can be printed
MOST = 10_000  # rounds; near a double root, where they would be endless, the last is off by 1e-4 and too large


def least_value(assumption: Assumption, instance: Instance) -> float:
    """From where on `quantity >= right side` holds, as declared, the other quantities being the instance's; infinite if never."""

    def right(value: float) -> float:
        there: dict[str, Any] = {assumption.quantity: value}
        return assumption.limit(replace(instance, **there))

    return last_crossing(right)


def last_crossing(right: Callable[[float], float]) -> float:
    """From where on value >= right(value) >= 1 holds; infinite where it never does.

    The right side grows with the value, but slower: value -> right side descends from far above to the last value where both are equal.
    """
    value = FAR
    for _ in range(MOST):
        lower = max(right(value), 1.0)
        if lower > FAR:
            return math.inf
        if lower >= value * (1 - 1e-15):
            break
        value = lower
    return value


def least_width(statement: Statement, instance: Instance) -> float:
    """The least m that all assumptions of a statement on the width allow."""
    widths = (one for one in statement.assumptions if (one.quantity, one.relation) == ("width", ">="))
    return max((least_value(one, instance) for one in widths), default=1.0)

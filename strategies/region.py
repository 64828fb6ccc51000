"""The instances that a statement speaks of, as a set to draw from: ranges, assumptions and what the data shape can promise.

Quantities are fixed in ORDER, one after the other, each inside the interval of values that can be *completed*: some choice of
the quantities still to come satisfies every assumption. Completions are searched on a coarse grid: the two ends of each later interval and
its geometric middle, where an interval is already tightened by the assumptions on that quantity alone. The bounds of the paper are
monotone in each quantity, so ends suffice but for conflicts (a width that must be large for one and small for another), which
the middle is for. The interval's own ends are found by bisection from a value known to be completable. So an assumption on an
early quantity that reads a later one, `outputs <= m/(L log m)`, becomes a lower limit of the width; and a depth at which no
width of the range is wide enough is never drawn. By induction nothing ever has to be filtered away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from strategies.data import ALL_SHAPES
from theorems.language.instance import INTEGER_QUANTITIES, ODD, QUANTITIES, Instance
from theorems.language.statement import Assumption, Range, Statement

# Bounds in the paper read, as a rule, what stands to the left of their quantity.
ORDER: Final = (
    "depth", "positions", "patch", "samples", "separation", "input_dimension", "outputs", "width", "sparsity", "radius", "tolerance",
)  # fmt: skip
# Separations of a statement about several samples that names no range: from near-duplicates to orthogonal data.
SEPARATIONS: Final = (1e-3, 1.0)

Values = tuple[int | float, ...]  # of the first so many quantities of ORDER


def box(statement: Statement, limits: Mapping[str, Range] | None = None) -> dict[str, Range]:
    """Every quantity's range: the statement's, else Instance's default, narrowed by `limits`; ValueError where nothing is left."""
    default = Instance(width=1)
    ranges: dict[str, Range] = {name: (default.quantity(name),) * 2 for name in ORDER}
    ranges.update(statement.ranges)
    if "separation" not in statement.ranges and ranges["samples"][1] > 1:
        ranges["separation"] = SEPARATIONS
    for name, (low, high) in (limits or {}).items():
        if name not in QUANTITIES:
            raise ValueError(f"unknown quantity {name!r} in the limits; known: {', '.join(QUANTITIES)}")
        ranges[name] = (max(low, ranges[name][0]), min(high, ranges[name][1]))
    for name in ORDER:
        low, high = ranges[name]
        if name in INTEGER_QUANTITIES:
            ranges[name] = low, high = math.ceil(low), math.floor(high)
        else:
            ranges[name] = low, high = float(low), float(high)
        if not low <= high:
            raise ValueError(f"{statement.id} leaves no {name} within its range and the limits")
    return ranges


def _reads(assumption: Assumption, ranges: Mapping[str, Range]) -> frozenset[str]:
    """The quantities that the assumption's bound looks at, found by watching it look at the middle of the box."""
    seen: set[str] = set()

    class Watched(Instance):
        def __getattribute__(self, name: str) -> object:
            if name in QUANTITIES:
                seen.add(name)
            return super().__getattribute__(name)

    middle = {name: _middle(name, low, high) for name, (low, high) in ranges.items()}
    try:
        assumption.limit(Watched(**middle))  # type: ignore[arg-type]  # QUANTITIES are the numeric fields
    except ArithmeticError:
        return frozenset(QUANTITIES)
    return frozenset(seen)


def _middle(name: str, low: float, high: float) -> int | float:
    middle = math.sqrt(low) * math.sqrt(high)
    if name in ODD:
        middle = 2 * round((middle - 1) / 2) + 1
    return min(max(round(middle), int(low)), int(high)) if name in INTEGER_QUANTITIES else min(max(middle, low), high)


class Region:
    """The instances inside `statement` and `ranges` (as `box` returns them) whose data have the named shape."""

    def __init__(self, statement: Statement, ranges: Mapping[str, Range], shape: str) -> None:
        self._statement, self._ranges, self._shape = statement, ranges, ALL_SHAPES[shape]
        # Without a range the data have the dimension that they need.
        self._highest = ranges["input_dimension"][1] if "input_dimension" in statement.ranges else math.inf
        reads = [(assumption, _reads(assumption, ranges)) for assumption in statement.assumptions]
        scopes = [(assumption, read | {assumption.quantity}) for assumption, read in reads]
        # m >= n log(m)^2 says no more of an interval than of each m by itself: whether the condition holds there
        self._own = {id(assumption) for assumption, read in reads if assumption.quantity in read}
        # An assumption is due at the latest of its quantities: there it can be decided.
        self._due: dict[str, list[Assumption]] = {name: [] for name in ORDER}
        for assumption, scope in scopes:
            self._due[max(scope, key=ORDER.index)].append(assumption)
        # Nothing later depends on a loose quantity: any value of its interval will do.
        self._loose = {
            q for q in ORDER
            if all(q not in scope or (a in self._due[q] and a.quantity == q and id(a) not in self._own) for a, scope in scopes)
        }  # fmt: skip
        self._loose -= {"samples", "separation"}  # the data shape looks at these
        self.complete = lru_cache(maxsize=4096)(self._complete)

    def interval(self, values: Values) -> tuple[float, float]:
        """Range of the next quantity, tightened by the shape and by the assumptions on it that the values decide; may be empty."""
        name = ORDER[len(values)]
        low, high = self._ranges[name]
        known = dict(zip(ORDER, values, strict=False))
        if name == "samples":
            low = max(low, self._shape.minimum_samples)
        elif name == "separation":
            samples = int(known["samples"])
            high = min(high, self._shape.largest_separation(samples, self._shape.best_dimension(samples, self._highest)))
        elif name == "input_dimension":
            low = max(low, self._shape.minimum_dimension(int(known["samples"]), known["separation"]))
            high = min(low if self._highest == math.inf else high, self._shape.highest_dimension or math.inf)
        for assumption in self._due[name]:
            if assumption.quantity == name and id(assumption) not in self._own:
                try:
                    limit = assumption.limit(self._instance(values))
                except ArithmeticError:  # log m = 0 in a denominator: the bound says nothing there
                    return math.inf, -math.inf
                low, high = (max(low, limit), high) if assumption.relation == ">=" else (low, min(high, limit))
        if name in INTEGER_QUANTITIES and -math.inf < low <= high < math.inf:
            low, high = math.ceil(low), math.floor(high)
        if name in ODD:
            return low + 1 - low % 2, high - 1 + high % 2
        return low, high

    def choices(self, values: Values) -> tuple[float, float, float]:
        """Least and largest completable value of the next quantity, and one known to be completable."""
        witness = self.complete(values)
        if witness is None:
            raise ValueError(f"{self._statement.id} has no instance that meets its assumptions within its ranges and limits")
        known = witness[len(values)]
        low, high = self.interval(values)
        return self._edge(values, known, low), self._edge(values, known, high), known

    def _edge(self, values: Values, good: float, bad: float) -> float:
        """The completable value farthest from `good` towards `bad`; for real quantities to 0.1%."""
        name = ORDER[len(values)]
        if good == bad or self.complete((*values, bad)) is not None:
            return bad
        while abs(good - bad) > (2 if name in ODD else 1 if name in INTEGER_QUANTITIES else 1e-3 * max(good, bad)):
            middle = _middle(name, min(good, bad), max(good, bad))
            if middle in (good, bad):
                middle = good + 2 * (1 if bad > good else -1) if name in ODD else (int(good) + int(bad)) // 2
            if self.complete((*values, middle)) is None:
                bad = middle
            else:
                good = middle
        return good

    def _complete(self, values: Values) -> Values | None:
        """Values of all quantities that begin with these and satisfy every assumption; None where the grid has none."""
        if not self._decided(values):
            return None
        if len(values) == len(ORDER):
            return values if self._statement.inside(self._instance(values)) else None
        name = ORDER[len(values)]
        low, high = self.interval(values)
        if not low <= high:
            return None
        for value in (low,) if name in self._loose else dict.fromkeys((low, high, _middle(name, low, high))):
            completed = self.complete((*values, value))
            if completed is not None:
                return completed
        return None

    def _decided(self, values: Values) -> bool:
        """Whether the assumptions due at the last of the values hold."""
        due = self._due[ORDER[len(values) - 1]] if values else []
        try:
            return all(assumption.holds(self._instance(values)) for assumption in due)
        except ArithmeticError:
            return False

    def _instance(self, values: Values) -> Instance:
        known = dict(zip(ORDER, values, strict=False))
        return Instance(**{name: known.get(name, self._ranges[name][0]) for name in ORDER})  # type: ignore[arg-type]

"""The corners of a statement's region: one quantity at an end of what the assumptions leave it, the others moderate.

A search for the largest ratio drifts to the smallest sizes, where a wrong exponent tells least. At a corner one quantity is as far as it
goes: samples, outputs, depth, width and sparsity at the most, the separation at the least, with samples that are as close as it allows,
radius and tolerance at both ends. The others lie where the statement says that its bound is tight, or as near to that as the assumptions
leave room, and the corner's own quantity goes as far as it can there; what no statement says lies in the middle half of its range, in
octaves, or at least off its low end. A union bound that was forgotten shows most where all that a claim quantifies over is at the most at
once.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from hypothesis.strategies import SearchStrategy

from strategies.data import ALL_SHAPES, SHAPES
from strategies.instances import LABELLED, instances
from strategies.labels import LABELS
from strategies.region import ORDER, Region, box
from theorems.language.formula import SYMBOLS, Formula
from theorems.language.instance import INTEGER_QUANTITIES, ODD, Instance
from theorems.language.statement import KINDS, Range, Statement

# Patches and input dimensions come with data and architecture; the width has its far side (profiles.py).
ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "depth": ("most",), "positions": ("most",), "samples": ("most",), "separation": ("least",), "outputs": ("most",), "width": ("most",),
    "sparsity": ("most",), "radius": ("least", "most"), "tolerance": ("least", "most"),
}  # fmt: skip
STEPS: Final = 12  # of a bisection for an end, in octaves: of a range of 2^20 it leaves 0.5%
COUNTED: Final = ("samples", "depth", "outputs", "positions")  # what claims quantify over
DATA: Final = ("samples", "separation")
CLOSE: Final = ("pairs", "close pairs", "cluster")  # data whose nearest samples are exactly as far apart as the separation
ARC: Final = "arc"  # so are these, all in a row


@dataclass(frozen=True)
class Corner:
    """quantity: at `end` of what is possible, at `value`. limits: of all quantities; shape: of the data; labels: of each kind in turn."""

    quantity: str
    end: str
    value: float
    limits: Mapping[str, Range]
    shape: str
    labels: str

    @property
    def name(self) -> str:
        return f"{self.quantity} {self.end}"

    def instances(self, statement: Statement) -> SearchStrategy[Instance]:
        """Instances of the statement at the corner."""
        return instances(dataclasses.replace(statement, data=(self.shape,), labels=(self.labels,)), limits=self.limits)


def corners(statement: Statement, limits: Mapping[str, Range] | None = None, farther: Mapping[str, Range] | None = None) -> list[Corner]:
    """One for each quantity that the statement ranges over and each of its ENDS, where the region within `limits` has one: an end that
    is no more than the octave that the search starts in is none.

    farther: of the limits those that may be exceeded where it is they that keep samples and separation from the ends of their ranges.
    """
    return list(_corners(statement, dict(limits or {}), dict(farther or {})))


def indices_most(statement: Statement, limits: Mapping[str, Range]) -> Corner | None:
    """The corner of most indices: samples, layers, outputs and positions, each as many as those before it leave room for."""
    within, shape, many = dict(limits), next((one for one in _shapes(statement, "samples") if feasible(statement, limits, one)), ""), 1.0
    for name in COUNTED if shape else ():
        value = _end(statement, within, shape, name, "most")
        within, many = {**within, name: (value, value)}, many * value
    labels = next(name for name in LABELS if name in statement.labels or "any" in statement.labels)
    return Corner("indices", "most", many, _moderate(statement, within, shape, "indices"), shape, labels) if many > 1 else None


def largest_ball(statement: Statement, limits: Mapping[str, Range]) -> Instance | None:
    """An instance within the limits at the largest width that they leave, and there at the largest radius; None if they leave none."""
    shape = next((one for one in _shapes(statement, "radius") if feasible(statement, limits, one)), None)
    if shape is None:
        return None
    for name in ("width", "radius"):
        value = _end(statement, limits, shape, name, "most")
        limits = {**limits, name: (value, value)}
    values = Region(statement, box(statement, limits), shape).complete(())
    return Instance(**dict(zip(ORDER, values, strict=True))) if values else None  # type: ignore[arg-type]


def _corners(statement: Statement, limits: dict[str, Range], farther: dict[str, Range]) -> Iterator[Corner]:
    ranges = box(statement, limits)
    tight = statement.tight.get("labels")
    labels = cycle([name for name in LABELS if name in statement.labels or ("any" in statement.labels and name in LABELLED)])
    for name, ends in ENDS.items():
        low, high = ranges[name]
        within = {**limits, **farther} if statement.tight and name != "width" else dict(limits)
        if name == "separation":
            within["samples"] = (max(2, ranges["samples"][0]), ranges["samples"][1])
        shape = next((shape for shape in _shapes(statement, name) if low < high and feasible(statement, within, shape)), None)
        for end in ends if shape else ():
            assert shape is not None
            if name in DATA and _end(statement, within, shape, name, end) not in (low, high):
                within |= farther
            # Where the bound is tight the corner may be less far, or none.
            for limited in (True, False) if statement.tight else (False,):
                around = _tightened(statement, within, shape, name) if limited else within
                value = _end(statement, around, shape, name, end)
                if value >= 2 * low if end == "most" else value <= high / 2:
                    moderate = _moderate(statement, {**around, name: (value, value)}, shape, name)
                    yield Corner(name, end, value, moderate, shape, str(tight or next(labels)))
                    break


def _shapes(statement: Statement, quantity: str) -> list[str]:
    """The shapes of data to try; for the separation those that show it."""
    allowed = [shape for shape in ALL_SHAPES if shape in statement.data or ("any" in statement.data and shape in SHAPES)]
    close = [shape for shape in CLOSE if shape in allowed]
    tight = [shape for shape in allowed if shape == statement.tight.get("data") and (quantity != "separation" or shape in (*CLOSE, ARC))]
    return tight + (close if quantity == "separation" else allowed)


def feasible(statement: Statement, limits: Mapping[str, Range], shape: str) -> bool:
    """Whether the region has an instance within the limits."""
    try:
        return Region(statement, box(statement, limits), shape).complete(()) is not None
    except ValueError:  # nothing of a range is left
        return False


def _end(statement: Statement, limits: Mapping[str, Range], shape: str, name: str, end: str) -> float:
    """The farthest value of a quantity with an instance at it."""
    low, high = box(statement, limits)[name]
    return _nearest(statement, limits, shape, name, high if end == "most" else low)


def _nearest(statement: Statement, limits: Mapping[str, Range], shape: str, name: str, bad: float) -> float:
    """The value of a quantity, with an instance at it, that is nearest to this one, by bisection in octaves."""
    witness = Region(statement, box(statement, limits), shape).complete(())
    assert witness is not None
    good = witness[ORDER.index(name)]
    if feasible(statement, {**limits, name: (bad, bad)}, shape):
        return bad
    for _ in range(STEPS):
        middle = _between(name, good, bad)
        if middle in (good, bad):
            break
        if feasible(statement, {**limits, name: (middle, middle)}, shape):
            good = middle
        else:
            bad = middle
    return good


def _between(name: str, one: float, other: float) -> float:
    middle = math.sqrt(one) * math.sqrt(other)
    if name in ODD:
        return 2 * round((middle - 1) / 2) + 1
    return round(middle) if name in INTEGER_QUANTITIES else middle


def _tightened(statement: Statement, limits: Mapping[str, Range], shape: str, corner: str) -> dict[str, Range]:
    """The limits with every other quantity as near as can be to where the statement says that its bound is tight: of a formula, where the
    sizes that it speaks of are known."""
    limits = dict(limits)
    for name in [name for name in statement.tight if name not in (*KINDS, corner)]:
        ranges = box(statement, limits)
        wanted = _wanted(statement, name, ranges)
        if wanted is not None:
            low, high = ranges[name]
            value = _nearest(statement, limits, shape, name, min(max(wanted, low), high))
            limits[name] = (value, value)
    return limits


def _wanted(statement: Statement, name: str, ranges: Mapping[str, Range]) -> float | None:
    """Where the bound is tight in a quantity; None while a size that it depends on may still be any of several."""
    where = statement.tight[name]
    if not isinstance(where, str):
        return where
    tight = Formula(where)
    known = {symbol: ranges[SYMBOLS[symbol]] for symbol in tight.names if symbol in SYMBOLS}
    if any(low < high for low, high in known.values()):
        return None
    sizes = {SYMBOLS[symbol]: low for symbol, (low, _) in known.items()}
    at = Instance(**{"width": 1, **sizes})  # type: ignore[arg-type]  # SYMBOLS name the numeric fields
    value = float(tight(at, **statement.constant_values(at)))
    return max(1, round(value)) if name in INTEGER_QUANTITIES else value


def _moderate(statement: Statement, limits: dict[str, Range], shape: str, corner: str) -> dict[str, Range]:
    """The limits with every other quantity where the bound is tight, or else as near the middle of its range as an instance allows."""
    limits = _tightened(statement, limits, shape, corner)
    ranges = box(statement, limits)
    for name in ORDER:
        low, high = ranges[name]
        if name == corner or not low < high or name in ("input_dimension", *ODD):
            continue
        quarter = (high / low) ** 0.25 if low > 0 else 1.0
        choices: list[Range] = [(low * quarter, high / quarter)]
        if name in INTEGER_QUANTITIES:
            choices += [(low + 1, max(low + 1, high / quarter))]
        for choice in choices:
            if feasible(statement, {**limits, name: choice}, shape):
                limits = {**limits, name: choice}
                break
    return limits

"""Ladders: one quantity in geometric steps, all others fixed, so that every rung is an instance of the statement."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from checkers.profiles import COSTLY, Profile
from strategies.data import ALL_SHAPES, SHAPES
from strategies.region import ORDER, box
from theorems.instance import INTEGER_QUANTITIES, Instance
from theorems.statement import Range, Statement

RUNGS: Final = 5  # a slope, a second slope to compare it with, and the point between
GRID: Final = 9  # points at which the range of another quantity is
SPAN: Final = 3.0  # a shorter ladder cannot tell exponents apart from finite-size effects
RADII: Final = 31  # points at which the range of a radius is looked at: a factor 2.3 from one to the next in the widest
LONG: Final = {"radius": 32.0}  # a longer one adds cost, not knowledge; small radii flip few signs
LONGEST: Final = 64.0
# Width of the ladders in other quantities: finite-width effects are below the resolution of a slope there.
REVEALED_WIDTH, DENSE_WIDTH = 4096.0, 256.0
WIDTHS: Final = (DENSE_WIDTH, REVEALED_WIDTH, 16384.0, 32768.0)
FLIPS: Final = 1.0  # m omega^{2/3}, at least: with less than one flip nothing happens
DEEP_ENTRIES: Final = 2.0**17  # width times depth, at most, of a ladder in the depth
COSTLY_WIDTH = 4096.0  # the widest ladder of a measure of many passes
# Along a radius the flips, m omega^{2/3} of them, must be many at its lower end; the others ask for much width of their own.
WIDE: Final[Mapping[str, Callable[[Profile], float]]] = {
    "radius": lambda profile: profile.far_width // 4,
    "samples": lambda profile: profile.far_width // 4,
    "depth": lambda profile: profile.far_width // 4,
    "separation": lambda profile: profile.revealed_width,
    "width": lambda profile: profile.revealed_width,
}  # fmt: skip
PACKED: Final = ("pairs", "arc")  # data at the promised distance exactly: the worst that the assumption on delta allows

Sizes = dict[str, int | float | str]


@dataclass(frozen=True)
class Ladder:
    """values: of the quantity `axis`, increasing; fixed: the other sizes, data shape and labels. inside: all rungs meet the assumptions."""

    axis: str
    values: tuple[float, ...]
    fixed: Sizes
    inside: bool

    def sizes(self, rung: int, data_seed: int) -> Sizes:
        """The sizes of one rung's instance."""
        value = self.values[rung]
        return {**self.fixed, self.axis: int(value) if self.axis in INTEGER_QUANTITIES else value, "data_seed": data_seed}


def _steps(axis: str, low: float, high: float) -> tuple[float, ...]:
    """RUNGS values in geometric steps, integers where the quantity is one."""
    values = [low * (high / low) ** (k / (RUNGS - 1)) for k in range(RUNGS)]
    return tuple(dict.fromkeys(float(round(v)) if axis in INTEGER_QUANTITIES else v for v in values))


def _corners(ranges: dict[str, Range], axis: str) -> list[dict[str, float]]:
    """Values of the quantities off the axis, but for a radius: the ends and the middle of each range, the cheapest first."""
    others = [name for name in ORDER if name not in (axis, "input_dimension") and (name != "radius" or ranges[name][0] == 0)]
    choices = []
    for name in others:
        low, high = ranges[name]
        inner = [math.sqrt(low * high)] if 0 < low < high else []
        inner += [width for width in WIDTHS if name == "width" and low < width < high]
        inner += [2.0] if name == "samples" and low < 2 < high else []
        choices.append(list(dict.fromkeys(float(round(v)) if name in INTEGER_QUANTITIES else v for v in (low, *inner, high))))
    corners = [dict(zip(others, values, strict=True)) for values in itertools.product(*choices)]
    return sorted(corners, key=_cost)


def _radii(statement: Statement, axis: str, ranges: dict[str, Range], others: dict[str, float], assumed: bool) -> list[dict[str, float]]:
    """`others` with each radius that is the largest allowed at some point of the axis: the window is narrow, and moves along the axis."""
    low, high = ranges["radius"]
    if "radius" in others or axis == "radius":
        return [others]
    found = {high}
    limits = [a for a in statement.assumptions if assumed and a.quantity == "radius" and a.relation == "<="]
    for value in _grid(axis, *ranges[axis], GRID):
        with suppress(ArithmeticError):
            at = _instance({**others, axis: value, "radius": high})
            found.add(min([high, *(limit.limit(at) * (1 - 1e-9) for limit in limits)]))
    width = others.get("width", ranges["width"][1])
    return [{**others, "radius": radius} for radius in sorted(found) if radius >= low and width * radius ** (2 / 3) >= FLIPS]


def _grid(axis: str, low: float, high: float, points: int) -> list[float]:
    spread = (low * (high / low) ** (k / (points - 1)) for k in range(points))
    return sorted({float(round(v)) if axis in INTEGER_QUANTITIES else v for v in spread})


def _instance(sizes: dict[str, float]) -> Instance:
    return Instance(**{name: int(v) if name in INTEGER_QUANTITIES else v for name, v in sizes.items()})  # type: ignore[arg-type]


def _possible(statement: Statement, sizes: dict[str, float], shape: str, assumed: bool) -> bool:
    samples = int(sizes["samples"])
    if samples < ALL_SHAPES[shape].minimum_samples or ALL_SHAPES[shape].largest_separation(samples) < sizes["separation"]:
        return False
    try:
        return not assumed or statement.inside(_instance(sizes))
    except ArithmeticError:
        return False


def _longest(
    axis: str, ranges: dict[str, Range], others: dict[str, float], statement: Statement, shape: str, assumed: bool
) -> Range | None:
    """The longest interval of the axis on which every point of a fine grid is possible; from its upper end where it is too long."""
    low, high = ranges[axis]
    grid = _grid(axis, low, high, RADII if axis == "radius" else GRID)
    if axis == "depth" and "exact law" not in statement.engines:
        grid = [value for value in grid if value * others["width"] <= DEEP_ENTRIES]
    good = [value for value in grid if _possible(statement, {**others, axis: value}, shape, assumed)]
    if not good or [value for value in grid if good[0] <= value <= good[-1]] != good:
        return None
    return max(good[0], good[-1] / LONG.get(axis, LONGEST)), good[-1]


def find(statement: Statement, axis: str, profile: Profile) -> list[Ladder]:
    """The longest ladders inside the regime: for each packed data shape that the statement speaks of (or its first shape), with data
    as close together and as far apart as such a ladder allows.

    Without assumptions, and so without refuting anything, where the assumptions leave no ladder of a factor 3; but not for a statement
    that declares ranges beyond its regime: that regime is out of reach. Empty where the ranges leave no ladder.
    """
    allowed = [name for name in (*PACKED, *SHAPES) if name in statement.data or "any" in statement.data]
    shapes = [name for name in allowed if name in PACKED] or allowed[:1] or list(statement.data[:1])
    labels = "random" if statement.labels[0] in ("any", "random") else statement.labels[0]
    wide = float(profile.dense_width)
    if "revealed" in statement.engines:
        asked = WIDE[axis](profile) if axis in WIDE and statement.passes < COSTLY else profile.revealed_width // statement.passes
        wide = float(max(wide, asked, COSTLY_WIDTH if statement.passes >= COSTLY else 0.0))
    for assumed in (True, False):
        limits = {"width": (1.0, max(wide, 2.0 * statement.ranges["width"][0]))}
        if "exact law" in statement.engines and axis != "samples":
            limits = {"samples": (1.0, 1.0)}
        elif axis == "depth":
            limits["depth"] = (1.0, max(min(profile.far_depth, 8.0 * profile.far), SPAN * statement.ranges["depth"][0]))
        ranges = box(statement, limits)
        if axis == "samples":  # one sample has no distance to keep: from one to two is no step of a ladder
            ranges[axis] = (min(2.0, ranges[axis][1]), ranges[axis][1])
        found = [
            ladder
            for shape in shapes
            for apart in (1, -1)
            if (ladder := _best(statement, axis, ranges, shape, labels, assumed, apart)) is not None
        ]
        if found:
            # One sample has neither a shape nor a distance.
            return list({str(ladder): ladder for ladder in found}.values()) if found[0].fixed.get("samples") != 1 else found[:1]
        if statement.beyond:
            break
    return []


def _best(
    statement: Statement, axis: str, ranges: dict[str, Range], shape: str, labels: str, assumed: bool, apart: int
) -> Ladder | None:
    best: tuple[tuple[float, ...], Range, dict[str, float]] | None = None
    longest = _octaves(*ranges[axis])
    for others in (full for corner in _corners(ranges, axis) for full in _radii(statement, axis, ranges, corner, assumed)):
        if axis == "separation" and others["samples"] < 2:
            continue
        if best is not None and -_cost(others) < best[0][1] and best[0][0] >= longest:
            break
        interval = _longest(axis, ranges, others, statement, shape, assumed)
        if interval is None or interval[1] < SPAN * interval[0]:
            continue
        enough = REVEALED_WIDTH if "revealed" in statement.engines else DENSE_WIDTH
        if axis == "radius" or (others.get("radius", 0.0) > 0 and axis == "depth"):
            enough = ranges["width"][1]  # many flips
        # Long first; then shallow and small, but wide: finite-width effects are the largest error of a slope.
        width = others.get("width", 1.0)
        score = (
            _octaves(*interval), -_cost(others), min(width, enough), -width,
            apart * others.get("separation", 0.0), others.get("radius", 0.0),
        )  # fmt: skip
        if best is None or score > best[0]:
            best = (score, interval, others)
    if best is None:
        return None
    fixed: Sizes = {name: int(v) if name in INTEGER_QUANTITIES else v for name, v in best[2].items()}
    return Ladder(axis, _steps(axis, *best[1]), {**fixed, "data": shape, "labels": labels}, assumed)


def _octaves(low: float, high: float) -> int:
    """Length of a ladder, in half octaves."""
    return round(2 * math.log2(min(LONGEST, high / low)))


def _cost(others: dict[str, float]) -> float:
    return math.prod(others.get(name, 1.0) for name in ("depth", "samples", "outputs"))


def axes(statement: Statement) -> Sequence[str]:
    """The quantities in which the statement claims an exponent."""
    return list(statement.exponents)

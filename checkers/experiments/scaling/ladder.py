"""Ladders: one quantity in geometric steps, the others fixed, so that every rung is an instance of the statement.

A radius that is not the quantity itself is fixed too where that leaves four rungs. Elsewhere it is the largest that the assumptions
allow at each rung: one small enough for the deepest network, omega <= c/L^9, hardly flips a sign of a shallow one.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from checkers.evidence.profiles import COSTLY, LAW, Profile
from strategies.data import ALL_SHAPES, SHAPES
from strategies.region import ORDER, box
from theorems.language.instance import INTEGER_QUANTITIES, Instance
from theorems.language.statement import Range, Statement

RUNGS: Final = 5  # a slope, a second slope to compare it with, and the point between
GRID: Final = 9  # points at which the range of another quantity is
SHORT: Final = 3  # rungs: a slope, and no drift of it
SPAN: Final = 3.0  # a shorter ladder cannot tell exponents apart from finite-size effects
RADII: Final = 31  # points at which the range of a radius is looked at: a factor 2.3 from one to the next in the widest
LONG: Final = {"radius": 32.0}  # a longer one adds cost, not knowledge; small radii flip few signs
LONGEST: Final = 64.0
# Width of the ladders in other quantities: finite-width effects are below the resolution of a slope there.
REVEALED_WIDTH, DENSE_WIDTH = 4096.0, 256.0
WIDTHS: Final = (DENSE_WIDTH, REVEALED_WIDTH, 16384.0, 32768.0, 65536.0)
# m omega^{2/3} L, at least, for a bound that is about flips: with one or none a network's left side varies by factors, with 12 by 60%,
# with 33 by 20% (semi-smoothness). With 8 a fixed radius leaves L = 1..4 at m = 65,536, where omega <= c/L^{9/2}.
FLIPS: Final = 8.0
DEEP_ENTRIES: Final = 2.0**19  # width times depth, at most, of a ladder in the depth
COSTLY_WIDTH = 4096.0  # the widest ladder of a measure of many passes
# Along a radius the flips, m omega^{2/3} of them, must be many at its lower end; the others ask for much width of their own.
WIDE: Final[Mapping[str, Callable[[Profile], float]]] = {
    "radius": lambda profile: profile.far_width // 4,
    "samples": lambda profile: profile.far_width // 4,
    "depth": lambda profile: profile.far_width,
    "separation": lambda profile: profile.revealed_width,
    "width": lambda profile: profile.revealed_width,
    "outputs": lambda profile: profile.revealed_width,
}  # fmt: skip
PACKED: Final = ("pairs", "arc")  # data at the promised distance exactly: the worst that the assumption on delta allows

Sizes = dict[str, int | float | str]


@dataclass(frozen=True)
class Ladder:
    """values: of the quantity `axis`, increasing; fixed: the other sizes, data shape and labels. inside: all rungs meet the assumptions.

    radii: of the ball at each rung, where it moves along.
    """

    axis: str
    values: tuple[float, ...]
    fixed: Sizes
    inside: bool
    radii: tuple[float, ...] = ()

    def sizes(self, rung: int, data_seed: int) -> Sizes:
        """The sizes of one rung's instance."""
        value = self.values[rung]
        ball = {"radius": self.radii[rung]} if self.radii else {}
        return {**self.fixed, **ball, self.axis: int(value) if self.axis in INTEGER_QUANTITIES else value, "data_seed": data_seed}

    def only(self, rungs: Sequence[int]) -> Ladder:
        """The ladder of these rungs."""
        values, radii = (tuple(those[k] for k in rungs) if those else () for those in (self.values, self.radii))
        return dataclasses.replace(self, values=values, radii=radii)


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


def _about_flips(statement: Statement) -> bool:
    """Whether the bound has a power of omega that is not its own: a number of flips, m omega^{2/3} L, to some power."""
    return not float(statement.claimed_exponents.get("radius", 1.0)).is_integer()


def _at(
    statement: Statement, axis: str, value: float, ranges: dict[str, Range], others: dict[str, float], assumed: bool
) -> dict[str, float]:
    """The sizes where the axis has this value, with the largest radius allowed there unless `others` fix it; ArithmeticError where a bound
    says nothing."""
    sizes = {**others, axis: value}
    if "radius" in sizes:
        return sizes
    sizes["radius"] = ranges["radius"][1]
    limits = [one.limit(_instance(sizes)) for one in statement.assumptions if assumed and one.quantity == "radius" and one.relation == "<="]
    return {**sizes, "radius": min([sizes["radius"], *(limit * (1 - 1e-9) for limit in limits)])}


def _fixed(statement: Statement, axis: str, ranges: dict[str, Range], others: dict[str, float], assumed: bool) -> list[dict[str, float]]:
    """`others` with each radius that is the largest allowed at some point of the axis."""
    if "radius" in others or axis == "radius":
        return [others]
    found = set()
    for value in _grid(axis, *ranges[axis], GRID):
        with suppress(ArithmeticError):
            found.add(_at(statement, axis, value, ranges, others, assumed)["radius"])
    return [{**others, "radius": radius} for radius in sorted(found) if radius >= ranges["radius"][0]]


def _grid(axis: str, low: float, high: float, points: int) -> list[float]:
    spread = (low * (high / low) ** (k / (points - 1)) for k in range(points))
    return sorted({float(round(v)) if axis in INTEGER_QUANTITIES else v for v in spread})


def _instance(sizes: dict[str, float]) -> Instance:
    return Instance(**{name: int(v) if name in INTEGER_QUANTITIES else v for name, v in sizes.items()})  # type: ignore[arg-type]


def _flips(sizes: Mapping[str, float]) -> float:
    """m omega^{2/3} L."""
    return sizes["width"] * math.pow(sizes["radius"], 2 / 3) * sizes["depth"]


def _possible(statement: Statement, sizes: dict[str, float], shape: str, assumed: bool) -> bool:
    samples, kind = int(sizes["samples"]), ALL_SHAPES[shape]
    dimension = kind.best_dimension(samples, statement.ranges.get("input_dimension", (2, math.inf))[1])
    if samples < kind.minimum_samples or kind.largest_separation(samples, dimension) < sizes["separation"]:
        return False
    return not assumed or statement.inside(_instance(sizes))


def _longest(
    axis: str, ranges: dict[str, Range], others: dict[str, float], statement: Statement, shape: str, assumed: bool
) -> Range | None:
    """The longest interval of the axis on which every point of a fine grid is possible; from its upper end where it is too long."""

    def good(value: float) -> bool:
        try:
            sizes = _at(statement, axis, value, ranges, others, assumed)
            return (not few or _flips(sizes) >= FLIPS) and _possible(statement, sizes, shape, assumed)
        except ArithmeticError:
            return False

    few = axis != "radius" and _about_flips(statement)
    low, high = ranges[axis]
    grid = _grid(axis, low, high, RADII if axis == "radius" else GRID)
    if axis == "depth" and "exact law" not in statement.engines:
        grid = [value for value in grid if value * others["width"] <= DEEP_ENTRIES]
    found = [value for value in grid if good(value)]
    if not found or [value for value in grid if found[0] <= value <= found[-1]] != found:
        return None
    return max(found[0], found[-1] / LONG.get(axis, LONGEST)), found[-1]


def find(statement: Statement, axis: str, profile: Profile) -> list[Ladder]:
    """The longest ladders inside the regime: for each packed data shape that the statement speaks of (or its first shape), with data
    as close together and as far apart as such a ladder allows.

    Without assumptions, and so without refuting anything, where the assumptions leave no ladder of a factor 3; but not for a statement
    that declares ranges beyond its regime: that regime is out of reach. Empty where the ranges leave no ladder.
    """
    if axis in statement.ladders:
        statement = dataclasses.replace(statement, ranges={**statement.ranges, axis: statement.ladders[axis]})
    allowed = [name for name in (*PACKED, *SHAPES) if name in statement.data or "any" in statement.data]
    shapes = [name for name in allowed if name in PACKED] or allowed[:1] or list(statement.data[:1])
    labels = "random" if statement.labels[0] in ("any", "random") else statement.labels[0]
    wide = float(profile.dense_width)
    if "revealed" in statement.engines:
        asked = WIDE[axis](profile) if axis in WIDE and statement.passes < COSTLY else profile.revealed_width // statement.passes
        wide = float(max(wide, asked, COSTLY_WIDTH if statement.passes >= COSTLY else 0.0))
    elif {"gates", "jacobian"} & set(statement.engines):  # a table of m n numbers
        wide = float(profile.revealed_width)
    for assumed in (True, False):
        limits = {"width": (1.0, max(wide, 2.0 * statement.ranges["width"][0]))}
        if "exact law" in statement.engines and axis not in LAW:
            limits = dict(LAW)
        elif axis == "depth":
            limits["depth"] = (1.0, max(min(profile.far_depth, 8.0 * profile.far), SPAN * statement.ranges["depth"][0]))
        ranges = box(statement, limits)
        if axis == "samples":  # one sample has no distance to keep: from one to two is no step of a ladder
            ranges[axis] = (min(2.0, ranges[axis][1]), ranges[axis][1])
        for moves in (False, True):
            found = [
                ladder
                for shape in shapes
                for apart in (1, -1)
                if (ladder := _best(statement, axis, ranges, shape, labels, assumed, apart, moves)) is not None
            ]
            if any(len(ladder.values) > SHORT for ladder in found) or not ranges["radius"][0] or axis == "radius":
                break
        if found:
            # One sample has neither a shape nor a distance.
            return list({str(ladder): ladder for ladder in found}.values()) if found[0].fixed.get("samples") != 1 else found[:1]
        if statement.beyond:
            break
    return []


def _best(
    statement: Statement, axis: str, ranges: dict[str, Range], shape: str, labels: str, assumed: bool, apart: int, moves: bool
) -> Ladder | None:
    best: tuple[tuple[float, ...], Range, dict[str, float]] | None = None
    longest = _octaves(*ranges[axis])
    corners = _corners(ranges, axis)
    for others in corners if moves else [one for corner in corners for one in _fixed(statement, axis, ranges, corner, assumed)]:
        if axis == "separation" and others["samples"] < 2:
            continue
        if best is not None and -_cost(others) < best[0][1] and best[0][0] >= longest:
            break
        interval = _longest(axis, ranges, others, statement, shape, assumed)
        if interval is None or interval[1] < SPAN * interval[0]:
            continue
        enough = REVEALED_WIDTH if "revealed" in statement.engines else DENSE_WIDTH
        if axis == "radius":
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
    values = _steps(axis, *best[1])
    radii = [_at(statement, axis, value, ranges, best[2], assumed)["radius"] for value in values] if moves else []
    return Ladder(axis, values, {**fixed, "data": shape, "labels": labels}, assumed, tuple(radii))


def _octaves(low: float, high: float) -> int:
    """Length of a ladder, in half octaves."""
    return round(2 * math.log2(min(LONGEST, high / low)))


def _cost(others: dict[str, float]) -> float:
    return math.prod(others.get(name, 1.0) for name in ("depth", "samples", "outputs"))


def axes(statement: Statement) -> Sequence[str]:
    """The quantities in which the statement claims an exponent."""
    return list(statement.axes)

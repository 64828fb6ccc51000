"""How far an exponent can be sharpened: what `scale` measured, and what `mutants` killed.

`scale` says what the exponent of the measured side may be at large sizes. A claim that is stronger than all of that interval is refuted,
whatever its constant. What lies between the claim and that end is open, and the measured exponent is the best guess at where the truth is:
of the exponents in sixths (the paper has no other) the one nearest to it is conjectured, but none that is refuted, and none that claims
less than the statement. A mutant is killed with the constant that the statement has, and says how far a sharper exponent needs another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec
import numpy as np

from checkers.experiments.scaling.exponents import SHRINKING
from checkers.experiments.scaling.ladder import SHORT
from checkers.fuzzing.verdicts import grade
from checkers.records.experiments import Exponent
from checkers.records.sharpened import Frontier
from theorems.language.instance import QUANTITIES
from theorems.language.statement import Statement

STEP: Final = Fraction(1, 6)
HAIR: Final = 1e-9  # of an exponent that is given as a float


def frontier(statement: Statement, rows: Sequence[Exponent], killed: Mapping[str, Sequence[float]]) -> list[Frontier]:
    """Every exponent of the statement. rows: of `scale`; killed: axis -> the exponents of the mutants that the statement's check refutes.

    The radius comes first: where it moves along the ladder of another quantity, what is sharper in it is divided out there.
    """
    found: dict[str, Frontier] = {}
    by_axis = {row.axis: row for row in rows if row.id == statement.id}
    for axis in sorted(statement.axes, key=lambda axis: axis != "radius"):
        ball = found.get("radius")
        moved = ball.conjectured - ball.claimed if ball else 0.0
        found[axis] = _one(statement, axis, by_axis.get(axis), moved, killed.get(axis, ()))
    return [found[axis] for axis in statement.axes]


def towards(stronger: str) -> int:
    """The sign of a step to a stronger exponent."""
    return 1 if stronger == "larger" else -1


def weaker(one: Frontier) -> Fraction:
    """The conjectured exponent a sixth nearer to the claimed one, or the claimed one itself."""
    sign, claimed = towards(one.stronger), exact(one.claimed)
    return claimed if sign * (exact(one.conjectured) - claimed) <= STEP else exact(one.conjectured) - sign * STEP


def exact(exponent: float) -> Fraction:
    """The fraction that a float stands for: exponents are sixths, quarters and the like."""
    return Fraction(exponent).limit_denominator(60)


def _one(statement: Statement, axis: str, row: Exponent | None, moved: float, killed: Sequence[float]) -> Frontier:
    claimed = statement.claimed_exponents[axis]
    stronger = "larger" if (statement.direction == "at least") != (axis in SHRINKING) else "smaller"
    sign = towards(stronger)
    weakest = min(killed, key=lambda power: sign * power, default=None)
    known = Frontier(
        axis=axis, stronger="larger" if sign > 0 else "smaller", claimed=claimed, conjectured=claimed, killed=weakest,
        attacked=grade(statement) == "attacked",
    )  # fmt: skip
    symbol = QUANTITIES[axis][0]
    if row is None or not row.inside or len(row.values) <= SHORT:
        return msgspec.structs.replace(known, note=f"no ladder in {symbol} inside the regime that is long enough")
    apart = moved * _slope_of_radius(row)
    measured, low, high = (value - apart for value in (row.measured, row.low, row.high))
    end = high if sign > 0 else low
    limit = sign * end if sign * (end - claimed) > 0 else sign * claimed  # nothing weaker than the claim is conjectured
    near = round(measured / STEP) * STEP
    while sign * near > limit + HAIR:
        near -= sign * STEP
    conjectured = float(near) if sign * (float(near) - claimed) > HAIR else claimed
    note = _unchangeable(statement, axis)
    return msgspec.structs.replace(
        known, conjectured=claimed if note else conjectured, measured=measured, low=low, high=high, refuted=end, note=note
    )  # fmt: skip


def _slope_of_radius(row: Exponent) -> float:
    """The power with which the radius moves along the ladder; 0 where it does not."""
    return float(np.polyfit(np.log(row.values), np.log(row.radii), 1)[0]) if row.radii else 0.0


def _unchangeable(statement: Statement, axis: str) -> str:
    """Why the exponent cannot be changed where the formula stands; empty if it can."""
    symbol, bound = QUANTITIES[axis][0], statement.bounds[0]
    written = bound.exponent(symbol) if symbol in bound.names else 0.0
    if math.isclose(written, statement.claimed_exponents[axis], abs_tol=HAIR):
        return ""
    return f"the claimed exponent of {symbol} is not that of the formula"

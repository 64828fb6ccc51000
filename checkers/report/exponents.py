"""What a measured exponent says about a claimed one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from checkers.records.experiments import Exponent
from theorems.language.instance import QUANTITIES

Kind = Literal["grows beyond", "slack", "tight", "not told apart"]
SIXTH: Final = 1 / 6  # the least difference of exponents that mutants make
SHRINKING: Final = ("separation", "radius")  # their far end is zero


@dataclass(frozen=True)
class Slack:
    """How much more the bound allows than was measured, as a power of what a large quantity is, or one over a small one: likely, and in
    [least, most] where the exponent's interval holds. attacked: a stronger adversary may leave less."""

    row: Exponent
    least: float
    likely: float
    most: float
    attacked: bool

    @property
    def symbol(self) -> str:
        return QUANTITIES[self.row.axis][0]

    @property
    def decided(self) -> bool:
        """Whether the ladder was long enough, and inside the regime."""
        return self.row.inside and len(self.row.values) > 3

    @property
    def kind(self) -> Kind:
        """Tight: a claim that is sharper by a sixth would be false. Slack: the claimed exponent itself is not the true one."""
        if not self.row.consistent:
            return "grows beyond"
        if not self.decided:
            return "not told apart"
        if self.most <= SIXTH:
            return "tight"
        return "slack" if self.least > 0 else "not told apart"

    @property
    def amount(self) -> str:
        """`at most omega^-0.35`, a factor that grows without end."""
        power = f"{self.symbol}^{'-' if self.row.axis in SHRINKING else ''}{abs(self.likely):.2f}"
        return f"at most {power}" if self.attacked and self.kind != "grows beyond" else power


def slacks_in_words(found: Sequence[Slack]) -> list[str]:
    """`**slack by at most omega^-0.35**`, `tight in m`, `not told apart: d (seems tight)`, those that there are, in this order."""
    by_kind = {kind: [one for one in found if one.kind == kind] for kind in ("grows beyond", "slack", "tight", "not told apart")}
    words = [f"**grows beyond the claim by {one.amount}**" for one in by_kind["grows beyond"]]
    for one in by_kind["slack"]:
        least = "" if one.attacked else f", power {one.least:.2f} at least"
        words.append(f"**slack by {one.amount}**{least}")
    words += [f"tight in {', '.join(one.symbol for one in by_kind['tight'])}"] if by_kind["tight"] else []
    unsure = [f"{one.symbol} (seems {'tight' if one.likely <= SIXTH else f'slack by {one.amount}'})" for one in by_kind["not told apart"]]
    return [*words, *([f"not told apart: {', '.join(unsure)}"] if unsure else [])]


def at_one_radius(rows: Sequence[Exponent]) -> list[Exponent]:
    """The rows, with a radius that moves along another quantity's ladder divided out as it was measured, where the statement has a row of
    it, and not as it is claimed: else the slack in omega would be counted again in L.

    Along the far half omega goes like x^s, so a side that goes like x^a omega^b, divided by omega^c, has the slope a + (b - c) s; a is in
    the interval that those of the slope and of b leave.
    """
    by_radius = {row.id: row for row in rows if row.axis == "radius"}
    return [_at_one_radius(row, by_radius[row.id]) if len(set(row.radii)) > 1 and row.id in by_radius else row for row in rows]


def _at_one_radius(row: Exponent, radius: Exponent) -> Exponent:
    half = len(row.values) // 2
    turn = math.log(row.radii[-1] / row.radii[half]) / math.log(row.values[-1] / row.values[half]) if len(row.values) > 1 else 0.0
    least, likely, most = (turn * (power - radius.claimed) for power in (radius.low, radius.measured, radius.high))
    shifts = [(one / row.radii[0]) ** (radius.claimed - radius.measured) for one in row.radii]
    points = [[point * shift for point, shift in zip(repetition, shifts, strict=True)] for repetition in row.points]
    return msgspec.structs.replace(
        row, measured=row.measured - likely, low=row.low - max(least, most), high=row.high - min(least, most), points=points
    )


def slack(row: Exponent, attacked: bool) -> Slack:
    """Of what grows with the quantity less than the claim allows, or shrinks more slowly with one that goes to zero."""
    sign = 1 if (row.direction == "at most") != (row.axis in SHRINKING) else -1
    ends = sorted(sign * (row.claimed - value) for value in (row.low, row.high))
    return Slack(row, ends[0], sign * (row.claimed - row.measured), ends[1], attacked)

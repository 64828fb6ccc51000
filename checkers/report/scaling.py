"""Measured exponents and calibrated constants in words and tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from checkers.records.experiments import Calibration, Exponent
from checkers.report.exponents import at_one_radius, slack
from checkers.report.text import number, table
from checkers.report.verdicts import sizes_in_words
from theorems.language.instance import QUANTITIES
from theorems.language.statement import Statement


def _exponent(value: float) -> str:
    return f"{value:.3f}".replace("-0.000", "0.000")


def _outcome(one: Exponent) -> str:
    if not one.consistent:
        return "GROWS BEYOND"
    return "consistent" if one.inside and len(one.values) > 3 else "shown, not decided"


def scaling_table(rows: Sequence[Exponent], style: str = "simple", attacked: Collection[str] = ()) -> str:
    """Claimed and measured exponents. Slack: how much less the measured side grows than the claim allows; of `attacked`
    statements at most that, for a stronger adversary may make their measured side grow more. A radius that moves along a ladder is divided
    out as it was measured, where it was."""

    def row(one: Exponent) -> list[str]:
        spare = slack(one, one.id in attacked)
        fixed = {name: value for name, value in one.fixed.items() if name in ("depth", "width", "samples", "outputs", "separation")}
        shown = ", ".join(f"{QUANTITIES[name][0]} = {number(float(value))}" for name, value in fixed.items() if name in QUANTITIES)
        if one.radii:
            ends = dict.fromkeys(number(radius, 2) for radius in (one.radii[0], one.radii[-1]))
            shown += f", {QUANTITIES['radius'][0]} = {' to '.join(ends)}"
        return [
            one.id,
            QUANTITIES[one.axis][0],
            f"{number(one.values[0])} to {number(one.values[-1])}",
            f"{one.direction} {number(one.claimed)}",
            f"{_exponent(one.measured)} ± {_exponent(one.error)}",
            f"{_exponent(one.low)} to {_exponent(one.high)}",
            _outcome(one),
            ("at most " if spare.attacked and spare.likely > 0 else "") + _exponent(spare.likely),
            shown + ("" if one.inside else " (beyond the regime)"),
        ]

    headers = ["statement", "in", "from, to", "claimed", "measured", "interval", "outcome", "slack", "at"]
    return table(headers, map(row, at_one_radius(rows)), style)


def scaling_closing(rows: Sequence[Exponent], statements: Sequence[Statement], profile: str, seed: int) -> str:
    """The last lines of a scaling run: what grows beyond its claim, what could not be measured, and the seed."""
    grown = [f"{one.id} in {QUANTITIES[one.axis][0]}" for one in rows if not one.consistent]
    seen = {(one.id, one.axis) for one in rows}
    missing = [f"{one.id} in {QUANTITIES[axis][0]}" for one in statements for axis in one.axes if (one.id, axis) not in seen]
    words = f"{len(rows) - len(grown)} of {len(rows)} exponents consistent with the claim"
    words += f"; growth beyond it: {', '.join(grown)}" if grown else ""
    words += f"; no ladder within the ranges: {', '.join(missing)}" if missing else ""
    return f"{words}\nprofile {profile}, seed {seed}"


def calibration_table(found: Sequence[Calibration], style: str = "simple") -> str:
    rows = [
        [one.id, one.constant, f"from {number(band.begins)}" if len(one.bands) > 1 else "all", number(band.value), number(band.needed),
         number(band.median), number(band.share, 2), f"{band.instances:,}", f"{band.networks:,}", band.adversary or "-",
         sizes_in_words(band.worst)]
        for one in found for band in one.bands
    ]  # fmt: skip
    headers = ["statement", "constant", "band", "value", "needed", "half of them", "more may need", "instances", "networks", "moved by"]
    return table([*headers, "worst instance"], rows, style)

"""Constants that the paper hides, as `lemmafuzz calibrate` found them: read from calibration.json beside this file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from theorems.language.instance import QUANTITIES
from theorems.language.statement import Bands, Constant

FILE = Path(__file__).with_name("calibration.json")
UNKNOWN = 1.0  # what a constant is until it has been calibrated for the first time
# Of the constant that half of the networks of the worst instance need: they fail then, where one in twenty may.
SHORT = 0.8


@cache
def _entries() -> dict[str, dict[str, dict[str, Any]]]:
    """Statement -> constant -> bands, seed, sizes, margin."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def _entry(statement: str, name: str, bands: Bands | None) -> dict[str, Any] | None:
    """What is written about the constant; None where that is nothing, or a table by other bands."""
    entry = _entries().get(statement, {}).get(name)
    if entry is None or "bands" not in entry:
        return None
    declared = (bands.by, [0.0, *bands.edges]) if bands else ("", [0.0])
    return entry if (entry["by"], [one["begins"] for one in entry["bands"]]) == declared else None


def calibrated(statement: str, name: str, reason: str = "", bands: Bands | None = None) -> Constant:
    """The committed constant of that name, with how it was found; reason: what else is known about it; bands: of the size that it is a
    table of."""
    entry = _entry(statement, name, bands)
    if entry is None:
        values = tuple(UNKNOWN for _ in bands.limits) if bands else ()
        return Constant(UNKNOWN, "not calibrated yet", calibrated=True, bands=bands, values=values)
    shown = {name: ends for name, ends in entry["sizes"].items() if name != "input_dimension"}
    sizes = ", ".join(f"{QUANTITIES[name][0]} {low:.3g} to {high:.3g}" for name, (low, high) in shown.items())
    table = entry["bands"]
    upper, margin = table[-1]["value"] >= table[-1]["needed"], f"{entry['margin']:g}"
    share = max(one["share"] for one in table)
    sure = f", and with confidence {entry['confidence']:.0%} all but {share:.2g} of fresh ones there" if share else ""
    needed = ", ".join(f"{one['needed']:g}" for one in table)
    rule = f"{margin} times {needed}" if upper else f"{needed} over {margin}"
    found = (
        f"calibrated: {rule}, what {sum(one['networks'] for one in table)} networks on {sum(one['instances'] for one in table)} instances"
        f" need{f' in bands of {bands.by}' if bands else ''}{sure} ({sizes}; seed {entry['seed']})"
    )
    values = tuple(float(one["value"]) for one in table)
    told = f"{found}; {reason}" if reason else found
    return Constant(values[-1], told, calibrated=True, bands=bands, values=values if bands else ())


def too_small(statement: str, name: str, share: float = SHORT, bands: Bands | None = None) -> Constant:
    """A false constant: in each band short of what half of the networks of its worst instance need (beyond it, for a bound from below)."""
    entry = _entry(statement, name, bands)
    if entry is None:
        return Constant(UNKNOWN, "not calibrated yet")
    table = entry["bands"]
    upper = table[-1]["value"] >= table[-1]["needed"]
    medians = [float(one["median"]) for one in table]
    values = tuple(float(f"{share * median if upper else median / share:.3g}") for median in medians)
    why = f"short of the {', '.join(f'{median:g}' for median in medians)} that half of the networks need on the worst instance"
    return Constant(values[-1], why, bands=bands, values=values if bands else ())

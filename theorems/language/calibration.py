"""Constants that the paper hides, as `lemmafuzz calibrate` found them: read from calibration.json beside this file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from theorems.language.constant import FiniteSize
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


def _entry(statement: str, name: str, bands: Bands | None, term: str = "") -> dict[str, Any] | None:
    """What is written about the constant; None where that is nothing, or a table by other bands, or of another finite-size term."""
    entry = _entries().get(statement, {}).get(name)
    if entry is None or "bands" not in entry:
        return None
    declared = (bands.by, [0.0, *bands.edges]) if bands else (term, [0.0])
    return entry if (entry["by"], [one["begins"] for one in entry["bands"]]) == declared else None


def calibrated(statement: str, name: str, reason: str = "", bands: Bands | None = None) -> Constant:
    """The committed constant of that name, with how it was found; reason: what else is known about it; bands: of the size that it is a
    table of."""
    entry = _entry(statement, name, bands)
    if entry is None:
        values = tuple(UNKNOWN for _ in bands.limits) if bands else ()
        return Constant(UNKNOWN, "not calibrated yet", calibrated=True, bands=bands, values=values)
    found = f"calibrated: {_rule(entry)}, {_seen(entry)}"
    values = tuple(float(one["value"]) for one in entry["bands"])
    told = f"{found}; {reason}" if reason else found
    return Constant(values[-1], told, calibrated=True, bands=bands, values=values if bands else ())


def _rule(entry: dict[str, Any]) -> str:
    """`1.5 times 3.6, 2.1`, or `0.5 over 1.5`."""
    table, margin = entry["bands"], f"{entry['margin']:g}"
    needed = ", ".join(f"{one['needed']:g}" for one in table)
    return f"{margin} times {needed}" if table[-1]["value"] >= table[-1]["needed"] else f"{needed} over {margin}"


def _seen(entry: dict[str, Any]) -> str:
    """On how much it rests."""
    table = entry["bands"]
    shown = {name: ends for name, ends in entry["sizes"].items() if name != "input_dimension"}
    sizes = ", ".join(f"{QUANTITIES[name][0]} {low:.3g} to {high:.3g}" for name, (low, high) in shown.items())
    share = max(one["share"] for one in table)
    sure = f", and with confidence {entry['confidence']:.0%} all but {share:.2g} of fresh ones there" if share else ""
    bands = f" in bands of {entry['by']}" if len(table) > 1 else ""
    networks, instances = (sum(one[name] for one in table) for name in ("networks", "instances"))
    return f"what {networks} networks on {instances} instances need{bands}{sure} ({sizes}; seed {entry['seed']})"


def approached(
    statement: str, name: str, limit: float, term: str, reason: str, *, lower: bool = False, sharp: float | None = None
) -> Constant:
    """A constant whose limit is known, with a committed room for finite networks: limit (1 + room term), or over that if `lower`.

    reason: why that is the limit. sharp: where the claim becomes false, if that is not the limit."""
    entry = _entry(statement, name, None, term)
    room = float(entry["bands"][-1]["value"]) if entry else UNKNOWN
    finite = f"room for finite networks {_rule(entry)}, {_seen(entry)}" if entry else "room for finite networks not calibrated yet"
    beyond = limit if sharp is None else sharp
    return Constant(limit, f"limit {reason}; {finite}", calibrated=True, sharp=beyond, finite=FiniteSize(term, room, lower))


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

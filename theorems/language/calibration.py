"""Constants that the paper hides, as `lemmafuzz calibrate` found them: read from calibration.json beside this file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from theorems.language.instance import QUANTITIES
from theorems.language.statement import Constant

FILE = Path(__file__).with_name("calibration.json")
UNKNOWN = 1.0  # what a constant is until it has been calibrated for the first time
# Of the constant that half of the networks of the worst small instance need: they fail then, where one in twenty may.
SHORT = 0.8


@cache
def _entries() -> dict[str, dict[str, dict[str, Any]]]:
    """Statement -> constant -> value, seed, sizes, margin."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def calibrated(statement: str, name: str, reason: str = "") -> Constant:
    """The committed constant of that name, with how it was found; reason: what else is known about it."""
    entry = _entries().get(statement, {}).get(name)
    if entry is None:
        return Constant(UNKNOWN, "not calibrated yet", calibrated=True)
    shown = {name: ends for name, ends in entry["sizes"].items() if name != "input_dimension"}
    sizes = ", ".join(f"{QUANTITIES[name][0]} {low:.3g} to {high:.3g}" for name, (low, high) in shown.items())
    needed, margin = f"{entry['needed']:g}", f"{entry['margin']:g}"
    rule = f"{margin} times {needed}" if entry["value"] >= entry["needed"] else f"{needed} over {margin}"
    found = (
        f"calibrated: {rule}, the constant that the worst of {entry['trials']} networks on {entry['instances']} instances needs"
        f" ({sizes}; seed {entry['seed']})"
    )
    return Constant(entry["value"], f"{found}; {reason}" if reason else found, calibrated=True)


def too_small(statement: str, name: str, share: float = SHORT) -> Constant:
    """A false constant: short of what half of the networks of the worst small instance need (beyond it, for a bound from below)."""
    entry = _entries().get(statement, {}).get(name)
    if entry is None:
        return Constant(UNKNOWN, "not calibrated yet")
    median = float(entry["median"])
    value = share * median if entry["value"] >= entry["needed"] else median / share
    return Constant(float(f"{value:.3g}"), f"short of the {median:g} that half of the networks need on the worst small instance")

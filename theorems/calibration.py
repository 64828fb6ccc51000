"""Constants that the paper hides, as `lemmafuzz calibrate` found them: read from calibration.json beside this file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from theorems.statement import Constant

FILE = Path(__file__).with_name("calibration.json")
UNKNOWN = 1.0  # what a constant is until it has been calibrated for the first time


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
    sizes = ", ".join(f"{quantity} {low:g} to {high:g}" for quantity, (low, high) in entry["sizes"].items())
    found = f"calibrated: {entry['margin']:g} times the worst of {entry['instances']} instances ({sizes}; seed {entry['seed']})"
    return Constant(entry["value"], f"{found}; {reason}" if reason else found, calibrated=True)

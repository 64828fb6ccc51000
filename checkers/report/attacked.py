"""What the grade *attacked* is worth: the share of what long ascents find that a statement's own adversaries find, on networks small enough
to know. Read from attacked.json beside this file, which `python -m benchmarks.long_ascent` writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from checkers.report.text import number
from theorems.language.statement import FULLY_CONNECTED, Statement

FILE = Path(__file__).with_name("attacked.json")


def is_attacked(statement: Statement) -> bool:
    """Whether its supremum is searched for, so that what is measured bounds it from below."""
    return bool(statement.adversary or statement.attack)


def attacked_ids(statements: Iterable[Statement]) -> Collection[str]:
    return {one.id for one in statements if is_attacked(one)}


@cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def share_in_words(statement: Statement) -> str:
    """`on 50 networks of width 16 to 64 it is 0.93 of what long ascents find (median; 0.7 at least)`; empty where that was not measured."""
    found = _facts()["statements"].get(statement.id) if statement.architecture == FULLY_CONNECTED else None
    if found is None:
        return ""
    low, high = _facts()["width"]
    share, least = number(found["share"], 2), number(found["least"], 2)
    return f"on {found['networks']} networks of width {low} to {high} it is {share} of what long ascents find (median; {least} at least)"


def shares_in_words() -> str:
    """All statements' median shares in one sentence."""
    found = sorted((entry["share"], name) for name, entry in _facts()["statements"].items())
    low, high = _facts()["width"]
    shares = ", ".join(f"{name} {number(share, 2)}" for share, name in found)
    return f"at widths {low} to {high} the adversaries find these shares (medians) of what long ascents from many starts find: {shares}"

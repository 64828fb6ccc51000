"""Sharpened claims in words and tables: conjectures, never facts."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec

from checkers.records.sharpened import Conjecture, Frontier, SharpenRun
from checkers.report.text import number, plain, table
from checkers.report.verdicts import decision_in_words
from theorems.language.instance import QUANTITIES

CONJECTURES = (
    "From `lemmafuzz sharpen`: bounds with sharper exponents that no seed has refuted, each with a constant of its own, calibrated on other"
    " networks. None is proved, and a stronger attack may refute any. An exponent is open from the claimed one to the last that is not"
    " refuted."
)


def frontier_table(found: Sequence[Conjecture], style: str = "simple") -> str:
    """One row an exponent: claimed, measured, conjectured, where it is open, and beyond which exponents it is refuted; "" without any."""
    rows = [_row(conjecture.of, one) for conjecture in found for one in conjecture.frontier]
    headers = ["statement", "in", "claimed", "measured", "conjectured", "open", "refuted", "refuted with its own constant"]
    return table(headers, rows, style) if rows else ""


def _row(statement: str, one: Frontier) -> list[str]:
    beyond = "above" if one.stronger == "larger" else "below"
    shown = [statement, QUANTITIES[one.axis][0], number(one.claimed)]
    killed = "-" if one.killed is None else f"from {number(one.killed)}"
    if one.measured is None or one.refuted is None:
        return [*shown, "-", "-", "-", one.note, killed]
    measured = number(one.measured) + (", under an attack" if one.attacked else "")
    conjectured = number(one.conjectured) if one.conjectured != one.claimed else "-"
    past = one.refuted if (one.refuted > one.claimed) == (one.stronger == "larger") else one.claimed
    refuted = f"{beyond} {number(one.refuted)}" + (f"; {one.note}" if one.note else "")
    return [*shown, measured, conjectured, f"{number(one.claimed)} to {number(past)}", refuted, killed]


def conjectures_in_words(found: Sequence[Conjecture]) -> str:
    """Each statement with what became of it, and which bounds were tried and refuted on the way."""
    return "\n".join(line for one in found for line in _lines(one))


def _lines(one: Conjecture) -> list[str]:
    first = f"{one.verdict}  {one.of}: " + (f"conjectured as {one.id}: {one.claim}" if one.verdict == "OPEN" else one.why)
    constants = one.attempts[-1].constants if one.attempts and one.verdict == "OPEN" else {}
    lines = [first, *(f"  {name} = {value}" for name, value in constants.items())]
    refuted = [("; ".join(tried.bounds), tried.refuted_by) for tried in one.attempts if tried.refuted_by]
    return lines + [f"  refuted: {bounds}: {decision_in_words(decision)}" for bounds, decision in refuted]


def closing(run: SharpenRun, modules: Sequence[Path] = ()) -> str:
    """The last lines: how many conjectures there are, where they lie, and how to see them checked again. modules: what they build on."""
    kept = [one for one in run.conjectures if one.verdict == "OPEN"]
    words = f"{len(kept)} of {len(run.conjectures)} statements sharpened: conjectures, no facts"
    if run.module:
        named = [part for path in (*modules, run.module) for part in ("--module", str(path))]
        words += f"\n{shlex.join(['lemmafuzz', 'check', *(one.id for one in kept), *named])}"
    if run.checked:
        words += f"\nchecked as a module with seed {run.checked.seed}, which nothing else has seen"
    return f"{words}\nprofile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"


def section(run: SharpenRun | None) -> list[str]:
    """The part of REPORT.md about conjectures."""
    if run is None:
        return []
    kept = [plain(f"{one.of}: {one.claim}") for one in run.conjectures if one.verdict == "OPEN"]
    sharper = [
        msgspec.structs.replace(one, frontier=[row for row in one.frontier if row.conjectured != row.claimed]) for one in run.conjectures
    ]
    return ["## Conjectures", CONJECTURES, "\n".join(f"- {line}" for line in kept), frontier_table(sharper, "github")]

"""Slack, measured: survivors whose sharper claim the exponents of `scale` say is true.

The side that a claim bounds is measured along the changed quantity, on all ladders that `scale` finds for it, once for a part and a
quantity. The true exponent lies in an interval; where the whole of it is on the mutant's side of the new exponent, on every ladder, the
mutant is true as far as this quantity goes. Under an attack the measured side is a lower bound of what is claimed about, and the slack is
an "at most". An interval with the new exponent inside decides nothing: that mutant stays missed.

A logarithm, or one of several terms, is no power of its bound. There the mutant's own bound is climbed, and the measured side must not grow
beside it on these ladders: then a smaller power leaves more than a logarithm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from checkers.experiments.mutants.mutant import Mutant
from checkers.experiments.scaling import ladder
from checkers.experiments.scaling.exponents import SHRINKING, Settings, climbed, summarize
from checkers.fuzzing.verdicts import grade
from checkers.records.events import Listener
from checkers.records.experiments import Exponent
from checkers.records.mutants import MutantResult
from theorems.language.formula import SYMBOLS
from theorems.language.registry import registry
from theorems.language.statement import Statement

NO_LADDER: Final = "no ladder in "


@dataclass(frozen=True)
class Question:
    """What exponent the measured side of one part has along an axis; of the mutant's bound, with its changes, where it is no power of the
    statement's. claimed: that of the bound, 0 where all of the bound is divided out."""

    id: str
    axis: str
    part: int
    claimed: float
    name: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)


def questions(statement: Statement, mutant: Mutant, result: MutantResult) -> list[Question]:
    """What to measure of a survivor: one question, or none, or one for each size in a logarithm that was left out."""
    if result.outcome != "missed" or mutant.kind not in ("exponent", "logarithm"):
        return []
    if statement.architecture != registry[statement.id].architecture:  # exponents are those of the first form
        return []
    if mutant.symbol:
        return [Question(statement.id, SYMBOLS[mutant.symbol], mutant.part, mutant.claimed)]
    names = [SYMBOLS[symbol] for symbol in mutant.symbols if SYMBOLS[symbol] in statement.ranges]
    return [Question(statement.id, name, mutant.part, 0.0, mutant.name, mutant.alternatives[0]) for name in names]


def measured(settings: Settings, listener: Listener, question: Question) -> list[Exponent]:
    """A row for each ladder."""
    statement = dataclasses.replace(registry[question.id], **question.changes)
    if question.axis not in statement.ranges:
        return []
    found = [one for one in climbed(settings, listener, statement, question.axis) if one.part == question.part]
    level = settings.alpha / max(1, len(found))
    return [summarize(statement.id, one.rungs, question.claimed, one.left, one.right, level, statement.direction) for one in found]


def sorted_again(statement: Statement, mutant: Mutant, result: MutantResult, found: Mapping[Question, Sequence[Exponent]]) -> MutantResult:
    """The survivor as slack where measured exponents say so; else with what they say beside it."""
    asked = questions(statement, mutant, result)
    if not asked:
        return result
    words, powers, true = zip(*(_said(statement, mutant, question, found[question]) for question in asked), strict=True)
    result = msgspec.structs.replace(result, measured=powers[0] if mutant.symbol else None)
    why = "; ".join(words)
    if all(true):
        return msgspec.structs.replace(result, outcome="slack", why=why)
    return msgspec.structs.replace(result, why=f"{result.why}; {why}" if result.why else why)


def _said(statement: Statement, mutant: Mutant, question: Question, rows: Sequence[Exponent]) -> tuple[str, float | None, bool]:
    """The row nearest to the mutant's exponent in words, what it measured, and whether all ladders say that the mutant is true."""
    symbol = mutant.symbol or next(letter for letter, name in SYMBOLS.items() if name == question.axis)
    rows = [row for row in rows if row.inside and len(row.values) > ladder.SHORT]
    if not rows:
        return f"{NO_LADDER}{symbol}", None, False
    power = mutant.power if mutant.symbol else 0.0
    falls = (statement.direction == "at least") != (question.axis in SHRINKING)
    worst = min(rows, key=lambda row: row.low) if falls else max(rows, key=lambda row: row.high)
    true = worst.low >= power if falls else worst.high <= power
    attacked = ", at most so, under an attack" if true and grade(statement) == "attacked" else ""
    beside = "" if mutant.symbol else " beside the mutant"
    return f"measured {symbol}^{worst.measured:.2f}{beside} ({worst.low:.2f} to {worst.high:.2f}){attacked}", worst.measured, true

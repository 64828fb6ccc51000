"""Facts about mutants: which of them a check kills, and what the others are."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from checkers.records.decisions import Sizes

MutantKind = Literal["exponent", "logarithm", "constant", "quantifier", "pass"]
Outcome = Literal["REFUTED", "slack", "outside", "missed"]


class MutantResult(Struct, frozen=True, kw_only=True):
    """What a check says of one mutant. claim: what was claimed.

    outcome: REFUTED by the check. slack: a sharper claim that a declared sharp exponent or the measured one says is true; under an attack
    at most so. outside: it differs from the statement by less than a factor of 1.2 wherever the ranges reach, or what it leaves out decides
    nothing for all that was seen there. missed: none of these. why: of a survivor, in words.
    instances, trials: decided, until it was refuted. measured: the exponent that `scale` measures, of a survivor that changes one; None
    where it was not asked. ratio: the largest left/right on evidence. reach: by which factor it is stronger, somewhere; None where no
    formula says. refuted_at: the sizes of the severest refutation.
    """

    id: str
    architecture: str
    mutant: str
    kind: MutantKind
    claim: str
    outcome: Outcome
    instances: int
    trials: int
    measured: float | None
    ratio: float
    reach: float | None
    why: str = ""
    refuted_at: Sizes = {}


class MutantScore(Struct, frozen=True, kw_only=True):
    """The counts of one form. score: refuted/(refuted + missed); None where nothing is left. notes: what has no mutant."""

    id: str
    architecture: str
    mutants: int
    refuted: int
    slack: int
    outside: int
    missed: int
    score: float | None
    notes: list[str]


class MutantRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz mutants`."""

    seed: int
    alpha: float
    profile: str
    scores: list[MutantScore]
    mutants: list[MutantResult]
    seconds: float

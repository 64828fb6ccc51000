"""Facts about mutants: which of them a check kills, and what the others are."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from checkers.records.decisions import Sizes

MutantKind = Literal["exponent", "logarithm", "constant", "quantifier", "pass"]
Fate = Literal["killed", "slack", "outside", "equivalent", "missed"]


class MutantResult(Struct, frozen=True, kw_only=True):
    """What a check says of one mutant. claim: what was claimed.

    fate: killed: the check refutes it. slack: a sharper claim that a declared sharp exponent or the measured
    one says is true; under an attack at most so. outside: it differs from the
    statement by less than a factor of 1.2 wherever the ranges reach. equivalent: what is left out decides nothing, for all that was seen.
    missed: none of these. why: of a survivor, in words.
    instances: tried, until it was refuted. ratio: the largest left/right on evidence. reach: by which factor it is stronger, somewhere;
    None where no formula says. killed_at: the sizes of the severest refutation.
    """

    id: str
    architecture: str
    mutant: str
    kind: MutantKind
    claim: str
    fate: Fate
    instances: int
    ratio: float
    reach: float | None
    why: str = ""
    killed_at: Sizes = {}


class MutantScore(Struct, frozen=True, kw_only=True):
    """The counts of one form. score: killed/(all - slack - outside - equivalent); None where nothing is left. notes: what has no mutant."""

    id: str
    architecture: str
    mutants: int
    killed: int
    slack: int
    outside: int
    equivalent: int
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

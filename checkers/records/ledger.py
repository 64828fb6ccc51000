"""What a ledger of many runs adds up to."""

from __future__ import annotations

from msgspec import Struct


class RunSummary(Struct, frozen=True, kw_only=True):
    """One run. spent: the false-alarm probability that its decisions have used up. verdicts: how many of each name."""

    run: int
    started: str
    state: str
    seed: int
    profile: str
    statements: int
    decisions: int
    trials: int
    spent: float
    verdicts: dict[str, int]
    versions: dict[str, str]
    machine: dict[str, str | int | None]
    counterexamples: list[str]


class Accumulated(Struct, frozen=True, kw_only=True):
    """The evidence of all nights about one statement on one architecture, as it is declared now.

    nights: days, in UTC, on which a run of it was begun. log10_e_value: of the e-value now; highest: of the largest it ever had.
    level: of the statement's share of alpha what its edition owns; refuted: the e-value has once reached 1/level, which happens to a true
    statement with probability `level` at most, over all nights that ever will be. failures: those that stand, beyond rounding.
    edition: its declaration is the so-manieth of which this ledger has evidence; the j-th owns 1/(j (j + 1)) of the share, so that all
    of them together own no more than that. other_editions: decisions about the statement as it was declared otherwise. seen_before:
    decisions, not counted, on networks that another edition had seen first.
    """

    id: str
    architecture: str
    nights: int
    runs: int
    instances: int
    trials: int
    failures: int
    log10_e_value: float
    highest: float
    level: float
    refuted: bool
    other_editions: int = 0
    edition: int = 1
    seen_before: int = 0


class Hidden(Struct, frozen=True, kw_only=True):
    """Decisions about a statement that nobody declares here: without its declaration there is no e-value.

    refuted: runs that refuted it by themselves. modules: the files that were named with --module when it was decided.
    """

    id: str
    architecture: str
    decisions: int
    refuted: list[int]
    modules: list[str]


class LedgerSummary(Struct, frozen=True, kw_only=True):
    """All of `lemmafuzz ledger`."""

    ledger: str
    alpha: float
    runs: list[RunSummary]
    evidence: list[Accumulated]
    hidden: list[Hidden] = []

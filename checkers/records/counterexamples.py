"""Counterexamples and certificates, with the versions that they were made with."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from checkers.records.decisions import Decision, Grade, Sizes, Triage


class Versions(Struct, frozen=True, kw_only=True):
    """What a replay must find again to promise the same bits."""

    lemmafuzz: str
    python: str
    torch: str
    numpy: str


class Certificate(Struct, frozen=True, kw_only=True):
    """One drawn instance, its inequality proved in ball arithmetic: see checkers/certification/certify.py for what that says.

    low <= the largest left - right over all indices <= high, suprema included; claimed: the probability with which a draw may fail;
    bits: precision. indices: how many of each kind were compared; looked_at: which, where they are not all that the claim quantifies over.
    """

    id: str
    architecture: str
    source: str
    sizes: Sizes
    seed: int
    outcome: Literal["HOLDS", "FAILS", "UNDECIDED"]
    grade: Grade
    low: float
    high: float
    bits: int
    claimed: float
    regime_depth: float
    reason: str = ""
    indices: dict[str, int] = {}
    looked_at: str = ""


class Counterexample(Struct, frozen=True, kw_only=True):
    """A refutation as an artifact: everything needed to see it again. role: the simplest that shrinking found, or the most severe
    that the search met. inputs, targets: the data itself, so that no generator needs to agree. module: name of the user's module file,
    which only --module imports. triage: what the refutation was made of when it was written. device: where its tensors lay."""

    schema: int
    role: Literal["simplest", "severest"]
    seed: int
    decision: Decision
    inputs: list[list[float]]
    targets: list[list[float]]
    claim: str
    versions: Versions
    module: str = ""
    triage: Triage | None = None
    device: str = "cpu"


class Replay(Struct, frozen=True, kw_only=True):
    """Outcome of a replay. identical: the numbers agree bit for bit with the file's. triage: of what still fails."""

    status: Literal["FIXED", "STILL FAILS", "CANNOT RUN"]
    identical: bool
    reason: str
    decision: Decision | None = None
    triage: Triage | None = None

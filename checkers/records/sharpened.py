"""Facts about sharpened claims: which exponents are refuted, which are open, and what a conjecture went through."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from checkers.records.decisions import CheckRun, Decision

ConjectureVerdict = Literal["OPEN", "NOTHING SHARPER", "NOT SHARPENED"]


class Frontier(Struct, frozen=True, kw_only=True):
    """One exponent of a claim, on the way from what is claimed to what is refuted.

    stronger: which way an exponent claims more. claimed: by the statement; measured, with what it may be at large sizes, low to high: by
    `scale`, None without a ladder inside the regime that is long enough to decide; what a radius has in it that moves along the ladder is
    divided out, as sharpened. conjectured: the strongest one that is not beyond the measured one, in sixths. refuted: every exponent
    beyond is, at the level of the run, whatever the constant; None where none is. killed: the weakest exponent of a mutant that the
    statement's check refutes with the constant as it is. attacked: the measured side is what an attack found, so that a stronger one may
    refute more. note: why nothing is known.
    """

    axis: str
    stronger: Literal["smaller", "larger"]
    claimed: float
    conjectured: float
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    refuted: float | None = None
    killed: float | None = None
    attacked: bool = False
    note: str = ""


class Attempt(Struct, frozen=True, kw_only=True):
    """A bound that was tried, its constants by name, and the decision that refuted it; None: no seed did."""

    bounds: list[str]
    constants: dict[str, str]
    seeds: list[int]
    refuted_by: Decision | None = None


class Conjecture(Struct, frozen=True, kw_only=True):
    """What became of one statement. id: of the conjecture, of: of the statement that it sharpens; claim: its sentence.

    verdict: OPEN: the last attempt was refuted by none of its seeds, nor by the check of the module with another: a conjecture, no fact.
    NOTHING SHARPER: every attempt was refuted, or the measured exponents leave nothing. NOT SHARPENED: there is no bound to sharpen, or no
    constant to calibrate anew; why says it. text: its declaration, as the module has it.
    """

    id: str
    of: str
    verdict: ConjectureVerdict
    claim: str = ""
    why: str = ""
    frontier: list[Frontier] = []
    attempts: list[Attempt] = []
    text: str = ""


class SharpenRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz sharpen`. module: the file of conjectures, "" where there is none; checked: the check of that file."""

    seed: int
    profile: str
    conjectures: list[Conjecture]
    module: str = ""
    checked: CheckRun | None = None
    seconds: float = 0.0

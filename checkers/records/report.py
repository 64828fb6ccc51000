"""Everything that a report is written from."""

from __future__ import annotations

from msgspec import Struct

from checkers.records.counterexamples import Certificate
from checkers.records.decisions import CheckRun, PowerRun
from checkers.records.experiments import DeepNorms, Exponent, RegimeRow, Reliability, Threshold
from checkers.records.ledger import LedgerSummary
from checkers.records.mutants import MutantRun
from checkers.records.sharpened import SharpenRun
from checkers.records.training import TrainingRun


class Facts(Struct, frozen=True, kw_only=True):
    """All that REPORT.md says. titles: one for each training run. versions: of what a reproduction needs. modules: the user's own files.
    asked: the statements, theories and architectures that the command named. nights: what --ledger holds. reliability: how the checker does
    on claims whose truth is known. mutants, sharpened: of the statements, if a run of `lemmafuzz mutants` or `sharpen` is at hand."""

    check: CheckRun
    power: PowerRun
    trainings: list[TrainingRun]
    titles: list[str]
    versions: dict[str, str]
    modules: str = ""
    asked: str = ""
    scaling: list[Exponent] = []
    nights: LedgerSummary | None = None
    reliability: list[Reliability] = []
    certificates: list[Certificate] = []
    regime: list[RegimeRow] = []
    threshold: Threshold | None = None
    deep_norms: DeepNorms | None = None
    mutants: MutantRun | None = None
    sharpened: SharpenRun | None = None

"""Mutants in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from checkers.records.mutants import MutantResult, MutantRun, MutantScore, Outcome
from checkers.report.text import number, table
from checkers.report.verdicts import several_architectures

OUTCOMES = get_args(Outcome)


def score_in_words(scores: Sequence[MutantScore]) -> str:
    """`12/14`, of one form or several, or `-` where nothing counts."""
    refuted, missed = sum(one.refuted for one in scores), sum(one.missed for one in scores)
    return f"{refuted}/{refuted + missed}" if refuted + missed else "-"


def score_table(run: MutantRun, style: str = "simple") -> str:
    """One row a form, its score in front of what does not count."""
    several = several_architectures(one.architecture for one in run.scores)
    rows = [
        [
            one.id, *([one.architecture] if several else []), str(one.mutants), score_in_words([one]),
            *(str(getattr(one, outcome.lower())) for outcome in OUTCOMES), "; ".join(one.notes) or "-",
        ]
        for one in run.scores
    ]  # fmt: skip
    headers = ["statement", *(["architecture"] if several else []), "mutants", "score", *map(str.lower, OUTCOMES), "without mutants"]
    return table(headers, rows, style)


def survivor_table(run: MutantRun, style: str = "simple") -> str:
    """One row a survivor; empty if there is none."""
    several = several_architectures(one.architecture for one in run.scores)

    def row(one: MutantResult) -> list[str]:
        return [one.id, *([one.architecture] if several else []), one.mutant, one.outcome, number(one.ratio), one.why or "-"]

    rows = [row(one) for outcome in OUTCOMES[:0:-1] for one in run.mutants if one.outcome == outcome]
    return table(["statement", *(["architecture"] if several else []), "survivor", "is", "worst ratio", "why"], rows, style) if rows else ""


def closing(run: MutantRun) -> str:
    """The last lines: the score of all."""
    counts = {outcome: sum(one.outcome == outcome for one in run.mutants) for outcome in OUTCOMES}
    counted = counts["REFUTED"] + counts["missed"]
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count and outcome != "REFUTED")
    share = f" ({100 * counts['REFUTED'] / counted:.0f}%)" if counted else ""
    survivors = f"; of {len(run.mutants)} mutants {words}" if words else ""
    return (
        f"{counts['REFUTED']} of {counted} mutants refuted that are false{share}{survivors}\n"
        f"profile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"
    )

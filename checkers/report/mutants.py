"""Mutants in words and tables."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.mutants import MutantResult, MutantRun, MutantScore
from checkers.report.text import number, table
from checkers.report.verdicts import several_architectures

FATES = ("killed", "slack", "outside", "equivalent", "missed")


def score_in_words(scores: Sequence[MutantScore]) -> str:
    """`12/14`, of one form or several, or `-` where nothing counts."""
    killed, missed = sum(one.killed for one in scores), sum(one.missed for one in scores)
    return f"{killed}/{killed + missed}" if killed + missed else "-"


def score_table(run: MutantRun, style: str = "simple") -> str:
    """One row a form, its score in front of what does not count."""
    several = several_architectures(one.architecture for one in run.scores)
    rows = [
        [
            one.id, *([one.architecture] if several else []), str(one.mutants), score_in_words([one]),
            *(str(getattr(one, fate)) for fate in FATES), "; ".join(one.notes) or "-",
        ]
        for one in run.scores
    ]  # fmt: skip
    return table(["statement", *(["architecture"] if several else []), "mutants", "score", *FATES, "without mutants"], rows, style)


def survivor_table(run: MutantRun, style: str = "simple") -> str:
    """One row a survivor; empty if there is none."""
    several = several_architectures(one.architecture for one in run.scores)

    def row(one: MutantResult) -> list[str]:
        return [one.id, *([one.architecture] if several else []), one.mutant, one.fate, number(one.ratio), one.why or "-"]

    rows = [row(one) for fate in FATES[:0:-1] for one in run.mutants if one.fate == fate]
    return table(["statement", *(["architecture"] if several else []), "survivor", "is", "worst ratio", "why"], rows, style) if rows else ""


def closing(run: MutantRun) -> str:
    """The last lines: the score of all."""
    counts = {fate: sum(one.fate == fate for one in run.mutants) for fate in FATES}
    counted = counts["killed"] + counts["missed"]
    words = ", ".join(f"{count} {fate}" for fate, count in counts.items() if count and fate != "killed")
    share = f" ({100 * counts['killed'] / counted:.0f}%)" if counted else ""
    survivors = f"; of {len(run.mutants)} mutants {words}" if words else ""
    return (
        f"{counts['killed']} of {counted} mutants killed that are false{share}{survivors}\n"
        f"profile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"
    )

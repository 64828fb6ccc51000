"""The measurement of the checker itself in words."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.experiments.reliability import CLAIMED
from checkers.records.experiments import Reliability
from checkers.report.text import number, table

LEAD = (
    "Claims whose truth is known, decided like all others: ‖h\\_0‖^2 <= t, which by the exact law fails with probability about {claimed}."
    " *Just true*: that very probability is claimed; *just false*: half of it, with as many networks as the detectable rate asks for."
    " *Expected*: the exact probability of a refutation; it lies within the promise because failures are whole numbers."
)


def reliability_table(rows: Sequence[Reliability], style: str = "simple") -> str:
    def row(one: Reliability) -> list[str]:
        bound = "at most" if one.truth == "just true" else "at least"
        share = one.refuted / one.decisions if one.decisions else 0.0
        return [
            one.what, one.truth, number(one.alpha), f"{one.trials:,}", f"{one.decisions:,}", f"{one.refuted:,}", number(share),
            f"{bound} {number(one.promised)}", number(one.expected), "as promised" if one.as_promised else "NOT AS PROMISED",
        ]  # fmt: skip

    headers = ["decided by", "the claim", "alpha", "trials", "times", "refuted", "share", "promised", "expected", "outcome"]
    return table(headers, map(row, rows), style)


def section(rows: Sequence[Reliability]) -> list[str]:
    """The part of REPORT.md about the checker itself; empty without rows."""
    if not rows:
        return []
    return ["## Can the verdicts be trusted?", LEAD.format(claimed=number(CLAIMED)), reliability_table(rows, "github")]

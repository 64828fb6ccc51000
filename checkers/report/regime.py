"""The table of training runs inside the convergence theorem's own regime."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.experiments.width.inside_the_regime import GOAL
from checkers.records.experiments import RegimeRow
from checkers.report.text import number, table
from theorems import registry
from theorems.allen_zhu.convergence import PAPER_WIDTH


def regime_table(rows: Sequence[RegimeRow], style: str = "simple") -> str:
    """Width, how far inside, steps predicted and taken."""

    def row(one: RegimeRow) -> list[str]:
        taken = "refused" if one.refused else "not reached" if one.taken is None else f"{one.taken:,}"
        sizes = [str(one.samples), str(one.depth), number(one.separation), f"{one.width:,}", one.precision]
        inside = [number(one.inside), number(one.inside_with_logs)]
        return [*sizes, *inside, f"{one.predicted_steps:,}", number(one.allowed_steps), taken, number(one.loss), f"{one.bytes / 2**30:.2f}"]

    headers = [
        "n", "L", "delta", "m", "precision", "m / required, no logs", "with logs", "steps, kernel", "steps, theorem", "steps taken",
        "loss / initial", "GiB planned",
    ]  # fmt: skip
    return table(headers, map(row, rows), style)


def section(rows: Sequence[RegimeRow]) -> list[str]:
    """The report's chapter."""
    if not rows:
        return []
    refused = [f"n = {one.samples}, L = {one.depth}, m = {one.width:,}: {one.refused}." for one in rows if one.refused]
    return [
        "## Inside the convergence theorem's own regime",
        "Gradient descent on revealed weights with the step 1/(2 lambda\\_max) of the limit kernel, at n = L = 1 the paper's own with"
        f" constant 1, to {number(GOAL)} of the initial loss. *m / required*: 1 or more is inside {PAPER_WIDTH.formula},"
        " constants 1; delta is at most 1/L, as the theorem assumes. *Steps*: what the limit kernel needs whatever the labels;"
        f" {registry['gd-convergence'].definitions['T']} with C = 1 and eps = goal, which the theorem allows; and what the run took.",
        regime_table(rows, "github"),
        *refused,
    ]

"""What a run has learned about the paper: one finding a bound, in words that its own measurements bear out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from checkers.records.decisions import Verdict
from checkers.records.report import Facts
from checkers.records.training import StepCheck, TrainingRun
from checkers.report.exponents import SIXTH, Slack, at_one_radius, slack, slacks_in_words
from checkers.report.latex import inline
from checkers.report.statements import bounds_in_latex
from checkers.report.text import Markup, number, plain, table
from checkers.report.training_findings import outside
from checkers.report.verdicts import sizes_in_words
from theorems.language.statement import FULLY_CONNECTED, Statement

SHARPER = ("exponent", "constant")  # kinds of false variants that claim more


@dataclass(frozen=True)
class Failure:
    """One statement's failures along the training runs. first: the run and the step where it failed first; runs: how many it failed in."""

    check: StepCheck
    run: TrainingRun
    title: str
    runs: int
    of: int

    @property
    def outside(self) -> bool:
        return outside(self.run, self.check.id)

    @property
    def words(self) -> str:
        """Where it failed first."""
        run = self.run
        sizes = f"m = {number(run.width)}, L = {run.depth}, n = {run.samples}, delta = {number(run.delta, 2)}"
        return f"{'outside' if self.outside else 'inside'} its regime along training ({sizes}, from step {self.check.first_failure:,} on)"


@dataclass(frozen=True)
class Finding:
    """All that a run says about one bound on fully connected networks, or on those that it is declared for."""

    statement: Statement
    verdict: Verdict
    slacks: tuple[Slack, ...]
    failure: Failure | None
    refuted: int
    sharper: int

    @property
    def rank(self) -> tuple[int, float]:
        """Order of a table: what failed, what is slack, the most first, what may be, what is tight."""
        sure = max((one.likely for one in self.slacks if one.kind == "slack"), default=0.0)
        perhaps = max((one.likely for one in self.slacks if one.kind == "not told apart"), default=0.0)
        broken = self.verdict.verdict == "REFUTED" or any(one.kind == "grows beyond" for one in self.slacks)
        place = 0 if broken else 1 if self.fails else 2 if sure else 3 if perhaps > SIXTH else 4 if self.slacks else 5
        return place, -max(sure, perhaps)

    @property
    def fails(self) -> list[str]:
        """Where it broke without being refuted by it."""
        words = []
        worst = self.verdict.beyond_worst
        if self.verdict.beyond_failures:
            at = f", at {sizes_in_words(worst.sizes, self.statement)}" if worst else ""
            words.append(f"outside its regime in {self.verdict.beyond_failures} of {self.verdict.beyond} instances{at}")
        return [*words, *([self.failure.words] if self.failure else [])]

    @property
    def words(self) -> str:
        refuted = ["**refuted**"] if self.verdict.verdict == "REFUTED" else []
        said = [*refuted, *slacks_in_words(self.slacks), *(f"**fails** {where}" for where in self.fails)]
        return "; ".join(said) or "no exponent to measure"

    @property
    def measured(self) -> str:
        """`omega^0.68 (0.48 to 0.91)`, one for each quantity."""
        return ", ".join(f"{one.symbol}^{one.row.measured:.2f} ({one.row.low:.2f} to {one.row.high:.2f})" for one in self.slacks) or "-"


def findings(facts: Facts, statements: Sequence[Statement], attacked: Collection[str]) -> list[Finding]:
    """One for each bound that has a formula; the most telling first. statements: their first forms."""
    first = {one.id: one for one in reversed(facts.check.verdicts)}
    first |= {one.id: one for one in facts.check.verdicts if one.architecture == FULLY_CONNECTED}
    failures, scaling = training_failures(facts), at_one_radius(facts.scaling)
    found = []
    for statement in statements:
        if statement.id not in first or not statement.bounds:
            continue
        verdict = first[statement.id]
        sharper = [one for one in facts.power.variants if one.id == statement.id and one.architecture == verdict.architecture
                   and one.kind in SHARPER]  # fmt: skip
        found.append(Finding(
            statement=statement, verdict=verdict,
            slacks=tuple(slack(row, row.id in attacked) for row in scaling if row.id == statement.id),
            failure=failures.get(statement.id), refuted=sum(one.verdict == "REFUTED" for one in sharper), sharper=len(sharper),
        ))  # fmt: skip
    return sorted(found, key=lambda one: one.rank)


def training_failures(facts: Facts) -> dict[str, Failure]:
    """The statements that broke along a training run."""
    checked = [(check, run, title) for run, title in zip(facts.trainings, facts.titles, strict=True) for check in run.checks]
    found = {}
    for identifier in dict.fromkeys(check.id for check, _, _ in checked):
        own = [one for one in checked if one[0].id == identifier]
        failed = [one for one in own if one[0].verdict == "FAILED"]
        if failed:
            found[identifier] = Failure(*failed[0], runs=len(failed), of=len(own))
    return found


def finding_table(found: Sequence[Finding], link: str = "report/{}.md") -> str:
    """One row a bound, those without anything to say left out."""
    rows = [
        [
            Markup(f"[{one.statement.id}]({link.format(one.statement.id)}), {plain(one.statement.source)}"), Markup(one.words),
            Markup(", ".join(map(inline, dict.fromkeys(bounds_in_latex(one.statement))))), one.measured, one.verdict.grade or "-",
            number(one.verdict.worst_ratio), f"{one.refuted} of {one.sharper}" if one.sharper else "-",
        ]
        for one in found
        if one.slacks or one.rank[0] < 2
    ]  # fmt: skip
    silent = sum(not one.slacks and one.rank[0] >= 2 for one in found)
    rest = f"\n\n{silent} more bounds held, and have no exponent that is measured here." if rows and silent else ""
    headers = ["bound", "finding", "claimed", "measured", "grade", "closest", "sharper ones refuted"]
    return table(headers, rows, "github") + rest if rows else ""

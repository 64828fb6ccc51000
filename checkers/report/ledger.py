"""The ledger in words: what the terminal and REPORT.md share."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.ledger import Accumulated, Hidden, LedgerSummary, RunSummary
from checkers.report.text import number, plain, table
from checkers.report.verdicts import several_architectures
from theorems.language.statement import FULLY_CONNECTED

LEGEND = (
    "*e-value*: how many times one's money a bet against the statement would have multiplied by now, if it were placed afresh on every"
    " network; on a true statement no bet gains on average. A statement is refuted once its e-value has reached 1 / *level*, its share of"
    " {alpha}, of which the j-th declaration of the same statement owns 1/(j (j + 1)): over all nights and declarations together, past and"
    " to come, and whenever one stops, the probability that any true statement is refuted is at most {alpha}. Values below 1 are what a"
    " true statement looks like."
)


def e_value(log10: float) -> str:
    """`3.2e-05`, `1.3`, `2e+88`."""
    return number(10.0**log10, 2) if log10 < 300 else f"1e+{log10:.0f}"


def run_table(runs: Sequence[RunSummary], style: str = "simple") -> str:
    def row(one: RunSummary) -> list[str]:
        found = ", ".join(f"{count} {name}" for name, count in one.verdicts.items())
        return [
            str(one.run), one.started.replace("T", " ").replace("+00:00", ""), one.state, str(one.seed), one.profile, f"{one.statements:,}",
            f"{one.decisions:,}", f"{one.trials:,}", number(one.spent, 2), found or "-",
        ]  # fmt: skip

    headers = ["run", "begun (UTC)", "state", "seed", "profile", "statements", "decisions", "trials", "budget spent", "verdicts"]
    return table(headers, map(row, runs), style)


def evidence_table(evidence: Sequence[Accumulated], style: str = "simple") -> str:
    several = several_architectures(one.architecture for one in evidence)

    def row(one: Accumulated) -> list[str]:
        counts = [one.nights, one.runs, one.instances, one.trials, one.failures]
        middle = [one.architecture] if several else []
        outcome = "REFUTED" if one.refuted else "not refuted"
        return [one.id, *middle, *(f"{count:,}" for count in counts), e_value(one.log10_e_value), number(one.level, 2), outcome]

    middle = ["architecture"] if several else []
    headers = ["statement", *middle, "nights", "runs", "instances", "trials", "failures", "e-value", "level", "over all nights"]
    return table(headers, map(row, evidence), style)


def hidden_in_words(one: Hidden) -> str:
    """`half-active: 24 decisions, run 1 refutes it; it was checked with --module own.py`."""
    name = one.id if one.architecture == FULLY_CONNECTED else f"{one.id} on {one.architecture} networks"
    runs = f", run {', '.join(map(str, one.refuted))} refutes it" if one.refuted else ""
    files = f"; it was checked with {' '.join(f'--module {file}' for file in one.modules)}" if one.modules else ""
    return f"{name}: {one.decisions:,} decisions{runs}{files}"


def notes(summary: LedgerSummary) -> list[str]:
    """What a reader of the tables must also know."""
    older = [f"{one.id} ({one.other_editions:,})" for one in summary.evidence if one.other_editions]
    seen = [f"{one.id} ({one.seen_before:,})" for one in summary.evidence if one.seen_before]
    files = [f"run {one.run}: {name}" for one in summary.runs for name in one.counterexamples]
    left = [str(one.run) for one in summary.runs if one.state == "interrupted"]
    return [
        *(f"not shown, for nobody declares it here: {hidden_in_words(one)}" for one in summary.hidden),
        *([f"decisions about other declarations, not counted: {', '.join(older)}"] if older else []),
        *([f"decisions on networks that another declaration saw first, not counted (another seed draws new ones): {', '.join(seen)}"]
          if seen else []),
        *([f"counterexamples: {'; '.join(files)}"] if files else []),
        *([f"interrupted: run {', '.join(left)}; `check --resume` continues the latest"] if left else []),
    ]


def closing(summary: LedgerSummary) -> str:
    """The last line: what came of all nights."""
    refuted = [one.id for one in summary.evidence if one.refuted]
    unseen = ", ".join(dict.fromkeys(one.id for one in summary.hidden))
    known = f" that is shown; not shown: {unseen}" if unseen else ""
    return f"{len(summary.runs)} runs in {summary.ledger}; refuted by the evidence of all nights: {', '.join(refuted) or 'nothing'}{known}"


def section(summary: LedgerSummary | None, page_file: str) -> list[str]:
    """The part of REPORT.md about the evidence of all nights. page_file: where the table is."""
    if summary is None:
        return []
    if not summary.evidence:
        lines = [f"The ledger {summary.ledger} holds no evidence about these statements yet.", *_sentences(summary)]
        return ["## Evidence over nights", *lines]
    finished = sum(one.state == "finished" for one in summary.runs)
    days = sorted({one.started[:10] for one in summary.runs})
    lead = (
        f"From the ledger `{summary.ledger}`: {len(summary.runs)} runs, {finished} of them finished, begun from {days[0]} to {days[-1]}."
        " Decisions with the same seed about the same instance are the same networks, and count once."
    )
    refuted = ", ".join(one.id for one in summary.evidence if one.refuted)
    outcome = f"Refuted by the evidence of all nights: {refuted or 'nothing'}. Statement by statement: [{page_file}]({page_file})."
    return ["## Evidence over nights", lead, outcome]


def page(summary: LedgerSummary) -> str:
    """report/nights.md."""
    table = evidence_table(summary.evidence, "github")
    parts = ["# Evidence over nights", "[All of the report](../REPORT.md)", table, LEGEND.format(alpha=number(summary.alpha))]
    return "\n\n".join([*parts, *map(plain, _sentences(summary))]) + "\n"


def _sentences(summary: LedgerSummary) -> list[str]:
    return [f"{note[0].upper()}{note[1:]}." for note in notes(summary)]

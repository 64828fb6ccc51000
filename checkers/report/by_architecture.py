"""The matrix statement x architecture: verdict and grade in each cell, and why a cell is empty."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.decisions import Verdict
from checkers.report.text import Markup, plain, table
from theorems.language.registry import Registry


def matrix(verdicts: Sequence[Verdict], registry: Registry, style: str = "github", page: str = "") -> str:
    """One row a statement, one column an architecture; a number in brackets refers to the reasons below the table. page: where the
    statements' pages are, with {} for the id; none if empty."""
    found = {(verdict.id, verdict.architecture): verdict for verdict in verdicts}
    architectures = list(dict.fromkeys(verdict.architecture for verdict in verdicts))
    reasons: dict[str, int] = {}
    rows = []
    for identifier in dict.fromkeys(verdict.id for verdict in verdicts):
        cells = []
        for architecture in architectures:
            verdict = found.get((identifier, architecture))
            if verdict is not None:
                cells.append(f"{verdict.verdict}, {verdict.grade}" if verdict.grade else verdict.verdict)
            elif identifier in registry and registry.has_form(identifier, architecture):
                cells.append("not run")
            else:
                number = reasons.setdefault(registry.reason(identifier, architecture), len(reasons) + 1)
                cells.append(f"- [{number}]")
        rows.append([Markup(f"[{identifier}]({page.format(identifier)})") if page else identifier, *cells])
    text = table(["statement", *architectures], rows, style)
    notes = "\n".join(f"{number}. {plain(reason)}." for reason, number in reasons.items())
    return f"{text}\n\n{notes}" if notes else text

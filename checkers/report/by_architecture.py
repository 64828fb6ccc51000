"""The matrix statement x architecture: verdict and grade in each cell, and why a cell is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkers.records.decisions import Verdict
from checkers.report.text import Markup, plain, table
from theorems.language.registry import Registry


def matrix(
    verdicts: Sequence[Verdict], registry: Registry, page: str = "", scores: Mapping[tuple[str, str], str] | None = None
) -> str:
    """One row a statement, one column an architecture; a number in brackets refers to the reasons below the table. page: where the
    statements' pages are, with {} for the id; none if empty. scores: (id, architecture) -> share of mutants refuted, to stand beside."""
    found = {(verdict.id, verdict.architecture): verdict for verdict in verdicts}
    architectures = list(dict.fromkeys(verdict.architecture for verdict in verdicts))
    reasons: dict[str, int] = {}
    rows = []
    for identifier in dict.fromkeys(verdict.id for verdict in verdicts):
        cells = []
        for architecture in architectures:
            verdict = found.get((identifier, architecture))
            if verdict is not None:
                cells.append(", ".join(filter(None, (verdict.verdict, verdict.grade, (scores or {}).get((identifier, architecture), "")))))
            elif identifier in registry and registry.has_form(identifier, architecture):
                cells.append("not run")
            else:
                number = reasons.setdefault(registry.reason(identifier, architecture), len(reasons) + 1)
                cells.append(f"- [{number}]")
        rows.append([Markup(f"[{identifier}]({page.format(identifier)})") if page else identifier, *cells])
    text = table(["statement", *architectures], rows, "github")
    notes = "\n".join(f"{number}. {plain(reason)}." for reason, number in reasons.items())
    return f"{text}\n\n{notes}" if notes else text

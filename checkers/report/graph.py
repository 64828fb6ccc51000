"""What rests on what: a Mermaid graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from checkers.records.decisions import CheckRun, VerdictName
from theorems.language.statement import Statement

COLOURS: Final[dict[str, str]] = {
    "HOLDS": "#2f7d4a", "EXTRAPOLATED": "#2b6a8f", "REFUTED": "#b3261e", "VACUOUS": "#6b7280", "UNDECIDED": "#a16207",
}  # fmt: skip
NAMES: Final = {"HOLDS": "green", "EXTRAPOLATED": "blue", "REFUTED": "red", "VACUOUS": "grey", "UNDECIDED": "ochre"}


def graph(run: CheckRun, statements: Sequence[Statement]) -> str:
    """One node a statement, coloured by the worst verdict over the architectures."""
    order: list[VerdictName] = ["REFUTED", "UNDECIDED", "VACUOUS", "EXTRAPOLATED", "HOLDS"]
    verdicts: dict[str, VerdictName] = {}
    for name in order:
        verdicts.update({one.id: name for one in run.verdicts if one.verdict == name and one.id not in verdicts})
    shown = [statement for statement in statements if statement.id in verdicts]
    lines = ["```mermaid", "graph LR"]
    lines += [f"    {statement.id}:::{verdicts[statement.id].lower()}" for statement in shown]
    lines += [f"    {below} --> {statement.id}" for statement in shown for below in statement.rests_on if below in verdicts]
    used = dict.fromkeys(verdicts.values())
    lines += [f"    classDef {name.lower()} fill:{COLOURS[name]},stroke:{COLOURS[name]},color:#ffffff" for name in order if name in used]
    return "\n".join([*lines, "```"]) + f"\n\nColours: {', '.join(f'{NAMES[name]} {name}' for name in order if name in used)}."

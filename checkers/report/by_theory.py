"""What the report says theory by theory: which papers it is about, whose statements are whose, and what is false as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from checkers.records.decisions import PowerRun, VariantVerdict, Verdict
from checkers.report import text
from checkers.report.verdicts import decision_in_words
from theorems.language.registry import registry
from theorems.language.statement import FIRST_THEORY, Statement
from theorems.language.theory import theories

PRINTED = "Slips in print: as printed the claim is refuted, and the statement named in the first column is what its proof gives."
Found = TypeVar("Found", Verdict, VariantVerdict)


def about(statements: Sequence[Statement]) -> str:
    """What the report is about: the first paper, and which theories beside it."""
    others = [one.paper for one in theories().values() if one.id != FIRST_THEORY and any(one.id == s.theory for s in statements)]
    beside = f" Beside it: {'; '.join(others)}." if others else ""
    return (
        "What `lemmafuzz report` found out about the statements of Allen-Zhu, Li and Song, *A Convergence Theory for Deep Learning via"
        f" Over-Parameterization* (ICML 2019).{beside} This file is generated."
    )


def by_theory(found: Sequence[Found], by_id: Mapping[str, Statement]) -> list[tuple[str, list[Found]]]:
    """What was found, theory after theory, each under its paper where there are several."""
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(form_of(one, by_id).theory, []).append(one)
    known = theories()
    return [(known[name].paper if len(groups) > 1 and name in known else "", group) for name, group in groups.items()]


def heading(found: Sequence[Found], by_id: Mapping[str, Statement]) -> str:
    """The paper of the theory that all belong to."""
    known, name = theories(), form_of(found[0], by_id).theory
    return known[name].paper if name in known else "Statements"


def form_of(one: Verdict | VariantVerdict, by_id: Mapping[str, Statement]) -> Statement:
    """The statement on the verdict's architecture."""
    known = registry.has_form(one.id, one.architecture)
    return registry.form(one.id, one.architecture) if known else by_id[one.id]


def counterexample(one: VariantVerdict, by_id: Mapping[str, Statement]) -> str:
    if one.counterexample is None:
        return "none found"
    return decision_in_words(one.counterexample, form_of(one, by_id).variant(one.variant))


def printed(run: PowerRun, by_id: Mapping[str, Statement]) -> list[str]:
    """What stands in a paper otherwise than its proof has it."""
    rows = [
        [text.Markup(f"[{one.id}](report/{one.id}.md)"), form_of(one, by_id).source, one.variant, one.verdict, counterexample(one, by_id)]
        for one in run.variants
        if one.kind == "as printed"
    ]
    table = text.table(["corrected as", "paper", "as printed", "verdict", "smallest counterexample"], rows, "github")
    return [f"**As printed, and false.** {PRINTED}", table] if rows else []

"""What of the paper is checked, and how each "for all" is decided: docs/coverage.md. The list is the paper's, the facts the declarations'.

    python -m checkers.report.coverage > docs/coverage.md
"""

from __future__ import annotations

from collections.abc import Iterator

from checkers.evidence.probe import whole_reach
from checkers.fuzzing.verdicts import grade
from checkers.report.text import table
from theorems import registry
from theorems.allen_zhu.paper import PAPER, Part, Quantifier
from theorems.language.statement import FIRST_THEORY, FLIPS, Statement
from theorems.language.subject import Comparison

# The axes of a measure that run through a quantifier's indices.
AXES = {
    "samples": ("sample", "i"), "pairs": ("i", "j"), "layers": ("layer",), "intervals": ("interval",), "outputs": ("output",),
    "entries": ("row", "neuron", "coordinate", "part"), "steps": ("step", "step - 1"), "batch sizes": ("batch size - 1",),
    "losses": ("loss",), "W and W~": ("weights",),
}  # fmt: skip
OTHERS = ("residual", "convolutional")
HEAD = """# What of the paper is checked

Made by `python -m checkers.report.coverage > docs/coverage.md` from the declarations and the list of numbered statements in
`theorems/allen_zhu/paper.py`. *exact*: every index is compared, or the supremum is computed. *attacked*: a search looks for it, so that
what is found is a lower bound. *sampled*: drawn at random. Not repeated in each row: sizes and data are sampled (search and corners), and
so is the random initialization (binomial tests). The last columns say whether the statement has a form on these networks too.
"""


def decided(over: Quantifier, part: Part, statement: Statement, found: Comparison) -> str:
    """How a statement's check decides one quantifier of a part: `exact`, `attacked: Lanczos iteration`, ...; found: what it measures."""
    if over == "W'" or over == "W~":
        names = statement.adversary if over == "W'" else statement.start
        known = "; exact for L = 1 in certificates" if over == "W'" and statement.certificate == FLIPS else ""
        return f"attacked: {', '.join(names)}{known}" if names else "missing: nothing moves"
    if over in ("vectors", "D''"):
        searches = statement.attack.split("; ")  # for vectors, then for D'' within them; R^d needs no search
        computed = over == "vectors" and "D''" in part.over and len(searches) == 1
        return f"attacked: {searches[0 if over == 'vectors' else -1]}" if statement.attack and not computed else "exact"
    if over == "labels":
        return "exact" if statement.exact else f"sampled: {', '.join(statement.labels)}"
    if not any(axis in found.axes for axis in AXES[over]):
        return "exact" if statement.exact else "missing: not an axis of what is measured"
    return f"exact; on large networks only {found.looked_at}" if over == "intervals" and found.looked_at else "exact"


def _rows(number: str, part: Part) -> Iterator[list[str]]:
    statements = [one for one in registry if one.source == part.source]
    if not statements:
        yield [number, part.says, "-", "missing", part.missing, "-", "-"]
    for statement in statements:
        found = whole_reach(statement)
        how = "; ".join(f"{over} {decided(over, part, statement, found)}" for over in part.over)
        elsewhere = ["yes" if registry.has_form(statement.id, name) else "no" for name in OTHERS]
        yield [number, part.says, statement.id, grade(statement), how, *elsewhere]


def coverage() -> str:
    """The page."""
    rows = [row for one in PAPER for part in one.parts for row in _rows(f"{one.number}, {one.about}", part)]
    named = {part.source for one in PAPER for part in one.parts}
    beside = [f"{one.id} ({one.source})" for one in registry if one.theory == FIRST_THEORY and one.source not in named]
    headers = ["numbered statement", "part", "checked by", "grade", "for all", *OTHERS]
    without = [(one.id, name) for name in OTHERS for one in registry if one.theory == FIRST_THEORY and not registry.has_form(one.id, name)]
    reasons = "\n".join(f"- {identifier}, {name}: {registry.reason(identifier, name)}." for identifier, name in without)
    return (
        f"{HEAD}\n{table(headers, rows, 'github')}\n\nBeside the paper's numbered statements: {', '.join(beside)}.\n\n"
        f"## Where a statement has no form\n\n{reasons}\n"
    )


if __name__ == "__main__":
    print(coverage(), end="")

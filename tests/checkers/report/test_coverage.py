"""docs/coverage.md: as generated, and nothing of the paper's list unchecked without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkers.evidence.probe import whole_reach
from checkers.report.coverage import coverage, decided
from theorems import registry
from theorems.allen_zhu.paper import PAPER, Part
from theorems.language.registry import Registry

PAGE = Path(__file__).parents[3] / "docs" / "coverage.md"
PARTS = {part.source: part for one in PAPER for part in one.parts}


def test_the_page_is_up_to_date() -> None:
    """`python -m checkers.report.coverage > docs/coverage.md` makes it."""
    assert PAGE.read_text() == coverage()


def test_every_part_of_the_paper_has_a_statement() -> None:
    assert set(PARTS) <= {one.source for one in registry}
    assert "missing" not in PAGE.read_text()


def test_a_part_that_nobody_checks_is_missing_with_its_reason() -> None:
    catalogue = Registry()
    catalogue.add(registry["relu-difference"])
    row = next(line for line in coverage(catalogue).splitlines() if line.startswith("| Lemma 7.1"))
    assert row.split(" | ")[2:5] == ["-", "missing", "nobody has declared it"]


@pytest.mark.parametrize(
    ("identifier", "over", "how"),
    [
        ("backward-norm", "vectors", "exact"),
        ("operator-norm", "intervals", "exact; on large networks only (a, b) = (1, 1), (1, L/2), (1, L) and (L, L)"),
        ("operator-stability", "D''", "attacked: the diagonal entries that its vectors find largest"),
        ("changed-backward-norm", "vectors", "exact"),
        ("backward-change-by-weights", "W'", "attacked: random, output alignment, spectral ascent"),
        ("output-stability", "W~", "attacked: hidden alignment, switching on"),
        ("gradient-upper", "labels", "exact"),
        ("semi-smoothness", "labels", "sampled: random, signs, fitted"),
        ("semi-smoothness", "W and W~", "missing: not an axis of what is measured"),
    ],
)
def test_how_a_quantifier_is_decided(identifier: str, over: str, how: str) -> None:
    statement = registry[identifier]
    part: Part = PARTS[statement.source]
    assert decided(over, part, statement, whole_reach(statement)) == how  # type: ignore[arg-type]

"""Tables on narrow terminals."""

from __future__ import annotations

import io
import os
import sys

import pytest

from checkers.report.mutants import OUTCOMES
from checkers.report.narrow import narrow_table, terminal_width
from checkers.report.statements import statement_table
from checkers.report.text import table
from checkers.report.verdicts import check_columns
from theorems import registry

VERDICT = ["backward-stability", "Allen-Zhu et al. 2019, Lemma 8.7", "convolutional", "UNDECIDED", "attacked", "18", "2,557,949", "18,829",
           "0.0039", "0.00039", "0.00378"]  # fmt: skip
TABLES = {
    "check": (check_columns(True), [VERDICT]),
    "power": (["statement", "false variant", "kind", "architecture", "verdict", "instances"],
              [["gradient-lower", "constant 1.4, above the limit for close samples", "implementation", "convolutional", "REFUTED", "9"]]),
    "scale": (["statement", "in", "from, to", "claimed", "measured", "interval", "outcome", "slack", "at"],
              [["backward-stability", "omega", "1e-05 to 0.000316", "at most 0.333", "0.681 ± 0.012", "0.657 to 0.705", "slack",
                "at most 0.348", "m = 4,096, L = 8, n = 4 (beyond the regime)"]]),
    "mutants": (["statement", "architecture", "mutants", "score", *map(str.lower, OUTCOMES), "without mutants"],
                [["backward-stability", "convolutional", "14", "12/14", *("0" for _ in OUTCOMES), "s: in no formula with a mutant"]]),
    "survivors": (["statement", "architecture", "survivor", "is", "worst ratio", "why"],
                  [["backward-stability", "convolutional", "omega^(2/3) in place of omega^(1/3)", "slack", "0.0381", "the truth is less"]]),
    "train": (["checked along the run", "outcome", "sizes", "steps", "worst ratio", "at step", "median ratio", "first failure"],
              [["kernel-stability", "HOLDS", "outside", "6,809", "0.00249", "6,329", "0.00154", "step 6,329"]]),
}  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("name", TABLES)
def test_every_line_fits_and_no_word_is_broken(name: str, width: int) -> None:
    headers, rows = TABLES[name]
    wide, found = table(headers, rows, width=0), table(headers, rows, width=width)
    assert max(map(len, found.split("\n"))) <= width
    assert found == wide or max(map(len, wide.split("\n"))) > width
    shown, _, note = found.partition("left out on a terminal of")
    left_out = [header for header in headers if header in " ".join(note.split()).replace("columns: ", ", ").split(", ")] if note else []
    kept = [(header, cell) for row in rows for header, cell in zip(headers, row, strict=True) if header not in left_out]
    for header, cell in kept:
        assert {*header.split(), *cell.split()} <= set(shown.split())


def test_the_statement_and_its_verdict_are_never_left_out() -> None:
    found = table(*TABLES["check"], width=60)
    assert all(word in found.split() for word in ("backward-stability", "UNDECIDED", "0.0039"))
    assert "left out on a terminal of 60 columns: paper, at a corner, instances" in " ".join(found.split())


def test_the_list_of_statements_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("checkers.report.narrow.sys.stdout", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})())
    found = statement_table(list(registry))
    monkeypatch.undo()
    assert max(map(len, found.split("\n"))) <= 100
    assert all(f"\n{statement.id} " in found for statement in registry)


def test_a_pipe_is_as_wide_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    assert terminal_width() == 0
    assert os.environ["COLUMNS"] == "40"
    assert len(table(["a", "b"], [["x" * 50, "y" * 50]]).split("\n")[2]) > 100


def test_a_word_that_is_wider_than_the_terminal_is_left_whole() -> None:
    assert narrow_table(["file"], [["a" * 50 + " b"]], 20).split("\n")[2:] == ["a" * 50, "b"]

"""`lemmafuzz compare`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checkers.command_line.main import main

ROWS = "x,y,kind\n3,0,a\n0,2,b\n6,0,a\n"


def test_drawn_rows_as_text_json_and_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, figure = tmp_path / "facts.json", tmp_path / "figure.svg"
    assert main(f"compare orthonormal --samples 3 --seed 2 --json {facts} --figure {figure}".split()) == 0
    text = capsys.readouterr().out
    found = json.loads(facts.read_text())
    assert {"data", "rows", "theories", "width_measured", "low", "high"} <= set(found)
    promised = {"theory", "met", "offending_rows", "width_asked", "steps", "certificate_depth"}
    assert [promised - set(one) for one in found["theories"]] == [set()] * len(found["theories"])
    assert found["lambda0"] == pytest.approx(0.5)
    assert {one["theory"] for one in found["theories"]} >= {"allen-zhu", "two-layer"}
    for one in found["theories"]:
        assert one["name"] in text
    assert "the least width with a promise of convergence is " in text
    assert "1/sqrt 2" in text
    assert "not met" in text
    drawn = figure.read_text()
    ElementTree.fromstring(drawn)
    assert "width m" in drawn.replace("<!-- ", "").replace(" -->", "")


def test_rows_that_break_an_assumption_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "twice.csv").write_text(ROWS)
    assert main(f"compare {tmp_path / 'twice.csv'} --label-column kind --seed 1".split()) == 0
    text = capsys.readouterr().out
    assert "line 2 and line 4" in text or "line 4 and line 2" in text
    assert "lambda0 = 0: no theory of two-layer networks promises anything, at any width" in text
    assert "--drop-duplicates" in text
    assert main(f"compare {tmp_path / 'twice.csv'} --label-column kind --drop-duplicates --seed 1 --quiet".split()) == 0
    assert "the least width with a promise" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("compare nowhere.csv", "cannot read nowhere.csv: there is no such file"),
        ("compare sphere --held-out 5 --seed 1", "--held-out needs rows with labels of their own, and those of sphere are drawn"),
        ("compare digits --labels random --held-out 5 --seed 1", "--labels random leaves no true ones"),
        ("compare digits --samples 500 --seed 1", "500 rows would take hours, and the limit is 200: choose some of them with --samples"),
        ("compare orthonormal --failure 1 --seed 1", "1.0 is not in the range 0<x<1"),
        ("compare orthonormal --failure nan --seed 1", "nan is not a finite number"),
        ("compare orthonormal --figure nowhere/x.svg --seed 1", "there is no folder nowhere"),
    ],
)
def test_mistakes_get_one_sentence(arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""

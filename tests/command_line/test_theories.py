"""--theory: which statements a command speaks of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkers.command_line.main import main
from checkers.command_line.options import of_theories
from checkers.errors import InputError
from theorems import registry
from theorems.language.registry import Registry
from theorems.language.statement import FIRST_THEORY, DeclarationError
from theorems.language.theory import theories


def listed(arguments: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main([*arguments.split(), "--json", "-"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_list_takes_theories(capsys: pytest.CaptureFixture[str]) -> None:
    second = listed("list --theory two-layer", capsys)
    assert {entry["theory"] for entry in second} == {"two-layer"}
    both = listed(f"list --theory two-layer --theory {FIRST_THEORY}", capsys)
    assert both == [entry for entry in listed("list", capsys) if entry["theory"] in ("two-layer", FIRST_THEORY)]
    assert len(second) == len(registry.theory("two-layer")) < len(both)
    every = [argument for name in theories() for argument in ("--theory", name)]
    assert listed(f"list {' '.join(every)}", capsys) == listed("list", capsys)


def test_theories_say_what_they_assume(capsys: pytest.CaptureFixture[str]) -> None:
    entries = listed("list theories", capsys)
    assert [entry["theory"] for entry in entries] == list(theories()) == [FIRST_THEORY, "local-jacobian", "two-layer"]
    assert all(entry["paper"] and entry["assumes"] and entry["statements"] for entry in entries)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("list --theory three-layer", "there is no theory 'three-layer'; there are: allen-zhu, local-jacobian, two-layer"),
        ("check forward-norm --theory two-layer --seed 1", "statement 'forward-norm' belongs to the theory allen-zhu, not to two-layer"),
        ("power --theory deep --seed 1", "there is no theory 'deep'; there are: allen-zhu, local-jacobian, two-layer"),
        ("mutants tl-kernel --theory allen-zhu --seed 1", "statement 'tl-kernel' belongs to the theory two-layer, not to allen-zhu"),
        ("sharpen tl-kernel --theory allen-zhu --seed 1", "statement 'tl-kernel' belongs to the theory two-layer, not to allen-zhu"),
        ("certify tl-kernel --seed 1", "no certificate for 'tl-kernel': two-layer networks are not followed in balls"),
    ],
)
def test_mistakes_get_one_sentence(arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    assert capsys.readouterr().err == f"lemmafuzz: {sentence}\n"


def test_mutants_of_one_theory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutants", "tl-amplitudes", "--theory", "two-layer", "--seed", "1", "--quiet"]) == 0
    assert "4 of 4 mutants refuted that are false" in capsys.readouterr().out


def test_check_and_power_run_one_theory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    assert main(f"power tl-amplitudes tl-positive --theory two-layer --seed 1 --json {facts} --folder {tmp_path} --quiet".split()) == 0
    assert {one["verdict"] for one in json.loads(facts.read_text())["variants"]} == {"REFUTED"}
    assert "4 of 4 false variants refuted" in capsys.readouterr().out


def test_a_statement_of_no_known_theory_is_refused() -> None:
    import dataclasses

    stray = dataclasses.replace(registry["forward-norm"], theory="unheard of")
    with pytest.raises(DeclarationError, match="belongs to the unknown theory 'unheard of'; known: allen-zhu, local-jacobian, two-layer"):
        Registry().add(stray)
    with pytest.raises(InputError, match="belongs to the theory allen-zhu"):
        of_theories([registry["forward-norm"]], ["two-layer"])

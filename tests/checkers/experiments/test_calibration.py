"""Constants: which side they stand on, how they are written, and that the file in use is the one that `calibrate` writes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.experiments import calibration
from theorems import registry
from theorems.language.calibration import FILE, SHORT, calibrated
from theorems.language.statement import FIRST_THEORY, Constant, FailureProbability
from theorems.language.subject import Side


def test_every_calibrated_constant_is_in_the_file_with_its_provenance() -> None:
    entries = json.loads(FILE.read_text())
    for statement in registry:
        for name in calibration.calibrated_names(statement):
            entry = entries[statement.id][name]
            assert statement.constants[name].value == entry["value"]
            assert {"seed", "sizes", "margin", "instances", "worst", "adversary"} <= set(entry)
            assert entry["margin"] == calibration.MARGIN, "one rule for all"
            low, high = sorted((entry["value"], entry["needed"]))
            assert high / low == pytest.approx(calibration.MARGIN, rel=0.02)  # three digits
            assert (entry["median"] <= entry["needed"]) == (entry["value"] >= entry["needed"]), "the worst needs more than the median"
            assert entry["sizes"]["depth"][1] <= calibration.DEPTH
            assert f"seed {entry['seed']}" in statement.constants[name].provenance


def test_every_declared_statement_has_its_constant_from_calibration() -> None:
    """Left out: the paper's own numbers 2 and 1/2, and the statements about training, whose regime no small network reaches."""
    declared = {statement.id for statement in registry.theory(FIRST_THEORY) if statement.kind == "declared"}
    by_hand = {identifier for identifier in declared if not calibration.calibrated_names(registry[identifier])}
    trained = {"gd-rate", "gd-radius", "gd-convergence", "sgd-convergence", "other-losses", "classification"}
    assert by_hand == {"sparse-forward", "separation"} | trained


def test_false_constants_lie_just_beyond_the_sharp_ones() -> None:
    for identifier in ("backward-stability", "semi-smoothness", "gradient-drift", "linearization", "kernel-stability"):
        constant = registry[identifier].variant("constant short of the sharp one").constants["C"]
        median = json.loads(FILE.read_text())[identifier]["C"]["median"]
        assert constant.value == pytest.approx(SHORT * median, rel=0.01)


def test_a_constant_that_was_never_calibrated_says_so() -> None:
    assert calibrated("no-such-statement", "C") == Constant(1.0, "not calibrated yet", calibrated=True)


@pytest.mark.parametrize(("identifier", "name", "up"), [("kernel-limit", "C", True), ("gradient-lower", "c", False)])
def test_calibration_gives_the_constant_at_which_the_claim_is_just_met(
    identifier: str, name: str, up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a constant ten times off, on either side of the claim, the same value is found: the ratio is linear in it."""
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=4))
    statement = registry[identifier]
    moved = Constant(statement.constants[name].value * (0.1 if up else 10), "moved", calibrated=True)
    values = [
        calibration.calibrate_one(one, 5)[0].value
        for one in (statement, dataclasses.replace(statement, constants={**statement.constants, name: moved}))
    ]
    assert values[0] == pytest.approx(values[1], rel=0.02)  # three digits


def test_the_side_of_a_constant_is_said_by_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that the constant does not scale is refused."""
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    norm = dataclasses.replace(
        registry["forward-norm"], measure=lambda subject: Side(subject.norms()[..., 1:], ("sample", "layer")), engines=("dense",),
        constants={"C": Constant(1.0, "", calibrated=True)}, failure=FailureProbability("0", lambda i, C: 0.0),
        ranges={"width": (64, 64), "depth": (1, 2)}, assumptions=(),
    )  # fmt: skip
    (above,) = calibration.calibrate_one(dataclasses.replace(norm, at_most="C sqrt(L)"), 5)
    assert above.value > above.needed
    (below,) = calibration.calibrate_one(dataclasses.replace(norm, at_most=(), at_least="C sqrt(L)"), 5)
    assert below.value < below.needed
    with pytest.raises(InputError, match="do not scale one side"):
        calibration.calibrate_one(dataclasses.replace(norm, at_most="C + L"), 5)


def test_a_constant_that_scales_neither_side_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    statement = registry["backward-norm"]
    wrong = {"C": Constant(3.0, ""), "c": Constant(0.1, "", calibrated=True)}
    with pytest.raises(InputError, match="do not scale one side"):
        calibration.calibrate_one(dataclasses.replace(statement, constants=wrong), 5)


def test_the_command_changes_only_what_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    file = tmp_path / "constants.json"
    file.write_text(json.dumps({"another": {"C": {"value": 2.0}}}))
    assert main(["calibrate", "kernel-limit", "--seed", "4", "--file", str(file), "--quiet"]) == 0
    entries = json.loads(file.read_text())
    assert entries["another"] == {"C": {"value": 2.0}}
    assert entries["kernel-limit"]["C"]["seed"] == 4
    assert "seed 4" in capsys.readouterr().out

"""What the nights of a ledger add up to, over all declarations of a statement, and what a reader is told of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.evidence.profiles import PROFILES
from checkers.machine.software import edition
from checkers.records.decisions import CheckRun, Decision, PowerRun
from checkers.records.events import Entry
from checkers.records.ledger import Accumulated
from checkers.records.report import Facts
from checkers.runs import suite
from checkers.runs.ledger.file import RunLedger
from checkers.runs.ledger.recorded_run import RecordedRun, begin
from checkers.runs.ledger.summary import accumulated
from tests.helpers import memory_speed
from theorems import registry

ROOT = Path(__file__).parents[3]
CHOSEN = [registry["relu-difference"], registry["separation"], registry["backward-norm"]]
QUICK = PROFILES["quick"]
FULLY = ["--architecture", "fully connected"]


def test_evidence_of_several_nights_is_read_by_the_report_and_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    glance = ["--profile", "glance", "--ledger", "runs.sqlite", "--quiet"]
    for seed in ("1", "2", "1"):
        assert main(["check", "separation", *FULLY, "--seed", seed, *glance]) == 0
    ledger = RunLedger(Path("runs.sqlite"))
    (one,) = accumulated(ledger, list(registry), registry, suite.ALPHA)
    trials = ledger.read("SELECT sum(trials) FROM decisions WHERE run <= 2")[0][0]
    assert (one.id, one.runs, one.trials, one.failures) == ("separation", 2, trials, 0), "the third night repeats the first"
    assert one.log10_e_value < 0
    assert not one.refuted
    assert one.level == pytest.approx(share("separation") / 2), "a half is left to declarations that may follow"
    capsys.readouterr()
    assert main(["ledger", "runs.sqlite", "--json", "ledger.json"]) == 0
    assert "3 runs in runs.sqlite; refuted by the evidence of all nights: nothing" in capsys.readouterr().out
    assert [one["state"] for one in json.loads(Path("ledger.json").read_text())["runs"]] == ["finished"] * 3


def share(identifier: str) -> float:
    """What each form of a statement owns of the error rate."""
    return suite.ALPHA / ((k := registry.position(identifier)) + 1) / (k + 2) / len(registry.forms(identifier))


def failing_often(run: RecordedRun, night: int, edited: str = "") -> None:
    """Forty instances, each with three failures in twenty trials where 0.1 is claimed: no night refutes by itself."""
    statement = registry["backward-norm"]
    for number in range(40):
        one = Decision(
            statement=statement.id, variant="", architecture="fully connected", engine="dense", sizes={"width": number}, trials=20,
            failures=3, within_rounding=0, claimed=0.1, p_value=0.3, alpha=1e-9, refuted=False, evidence=True, ratio=1.1, left=1.1,
            right=1.0, place={}, regime_depth=2.0,
        )  # fmt: skip
        run.record(Entry(digest=f"{night} {number}", edition=edited or edition(statement), decision=one, standing=3))


def test_many_nights_refute_what_no_night_refutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = memory_speed(RunLedger(Path("runs.sqlite"), create=True))
    values = []
    for night in range(8):
        run = begin(ledger, [registry["backward-norm"]], seed=night, profile=QUICK, alpha=suite.ALPHA, device="cpu")
        failing_often(run, night)
        failing_often(run, 100 + night, edited="an older declaration")
        run.finish()
        values.append(accumulated(ledger, CHOSEN, registry, suite.ALPHA)[0])
    assert not values[0].refuted
    assert values[-1].refuted
    assert [one.log10_e_value for one in values] == sorted(one.log10_e_value for one in values)
    assert values[-1].trials == 8 * 40 * 20
    assert values[-1].edition == 1
    assert values[-1].other_editions == 8 * 40, "evidence about another declaration is evidence about another claim"
    assert math.isclose(values[-1].highest, values[-1].log10_e_value)
    assert main(["ledger", "runs.sqlite"]) == 1
    assert "REFUTED" in capsys.readouterr().out


def test_all_editions_together_own_no_more_than_one_and_none_is_judged_on_networks_that_another_saw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = memory_speed(RunLedger(tmp_path / "runs.sqlite", create=True))
    now = edition(registry["backward-norm"])

    def night(seed: int, edited: str) -> Accumulated:
        run = begin(ledger, [registry["backward-norm"]], seed=seed, profile=QUICK, alpha=suite.ALPHA, device="cpu")
        failing_often(run, seed, edited)
        return accumulated(ledger, CHOSEN, registry, suite.ALPHA)[0]

    levels = []
    for number in range(1, 6):  # four other editions, then this one
        one = night(number, now if number == 5 else f"edition {number}")
        levels.append(one.level)
        assert one.edition == min(number + 1, 5), "before it has evidence it would be the next"
    owned = [share("backward-norm") / (j * (j + 1)) for j in range(1, 6)]
    assert levels == pytest.approx([*owned[1:], owned[-1]])
    assert math.fsum(owned) < share("backward-norm")
    before = one
    assert (before.trials, before.other_editions, before.seen_before) == (40 * 20, 4 * 40, 0)
    for seed in (1, 2, 3, 4):  # the edit may have been made in view of these very networks
        one = night(seed, now)
    assert one == msgspec.structs.replace(before, seen_before=4 * 40)
    assert main(["ledger", str(ledger.path)]) == 0
    said = "decisions on networks that another declaration saw first, not counted (another seed draws new ones): backward-norm (160)"
    assert said in capsys.readouterr().out.splitlines()
    night(5, "edition 1")
    assert night(5, now) == one, "networks stay those of the edition that saw them first"


def test_a_statement_that_nobody_declares_is_named_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lemma = (ROOT / "tests" / "two_sided.py").read_text()
    Path("false.py").write_text(lemma.replace("Constant(3.0", "Constant(2.2").replace("1 - C**2 / 4", "-2"))
    named = ["--module", "false.py"]
    quick = ["--seed", "1", "--ledger", "runs.sqlite", "--processes", "1", "--quiet"]
    assert main(["check", "loudest-neuron", *quick, *named]) == 1
    assert main(["ledger", "runs.sqlite", *named]) == 1
    capsys.readouterr()
    assert main(["ledger", "runs.sqlite", "--json", "ledger.json"]) == 2, "its e-value is hidden, and nothing that is shown is refuted"
    lines = capsys.readouterr().out.splitlines()
    (hidden,) = json.loads(Path("ledger.json").read_text())["hidden"]
    assert (hidden["id"], hidden["refuted"], hidden["modules"]) == ("loudest-neuron", [1], [str(tmp_path / "false.py")])
    checked = f"{hidden['decisions']} decisions, run 1 refutes it; it was checked with --module {tmp_path / 'false.py'}"
    assert f"not shown, for nobody declares it here: loudest-neuron: {checked}" in lines
    assert lines[-1] == (
        "1 runs in runs.sqlite; refuted by the evidence of all nights: nothing that is shown; not shown: loudest-neuron"
    )
    assert not [line for line in lines if line.startswith("statement")], "no table of nothing"
    failing_often(begin(RunLedger(Path("runs.sqlite")), CHOSEN, seed=1, profile=QUICK, alpha=suite.ALPHA, device="cpu"), 1)
    assert main(["ledger", "runs.sqlite"]) == 2
    for night in range(2, 9):
        failing_often(begin(RunLedger(Path("runs.sqlite")), CHOSEN, seed=night, profile=QUICK, alpha=suite.ALPHA, device="cpu"), night)
    assert main(["ledger", "runs.sqlite"]) == 1, "a statement that is shown is refuted"


def test_the_report_reads_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nothing = Facts(
        check=CheckRun(seed=1, alpha=1e-6, profile="quick", verdicts=[]), power=PowerRun(seed=1, alpha=1e-6, profile="quick", variants=[]),
        trainings=[], titles=[], versions={},
    )  # fmt: skip
    monkeypatch.setattr("checkers.experiments.everything.gather", lambda *_, **__: nothing)
    ledger = memory_speed(RunLedger(Path("runs.sqlite"), create=True))
    assert main(["report", "--ledger", "runs.sqlite"]) == 0
    assert "holds no evidence about these statements yet" in Path("REPORT.md").read_text()
    for night in range(8):
        failing_often(begin(ledger, [registry["backward-norm"]], seed=night, profile=QUICK, alpha=suite.ALPHA, device="cpu"), night)
    assert main(["report", "--ledger", "runs.sqlite"]) == 1, "the evidence of all nights refutes"
    text = Path("REPORT.md").read_text()
    assert "## Evidence over nights" in text
    (row,) = [line for line in Path("report/nights.md").read_text().splitlines() if line.startswith("| backward-norm")]
    assert row.rstrip(" |").endswith("REFUTED")
    assert main(["report"]) == 0
    assert "## Evidence over nights" not in Path("REPORT.md").read_text()

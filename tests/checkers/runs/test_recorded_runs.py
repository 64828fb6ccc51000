"""Runs that are interrupted and resumed decide what they would have decided; evidence accumulates, and counts once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.command_line.options import chosen, on_architectures
from checkers.errors import InputError
from checkers.evidence.decide import decide
from checkers.evidence.profiles import PROFILES
from checkers.machine.software import software
from checkers.records.decisions import CheckRun, Decision
from checkers.records.events import Entry, Event
from checkers.runs import suite
from checkers.runs.ledger import journal, recorded_run
from checkers.runs.ledger.file import RunLedger
from checkers.runs.ledger.journal import Journal
from checkers.runs.ledger.recorded_run import RecordedRun, begin, unfinished
from checkers.runs.ledger.summary import accumulated, runs
from strategies import instance_from_sizes
from tests.helpers import SMALL, memory_speed
from theorems import registry
from theorems.language.statement import FailureProbability, Statement
from theorems.language.subject import Comparison, Subject

ROOT = Path(__file__).parents[3]
CHOSEN = [registry["relu-difference"], registry["separation"], registry["backward-norm"]]
GLANCE = PROFILES["glance"]  # the same whether statements are named or not
FULLY = ["--architecture", "fully connected"]
OPTIONS: dict[str, Any] = {"seed": 5, "profile": SMALL}


def book(path: Path) -> RecordedRun:
    return begin(memory_speed(RunLedger(path, create=True)), CHOSEN, seed=5, profile=SMALL, alpha=suite.ALPHA, device="cpu")


def decisions(run: RecordedRun) -> list[Entry]:
    return [entry for statement in CHOSEN for entry in run.entries(statement.id, statement.architecture)]


def facts(run: CheckRun) -> CheckRun:
    return msgspec.structs.replace(run, seconds=0.0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[CheckRun, list[Entry]]:
    """A run that nothing interrupts, and its decisions."""
    run = book(tmp_path_factory.mktemp("whole") / "runs.sqlite")
    return facts(suite.check(CHOSEN, run=run, **OPTIONS)), decisions(run)


def test_a_ledger_changes_no_verdict(whole: tuple[CheckRun, list[Entry]]) -> None:
    assert facts(suite.check(CHOSEN, **OPTIONS)) == whole[0]


def dies_after(run: RecordedRun, count: int) -> None:
    """A run whose process ends, without another word, when it is about to write one decision more."""
    write = run.record

    def record(entry: Entry) -> None:
        if len(decisions(run)) == count:
            raise KeyboardInterrupt
        write(entry)

    run.record = record  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        suite.check(CHOSEN, run=run, **OPTIONS)


@pytest.mark.parametrize("count", [0, 1, 5, 6, 15])
def test_a_resumed_run_decides_what_was_left_and_nothing_else(
    count: int, whole: tuple[CheckRun, list[Entry]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = book(tmp_path / "runs.sqlite")
    dies_after(run, count)
    assert decisions(run) == whole[1][:count]
    monkeypatch.setattr(recorded_run, "alive", lambda owner: False)  # it lives on as this test
    decided: list[Decision] = []

    def counting(*arguments: Any, **options: Any) -> Decision:
        decided.append(decide(*arguments, **options))
        return decided[-1]

    monkeypatch.setattr(journal, "decide", counting)
    resumed = unfinished(RunLedger(run.path))
    assert resumed.number == run.number
    assert facts(suite.check(CHOSEN, run=resumed, **OPTIONS)) == whole[0]
    assert decisions(resumed) == whole[1]
    assert decided == [entry.decision for entry in whole[1][count:]]
    with pytest.raises(InputError, match="no interrupted check"):
        unfinished(RunLedger(run.path))


def test_a_run_at_work_is_not_taken_away(tmp_path: Path) -> None:
    run = book(tmp_path / "runs.sqlite")
    with pytest.raises(InputError, match=f"run {run.number} is still at work"):
        unfinished(RunLedger(run.path))
    assert [one.state for one in runs(run.ledger)] == ["at work"]


@pytest.mark.parametrize("owner", [{"process": 2**22 - 1}, {"host": "elsewhere"}, {"began": "1"}], ids=str)
def test_a_dead_process_is_known_by_number_time_and_host(owner: dict[str, Any], tmp_path: Path) -> None:
    run = book(tmp_path / "runs.sqlite")
    now = json.loads(run.ledger.read("SELECT owner FROM runs")[0][0])
    assert now["process"] == os.getpid()
    with run.ledger.writing() as connection:
        connection.execute("UPDATE runs SET owner = ?", [json.dumps({**now, **owner})])
    assert unfinished(run.ledger).number == run.number


def test_what_would_give_other_numbers_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = book(tmp_path / "runs.sqlite")
    monkeypatch.setattr(recorded_run, "alive", lambda owner: False)
    for changed, words in (({"torch": "1.0"}, "torch .* there, 1.0 here"), ({"code": "0"}, "the code of lemmafuzz is not the same")):
        monkeypatch.setattr(recorded_run, "software", lambda changed=changed: {**software(), **changed})
        with pytest.raises(InputError, match=f"cannot be resumed with the same numbers: {words}"):
            unfinished(run.ledger)


def test_the_command_resumes_with_what_the_run_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    least = replace(SMALL, far=0, normals=2**14, law_draws=2**10)
    monkeypatch.setitem(PROFILES, "quick", least)
    assert main(["check", "relu-difference", "separation", *FULLY, "--seed", "5", "--json", "whole.json"]) == 0
    run = begin(
        RunLedger(Path("runs.sqlite"), create=True), on_architectures(chosen(["relu-difference", "separation"]), FULLY[1:]), seed=5,
        profile=least.naming(["relu-difference", "separation"]), alpha=suite.ALPHA, device="cpu",
    )  # fmt: skip
    monkeypatch.setattr(recorded_run, "alive", lambda owner: False)
    for given in (["--seed", "6"], ["--profile", "standard"], ["separation"], ["--module", str(ROOT / "docs" / "own-statement.py")]):
        capsys.readouterr()
        assert main(["check", "--resume", "--ledger", "runs.sqlite", *given]) == 2
        assert f"differs from that of the interrupted run {run.number}" in capsys.readouterr().err
    assert main(["check", "--resume", "--ledger", "runs.sqlite", "--processes", "1", "--json", "resumed.json"]) == 0
    assert "run 1 of the ledger runs.sqlite" in capsys.readouterr().out
    found, expected = (json.loads(Path(name).read_text()) for name in ("resumed.json", "whole.json"))
    assert {**found, "seconds": 0} == {**expected, "seconds": 0}
    assert found["named"] == ["relu-difference", "separation"], "what was named when it was begun, not what the resumed command names"


@pytest.mark.parametrize(("narrow", "expected"), [(True, 0), (False, 64)])
def test_what_is_only_rounding_counts_in_no_night(narrow: bool, expected: int) -> None:
    """A true inequality with a slack of 1e-9, added up in float32, and one that is false by 1e-9 in float64."""

    def measure(subject: Subject) -> Comparison:
        h = subject.activations(0)[:, 0]
        left = (h * h).float().sum(-1) if narrow else (h * h).sum(-1) * (1 + 4e-9)
        return Comparison(left.double().sqrt(), (h * h).sum(-1).sqrt() * (1 + 1e-9))

    statement = Statement(
        id="synthetic", source="", claim="", kind="derived", measure=measure, ranges={"width": (16, 64)}, engines=("dense",),
        failure=FailureProbability("0", lambda instance, **_: 0.0),
    )  # fmt: skip
    heard: list[Event] = []
    instance = instance_from_sizes(statement, {"width": 16})
    decision = Journal([], heard.append)(statement, instance, seed=1, engine="dense", trials=64, alpha=1e-6)
    assert decision.failures > 0
    assert [event.standing for event in heard if isinstance(event, Entry)] == [expected]


@pytest.mark.slow
def test_killed_runs_resume_to_the_same_verdicts_and_decisions() -> None:
    """A short version of benchmarks/kills.py, in a process that makes the imports once; memory files, so that little time is waited."""
    shared = Path("/dev/shm")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"TMPDIR": str(shared)} if os.access(shared, os.W_OK) else {})}
    command = [sys.executable, "-m", "benchmarks.kills", "--runs", "4", "--seed", "2", "--profile", "glance"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    counts = dict(line.split(": ") for line in ended.stdout.splitlines()[2:])
    assert int(counts["kills"]) >= 4
    assert counts["runs that differ from the uninterrupted one"] == "0"


def test_two_runs_at_once_on_one_ledger_both_finish(tmp_path: Path) -> None:
    """Each finds what it finds alone."""
    script = "import sys; from checkers.command_line.main import main; sys.exit(main())"
    names = [statement.id for statement in CHOSEN]
    options = ["--profile", "glance", "--seed", "5", "--ledger", "runs.sqlite", "--processes", "1"]
    command = [sys.executable, "-c", script, "check", *names, *FULLY, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    for one in both:
        assert b"3 HOLDS" in one.communicate()[0]
        assert one.returncode == 0
    ledger = RunLedger(tmp_path / "runs.sqlite")
    alone = book(tmp_path / "alone.sqlite")
    found = suite.check(CHOSEN, run=alone, seed=5, profile=GLANCE)
    for number in (1, 2):
        assert sorted(decisions(RecordedRun(ledger.path, number)), key=repr) == sorted(decisions(alone), key=repr)
    assert [one.state for one in runs(ledger)] == ["finished", "finished"]
    (first, *_) = accumulated(ledger, CHOSEN, registry, suite.ALPHA)
    assert first.trials == found.verdicts[0].trials, "the same networks count once, whichever run was faster"

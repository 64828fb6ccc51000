"""The run ledger: whatever is wrong with the file is one sentence and exit code 2, and what was there stays there."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.evidence.profiles import PROFILES
from checkers.records.decisions import Decision
from checkers.records.events import Entry
from checkers.runs.ledger.file import APPLICATION, SCHEMA, RunLedger
from checkers.runs.ledger.recorded_run import RecordedRun, begin
from theorems import registry
from theorems.language.statement import FULLY_CONNECTED

ROOT = Path(__file__).parents[3]


def decision(number: int, statement: str = "relu-difference") -> Decision:
    return Decision(
        statement=statement, variant="", architecture="fully connected", engine="vectors", sizes={"width": number}, trials=10, failures=0,
        within_rounding=0, claimed=0.1, p_value=1.0, alpha=1e-8, refuted=False, evidence=True, ratio=0.5, left=1.0, right=2.0,
        place={"trial": 0}, regime_depth=1.0,
    )  # fmt: skip


def write(run: RecordedRun, numbers: Iterable[int]) -> None:
    for number in numbers:
        run.record(Entry(digest=f"instance {number}", edition="e", decision=decision(number), standing=0))


def new_run(path: Path) -> RecordedRun:
    ledger = RunLedger(path, create=True)
    ledger.read("PRAGMA synchronous = OFF")  # no waiting for the disk: no test cuts the power
    return begin(ledger, [registry["relu-difference"]], seed=7, profile=PROFILES["quick"], alpha=1e-6, device="cpu")


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of some pages, closed, with an interrupted run."""
    monkeypatch.chdir(tmp_path)
    run = new_run(tmp_path / "runs.sqlite")
    write(run, range(60))
    run.ledger.close()
    assert [path.name for path in tmp_path.iterdir()] == ["runs.sqlite"], "one file"
    return tmp_path / "runs.sqlite"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    run = new_run(tmp_path / "runs.sqlite")
    write(run, range(5))
    write(run, range(5))
    again = RecordedRun(run.path, run.number)
    found = [entry.decision for entry in again.entries("relu-difference", FULLY_CONNECTED)]
    assert found == [decision(number) for number in range(5)], "each once"
    assert again.entries("forward-norm", FULLY_CONNECTED) == []
    assert again.arguments()["seed"] == 7
    assert again.arguments()["profile"] == PROFILES["quick"]
    assert again.ledger.read("SELECT decisions, trials, alpha FROM spent") == [(5, 50, pytest.approx(5e-8))]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str], *words: str) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("lemmafuzz: ")
    assert printed.err.count("\n") == 1
    assert all(word in printed.err for word in words)


NEW = ["check", "relu-difference", "--ledger", "runs.sqlite"]
COMMANDS = [NEW, ["check", "--resume", "--ledger", "runs.sqlite"], ["ledger", "runs.sqlite"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize("share", [0, 1e-3, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_ledger_is_refused_and_stays_as_it_is(
    filled: Path, command: list[str], share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: int(share * len(content))])
    before = filled.read_bytes()
    refused(command, capsys, "runs.sqlite")
    assert filled.read_bytes() == before
    assert [path.name for path in filled.parent.iterdir()] == ["runs.sqlite"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_damaged_page_is_noticed(filled: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(filled.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    content[-size:] = b"\xff" * size
    filled.write_bytes(content)
    refused(command, capsys, "runs.sqlite", "damaged")
    assert filled.read_bytes() == content


def test_a_newer_schema_is_refused(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    before = filled.read_bytes()
    for command in COMMANDS:
        refused(command, capsys, f"schema {SCHEMA + 1}", f"reads schema {SCHEMA}", "newer")
    assert filled.read_bytes() == before


@pytest.mark.parametrize("kind", ["text", "folder", "other SQLite file"])
def test_other_files_are_no_ledgers(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "runs.sqlite"
    if kind == "text":
        path.write_text("a diary, not a ledger\n" * 400)
    elif kind == "folder":
        path.mkdir()
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1);")
    before = path.read_bytes() if path.is_file() else None
    for command in COMMANDS:
        refused(command, capsys, "runs.sqlite")
    assert (path.read_bytes() if path.is_file() else None) == before


def test_where_there_is_no_ledger_nothing_is_resumed_or_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS[1:]:
        refused(command, capsys, "no ledger runs.sqlite")
    refused(["report", "--ledger", "runs.sqlite"], capsys, "no ledger runs.sqlite")
    refused(["check", "--resume"], capsys, "--resume needs --ledger")
    refused(["check", "--ledger", "nowhere/runs.sqlite"], capsys, "no folder nowhere")
    assert not list(tmp_path.iterdir())


def test_a_read_only_folder_is_refused_before_any_work_but_can_be_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # a root user may write anywhere
    before = filled.read_bytes()
    for command in COMMANDS[:2]:
        refused(command, capsys, "read-only")
    refused(["check", "--ledger", "new.sqlite"], capsys, "read-only")
    assert main(["ledger", "runs.sqlite"]) == 0
    assert "1 runs in runs.sqlite" in capsys.readouterr().out
    assert filled.read_bytes() == before


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    run = new_run(tmp_path / "runs.sqlite")
    pages = run.ledger.read("PRAGMA page_count")[0][0]
    run.ledger.read(f"PRAGMA max_page_count = {pages + 3}")  # SQLite then answers as for a full disk
    begun: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1000):
            begun.append(number)
            yield number

    with pytest.raises(InputError, match="the disk is full; all decisions before this one are recorded"):
        write(run, numbers())
    assert len(begun) > 1
    run.ledger.close()
    again = RecordedRun(run.path, run.number)
    assert [entry.decision for entry in again.entries("relu-difference", FULLY_CONNECTED)] == [decision(number) for number in begun[:-1]]


def test_a_limit_of_the_system_on_the_files_size_is_one_sentence(tmp_path: Path) -> None:
    """The kernel itself refuses to write beyond a page more than an empty ledger has."""
    empty = RunLedger(tmp_path / "runs.sqlite", create=True).path.stat().st_size
    script = "import sys; from checkers.command_line.main import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "check", "relu-difference", "--seed", "1", "--ledger", "runs.sqlite"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (empty + 5000, empty + 5000))

    ended = subprocess.run(
        [*command, "--processes", "1"], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, preexec_fn=limit
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1), ended.stderr
    assert "cannot" in ended.stderr
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM decisions").fetchone()[0] > 0


def test_processes_that_begin_at_once_share_one_new_ledger(tmp_path: Path) -> None:
    """Four threads, each with connections of its own, begin with no file and write 30 decisions each."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            write(new_run(tmp_path / "runs.sqlite"), range(30))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    ledger = RunLedger(tmp_path / "runs.sqlite")
    assert ledger.read("SELECT run, decisions FROM spent ORDER BY run") == [(number, 30) for number in (1, 2, 3, 4)]
    assert ledger.read("SELECT count(*) FROM instances") == [(30,)]
    assert ledger.read("PRAGMA application_id") == [(APPLICATION,)]
    assert [path.name for path in tmp_path.iterdir()] == ["runs.sqlite"]

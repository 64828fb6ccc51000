"""The same work on one process, on several, and on a Dask cluster that loses a worker: the same verdicts, decision for decision."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from distributed import Client

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.evidence.error_budget import Account
from checkers.fuzzing.populations import Population
from checkers.machine.software import software
from checkers.records.decisions import CheckRun
from checkers.records.events import Entry, Event, JobDone, Listener, PieceDone, packed, silent
from checkers.runs import suite
from checkers.runs.jobs import processes
from checkers.runs.jobs.cluster import on_worker
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import Piece, Work, jobs, timed
from checkers.runs.ledger.file import RunLedger
from checkers.runs.ledger.recorded_run import RecordedRun, begin
from tests.helpers import SMALL
from theorems import registry
from theorems.language.statement import FULLY_CONNECTED

ROOT = Path(__file__).parents[3]
CHOSEN = [registry[name] for name in ("relu-difference", "backward-norm", "separation")]


class Counting(RecordedRun):
    """Counts how often this process writes a decision down."""

    def __init__(self, run: RecordedRun) -> None:
        super().__init__(run.path, run.number, run.ledger)
        self.written = 0

    def record(self, entry: Entry) -> None:
        self.written += 1
        super().record(entry)


def check(folder: Path, **options: Any) -> tuple[CheckRun, list[Entry], set[bytes]]:
    """A run with a ledger: what it says, all that it decided, and what was heard of it (an event of a lost worker twice)."""
    ledger = RunLedger(folder / "runs.sqlite", create=True)
    run = Counting(begin(ledger, CHOSEN, seed=5, profile=SMALL, alpha=suite.ALPHA, device="cpu"))
    heard: list[Event] = []
    found = suite.check(CHOSEN, seed=5, profile=SMALL, folder=folder / "counterexamples", run=run, progress=heard.append, **options)
    entries = [entry for one in CHOSEN for entry in run.entries(one.id, one.architecture)]
    # on a cluster each decision is heard of when it is made, and comes again with its statement's verdict; here a job writes itself
    assert options.get("cluster", "") == "" or run.written > len(entries)
    told = {packed(event) for event in heard if not isinstance(event, PieceDone)}
    return msgspec.structs.replace(found, seconds=0.0), entries, told


def dask(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s"}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler" if arguments[0] == "scheduler" else "distributed.cli.dask_worker"]
    return subprocess.Popen([*command, *arguments[1:]], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def cluster() -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """A real scheduler and two real workers, all processes of their own: the address, and the processes by name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with ExitStack() as stack:
        def start(*arguments: str) -> subprocess.Popen[bytes]:
            process = dask(*arguments)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        scheduler = start("scheduler", "--host", address, "--no-dashboard")
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        workers = {name: start("worker", address, "--name", name, *options) for name in ("first", "second")}
        yield address, {"scheduler": scheduler, **workers}


def kill_when_busy(address: str, victim: Callable[[str], subprocess.Popen[bytes]], ready: threading.Event) -> subprocess.Popen[bytes]:
    """Wait until a worker has work, and kill what `victim` makes of the worker's name."""
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        names = {worker: facts["name"] for worker, facts in client.scheduler_info()["workers"].items()}
        ready.set()
        while True:
            busy = [worker for worker, tasks in client.processing().items() if tasks]
            if busy:
                process = victim(names[busy[0]])
                process.kill()
                return process
            time.sleep(0.002)


@pytest.mark.slow
def test_one_process_two_processes_and_a_cluster_that_loses_a_worker_decide_the_same(
    tmp_path: Path, cluster: tuple[str, dict[str, subprocess.Popen[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, servers = cluster
    for name in ("one", "two", "cluster"):
        (tmp_path / name).mkdir()
    one = check(tmp_path / "one")
    assert len(one[1]) > 20
    assert {packed(entry) for entry in one[1]} < one[2]
    assert check(tmp_path / "two", processes=2) == one
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(2, timeout=120)
    pieces = suite.check(CHOSEN, seed=5, profile=SMALL, folder=tmp_path / "pieces", cluster=address)  # without a ledger
    assert msgspec.json.encode(msgspec.structs.replace(pieces, seconds=0.0)) == msgspec.json.encode(one[0])
    with ThreadPoolExecutor(1) as pool:
        ready = threading.Event()
        killed = pool.submit(kill_when_busy, address, servers.__getitem__, ready)
        assert ready.wait(60)
        assert check(tmp_path / "cluster", cluster=address) == one
        assert killed.result(60).wait(10) == -signal.SIGKILL
        # and without its scheduler there is no cluster any more, which is one sentence
        monkeypatch.setattr("checkers.runs.jobs.cluster.PATIENCE", 3.0)
        killed = pool.submit(kill_when_busy, address, lambda name: servers["scheduler"], ready)
        with pytest.raises(InputError, match="the scheduler was lost before all statements were done"):
            suite.check(CHOSEN, seed=6, profile=SMALL, cluster=address)


def test_a_cluster_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("checkers.runs.jobs.cluster.PATIENCE", 0.2)
    assert main(["check", "relu-difference", "--cluster", "tcp://127.0.0.1:1"]) == 2
    assert "--cluster tcp://127.0.0.1:1: no scheduler answers there" in capsys.readouterr().err


NO_ADDRESS = ["127.0.0.1", "tcp://127.0.0.1", "tcp://127.0.0.1:x", ":8786", "tcp://", "nonsense://x:1", "inproc://1/2"]


def test_what_is_no_address_of_a_scheduler_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for address in NO_ADDRESS:
        sentence = f"--cluster {address}: not the address of a scheduler, which has a host and a port, as tcp://host:8786"
        assert main(["check", "relu-difference", "--seed", "1", "--cluster", address]) == 2
        assert capsys.readouterr().err == f"lemmafuzz: {sentence}\n"
    # a traceback of Dask's came when the process ended
    command = [sys.executable, "-c", "import sys; from checkers.command_line.main import main; sys.exit(main())"]
    options = ["check", "relu-difference", "--seed", "1", "--cluster", address]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"lemmafuzz: {sentence}\n")


def test_a_worker_of_a_cluster_names_the_users_file_and_not_its_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    lemma = (ROOT / "tests" / "two_sided.py").read_text().replace("math.log(n * m)", "math.log(-n * m)")
    settings = suite.Settings(1, SMALL, 1e-6, "cpu", None, (), remote=True)
    sentence = r"^module own\.py, line 28: ValueError: math domain error, in field 'measure' of statement 'loudest-neuron'$"
    monkeypatch.setattr("checkers.runs.jobs.cluster.tell", lambda topic, event: None)
    population = Population("search", [{}], 5, Account(1e-6))
    piece = Piece("search", suite.check_part, settings, ("loudest-neuron", FULLY_CONNECTED, population))
    with pytest.raises(InputError, match=sentence):
        on_worker(piece, {"own.py": lemma}, software(), "topic")
    assert "loudest-neuron" not in registry


def test_a_cluster_without_the_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["power", "relu-difference", "--cluster", "tcp://127.0.0.1:1"]) == 2
    assert "pip install 'lemmafuzz[cluster]'" in capsys.readouterr().err


def dies_once(settings: tuple[str, bool], listener: Listener, number: int) -> int:
    """A job that the system kills in its first process, or in every one but this test's."""
    folder, always = settings
    mark = Path(folder) / f"begun {number}"
    if number == 1 and multiprocessing.parent_process() and (always or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def squares(folder: Path, always: bool) -> Generator[JobDone, None, None]:
    return each(jobs(dies_once, (str(folder), always), [(number,) for number in range(4)], "squares"), 2, (), silent)


def test_jobs_of_a_worker_that_was_killed_are_done_by_another(tmp_path: Path) -> None:
    seen = [(event.number, event.result) for event in squares(tmp_path, False)]
    assert sorted(seen) == [(0, 0), (1, 1), (2, 4), (3, 9)], "each once"


def test_a_worker_that_is_killed_twice_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a worker process was killed twice.*smaller --profile"):
        in_order(squares(tmp_path, True))


def test_any_executor_does(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        work = Work(jobs(dies_once, (str(tmp_path), False), [(number,) for number in range(9)], "squares"))
        inbox: processes.Inbox = processes.Inbox()

        def call(piece: Piece) -> tuple[Any, ...]:
            return timed, piece.work, piece.settings, silent, *piece.arguments

        found = in_order(processes.collect(executor, call, work, range(9), silent, inbox))
    assert found == [number * number for number in range(9)]


def test_workers_do_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    """Otherwise they would wait for jobs, and hold their memory, for ever."""
    script = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from checkers.records.events import silent\nfrom checkers.runs.jobs.each import each, in_order\n"
        "from checkers.runs.jobs.groups import jobs\n"
        "def work(settings, listener, number):\n    Path(f'worker {number}').write_text(str(os.getpid()))\n    time.sleep(600)\n"
        "if __name__ == '__main__':\n    in_order(each(jobs(work, None, [(0,), (1,)], 'jobs'), 2, (), silent))\n"
    )
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, env=environment)
    marks = [tmp_path / "worker 0", tmp_path / "worker 1"]
    deadline = time.monotonic() + 120
    while not all(mark.exists() and mark.read_text() for mark in marks):
        assert time.monotonic() < deadline
        assert parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    numbers = [int(mark.read_text()) for mark in marks]
    while any(_running(number) for number in numbers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _running(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_recorded_run_is_pickled_as_its_name(tmp_path: Path) -> None:
    run = begin(RunLedger(tmp_path / "a.sqlite", create=True), [], seed=1, profile=SMALL, alpha=1e-6, device="cpu")
    other = pickle.loads(pickle.dumps(run))
    assert isinstance(other, RecordedRun)
    assert (other.path, other.number, other.arguments()["seed"]) == (run.path, run.number, 1)


def test_counterexamples_of_another_machine_arrive_here(tmp_path: Path) -> None:
    """The worker writes nothing where the command runs: it need not be the same machine."""
    settings = suite.Settings(1, replace(SMALL, shrinks=2), suite.ALPHA, "cpu", tmp_path / "here", ())
    name = "separation 0.99 delta"
    (group,) = (one for one in suite.power_groups(settings, [registry["separation"]], silent) if one.name == f"separation: {name}")
    (piece,) = group.pieces()
    found = pickle.loads(pickle.dumps(piece.work(piece.settings, silent, *piece.arguments)))
    assert not (tmp_path / "here").exists()
    assert group.whole([found]).verdict == "REFUTED"
    assert len(list((tmp_path / "here").iterdir())) == 2

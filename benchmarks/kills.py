"""kill -9 at random moments, then `check --resume`: the same verdicts and the same decisions as without a kill, none lost, none twice.

    python -m benchmarks.kills --runs 200 --seed 1

A run is one check with a ledger: a true statement of the paper, and two made-up ones whose truth is known, one of them false, so that
simplifying and writing counterexamples are interrupted too. It is killed after a delay uniform over the time it takes, resumed, the resumed
run perhaps killed again, and so on until one finishes. To spend no time on imports, each process is forked from one that has made them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checkers.command_line.main import main as command_line

IDENTIFIERS = ("relu-difference", "just-true", "just-false")
AGAIN = 0.5  # the probability that a resumed run is killed as well
MODULE = '''
"""Trials that fail with probability 1/20, exactly, where as much is claimed, and where half as much is."""
from theorems import statement
from theorems.language.statement import FailureProbability, Variant
from theorems.language.subject import Comparison, Subject

CLAIMS = {"just-true": 0.05, "just-false": 0.025}


def measure(subject: Subject) -> Comparison:
    number = subject.integers((), 1, 20)
    return Comparison(number, number.new_full(number.shape, 19))


for name, claimed in CLAIMS.items():
    statement(
        id=name, source="made up", claim="a number from 1 to 20 is at most 19", kind="derived", ranges={"width": (1, 10**6)},
        engines=("vectors",), failure=FailureProbability(str(claimed), lambda instance, claimed=claimed: claimed),
        variants=(Variant("a", "constant", {"note": "a"}), Variant("b", "claim", {"note": "b"})),
    )(measure)
'''
# Everything but the numbers of rows and runs, and times.
QUERIES = {
    "decisions": "SELECT statement, architecture, variant, edition, i.digest, engine, stage, trials, failures, claimed, alpha, evidence,"
    " refuted, record FROM decisions d JOIN instances i ON i.id = d.instance ORDER BY statement, d.id",
    "verdicts": "SELECT statement, architecture, verdict, record FROM verdicts ORDER BY statement",
    "counterexamples": "SELECT statement, architecture, name, content FROM counterexamples ORDER BY statement, name",
    "spent": "SELECT count(*), sum(trials) FROM decisions",
    "unfinished": "SELECT count(*) FROM runs WHERE finished IS NULL",
}


def prepare(folder: Path) -> None:
    """A new folder with the made-up statements."""
    folder.mkdir()
    (folder / "module.py").write_text(MODULE)


def start(folder: Path, *arguments: str) -> int:
    """Fork a process that runs the command line in `folder`; its number."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.chdir(folder)
        for stream, name in ((1, "out.txt"), (2, "err.txt")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        code = command_line(["check", *arguments, "--ledger", "ledger.sqlite", "--json", "run.json"])
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
    raise AssertionError("not reached")


def finish(process: int) -> int:
    """The exit code of a process; negative: the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def contents(folder: Path) -> dict[str, Any]:
    """All that a run left behind, times aside."""
    with contextlib.closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        found: dict[str, Any] = {name: ledger.execute(query).fetchall() for name, query in QUERIES.items()}
    found["json"] = {name: value for name, value in json.loads((folder / "run.json").read_text()).items() if name != "seconds"}
    found["files"] = {path.name: path.read_text() for path in sorted((folder / "counterexamples").iterdir()) if path.name[0] != "."}
    return found


def recorded(folder: Path) -> int:
    """How many decisions are in the ledger."""
    with contextlib.closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        return int(ledger.execute("SELECT count(*) FROM decisions").fetchone()[0])


def one_run(folder: Path, fresh: tuple[str, ...], duration: float, generator: random.Random) -> Counter[str]:
    """Check, kill and resume in `folder` until a run finishes; at least one kill hits. What happened, counted."""
    seen: Counter[str] = Counter()
    resume = ("--resume", *fresh[-2:])
    arguments: tuple[str, ...] = fresh
    while True:
        process = start(folder, *arguments)
        if not seen["kills"] or generator.random() < AGAIN:
            time.sleep(generator.uniform(0, duration))
            os.kill(process, signal.SIGKILL)
        code = finish(process)
        if code == -signal.SIGKILL:
            seen["kills"] += 1
            before = recorded(folder) if (folder / "ledger.sqlite").exists() else 0
            seen["kills after the first decision"] += before > 0
            seen["kills that left a journal to undo"] += (folder / "ledger.sqlite-journal").exists()
            arguments = resume
        elif code == 2 and arguments is resume:  # killed before the run was written down, or after it was finished
            if "no interrupted check" not in (error := (folder / "err.txt").read_text()) and "there is no ledger" not in error:
                raise AssertionError(error)
            done = (folder / "ledger.sqlite").exists() and recorded(folder) > 0
            seen["kills after the end" if done else "kills before the beginning"] += 1
            arguments = fresh
            if done:
                return seen
        elif code in (0, 1):
            if seen["kills"]:
                return seen
            shutil.rmtree(folder)  # it was faster than the kill: once more
            prepare(folder)
        else:
            raise AssertionError(f"exit code {code}: {(folder / 'err.txt').read_text()}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills, and of the checks")
    parser.add_argument("--processes", type=int, default=1, help="of each check; the kill hits the one that holds the run together")
    parser.add_argument("--profile", default="quick", help="of each check")
    options = parser.parse_args(arguments)
    generator = random.Random(options.seed)
    asked = (*IDENTIFIERS, "--profile", options.profile)
    fresh = (*asked, "--module", "module.py", "--seed", str(options.seed), "--processes", str(options.processes))
    total: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / str(number) for number in range(options.runs + 1)]
        for folder in folders:
            prepare(folder)
        with contextlib.chdir(place), contextlib.redirect_stdout(None):  # make the imports
            command_line(["check", *asked, "--module", str(folders[0] / "module.py"), "--processes", "1", "--quiet"])
        before = time.monotonic()
        code = finish(start(folders[0], *fresh))
        duration = time.monotonic() - before
        assert code == 1, (folders[0] / "err.txt").read_text()
        expected = contents(folders[0])
        verdicts = {one["id"]: one["verdict"] for one in expected["json"]["verdicts"]}
        print(f"uninterrupted: {len(expected['decisions'])} decisions in {duration:.2f} s; {verdicts}", flush=True)
        for folder in folders[1:]:
            total += one_run(folder, fresh, duration, generator)
            found = contents(folder) if (folder / "run.json").exists() else {**contents_of_ledger(folder)}
            differ = [name for name in found if found[name] != expected[name]]
            total["runs that differ from the uninterrupted one"] += bool(differ)
            if differ:
                print(f"DIFFERENT in {', '.join(differ)}: {folder.name}", file=sys.stderr)
    print(f"{options.runs} runs, seed {options.seed}, {time.monotonic() - begun:.0f} s")
    for name in ("kills", "kills before the beginning", "kills after the first decision", "kills that left a journal to undo",
                 "kills after the end", "runs that differ from the uninterrupted one"):  # fmt: skip
        print(f"{name}: {total[name]}")
    return 1 if total["runs that differ from the uninterrupted one"] else 0


def contents_of_ledger(folder: Path) -> dict[str, Any]:
    """`contents` of a run that was killed after its last entry, before it printed anything."""
    (folder / "run.json").write_text("{}")
    return {name: value for name, value in contents(folder).items() if name != "json"}


if __name__ == "__main__":
    sys.exit(main())

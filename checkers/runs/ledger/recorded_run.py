"""Runs in the ledger: begun, continued after a crash, finished; and the journal of one job's decisions.

Decisions are a function of the run's seed and of the instance, so a continued run makes the search again from the beginning, and reads
those decisions that are recorded instead of deciding them: what follows is what would have followed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from checkers.errors import InputError
from checkers.evidence.profiles import Profile
from checkers.machine.software import difference, machine, software
from checkers.records.decisions import Decision, Verdict
from checkers.records.events import Entry
from checkers.runs.ledger.file import RunLedger
from theorems.language.statement import Statement


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _began(process: int) -> float:
    """When a process was started; -1 where there is none. A dead process's number may be used again."""
    try:
        return float(psutil.Process(process).create_time())
    except psutil.NoSuchProcess:
        return -1.0


def _owner() -> str:
    return json.dumps({"host": platform.node(), "process": os.getpid(), "began": _began(os.getpid())})


def alive(owner: str) -> bool:
    """Whether the process that owns a run still works on it. Nothing is known of other hosts: their runs count as dead."""
    fields = json.loads(owner)
    if fields["host"] != platform.node():
        return False
    began, now = fields["began"], _began(fields["process"])
    # the time of boot that these are counted from is known to a second, and a clock that is set moves it
    return isinstance(began, float) and now >= 0 and abs(now - began) < 2


def _digest(modules: Sequence[Path]) -> str:
    """A digest of the user's module files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in modules)).hexdigest()


class RecordedRun:
    """One run of the ledger. The same in every process: it is pickled as the file's path and the run's number."""

    def __init__(self, path: Path, number: int, ledger: RunLedger | None = None) -> None:
        self.path = path
        self.number = number
        self._ledger = ledger

    def __reduce__(self) -> tuple[Any, ...]:
        return RecordedRun, (self.path, self.number)

    @property
    def ledger(self) -> RunLedger:
        if self._ledger is None:
            self._ledger = RunLedger(self.path, verify=False)
        return self._ledger

    def arguments(self) -> dict[str, Any]:
        """What the run was begun with: statements ([id, architecture] each), seed, profile, alpha, device, modules."""
        columns = ("statements", "seed", "profile", "alpha", "device", "modules")
        row = dict(zip(columns, self.ledger.read(f"SELECT {', '.join(columns)} FROM runs WHERE id = ?", [self.number])[0], strict=True))
        return {
            **row,
            "seed": int(row["seed"]),
            "statements": json.loads(row["statements"]),
            "profile": msgspec.convert(json.loads(row["profile"]), Profile),
            "modules": tuple(map(Path, json.loads(row["modules"]))),
        }

    def entries(self, statement: str, architecture: str) -> list[Entry]:
        """The decisions about a statement on an architecture that are recorded, in their order."""
        rows = self.ledger.read(
            "SELECT i.digest, d.edition, d.record, d.standing FROM decisions d JOIN instances i ON i.id = d.instance"
            " WHERE d.run = ? AND d.statement = ? AND d.architecture = ? ORDER BY d.id",
            [self.number, statement, architecture],
        )
        return [Entry(digest=a, edition=b, decision=msgspec.json.decode(c, type=Decision), standing=d) for a, b, c, d in rows]

    def verdicts(self) -> list[Verdict]:
        """The verdicts that are recorded."""
        rows = self.ledger.read("SELECT record FROM verdicts WHERE run = ? ORDER BY rowid", [self.number])
        return [msgspec.json.decode(record, type=Verdict) for (record,) in rows]

    def record(self, entry: Entry) -> None:
        """Write a decision down; one that is there already stays as it is."""
        one = entry.decision
        with self.ledger.writing() as connection:
            sizes = msgspec.json.encode(one.sizes).decode()
            connection.execute("INSERT OR IGNORE INTO instances (digest, sizes) VALUES (?, ?)", [entry.digest, sizes])
            connection.execute(
                "INSERT OR IGNORE INTO decisions (run, statement, architecture, variant, edition, instance, engine, stage, trials,"
                " failures, standing, claimed, alpha, evidence, refuted, made, record)"
                " VALUES (?, ?, ?, ?, ?, (SELECT id FROM instances WHERE digest = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [self.number, one.statement, one.architecture, one.variant, entry.edition, entry.digest, one.engine, one.stage, one.trials,
                 one.failures, entry.standing, one.claimed, one.alpha, one.evidence, one.refuted, _now(),
                 msgspec.json.encode(one).decode()],
            )  # fmt: skip

    def conclude(self, verdict: Verdict, files: Mapping[str, bytes]) -> None:
        """Write a statement's verdict down, with its counterexamples by file name."""
        key = (self.number, verdict.id, verdict.architecture)
        with self.ledger.writing() as connection:
            record = msgspec.json.encode(verdict).decode()
            connection.execute("INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?)", [*key, verdict.verdict, record])
            rows = [(*key, name, content.decode()) for name, content in files.items()]
            connection.executemany("INSERT OR IGNORE INTO counterexamples VALUES (?, ?, ?, ?, ?)", rows)

    def finish(self) -> None:
        with self.ledger.writing() as connection:
            connection.execute("UPDATE runs SET finished = ? WHERE id = ?", [_now(), self.number])


def begin(
    ledger: RunLedger, statements: Sequence[Statement], *, seed: int, profile: Profile, alpha: float, device: str,
    modules: Sequence[Path] = (),
) -> RecordedRun:  # fmt: skip
    """A new run of check."""
    paths = [path.absolute() for path in modules]
    row: dict[str, Any] = {
        "command": "check", "statements": json.dumps([(one.id, one.architecture) for one in statements]), "seed": str(seed),
        "profile": json.dumps(vars(profile)), "alpha": alpha, "device": device,
        "modules": json.dumps(list(map(str, paths))), "code": _digest(paths), "owner": _owner(), "started": _now(),
    }  # fmt: skip
    with ledger.writing() as connection:
        for column, table, content in (("version", "versions", software()), ("machine", "machines", machine())):
            text = json.dumps(content, sort_keys=True)
            connection.execute(f"INSERT OR IGNORE INTO {table} (content) VALUES (?)", [text])
            row[column] = connection.execute(f"SELECT id FROM {table} WHERE content = ?", [text]).fetchone()[0]
        cursor = connection.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    return RecordedRun(ledger.path, int(cursor.lastrowid or 0), ledger)


def unfinished(ledger: RunLedger) -> RecordedRun:
    """The latest run of check that was interrupted, from now on this process's own. InputError if none can be continued."""
    with ledger.writing() as connection:
        rows = connection.execute(
            "SELECT r.id, r.owner, r.code, r.modules, v.content FROM runs r JOIN versions v ON v.id = r.version"
            " WHERE r.finished IS NULL AND r.command = 'check' ORDER BY r.id DESC"
        ).fetchall()
        dead = [row for row in rows if not alive(row[1])]
        if not dead:
            working = f": run {rows[0][0]} is still at work" if rows else ""
            raise InputError(f"ledger {ledger.path} has no interrupted check to resume{working}")
        number, _, digest, modules, content = dead[0]
        paths = [Path(path) for path in json.loads(modules)]
        reason = next((f"its module {path} does not exist" for path in paths if not path.is_file()), "")
        reason = reason or difference(json.loads(content), software()) or ("a module was edited" if _digest(paths) != digest else "")
        if reason:
            raise InputError(f"run {number} of the ledger {ledger.path} cannot be resumed with the same numbers: {reason}")
        connection.execute("UPDATE runs SET owner = ? WHERE id = ?", [_owner(), number])
    return RecordedRun(ledger.path, number, ledger)

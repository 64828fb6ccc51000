"""The run ledger: one SQLite file that remembers what runs decided, through crashes, power cuts and several processes at once.

A rollback journal, not a write-ahead log: between transactions the ledger is one file, readable in a read-only folder and safe to
copy. Every decision is its own transaction, on disk before the next one begins (synchronous = EXTRA), so nothing but the decision in
flight is ever lost. Whatever is wrong with the file is one InputError, and nothing in it is changed.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from checkers.errors import InputError
from checkers.machine.files import check_destination

SCHEMA: Final = 1
APPLICATION: Final = 0x6C656D66  # "lemf": tells a ledger from other SQLite files
PATIENCE: Final = 60.0  # seconds that a transaction waits for another process; each takes milliseconds

TABLES: Final = """
CREATE TABLE versions (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE machines (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, statements TEXT NOT NULL, seed TEXT NOT NULL, profile TEXT NOT NULL,
    alpha REAL NOT NULL, device TEXT NOT NULL, modules TEXT NOT NULL, code TEXT NOT NULL, owner TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES versions, machine INTEGER NOT NULL REFERENCES machines, started TEXT NOT NULL, finished TEXT
);
CREATE TABLE instances (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, sizes TEXT NOT NULL);
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, statement TEXT NOT NULL, architecture TEXT NOT NULL,
    variant TEXT NOT NULL, edition TEXT NOT NULL, instance INTEGER NOT NULL REFERENCES instances, engine TEXT NOT NULL,
    stage INTEGER NOT NULL, trials INTEGER NOT NULL, failures INTEGER NOT NULL, standing INTEGER NOT NULL, claimed REAL NOT NULL,
    alpha REAL NOT NULL, evidence INTEGER NOT NULL, refuted INTEGER NOT NULL, made TEXT NOT NULL, record TEXT NOT NULL,
    UNIQUE (run, statement, architecture, variant, instance, engine, stage, trials, alpha)
);
CREATE TABLE verdicts (
    run INTEGER NOT NULL REFERENCES runs, statement TEXT NOT NULL, architecture TEXT NOT NULL, verdict TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (run, statement, architecture)
);
CREATE TABLE counterexamples (
    run INTEGER NOT NULL REFERENCES runs, statement TEXT NOT NULL, architecture TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (run, statement, architecture, name)
);
CREATE VIEW spent AS SELECT run, count(*) AS decisions, sum(trials) AS trials, sum(alpha) AS alpha FROM decisions GROUP BY run;
"""


class RunLedger:
    """A ledger file, opened once in each process that uses it."""

    def __init__(self, path: Path, *, create: bool = False, verify: bool = True) -> None:
        """create: begin a new ledger where there is no file. verify: look for damage anywhere in it, a second for a million decisions."""
        self.path = path
        if not path.exists():
            if not create:
                raise InputError(f"there is no ledger {path}")
            _begin(path)
        if path.is_dir():
            raise InputError(f"ledger {path} is a folder")
        with explained(path):
            if path.stat().st_size == 0:
                raise InputError(f"ledger {path} is empty: it was truncated, or never was a ledger; remove it to begin a new one")
            # mode=rw does not write by itself, but lets SQLite undo what a killed process had half written
            writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
            mode = "rw" if writable else "ro"
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._writable = writable
            self._lock = threading.RLock()  # one connection has one transaction at a time, whichever thread begins it
            self._recognize(verify)

    def _recognize(self, verify: bool) -> None:
        self._connection.execute("PRAGMA synchronous = EXTRA")
        self._connection.execute("PRAGMA foreign_keys = ON")
        (application,), (schema,) = self.read("PRAGMA application_id")[0], self.read("PRAGMA user_version")[0]
        if application != APPLICATION:
            raise InputError(f"{self.path} is not a ledger of lemmafuzz, but another SQLite file")
        if schema > SCHEMA:
            raise InputError(f"ledger {self.path} has schema {schema}; this version reads schema {SCHEMA}: a newer lemmafuzz wrote it")
        if verify:
            found = self.read("PRAGMA quick_check(1)")[0][0]
            if found != "ok":
                raise InputError(f"ledger {self.path} is damaged ({' '.join(found.split())}); nothing was changed: use a copy of it")

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with explained(self.path), self._lock:
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all that is executed in it, or nothing."""
        if not self._writable:
            raise InputError(f"cannot write to the ledger {self.path}: it is read-only")
        with explained(self.path), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has ended the transaction already
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        self._connection.close()


def _begin(path: Path) -> None:
    """Create an empty ledger, whole or not at all."""
    check_destination(path)
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(f"{TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};")
        content = fresh.serialize()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster
            os.link(temporary, path)  # unlike a rename, it never replaces what is there
    except OSError as error:
        raise InputError(f"cannot create the ledger {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


# SQLite's result codes: what to say. What was recorded before is safe in each case.
_REASONS: Final = {
    "SQLITE_FULL": "cannot write to the ledger {path}: the disk is full; all decisions before this one are recorded",
    "SQLITE_IOERR": "cannot use the ledger {path}: {error}; all decisions before this one are recorded",
    "SQLITE_READONLY": "cannot write to the ledger {path}: it is read-only",
    "SQLITE_CANTOPEN": "cannot open the ledger {path}, or a file beside it",
    "SQLITE_PERM": "cannot open the ledger {path}: permission denied",
    "SQLITE_BUSY": "the ledger {path} has been locked by another process for {patience:.0f} s",
    "SQLITE_NOTADB": "{path} is not a ledger, or is damaged at its beginning; nothing was changed",
    "SQLITE_CORRUPT": "ledger {path} is damaged ({error}); nothing was changed: use a copy of it",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system as InputError."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        for code, reason in _REASONS.items():
            if name.startswith(code):
                raise InputError(reason.format(path=path, error=error, patience=PATIENCE)) from error
        if isinstance(error, sqlite3.DatabaseError) and "no such" in str(error):
            raise InputError(f"ledger {path} is damaged ({error}); nothing was changed: use a copy of it") from error
        raise
    except OSError as error:
        raise InputError(f"cannot use the ledger {path}: {error.strerror or error}") from error

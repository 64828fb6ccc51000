"""The command line's view of the ledger: --ledger, --resume, and what a resumed run was begun with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from checkers.errors import InputError
from checkers.options import as_path
from theorems.statement import Statement

if TYPE_CHECKING:
    from checkers.ledger import RunLedger
    from checkers.ledger_runs import RecordedRun
    from checkers.profiles import Profile

ledger_option = click.option(
    "--ledger", metavar="FILE", callback=as_path, help="Remember the run in this SQLite file, made if there is none.  [default: do not]"
)
resume_option = click.option("--resume", is_flag=True, help="Go on with the ledger's latest interrupted check, as it was begun.")
cluster_option = click.option(
    "--cluster", default="", metavar="ADDRESS", help="A Dask scheduler, tcp://host:8786, whose workers do the work; trust it."
)


class Book:
    """What a check writes to: nothing without --ledger."""

    def __init__(self, path: Path | None, resume: bool) -> None:
        self._ledger: RunLedger | None = None
        self._run: RecordedRun | None = None
        self._recorded = 0
        if resume and path is None:
            raise InputError("--resume needs --ledger FILE, which holds the run to go on with")
        if path is not None:
            from checkers.ledger import RunLedger
            from checkers.ledger_runs import unfinished

            self._ledger = RunLedger(path, create=not resume)
            if resume:
                self._run = unfinished(self._ledger)
                query = "SELECT count(*) FROM decisions WHERE run = ?"
                self._recorded = self._ledger.read(query, [self._run.number])[0][0]

    def arguments(self, context: click.Context) -> dict[str, Any]:
        """Those options of the command that a resumed run has fixed. InputError if one was given and differs."""
        if self._run is None:
            return {}
        begun = self._run.arguments()
        identifiers, architectures = (tuple(dict.fromkeys(names)) for names in zip(*begun["statements"], strict=True))
        fixed = {
            "identifiers": identifiers, "architectures": architectures, "profile": begun["profile"].name, "seed": begun["seed"],
            "device": begun["device"], "modules": begun["modules"],
        }  # fmt: skip
        for name, value in fixed.items():
            given = context.params[name]
            same = set(given) == set(value) if name in ("identifiers", "architectures") else given == value
            if name == "modules":
                same = tuple(path.absolute() for path in given) == value
            if context.get_parameter_source(name) == ParameterSource.COMMANDLINE and not same:
                option = "the list of statements" if name == "identifiers" else f"--{name.removesuffix('s')}"
                raise InputError(f"{option} differs from that of the interrupted run {self._run.number}: leave it out to resume that run")
        return fixed

    def run(
        self, statements: Sequence[Statement], seed: int, profile: Profile, device: str, modules: Sequence[Path]
    ) -> RecordedRun | None:  # fmt: skip
        """The run to record decisions of: the resumed one, or a new one."""
        if self._ledger is not None and self._run is None:
            from checkers import ledger_runs, suite

            self._run = ledger_runs.begin(
                self._ledger, statements, seed=seed, profile=profile, alpha=suite.ALPHA, device=device, modules=modules
            )  # fmt: skip
        return self._run

    def closing(self) -> str:
        """Where the run is recorded; empty without a ledger."""
        if self._run is None:
            return ""
        resumed = f", resumed after {self._recorded:,} decisions" if self._recorded else ""
        return f"run {self._run.number} of the ledger {self._run.path}{resumed}\n"


def read_summary(path: Path, statements: Sequence[Statement]) -> Any:
    """The ledger_summary.LedgerSummary of a file."""
    from checkers import ledger_summary, suite
    from checkers.ledger import RunLedger
    from theorems import registry

    return cast(Any, ledger_summary.summarize(RunLedger(path), statements, registry, suite.ALPHA))

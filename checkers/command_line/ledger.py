"""The command line's view of the ledger: --ledger, --resume, and what a resumed run was begun with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from checkers.command_line.options import as_path
from checkers.errors import InputError
from theorems.language.statement import Statement

if TYPE_CHECKING:
    from checkers.evidence.profiles import Profile
    from checkers.runs.ledger.file import RunLedger
    from checkers.runs.ledger.recorded_run import RecordedRun
from checkers.command_line.exit_code import COULD_NOT_RUN, REFUTED
from checkers.command_line.options import Output, chosen, json_option, modules_option, options, quiet_option
from checkers.runs.jobs.own_statements import own_statements
from theorems import registry


@click.command("ledger")
@click.argument("file", callback=as_path)
@options(modules_option, json_option, quiet_option)
def ledger_command(file: Path, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """Show what a ledger holds: its runs, and the evidence of all nights about each statement.

    A statement of your own is shown if --module names its file. Exit code 1 if a statement that is shown is refuted, else 2 if the ledger
    holds decisions about one that cannot be shown, else 0.
    """
    from checkers.report import ledger as ledger_text

    output = Output(json_file, quiet)
    with own_statements(modules):
        summary = read_summary(file, chosen(()))
        output.facts(summary)
        shown = [ledger_text.evidence_table(summary.evidence)] if summary.evidence else []
        for text in (ledger_text.run_table(summary.runs), *shown, *ledger_text.notes(summary)):
            output.text(text + "\n")
        output.text(ledger_text.closing(summary), closing=True)
    if any(one.refuted for one in summary.evidence):
        return REFUTED
    return COULD_NOT_RUN if summary.hidden else 0


ledger_option = click.option(
    "--ledger", metavar="FILE", callback=as_path, help="Remember the run in this SQLite file, made if there is none.  [default: do not]"
)
resume_option = click.option("--resume", is_flag=True, help="Go on with the ledger's latest interrupted check, as it was begun.")


class LedgerOptions:
    """What a check writes to: nothing without --ledger."""

    def __init__(self, path: Path | None, resume: bool) -> None:
        self._ledger: RunLedger | None = None
        self._run: RecordedRun | None = None
        self._recorded = 0
        if resume and path is None:
            raise InputError("--resume needs --ledger FILE, which holds the run to go on with")
        if path is not None:
            from checkers.runs.ledger.file import RunLedger
            from checkers.runs.ledger.recorded_run import unfinished

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
        return {**fixed, "theories": (), "named": begun["profile"].named}  # the identifiers say which statements

    def run(
        self, statements: Sequence[Statement], seed: int, profile: Profile, device: str, modules: Sequence[Path]
    ) -> RecordedRun | None:  # fmt: skip
        """The run to record decisions of: the resumed one, or a new one."""
        if self._ledger is not None and self._run is None:
            from checkers.runs import suite
            from checkers.runs.ledger import recorded_run

            self._run = recorded_run.begin(
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
    from checkers.runs import suite
    from checkers.runs.ledger import summary
    from checkers.runs.ledger.file import RunLedger

    return cast(Any, summary.summarize(RunLedger(path), statements, registry, suite.ALPHA))

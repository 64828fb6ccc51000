"""The command line. Everything heavy is imported inside the command that needs it, so that --help and list answer at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from checkers.catalogue import CATALOGUE
from checkers.data_commands import diagnose, threshold
from checkers.exit_code import COULD_NOT_RUN, REFUTED, exit_code_of
from checkers.ledger_options import Book, cluster_option, ledger_option, read_summary, resume_option
from checkers.memory import keep_freed_memory
from checkers.module import own_statements
from checkers.options import (
    COUNTEREXAMPLES,
    Output,
    architectures_option,
    as_path,
    chosen,
    device_option,
    drawn,
    finite,
    folder_option,
    identifiers_argument,
    json_option,
    modules_option,
    on_architectures,
    options,
    process_count,
    processes_option,
    profile_named,
    profile_option,
    quiet_option,
    seed_option,
    valid_device,
)
from checkers.terminal import echo, progress_bars, take_every_character
from checkers.train_command import train
from theorems import registry

DEBUG = "--debug"
# The report is made again by everyone who changes anything: with a fixed seed its differences are differences of the code.
REPORT_SEED = 20190609


class _Commands(click.Group):
    """Shows each command's first sentence whole."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit=1000)) for name, command in sorted(self.commands.items())])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemmafuzz", message="lemmafuzz %(version)s")
@click.option(DEBUG, is_flag=True, expose_value=False, help="Show where an error came from. In any place.")
def lemmafuzz() -> None:
    """Check the theorems of "A Convergence Theory for Deep Learning via Over-Parameterization" the way tests check a program.

    Exit codes: 0 nothing refuted, 1 something refuted, 2 could not run.
    """


@lemmafuzz.command("list")
@click.argument("what", type=click.Choice(["statements", *CATALOGUE]), default="statements", metavar="[WHAT]")
@options(modules_option, json_option, quiet_option)
def list_command(what: str, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """List the statements, in the order in which they rest on each other, or WHAT else has names.

    WHAT: statements (the default), losses, architectures, adversaries, data, labels or profiles.
    """
    from checkers import description, words

    output = Output(json_file, quiet)
    with own_statements(modules):
        if what != "statements":
            entries = CATALOGUE[what]()
            output.facts(entries)
            rows = [[words.number(cell) if isinstance(cell, int | float) else cell for cell in entry.values()] for entry in entries]
            output.text(words.table(list(entries[0]), rows) + "\n")
            output.text(f"{len(entries)} {what}", closing=True)
            return 0
        statements = chosen(())
        output.facts([description.listed(statement) for statement in statements])
        output.text(description.statement_table(statements) + "\n")
        output.text(f"{len(statements)} statements", closing=True)
    return 0


@lemmafuzz.command()
@click.argument("identifier", metavar="ID")
@click.option("--architecture", metavar="NAME", help="The statement on these networks.  [default: fully connected]")
@options(modules_option)
def show(identifier: str, architecture: str | None, modules: tuple[Path, ...]) -> int:
    """Show all of one statement, to be read beside the paper."""
    from checkers import description

    with own_statements(modules):
        named = on_architectures(chosen([identifier]), [architecture] if architecture else [])
        echo(description.statement_in_words(named[0], registry))
    return 0


def _run(
    command: str,
    *,
    identifiers: Sequence[str],
    architectures: Sequence[str],
    profile: str,
    seed: int | None,
    device: str,
    modules: Sequence[Path],
    processes: int | None,
    quiet: bool,
    cluster: str,
    folder: Path,
    book: Book | None = None,
) -> Any:
    """suite.check or suite.power with the options of the command line."""
    selected = on_architectures(chosen(identifiers), architectures)
    device = valid_device(device)
    seed = drawn(seed)
    from checkers import suite

    recorded: dict[str, Any] = {"run": book.run(selected, seed, profile_named(profile), device, modules)} if book else {}

    with progress_bars(quiet=quiet) as progress:
        return getattr(suite, command)(
            selected,
            seed=seed,
            profile=profile_named(profile),
            device=device,
            folder=folder,
            modules=modules,
            processes=process_count(processes),
            progress=progress,
            cluster=cluster,
            **recorded,
        )


_run_options = options(
    identifiers_argument, profile_option, seed_option, device_option, modules_option, processes_option, cluster_option, json_option,
    quiet_option,
)  # fmt: skip


@lemmafuzz.command()
@_run_options
@options(architectures_option, folder_option, ledger_option, resume_option)
def check(json_file: str | None, quiet: bool, ledger: Path | None, resume: bool, **given: Any) -> int:
    """Search for instances on which a statement fails; all statements if none is named."""
    from checkers import words

    output = Output(json_file, quiet)
    book = Book(ledger, resume)
    given |= book.arguments(click.get_current_context())
    with own_statements(given["modules"], probed=True):
        run = _run("check", quiet=quiet, book=book, **given)
        output.facts(run)
        output.text(words.check_table(run) + "\n")
        refuted = [verdict for verdict in run.verdicts if verdict.verdict == "REFUTED"]
        for verdict in refuted:
            form = registry.form(verdict.id, verdict.architecture)
            output.text(words.refutation_in_words(verdict, form, str(given["folder"])) + "\n", closing=True)
        output.text(book.closing() + words.check_closing(run), closing=True)
    return REFUTED if refuted else 0


@lemmafuzz.command()
@_run_options
@options(architectures_option, folder_option)
def power(json_file: str | None, quiet: bool, **given: Any) -> int:
    """Refute the false variants of the statements: what a checker that cannot fail would not do. Exit code 1 if one survives."""
    from checkers import words

    output = Output(json_file, quiet)
    with own_statements(given["modules"], probed=True):
        run = _run("power", quiet=quiet, **given)
        output.facts(run)
        output.text(words.power_table(run) + "\n")
        output.text(words.power_closing(run), closing=True)
    return 0 if all(variant.verdict == "REFUTED" for variant in run.variants) else REFUTED


@lemmafuzz.command()
@_run_options
def scale(
    identifiers: tuple[str, ...],
    profile: str,
    seed: int | None,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    cluster: str,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Measure the exponents of the claims on geometric ladders. Exit code 1 if one grows beyond what is claimed."""
    from checkers import words

    output = Output(json_file, quiet)
    seed = drawn(seed)
    with own_statements(modules, probed=True):
        selected = chosen(identifiers)
        device = valid_device(device)
        from checkers import scaling

        with progress_bars(quiet=quiet) as progress:
            rows = scaling.scale(
                selected,
                seed=seed,
                profile=profile_named(profile),
                device=device,
                modules=modules,
                processes=process_count(processes),
                progress=progress,
                cluster=cluster,
            )
        output.facts(rows)
        output.text(words.scaling_table(rows) + "\n")
        output.text(words.scaling_closing(rows, selected, profile, seed), closing=True)
    return 0 if all(row.consistent for row in rows) else REFUTED


@lemmafuzz.command()
@click.option("--width", type=click.IntRange(min=1), help="Neurons in each layer.  [default: the fewest inside the regime]")
@click.option("--depth", type=click.IntRange(min=1), help="Trained layers.")
@click.option("--samples", type=click.IntRange(min=1), help="Inputs.")
@click.option("--outputs", type=click.IntRange(min=1), help="Outputs of the network.")
@options(identifiers_argument, seed_option, modules_option, json_option, quiet_option)
def certify(
    identifiers: tuple[str, ...], seed: int | None, modules: tuple[Path, ...], json_file: str | None, quiet: bool, **sizes: int | None
) -> int:
    """Prove inequalities on one drawn instance each, in ball arithmetic; all statements that allow it if none is named."""
    from checkers import words

    output = Output(json_file, quiet)
    seed = drawn(seed)
    fixed = {name: value for name, value in sizes.items() if value is not None}
    with own_statements(modules, probed=True):
        selected = chosen(identifiers)
        from checkers.certification.certify import certifiable, certify

        with progress_bars(quiet=quiet) as progress:
            found = []
            wanted = selected if identifiers else certifiable(selected)
            for done, statement in enumerate(wanted):
                progress("certificates", done, len(wanted))
                found.append(certify(statement, seed=seed, sizes=fixed))
            progress("certificates", len(wanted), len(wanted))
        output.facts(found)
        output.text(words.certificate_table(found, {statement.id: statement for statement in selected}) + "\n")
        output.text(words.certificate_closing(found, seed), closing=True)
    return 0


@lemmafuzz.command()
@click.option("--margin", type=click.FloatRange(min=1), callback=finite, help="Factor beyond the worst that was seen.  [default: 1.5]")
@click.option("--file", callback=as_path, help="Where the constants are written.  [default: theorems/calibration.json]")
@options(identifiers_argument, seed_option, json_option, quiet_option)
def calibrate(
    identifiers: tuple[str, ...], margin: float | None, file: Path | None, seed: int | None, json_file: str | None, quiet: bool
) -> int:
    """Find the constants that the paper hides on small sizes (L <= 6, m <= 512), and write them to the file that the checks read."""
    from checkers import words
    from checkers.files import check_destination
    from theorems.calibration import FILE

    output = Output(json_file, quiet)
    seed = drawn(seed)
    destination = file or FILE
    check_destination(destination)
    selected = chosen(identifiers)
    from checkers import calibration

    with progress_bars(quiet=quiet) as progress:
        found = calibration.calibrate(selected, seed=seed, margin=margin or calibration.MARGIN, progress=progress)
    calibration.write(found, destination)
    output.facts(found)
    output.text(words.calibration_table(found) + "\n")
    output.text(f"{len(found)} constants written to {destination}\nseed {seed}", closing=True)
    return 0


lemmafuzz.add_command(train)


@lemmafuzz.command()
@click.argument("file", callback=as_path)
@options(modules_option, json_option, quiet_option)
def replay(file: Path, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """See a counterexample again: FILE is one that check or power wrote to counterexamples/."""
    from checkers import words

    output = Output(json_file, quiet)
    with own_statements(modules):
        from checkers import counterexample

        found = counterexample.read(file)
        result = counterexample.replay(found, registry)
        output.facts(result)
        cell = found.decision.statement, found.decision.architecture
        known = registry.form(*cell) if registry.has_form(*cell) else None
        output.text(words.replay_in_words(found, result, known), closing=True)
    return {"FIXED": 0, "STILL FAILS": REFUTED, "CANNOT RUN": COULD_NOT_RUN}[result.status]


@lemmafuzz.command("ledger")
@click.argument("file", callback=as_path)
@options(modules_option, json_option, quiet_option)
def ledger_command(file: Path, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """Show what a ledger holds: its runs, and the evidence of all nights about each statement.

    A statement of your own is shown if --module names its file. Exit code 1 if a statement that is shown is refuted, else 2 if the ledger
    holds decisions about one that cannot be shown, else 0.
    """
    from checkers import ledger_text

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


@lemmafuzz.command("report")
@click.option("--folder", default=".", show_default=True, callback=as_path, help="Where REPORT.md goes, with its figures in report/.")
@options(profile_option)
@click.option("--seed", type=click.IntRange(min=0), default=REPORT_SEED, show_default=True, help="Seed of everything random.")
@options(device_option, modules_option, processes_option, ledger_option, json_option, quiet_option)
def report_command(
    folder: Path,
    profile: str,
    seed: int,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    ledger: Path | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Check, refute the false variants, measure the exponents, train, and write REPORT.md with its figures."""
    output = Output(json_file, quiet)
    with own_statements(modules, probed=True):
        from checkers import report
        from checkers.files import staged

        report.check_folder(folder)
        nights = read_summary(ledger, chosen(())) if ledger else None
        device = valid_device(device)
        with progress_bars(quiet=quiet) as progress, staged(folder) as stage:
            facts = report.gather(
                on_architectures(chosen(()), ()),
                seed=seed,
                profile=profile_named(profile),
                device=device,
                folder=stage / COUNTEREXAMPLES,
                modules=modules,
                processes=process_count(processes),
                progress=progress,
            )
            facts = msgspec.structs.replace(facts, nights=nights)
            report.write(facts, chosen(()), stage)
        output.facts(facts)
        output.text(report.closing(facts, folder), closing=True)
    return 0 if report.as_claimed(facts) else REFUTED


lemmafuzz.add_command(diagnose)
lemmafuzz.add_command(threshold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; bad input is one sentence on standard error and code 2."""
    if "_LEMMAFUZZ_COMPLETE" in os.environ:  # a shell asks for completions
        lemmafuzz.main(prog_name="lemmafuzz")
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = [argument for argument in given if argument != DEBUG]  # wherever it stands
    keep_freed_memory()
    take_every_character()
    return exit_code_of(lambda: _invoke(asked or ["--help"]), debug=asked != given)


def _invoke(arguments: list[str]) -> int | None:
    """What click's own `main` does, without its answers to errors: to a closed pipe it is code 1."""
    with lemmafuzz.make_context("lemmafuzz", arguments) as context:
        found: int | None = lemmafuzz.invoke(context)
        return found

"""The command line. Everything heavy is imported inside the command that needs it, so that --help and list answer at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from checkers.data_commands import diagnose, threshold
from checkers.errors import InputError
from checkers.ledger_options import Book, cluster_option, ledger_option, read_summary, resume_option
from checkers.memory import keep_freed_memory
from checkers.module import own_statements
from checkers.options import (
    Output,
    architectures_option,
    as_path,
    chosen,
    device_option,
    drawn,
    finite,
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
from checkers.terminal import progress_bars
from checkers.train_command import train
from theorems import registry

REFUTED, COULD_NOT_RUN = 1, 2
COUNTEREXAMPLES = "counterexamples"
# The report is made again by everyone who changes anything: with a fixed seed its differences are differences of the code.
REPORT_SEED = 20190609


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemmafuzz", message="lemmafuzz %(version)s")
def lemmafuzz() -> None:
    """Check the theorems of "A Convergence Theory for Deep Learning via Over-Parameterization" the way tests check a program.

    Exit codes: 0 nothing refuted, 1 something refuted, 2 could not run.
    """


@lemmafuzz.command("list")
@options(modules_option, json_option, quiet_option)
def list_command(modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """List the statements, in the order in which they rest on each other."""
    from checkers import description

    output = Output(json_file, quiet)
    with own_statements(modules):
        statements = chosen(())
        output.text(description.statement_table(statements) + "\n")
        output.text(f"{len(statements)} statements", closing=True)
        output.facts([description.listed(statement) for statement in statements])
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
        click.echo(description.statement_in_words(named[0], registry))
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
            folder=Path(COUNTEREXAMPLES),
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
@options(architectures_option, ledger_option, resume_option)
def check(json_file: str | None, quiet: bool, ledger: Path | None, resume: bool, **given: Any) -> int:
    """Search for instances on which a statement fails; all statements if none is named."""
    from checkers import words

    output = Output(json_file, quiet)
    book = Book(ledger, resume)
    given |= book.arguments(click.get_current_context())
    with own_statements(given["modules"], probed=True):
        run = _run("check", quiet=quiet, book=book, **given)
        output.text(words.check_table(run) + "\n")
        refuted = [verdict for verdict in run.verdicts if verdict.verdict == "REFUTED"]
        for verdict in refuted:
            form = registry.form(verdict.id, verdict.architecture)
            output.text(words.refutation_in_words(verdict, form, COUNTEREXAMPLES) + "\n", closing=True)
        output.text(book.closing() + words.check_closing(run), closing=True)
        output.facts(run)
    return REFUTED if refuted else 0


@lemmafuzz.command()
@_run_options
@architectures_option
def power(json_file: str | None, quiet: bool, **given: Any) -> int:
    """Refute the false variants of the statements: what a checker that cannot fail would not do. Exit code 1 if one survives."""
    from checkers import words

    output = Output(json_file, quiet)
    with own_statements(given["modules"], probed=True):
        run = _run("power", quiet=quiet, **given)
        output.text(words.power_table(run) + "\n")
        output.text(words.power_closing(run), closing=True)
        output.facts(run)
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
        output.text(words.scaling_table(rows) + "\n")
        output.text(words.scaling_closing(rows, selected, profile, seed), closing=True)
        output.facts(rows)
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
        output.text(words.certificate_table(found, {statement.id: statement for statement in selected}) + "\n")
        output.text(words.certificate_closing(found, seed), closing=True)
        output.facts(found)
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
    output.text(words.calibration_table(found) + "\n")
    output.text(f"{len(found)} constants written to {destination}\nseed {seed}", closing=True)
    output.facts(found)
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
        cell = found.decision.statement, found.decision.architecture
        known = registry.form(*cell) if registry.has_form(*cell) else None
        output.text(words.replay_in_words(found, result, known), closing=True)
        output.facts(result)
    return {"FIXED": 0, "STILL FAILS": REFUTED, "CANNOT RUN": COULD_NOT_RUN}[result.status]


@lemmafuzz.command("ledger")
@click.argument("file", callback=as_path)
@options(modules_option, json_option, quiet_option)
def ledger_command(file: Path, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """Show what a ledger holds: its runs, and the evidence of all nights about each statement."""
    from checkers import ledger_text

    output = Output(json_file, quiet)
    with own_statements(modules):
        summary = read_summary(file, chosen(()))
        for text in (ledger_text.run_table(summary.runs), ledger_text.evidence_table(summary.evidence), *ledger_text.notes(summary)):
            output.text(text + "\n")
        output.text(ledger_text.closing(summary), closing=True)
        output.facts(summary)
    return REFUTED if any(one.refuted for one in summary.evidence) else 0


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

        report.check_folder(folder)
        nights = read_summary(ledger, chosen(())) if ledger else None
        device = valid_device(device)
        with progress_bars(quiet=quiet) as progress:
            facts = report.gather(
                on_architectures(chosen(()), ()),
                seed=seed,
                profile=profile_named(profile),
                device=device,
                folder=folder / COUNTEREXAMPLES,
                modules=modules,
                processes=process_count(processes),
                progress=progress,
            )
        facts = msgspec.structs.replace(facts, nights=nights)
        report.write(facts, chosen(()), folder)
        output.text(report.closing(facts, folder), closing=True)
        output.facts(facts)
    return 0 if report.as_claimed(facts) else REFUTED


lemmafuzz.add_command(diagnose)
lemmafuzz.add_command(threshold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; bad input is one sentence on standard error and code 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    keep_freed_memory()
    try:
        code = lemmafuzz.main(given or ["--help"], prog_name="lemmafuzz", standalone_mode=False)
    except click.ClickException as error:
        return _refuse(error.format_message())
    except InputError as error:
        return _refuse(str(error))
    except (click.Abort, KeyboardInterrupt):
        return _refuse("interrupted")
    except OSError as error:  # a full disk, a folder that was taken away: whatever is written is written whole or not at all
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{error.strerror or error}")
    except MemoryError as error:
        return _refuse(f"out of memory{f': {error}' if str(error) else ''}")
    return int(code or 0)


def _refuse(sentence: str) -> int:
    click.echo(f"lemmafuzz: {' '.join(sentence.split())}", err=True)
    return COULD_NOT_RUN

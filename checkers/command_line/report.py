"""report: everything there is to run, and REPORT.md with its pages; or these again from what a run has left."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from click.core import ParameterSource

from checkers.command_line.exit_code import REFUTED
from checkers.command_line.ledger import ledger_option, read_summary
from checkers.command_line.options import (
    COUNTEREXAMPLES,
    Output,
    architectures_option,
    as_path,
    chosen,
    device_option,
    identifiers_argument,
    json_option,
    modules_option,
    of_theories,
    on_architectures,
    options,
    process_count,
    processes_option,
    profile_named,
    profile_option,
    quiet_option,
    theories_option,
    valid_device,
)
from checkers.command_line.terminal import progress_bars
from checkers.command_line.timings import timing, timings_option
from checkers.errors import InputError
from checkers.runs.jobs.own_statements import own_statements

# The report is made again by everyone who changes anything: with a fixed seed its differences are differences of the code.
REPORT_SEED = 20190609


@click.command("report")
@click.option("--folder", default=".", show_default=True, callback=as_path, help="Where REPORT.md goes, with its pages in report/.")
@click.option(
    "--from", "facts_file", metavar="FILE", callback=as_path,
    help="Run nothing, and write the report again from the facts that one left, report/facts.msgpack.gz.",
)  # fmt: skip
@click.option(
    "--mutants", metavar="FILE", multiple=True, callback=as_path,
    help="What `lemmafuzz mutants --json FILE` wrote: scores beside verdicts. Repeatable.",
)  # fmt: skip
@click.option("--conjectures", metavar="FILE", callback=as_path, help="What `lemmafuzz sharpen --json FILE` wrote: its conjectures.")
@options(identifiers_argument, profile_option, theories_option, architectures_option)
@click.option("--seed", type=click.IntRange(min=0), default=REPORT_SEED, show_default=True, help="Seed of everything random.")
@click.option("--resume", is_flag=True, help="Go on with the report in --folder that was interrupted.")
@options(device_option, modules_option, processes_option, ledger_option, json_option, quiet_option, timings_option)
def report_command(
    identifiers: tuple[str, ...],
    folder: Path,
    facts_file: Path | None,
    mutants: tuple[Path, ...],
    conjectures: Path | None,
    profile: str,
    theories: tuple[str, ...],
    architectures: tuple[str, ...],
    seed: int,
    resume: bool,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    ledger: Path | None,
    json_file: str | None,
    quiet: bool,
    timings: Path | None,
) -> int:
    """Check, refute the false variants, measure the exponents, train, and write REPORT.md with its figures.

    Of the statements named alone, or of one theory or architecture: without training runs and all else that is about none of them.
    """
    output = Output(json_file, quiet)
    if facts_file is not None:
        _nothing_to_run(click.get_current_context())
    with own_statements(modules, probed=True):
        from checkers.experiments import everything
        from checkers.experiments.unfinished import Unfinished
        from checkers.machine.files import staged
        from checkers.report import write
        from checkers.report.facts_file import joined_mutants, read_conjectures

        write.check_folder(folder)
        selected = of_theories(chosen(identifiers), theories)
        nights = read_summary(ledger, selected) if ledger else None
        scores = joined_mutants(mutants) if mutants else None
        sharper = read_conjectures(conjectures) if conjectures else None
        device, count = valid_device(device), process_count(processes)
        if facts_file is not None:
            facts = write.known_facts(facts_file)
            kept = None
        else:
            forms = on_architectures(selected, architectures)
            cells = [(form.id, form.architecture) for form in forms]
            asked = {"seed": seed, "profile": vars(profile_named(profile)), "device": device, "statements": cells}
            kept = Unfinished(folder, asked, modules, resume=resume)
        with progress_bars(quiet=quiet) as bars, timing(timings, "report", count, bars) as progress, staged(folder) as stage:
            if kept is not None:
                try:
                    facts = everything.gather(
                        forms,
                        seed=seed,
                        profile=profile_named(profile),
                        device=device,
                        modules=modules,
                        processes=count,
                        kept=kept,
                        progress=progress,
                        whole=not (identifiers or theories or architectures),
                    )
                except KeyboardInterrupt as error:
                    raise KeyboardInterrupt(f"after {kept.count:,} outcomes: --resume goes on from there") from error
                parts = [*identifiers, *(f'--theory "{one}"' for one in theories), *(f'--architecture "{one}"' for one in architectures)]
                facts = msgspec.structs.replace(facts, asked="".join(f" {part}" for part in parts))
            beside = {"nights": nights, "mutants": scores, "sharpened": sharper}
            facts = msgspec.structs.replace(facts, **{name: found for name, found in beside.items() if found})
            written = write.write(facts, selected, stage)
            if kept is not None:
                kept.copy_counterexamples(stage / COUNTEREXAMPLES)
        write.remove_stale(folder, written)
        if kept is not None:
            kept.remove()
        output.facts(facts)
        output.text(write.closing(facts, folder), closing=True)
    return 0 if write.as_claimed(facts) else REFUTED


OPTIONS = {"identifiers": "a statement", "theories": "--theory", "architectures": "--architecture"}


def _nothing_to_run(context: click.Context) -> None:
    """InputError where --from stands beside an option of a run."""
    of_a_run = ("identifiers", "theories", "architectures", "profile", "seed", "resume", "device", "processes")
    asked = [name for name in of_a_run if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if asked:
        option = OPTIONS.get(asked[0], f"--{asked[0]}")
        raise InputError(f"--from runs nothing, so {option} has nothing to choose: the facts say what they were found with")

"""check, power, scale, certify, calibrate, replay: what searches, measures and decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from checkers.command_line.exit_code import COULD_NOT_RUN, REFUTED
from checkers.command_line.ledger import LedgerOptions, ledger_option, resume_option
from checkers.command_line.options import (
    Output,
    architectures_option,
    as_path,
    chosen,
    device_option,
    drawn,
    finite,
    folder_option,
    glance_option,
    identifiers_argument,
    json_option,
    modules_option,
    of_theories,
    on_architectures,
    options,
    profile_named,
    profile_option,
    quiet_option,
    seed_option,
    shared_work,
    theories_option,
    valid_device,
    work_options,
)
from checkers.command_line.terminal import progress_bars
from checkers.command_line.timings import timing, timings_option
from checkers.records.events import counted
from checkers.runs.jobs.own_statements import own_statements
from theorems import registry


def _run(
    command: str,
    *,
    identifiers: Sequence[str],
    theories: Sequence[str],
    architectures: Sequence[str],
    profile: str,
    quiet: bool,
    folder: Path,
    own: Sequence[str],
    timings: Path | None,
    named: Sequence[str] = (),
    recording: LedgerOptions | None = None,
    **given: Any,
) -> Any:
    """suite.check or suite.power with the options of the command line. own: ids of the user's statements; named: of those that get more
    than statements that nobody asked for; given: `work_options`."""
    if not (identifiers or theories or architectures) and profile_named(profile).first:
        selected = [registry[identifier] for identifier in own or profile_named(profile).first]
    else:
        selected = on_architectures(of_theories(chosen(identifiers), theories), architectures)
    work = shared_work(profile=profile, **given)
    work["profile"] = work["profile"].naming(named)
    from checkers.runs import suite

    kept = ("seed", "profile", "device", "modules")
    recorded: dict[str, Any] = {"run": recording.run(selected, *(work[name] for name in kept))} if recording else {}
    with progress_bars(quiet=quiet) as bars, timing(timings, command, work["processes"], bars) as progress:
        return getattr(suite, command)(selected, folder=folder, progress=progress, **work, **recorded)


@click.command()
@options(
    identifiers_argument, glance_option, *work_options, theories_option, architectures_option, folder_option, ledger_option, resume_option,
    timings_option,
)  # fmt: skip
def check(json_file: str | None, quiet: bool, ledger: Path | None, resume: bool, **given: Any) -> int:
    """Search for instances on which a statement fails; all statements if none is named. One that is named, or is your own, gets more: four
    times the work or so.
    """
    from checkers.report import verdicts

    output = Output(json_file, quiet)
    recording = LedgerOptions(ledger, resume)
    given |= recording.arguments(click.get_current_context())
    with own_statements(given["modules"], probed=True) as own:
        named = given.pop("named", (*given["identifiers"], *own))
        run = _run("check", own=own, quiet=quiet, named=named, recording=recording, **given)
        output.facts(run)
        output.text(verdicts.check_table(run) + "\n")
        refuted = [verdict for verdict in run.verdicts if verdict.verdict == "REFUTED"]
        for verdict in refuted:
            form = registry.form(verdict.id, verdict.architecture)
            output.text(verdicts.refutation_in_words(verdict, form, str(given["folder"]), given["modules"]) + "\n", closing=True)
        output.text(recording.closing() + verdicts.check_closing(run), closing=True)
    return REFUTED if refuted else 0


@click.command()
@options(identifiers_argument, glance_option, *work_options, theories_option, architectures_option, folder_option, timings_option)
def power(json_file: str | None, quiet: bool, **given: Any) -> int:
    """Refute the false variants of the statements: what a checker that cannot fail would not do. Exit code 1 if one survives."""
    from checkers.report import verdicts

    output = Output(json_file, quiet)
    with own_statements(given["modules"], probed=True) as own:
        run = _run("power", own=own, quiet=quiet, **given)
        output.facts(run)
        output.text(verdicts.power_table(run) + "\n")
        output.text(verdicts.power_closing(run), closing=True)
    return 0 if all(variant.verdict == "REFUTED" for variant in run.variants) else REFUTED


@click.command()
@options(identifiers_argument, profile_option, *work_options, timings_option)
def scale(
    identifiers: tuple[str, ...], profile: str, seed: int | None, modules: tuple[Path, ...], json_file: str | None, quiet: bool,
    timings: Path | None, **given: Any,
) -> int:
    """Measure the exponents of the claims on geometric ladders. Exit code 1 if one grows beyond what is claimed."""
    from checkers.report import scaling
    from checkers.report.attacked import attacked_ids

    output = Output(json_file, quiet)
    seed = drawn(seed)
    with own_statements(modules, probed=True):
        selected = chosen(identifiers)
        work = shared_work(profile=profile, seed=seed, modules=modules, **given)
        from checkers.experiments.scaling import exponents

        with progress_bars(quiet=quiet) as bars, timing(timings, "scale", work["processes"], bars) as progress:
            rows = exponents.scale(selected, progress=progress, **work)
        output.facts(rows)
        output.text(scaling.scaling_table(rows, attacked=attacked_ids(selected)) + "\n")
        output.text(scaling.scaling_closing(rows, selected, profile, seed), closing=True)
    return 0 if all(row.consistent for row in rows) else REFUTED


@click.command()
@click.option("--width", type=click.IntRange(min=1), help="Neurons in each layer.  [default: the fewest inside the regime]")
@click.option("--depth", type=click.IntRange(min=1), help="Trained layers.")
@click.option("--samples", type=click.IntRange(min=1), help="Inputs.")
@click.option("--outputs", type=click.IntRange(min=1), help="Outputs of the network.")
@options(identifiers_argument, seed_option, modules_option, json_option, quiet_option)
def certify(
    identifiers: tuple[str, ...], seed: int | None, modules: tuple[Path, ...], json_file: str | None, quiet: bool, **sizes: int | None
) -> int:
    """Prove inequalities on one drawn instance each, in ball arithmetic; all statements that allow it if none is named."""
    from checkers.report import verdicts

    output = Output(json_file, quiet)
    seed = drawn(seed)
    fixed = {name: value for name, value in sizes.items() if value is not None}
    with own_statements(modules, probed=True):
        selected = chosen(identifiers)
        from checkers.certification.certify import certifiable, certify

        with progress_bars(quiet=quiet) as progress:
            wanted = selected if identifiers else certifiable(selected)
            found = [certify(statement, seed=seed, sizes=fixed) for statement in counted(wanted, "certificates", progress)]
        output.facts(found)
        output.text(verdicts.certificate_table(found, {statement.id: statement for statement in selected}) + "\n")
        output.text(verdicts.certificate_closing(found, seed), closing=True)
    return 0


@click.command()
@click.option("--margin", type=click.FloatRange(min=1), callback=finite, help="Factor beyond the worst that was seen.  [default: 1.5]")
@click.option("--file", callback=as_path, help="Where the constants are written.  [default: those that checks read]")
@options(identifiers_argument, seed_option, json_option, quiet_option)
def calibrate(
    identifiers: tuple[str, ...], margin: float | None, file: Path | None, seed: int | None, json_file: str | None, quiet: bool
) -> int:
    """Find the constants that the paper hides on small sizes (L <= 6, m <= 512), and write them to the file that the checks read."""
    from checkers.machine.files import check_destination
    from checkers.report import scaling
    from theorems.language.calibration import FILE

    output = Output(json_file, quiet)
    seed = drawn(seed)
    destination = file or FILE
    check_destination(destination)
    selected = chosen(identifiers)
    from checkers.experiments import calibration

    with progress_bars(quiet=quiet) as progress:
        found = calibration.calibrate(selected, seed=seed, margin=margin or calibration.MARGIN, progress=progress)
    calibration.write(found, destination)
    output.facts(found)
    output.text(scaling.calibration_table(found) + "\n")
    output.text(f"{len(found)} constants written to {destination}\nseed {seed}", closing=True)
    return 0


@click.command()
@click.argument("file", callback=as_path)
@options(device_option, modules_option, json_option, quiet_option)
def replay(file: Path, device: str, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """See a counterexample again: FILE is one that check or power wrote to counterexamples/, on whatever device."""
    from checkers.report import verdicts

    output = Output(json_file, quiet)
    with own_statements(modules):
        from checkers.fuzzing import counterexamples

        found = counterexamples.read(file)
        result = counterexamples.replay(found, registry, valid_device(device))
        output.facts(result)
        cell = found.decision.statement, found.decision.architecture
        known = registry.form(*cell) if registry.has_form(*cell) else None
        output.text(verdicts.replay_in_words(found, result, known), closing=True)
    return {"FIXED": 0, "STILL FAILS": REFUTED, "CANNOT RUN": COULD_NOT_RUN}[result.status]

"""The command line. Everything heavy is imported inside the command that needs it, so that --help and list answer at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from checkers.errors import InputError
from checkers.module import own_statements
from checkers.options import (
    Output,
    architectures_option,
    as_path,
    chosen,
    circle_of,
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
from theorems import registry

REFUTED, COULD_NOT_RUN = 1, 2
COUNTEREXAMPLES = "counterexamples"
# The report is made again by everyone who changes anything: with a fixed seed its differences are differences of the code.
REPORT_SEED = 20190609


# Every step of revealed weights adds directions to remember: memory, not patience, is their limit.
DEPTH_AND_STEPS = {"dense": (4, 50_000), "revealed": (2, 200)}


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
    identifiers: Sequence[str],
    architectures: Sequence[str],
    profile: str,
    seed: int | None,
    device: str,
    modules: Sequence[Path],
    processes: int | None,
    quiet: bool,
) -> Any:
    """suite.check or suite.power with the options of the command line."""
    selected = on_architectures(chosen(identifiers), architectures)
    device = valid_device(device)
    from checkers import suite

    with progress_bars(quiet=quiet) as progress:
        return getattr(suite, command)(
            selected,
            seed=drawn(seed),
            profile=profile_named(profile),
            device=device,
            folder=Path(COUNTEREXAMPLES),
            modules=modules,
            processes=process_count(processes),
            progress=progress,
        )


_run_options = options(
    identifiers_argument, profile_option, seed_option, device_option, modules_option, processes_option, json_option, quiet_option
)


@lemmafuzz.command()
@_run_options
@architectures_option
def check(
    identifiers: tuple[str, ...],
    architectures: tuple[str, ...],
    profile: str,
    seed: int | None,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Search for instances on which a statement fails; all statements if none is named."""
    from checkers import words

    output = Output(json_file, quiet)
    with own_statements(modules):
        run = _run("check", identifiers, architectures, profile, seed, device, modules, processes, quiet)
        output.text(words.check_table(run) + "\n")
        refuted = [verdict for verdict in run.verdicts if verdict.verdict == "REFUTED"]
        for verdict in refuted:
            statement = registry.form(verdict.id, verdict.architecture)
            output.text(words.refutation_in_words(verdict, statement, COUNTEREXAMPLES) + "\n", closing=True)
        output.text(words.check_closing(run), closing=True)
        output.facts(run)
    return REFUTED if refuted else 0


@lemmafuzz.command()
@_run_options
@architectures_option
def power(
    identifiers: tuple[str, ...],
    architectures: tuple[str, ...],
    profile: str,
    seed: int | None,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Refute the false variants of the statements: what a checker that cannot fail would not do. Exit code 1 if one survives."""
    from checkers import words

    output = Output(json_file, quiet)
    with own_statements(modules):
        run = _run("power", identifiers, architectures, profile, seed, device, modules, processes, quiet)
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
    json_file: str | None,
    quiet: bool,
) -> int:
    """Measure the exponents of the claims on geometric ladders. Exit code 1 if one grows beyond what is claimed."""
    from checkers import words

    output = Output(json_file, quiet)
    seed = drawn(seed)
    with own_statements(modules):
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
            )
        output.text(words.scaling_table(rows) + "\n")
        output.text(words.scaling_closing(rows, selected, profile, seed), closing=True)
        output.facts(rows)
    return 0 if all(row.consistent for row in rows) else REFUTED


@lemmafuzz.command()
@click.option("--margin", type=click.FloatRange(min=1), callback=finite, help="Factor beyond the worst that was seen.  [default: 1.3]")
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


@lemmafuzz.command()
@click.option("--data", default="digits", show_default=True, metavar="digits|FILE", help="Bundled digits, or a .csv, .npy or .npz file.")
@click.option("--label-column", metavar="NAME", help="Column of the labels: its name, or its number from 0. Of an npz file: an array.")
@click.option("--samples", type=click.IntRange(min=1), help="Rows to train on, chosen by the seed.  [default: 100, or all]")
@click.option("--labels", type=click.Choice(["true", "random"]), default="true", show_default=True, help="The data's own, or random ones.")
@click.option("--outputs", type=click.IntRange(min=1), help="Outputs of the network.  [default: one for each class]")
@click.option("--architecture", default="fully connected", show_default=True, help="Or residual, or convolutional.")
@click.option("--positions", type=click.IntRange(min=1), help="Convolutional: positions on the circle.  [default: one for each pixel]")
@click.option("--patch", type=click.IntRange(min=1), help="Convolutional: positions in a patch, odd.  [default: 3]")
@click.option("--width", type=click.IntRange(min=1), default=256, show_default=True, help="Neurons in each layer.")
@click.option("--depth", type=click.IntRange(min=1), help="Trained layers.  [default: 4; revealed, 2]")
@click.option(
    "--weights",
    type=click.Choice(["dense", "revealed"]),
    default="dense",
    show_default=True,
    help="dense: matrices that are stored. revealed: only what the samples ask of them, for any width.",
)
@click.option("--steps", type=click.IntRange(min=1), help="Steps of gradient descent, at most.  [default: 50,000; revealed, 200]")
@click.option("--step-size", type=click.FloatRange(min=0, min_open=True), callback=finite, help="[default: the largest stable one]")
@click.option("--goal", type=click.FloatRange(0, 1), default=1e-3, show_default=True, callback=finite, help="Loss to stop at, as a share.")
@options(seed_option, device_option, json_option, quiet_option)
def train(
    data: str,
    label_column: str | None,
    samples: int | None,
    labels: str,
    outputs: int | None,
    architecture: str,
    positions: int | None,
    patch: int | None,
    width: int,
    depth: int | None,
    weights: Literal["dense", "revealed"],
    steps: int | None,
    step_size: float | None,
    goal: float,
    seed: int | None,
    device: str,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Train by gradient descent on real data, and check the paper's statements about training at every step."""
    from checkers import words
    from checkers.user_data import load_training_data

    output = Output(json_file, quiet)
    seed = drawn(seed)
    loaded = load_training_data(data, label_column=label_column, samples=samples, labels=labels, outputs=outputs, seed=seed)
    device = valid_device(device)
    from checkers import training
    from checkers.processes import one_thread

    default_depth, default_steps = DEPTH_AND_STEPS[weights]
    circle = circle_of(architecture, positions, patch, loaded.inputs.shape[1])
    with one_thread(), progress_bars(quiet=quiet) as progress:
        run = training.train(
            inputs=loaded.inputs,
            targets=loaded.targets,
            classes=loaded.classes,
            architecture=architecture,
            positions=circle[0],
            patch=circle[1],
            width=width,
            depth=depth or default_depth,
            seed=seed,
            engine=weights,
            steps=steps or default_steps,
            step_size=step_size,
            goal=goal,
            device=device,
            data=loaded.name,
            labels=loaded.labels,
            progress=lambda step, steps, loss: progress("steps", step, steps),
        )
    for text in (words.training_in_words(run), words.training_table(run), words.step_check_table(run)):
        output.text(text + "\n")
    output.text(words.training_closing(run), closing=True)
    output.facts(run)
    return REFUTED if run.blame else 0


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


@lemmafuzz.command("report")
@click.option("--folder", default=".", show_default=True, callback=as_path, help="Where REPORT.md goes, with its figures in report/.")
@options(profile_option)
@click.option("--seed", type=click.IntRange(min=0), default=REPORT_SEED, show_default=True, help="Seed of everything random.")
@options(device_option, modules_option, processes_option, json_option, quiet_option)
def report_command(
    folder: Path,
    profile: str,
    seed: int,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Check, refute the false variants, train, and write REPORT.md with its figures."""
    output = Output(json_file, quiet)
    with own_statements(modules):
        from checkers import report

        report.check_folder(folder)
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
        report.write(facts, chosen(()), folder)
        output.text(report.closing(facts, folder), closing=True)
        output.facts(facts)
    return 0 if report.as_claimed(facts) else REFUTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; bad input is one sentence on standard error and code 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = lemmafuzz.main(given or ["--help"], prog_name="lemmafuzz", standalone_mode=False)
    except click.ClickException as error:
        return _refuse(error.format_message())
    except InputError as error:
        return _refuse(str(error))
    except (click.Abort, KeyboardInterrupt):
        return _refuse("interrupted")
    return int(code or 0)


def _refuse(sentence: str) -> int:
    click.echo(f"lemmafuzz: {' '.join(sentence.split())}", err=True)
    return COULD_NOT_RUN

"""`lemmafuzz train`: descent on real data, with the statements about training checked along the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from checkers.command_line.data_options import reading_options, tell
from checkers.command_line.exit_code import REFUTED
from checkers.command_line.options import (
    Output,
    as_path,
    circle_of,
    device_option,
    drawn,
    finite,
    json_option,
    modules_option,
    options,
    quiet_option,
    seed_option,
    valid_device,
)
from checkers.command_line.terminal import training_bar
from checkers.errors import InputError
from checkers.runs.jobs.own_statements import own_statements

if TYPE_CHECKING:
    from checkers.data.columns import Reading
    from checkers.training.training_setup import TrainingSetup

# Every step of revealed weights adds directions to remember: memory, not patience, is their limit.
DEPTH_AND_STEPS = {"dense": (4, 50_000), "revealed": (2, 200)}
BATCH = 32


def paper_or_number(context: click.Context, parameter: click.Parameter, value: str | None) -> float | str | None:
    """Callback of --step-size: "paper", or a positive number."""
    if value is None or value == "paper":
        return value
    try:
        number = float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a number nor 'paper'", context, parameter) from None
    if not 0 < number < math.inf:
        raise click.BadParameter(f"{value} is not a positive, finite number", context, parameter)
    return number


_data_options = options(
    click.option("--data", default="digits", show_default=True, metavar="digits|FILE", help="Or a csv, text, parquet or numpy file."),
    reading_options,
    click.option("--samples", type=click.IntRange(min=1), help="Rows to train on, chosen by the seed.  [default: 100, or all]"),
    click.option(
        "--labels",
        type=click.Choice(["true", "random", "hardest"]),
        default="true",
        show_default=True,
        help="The data's own, random ones, or the bottom eigenvector of the kernel.",
    ),
    click.option("--outputs", type=click.IntRange(min=1), help="Outputs of the network.  [default: one for each class]"),
    click.option("--held-out", type=click.IntRange(min=0), help="Further rows, to compare with the tangent kernel's prediction on."),
)
_network_options = options(
    click.option("--architecture", default="fully connected", show_default=True, help="Or residual, or convolutional."),
    click.option("--positions", type=click.IntRange(min=1), help="Convolutional: positions on the circle.  [default: one for each pixel]"),
    click.option("--patch", type=click.IntRange(min=1), help="Convolutional: positions in a patch, odd.  [default: 3]"),
    click.option("--width", type=click.IntRange(min=1), default=256, show_default=True, help="Neurons in each layer."),
    click.option("--depth", type=click.IntRange(min=1), help="Trained layers.  [default: 4; revealed, 2]"),
    click.option(
        "--weights",
        type=click.Choice(["dense", "revealed"]),
        default="dense",
        show_default=True,
        help="dense: matrices that are stored. revealed: only what the samples ask of them, for any width.",
    ),
    click.option("--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True, help="Precision."),
)
_descent_options = options(
    click.option("--algorithm", type=click.Choice(["gd", "sgd"]), default="gd", show_default=True, help="All samples a step, or a few."),
    click.option("--batch", type=click.IntRange(min=1), help=f"Samples in a minibatch of sgd.  [default: {BATCH}, or all]"),
    click.option("--loss", default="squared", show_default=True, metavar="NAME", help="Built in, or of a --module of yours."),
    click.option("--steps", type=click.IntRange(min=1), help="Steps, at most.  [default: 50,000; revealed, 200]"),
    click.option(
        "--step-size",
        metavar="NUMBER|paper",
        callback=paper_or_number,
        help="paper: that of Theorem 1 or 2.  [default: the largest stable one]",
    ),
    click.option("--goal", type=click.FloatRange(0, 1), default=1e-3, show_default=True, callback=finite, help="Share of loss to stop at."),
    click.option("--checkpoint", callback=as_path, metavar="FILE", help="Where to save the state now and then, at the end, and on Ctrl-C."),
    click.option("--resume", callback=as_path, metavar="FILE", help="A checkpoint of this very run to go on from."),
)


def batch_size(algorithm: str, batch: int | None, samples: int) -> int:
    """Samples in a minibatch; 0 for gradient descent."""
    if algorithm == "gd":
        if batch is not None:
            raise InputError(f"--batch {batch} needs --algorithm sgd: gradient descent looks at all samples")
        return 0
    return min(BATCH, samples) if batch is None else batch


@click.command()
@options(_data_options, _network_options, _descent_options, seed_option, device_option, modules_option, json_option, quiet_option)
def train(
    *,
    seed: int | None,
    checkpoint: Path | None,
    resume: Path | None,
    modules: tuple[Path, ...],
    json_file: str | None,
    quiet: bool,
    **asked: Any,
) -> int:
    """Train on real data by gradient descent or SGD, and check the paper's statements about training along the way."""
    from checkers.machine.files import check_destination
    from checkers.machine.threads import one_thread
    from checkers.training import run as training

    output = Output(json_file, quiet)
    if checkpoint is not None:
        check_destination(checkpoint)
    with own_statements(modules):
        setup = setup_of(drawn(seed), output, **asked)
        _print_memory(setup, output, saved=checkpoint is not None)
        with one_thread(), training_bar(quiet=quiet) as progress:
            run = training.train(setup, save_to=checkpoint, resume_from=resume, progress=progress)
    _print(run, output)
    return REFUTED if run.blame else 0


def setup_of(
    seed: int,
    output: Output,
    *,
    data: str,
    label_column: str | None,
    reading: Reading,
    samples: int | None,
    labels: str,
    outputs: int | None,
    held_out: int | None,
    architecture: str,
    positions: int | None,
    patch: int | None,
    depth: int | None,
    weights: Literal["dense", "revealed"],
    algorithm: str,
    batch: int | None,
    steps: int | None,
    device: str,
    **same: Any,
) -> TrainingSetup:
    """What the options ask for, with the defaults that depend on others. same: those that are fields of the setup already."""
    from checkers.data.training_data import held_out_rows, load_training_data
    from checkers.training.training_setup import TrainingSetup

    loaded = load_training_data(
        data, label_column=label_column, samples=samples, labels=labels, outputs=outputs, seed=seed, reading=reading
    )  # fmt: skip
    tell(loaded.read, loaded.warnings, output.text)
    further = None
    if held_out is not None:
        further = held_out_rows(data, label_column=label_column, loaded=loaded, count=held_out, seed=seed, reading=reading)
    size = batch_size(algorithm, batch, len(loaded.inputs))
    positions, patch = circle_of(architecture, positions, patch, loaded.inputs.shape[1])
    default_depth, default_steps = DEPTH_AND_STEPS[weights]
    return TrainingSetup(
        loaded, held_out=further, architecture=architecture, positions=positions, patch=patch, depth=depth or default_depth,
        weights=weights, batch=size, steps=steps or default_steps, seed=seed, device=valid_device(device), **same,
    )  # fmt: skip


def _print_memory(setup: TrainingSetup, output: Output, *, saved: bool) -> None:
    from checkers.report.training import memory_in_words

    plan = setup.memory
    output.text(memory_in_words(plan.whole))
    if plan.regression is not None:
        output.text(memory_in_words(plan.regression, "regression with the limit kernel, last and where it fits"))
    if saved:
        output.text(memory_in_words(plan.checkpoint, "each checkpoint, at most"))


def _print(run: Any, output: Output) -> None:
    from checkers.report import training

    output.facts(run)
    parts: Sequence[str] = (
        training.training_in_words(run),
        training.training_table(run),
        training.step_check_table(run) if run.checks else "",
        "\n".join(run.explanation),
        training.prediction_in_words(run),
    )
    for text in parts:
        if text:
            output.text(text + "\n")
    output.text(training.training_closing(run), closing=True)

"""`lemmafuzz train`: descent on real data, with the statements about training checked along the way."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Asked:
    """The options of `train` that describe the run itself."""

    architecture: str
    positions: int
    patch: int
    width: int
    depth: int
    engine: Literal["dense", "revealed"]
    steps: int
    step_size: float | Literal["paper"] | None
    goal: float
    loss: str
    batch: int
    dtype: str


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
    click.option("--loss", "loss_name", default="squared", show_default=True, metavar="NAME", help="Built in, or of a --module of yours."),
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


def chosen_loss(name: str) -> str:
    """The name itself, if there is such a loss."""
    from theorems.laws.losses import losses

    if name not in losses:
        near = difflib.get_close_matches(name, losses, 1)
        raise InputError(f"there is no loss {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(losses)}"))
    return name


def batch_size(algorithm: str, batch: int | None, samples: int) -> int:
    """Samples in a minibatch; 0 for gradient descent."""
    if algorithm == "gd":
        if batch is not None:
            raise InputError(f"--batch {batch} needs --algorithm sgd: gradient descent looks at all samples")
        return 0
    if batch is not None and batch > samples:
        raise InputError(f"--batch {batch} asks for more than the {samples} samples")
    return min(BATCH, samples) if batch is None else batch


@click.command()
@options(_data_options, _network_options, _descent_options, seed_option, device_option, modules_option, json_option, quiet_option)
def train(
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
    width: int,
    depth: int | None,
    weights: Literal["dense", "revealed"],
    dtype: str,
    algorithm: str,
    batch: int | None,
    loss_name: str,
    steps: int | None,
    step_size: float | Literal["paper"] | None,
    goal: float,
    checkpoint: Path | None,
    resume: Path | None,
    seed: int | None,
    device: str,
    modules: tuple[Path, ...],
    json_file: str | None,
    quiet: bool,
) -> int:
    """Train on real data by gradient descent or SGD, and check the paper's statements about training along the way."""
    from checkers.data.training_data import load_training_data
    from checkers.machine.files import check_destination

    output = Output(json_file, quiet)
    if checkpoint is not None:
        check_destination(checkpoint)
    if held_out is not None and algorithm == "sgd":
        raise InputError("--held-out compares with the kernel's gradient descent: it needs --algorithm gd")
    seed = drawn(seed)
    default_depth, default_steps = DEPTH_AND_STEPS[weights]
    with own_statements(modules):
        loss = chosen_loss(loss_name)
        loaded = load_training_data(
            data, label_column=label_column, samples=samples, labels=labels, outputs=outputs, seed=seed, reading=reading
        )  # fmt: skip
        tell(loaded.read, loaded.warnings, output.text)
        size = batch_size(algorithm, batch, len(loaded.inputs))
        circle = circle_of(architecture, positions, patch, loaded.inputs.shape[1])
        asked = Asked(
            architecture, *circle, width, depth or default_depth, weights, steps or default_steps, step_size, goal, loss, size, dtype
        )  # fmt: skip
        further = _held_out(held_out, data, label_column, reading, loaded, seed) if held_out is not None else None
        run = _train(asked, loaded, further, seed, valid_device(device), checkpoint, resume, output, quiet)
    _print(run, output)
    return REFUTED if run.blame else 0


def _held_out(count: int, data: str, label_column: str | None, reading: Reading, loaded: Any, seed: int) -> Any:
    from checkers.data.training_data import held_out_rows
    from checkers.training.kernel_prediction import HeldOut

    if count == 0:
        return HeldOut(loaded.inputs[:0])
    return HeldOut(*held_out_rows(data, label_column=label_column, loaded=loaded, count=count, seed=seed, reading=reading))


def _train(
    asked: Asked,
    loaded: Any,
    further: Any,
    seed: int,
    device: str,
    save_to: Path | None,
    resume: Path | None,
    output: Output,
    quiet: bool,
) -> Any:
    import torch

    from checkers.machine.threads import one_thread
    from checkers.networks.architectures.by_name import architecture_for
    from checkers.report.training import memory_in_words
    from checkers.training import checkpoint, loss_declaration
    from checkers.training import run as training
    from theorems.language.instance import Instance

    dtype = getattr(torch, asked.dtype)
    samples, outputs = loaded.targets.shape
    itemsize = torch.empty(0, dtype=dtype).itemsize
    neurons = asked.positions * asked.width
    state = training.planned_bytes(asked.engine, neurons, asked.depth, samples, outputs, asked.steps, itemsize)
    circle = Instance(width=asked.width, positions=asked.positions, patch=asked.patch)
    architecture, apart = architecture_for(asked.architecture, circle), None if further is None else len(further.inputs)
    kernels = training.planned_kernel_bytes(architecture, asked.engine, neurons, asked.depth, samples, outputs, itemsize, apart)
    output.text(memory_in_words(state + kernels))
    if further is not None and further.classes is not None and apart:
        size = architecture.limit_kernel_bytes(samples + apart, asked.depth)
        output.text(memory_in_words(size, "regression with the limit kernel, last and where it fits"))
    if save_to is not None:
        size = checkpoint.planned_bytes(asked.engine, asked.width, asked.depth, asked.patch, state, itemsize)
        output.text(memory_in_words(size, "each checkpoint, at most"))
    loss_declaration.verify_declaration(asked.loss, loaded.targets)
    with one_thread(), training_bar(quiet=quiet) as progress:
        return training.train(
            inputs=loaded.inputs,
            targets=loaded.targets,
            classes=loaded.classes,
            architecture=asked.architecture,
            positions=asked.positions,
            patch=asked.patch,
            width=asked.width,
            depth=asked.depth,
            seed=seed,
            engine=asked.engine,
            steps=asked.steps,
            step_size=asked.step_size,
            goal=asked.goal,
            device=device,
            dtype=dtype,
            data=loaded.name,
            labels=loaded.labels,
            loss=asked.loss,
            batch=asked.batch,
            held_out=further,
            save_to=save_to,
            resume_from=resume,
            progress=progress,
        )


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

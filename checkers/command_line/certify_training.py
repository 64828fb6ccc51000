"""`lemmafuzz certify-training`: does training converge, decided before the first step, for the user's own data and network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checkers.command_line.data_options import reading_options, tell
from checkers.command_line.exit_code import REFUTED
from checkers.command_line.options import Output, as_path, drawn, finite, json_option, options, quiet_option, seed_option
from checkers.command_line.terminal import training_bar
from checkers.errors import InputError

if TYPE_CHECKING:
    from checkers.data.columns import Reading
    from checkers.data.deep_model import DeepModel
    from checkers.data.two_layer_model import TwoLayerModel

ROOT = "1/sqrt(m)"
ACTIVATIONS = ("relu", "softplus", "tanh", "sigmoid", "silu", "gelu")


def _factor(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if value != ROOT:
        try:
            usable = 0 < abs(float(value)) < math.inf
        except ValueError:
            usable = False
        if not usable:
            raise click.BadParameter(f"{value!r} is neither a finite number other than 0 nor {ROOT}", context, parameter)
    return value


_data_options = options(
    reading_options,
    click.option("--samples", type=click.IntRange(min=1), help="Rows to train on, chosen by the seed.  [default: 100, or all]"),
    click.option("--labels", type=click.Choice(["true", "random"]), default="true", show_default=True, help="Its own, or random signs."),
    click.option("--positive", metavar="CLASS", help="This class is +1 and all others -1; needed where there are more than two."),
    click.option("--as-they-are", is_flag=True, help="Neither scale rows to unit norm nor centre labels that are numbers."),
)
_network_options = options(
    click.option("--depth", type=click.IntRange(min=1), help="Trained layers of Allen-Zhu et al.'s network, or of a deep --model."),
    click.option("--both-layers", is_flag=True, help="Train the output layer of a two-layer network, too."),
    click.option("--width", type=click.IntRange(min=1), help="Neurons of the W(0) to draw.  [default: 4096]"),
    click.option("--find-width", is_flag=True, help="Look for the least width whose W(0) is certified."),
    click.option("--largest", type=click.IntRange(min=1), help="Where --find-width stops.  [default: relu, 1048576]"),
    click.option("--model", "model_file", callback=as_path, metavar="FILE", help="Weights of your own network: a state dict, or npz."),
    click.option(
        "--scale", metavar=f"NUMBER|{ROOT}", default="1", show_default=True, callback=_factor, help="What --model multiplies its output by."
    ),
    click.option("--activation", type=click.Choice(ACTIVATIONS), default="relu", show_default=True, help="Of the hidden layers."),
    click.option("--steps", type=click.IntRange(min=0), default=10_000, show_default=True, help="Of the run, at most; 0: none."),
    click.option("--goal", type=click.FloatRange(0, 1), default=1e-3, show_default=True, callback=finite, help="Share of loss to stop at."),
)


@click.command("certify-training")
@click.argument("file", metavar="digits|FILE")
@options(_data_options, _network_options, seed_option, json_option, quiet_option)
def certify_training(
    *, file: str, label_column: str | None, reading: Reading, samples: int | None, labels: str, positive: str | None,
    as_they_are: bool, depth: int | None, both_layers: bool, width: int | None, find_width: bool, largest: int | None,
    model_file: Path | None, scale: str, activation: str, steps: int, goal: float, seed: int | None, json_file: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Decide from W(0) and the data in FILE alone whether gradient descent on a two-layer network, or with --depth on a deep
    one, converges: CERTIFIED, with a rate and how far any neuron moves, or NOT CERTIFIED, with how far it is from that.

    The decision is a proof in ball arithmetic. Then the network is trained, and each step is held against it. Both answers have exit
    code 0; 1 if the run breaks its promise.
    """
    from checkers.data.one_output import load_one_output
    from checkers.experiments.width import certified_training as decided
    from checkers.machine.threads import one_thread
    from checkers.report import training_certificate as words

    output = Output(json_file, quiet)
    seed = drawn(seed)
    _refuse_contradictions(width, find_width, largest, model_file, scale)
    _refuse_others(depth, both_layers, activation)
    model = None if model_file is None else _model(model_file, scale, depth)
    data = load_one_output(
        file, label_column=label_column, samples=samples, labels=labels, positive=positive, seed=seed, reading=reading,
        as_they_are=as_they_are, constant=model is not None and model.bias,
    )  # fmt: skip
    tell(data.read, data.warnings, output.text)
    asked = decided.Asked(
        None if find_width else width or decided.WIDTH, model, "" if model_file is None else str(model_file), activation, largest,
        depth or 0, both_layers, steps, goal,
    )  # fmt: skip
    with one_thread(), training_bar(quiet=quiet) as progress:
        found = decided.certify_training(data, asked, seed=seed, progress=progress)
    output.facts(found)
    output.text(words.heading(found) + "\n")
    if found.search is not None:
        output.text(words.search_table(found.search) + "\n")
    output.text(words.proof_table(found) + "\n")
    if found.local is not None:
        output.text(words.local_table(found) + "\n")
    if found.run is not None:
        output.text(words.run_table(found.run, found.per_neuron) + "\n")
    output.text(words.certificate_closing(found), closing=True)
    return REFUTED if found.run is not None and found.run.broken >= 0 else 0


def _refuse_contradictions(width: int | None, find_width: bool, largest: int | None, model: Path | None, scale: str) -> None:
    given = [name for name, there in (("--width", width), ("--find-width", find_width), ("--model", model)) if there]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} contradict each other: each says what W(0) is")
    if largest is not None and not find_width:
        raise InputError(f"--largest {largest} says where --find-width stops, which is not asked for")
    if scale != "1" and model is None:
        raise InputError(f"--scale {scale} is of the network of --model; drawn ones have {ROOT}")


def _refuse_others(depth: int | None, both_layers: bool, activation: str) -> None:
    """What there is no certificate of."""
    if depth is not None and both_layers:
        raise InputError(f"--both-layers is of two-layer networks, and --depth {depth} of one whose hidden layers are trained")
    if both_layers and activation != "relu":
        raise InputError(f"--both-layers is of relu networks, not of {activation}")


def _model(path: Path, scale: str, depth: int | None) -> TwoLayerModel | DeepModel:
    from checkers.data.deep_model import read_deep_model
    from checkers.data.two_layer_model import read_model

    factor = None if scale == ROOT else float(scale)
    return read_model(path, factor) if depth is None else read_deep_model(path, depth, factor)

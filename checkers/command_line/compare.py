"""`lemmafuzz compare`: what every theory asks of one data set, beside what is certified and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from checkers.command_line.data_options import reading_options, tell
from checkers.command_line.options import Output, as_path, drawn, finite, json_option, options, quiet_option, seed_option
from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole

if TYPE_CHECKING:
    from checkers.data.columns import Reading

_data_options = options(
    reading_options,
    click.option("--samples", type=click.IntRange(min=1), help="Rows, chosen by the seed.  [default: 50, or all; of drawn ones 10]"),
    click.option("--dimension", type=click.IntRange(min=2), help="Of drawn rows.  [default: as for n of them]"),
    click.option("--labels", type=click.Choice(["true", "random"]), default="true", show_default=True, help="Its own, or random signs."),
)


@click.command()
@click.argument("source", metavar="digits|orthonormal|sphere|circle|FILE")
@options(_data_options)
@click.option(
    "-p", "--failure", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.1, show_default=True, callback=finite,
    help="Failure probability that each theory is granted.",
)  # fmt: skip
@click.option("--held-out", type=click.IntRange(min=1), help="Train on true and on random labels, and test on so many other rows.")
@click.option("--figure", callback=as_path, metavar="FILE", help="Also draw all widths on one axis: an SVG file.")
@options(seed_option, json_option, quiet_option)
def compare(
    *, source: str, label_column: str | None, reading: Reading, samples: int | None, dimension: int | None, labels: str, failure: float,
    held_out: int | None, figure: Path | None, seed: int | None, json_file: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Set all theories side by side on one data set: whose assumptions are met, and by which rows not; the width and the number
    of steps that each asks for, the width that is certified, and the one that it takes; and which inequality of the proof loses
    how much.

    Of files rows are scaled to unit norm; with more than two classes the first half of them is -1. Exit code 0 whatever is found.
    """
    from checkers.data.sphere_data import load_sphere
    from checkers.experiments.compare import compare as compared
    from checkers.experiments.compare import generalization
    from checkers.machine.threads import one_thread
    from checkers.report import comparison as words

    output = Output(json_file, quiet)
    if figure is not None:
        check_destination(figure)
    seed = drawn(seed)
    if held_out and labels == "random":
        raise InputError("--held-out sets true labels beside random ones, and --labels random leaves no true ones")
    data = load_sphere(
        source, label_column=label_column, samples=samples, dimension=dimension, labels=labels, seed=seed, reading=reading,
        held_out=held_out or 0,
    )  # fmt: skip
    tell(data.read, data.warnings, output.text)
    with one_thread():
        found = compared.compare(data, seed=seed, p=failure)
        if held_out:
            found = msgspec.structs.replace(found, generalization=generalization.generalize(data, seed=seed, p=failure))
    if figure is not None:
        write_whole(figure, words.figure(found))
    output.facts(found)
    output.text(words.heading(found) + "\n")
    for text in (
        words.width_table(found), words.assumption_table(found), words.factor_table(found), words.deviation_table(found),
        words.not_asked_table(found), words.generalization_table(found.generalization) if found.generalization else "",
        words.meaning(found),
    ):  # fmt: skip
        if text:
            output.text(text + "\n")
    output.text(words.comparison_closing(found), closing=True)
    return 0

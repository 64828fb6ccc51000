"""`lemmafuzz diagnose` and `lemmafuzz threshold`: what a data set asks of a network, and how wide is wide enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from checkers.command_line.data_options import reading_options, tell
from checkers.command_line.options import (
    Output,
    as_path,
    cluster_option,
    device_option,
    drawn,
    finite,
    json_option,
    options,
    process_count,
    processes_option,
    profile_option,
    quiet_option,
    seed_option,
    valid_device,
)
from checkers.command_line.terminal import progress_bars
from checkers.machine.files import check_destination

if TYPE_CHECKING:
    from checkers.data.columns import Reading


@click.command()
@click.argument("file", callback=as_path)
@reading_options
@click.option("--depth", type=click.IntRange(1, 1000), default=1, show_default=True, help="Trained layers of the network to plan for.")
@click.option("--outputs", type=click.IntRange(min=1), help="Outputs of the network.  [default: one for each class, or 1]")
@click.option("--samples", type=click.IntRange(min=1), help="Rows to diagnose, chosen by the seed as `train` does.  [default: all]")
@click.option(
    "--goal", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=1e-3, show_default=True, callback=finite,
    help="Loss to reach, as a share of the initial one.",
)  # fmt: skip
@options(seed_option, json_option, quiet_option)
def diagnose(
    file: Path,
    label_column: str | None,
    reading: Reading,
    depth: int,
    outputs: int | None,
    samples: int | None,
    goal: float,
    seed: int | None,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Say what the theory asks of a network for the data in FILE (csv or other text, parquet, npy, npz): width, step size,
    number of steps.

    Names the closest pair of inputs, and all that coincide. Exit code 0 whatever is found: a diagnosis refutes nothing.
    """
    from checkers.data.training_data import load_rows
    from checkers.experiments.width import diagnosis
    from checkers.experiments.width.fitted_law import read_fit
    from checkers.report import diagnosis as diagnosis_text

    output = Output(json_file, quiet)
    seed = drawn(seed)
    loaded = load_rows(str(file), label_column=label_column, samples=samples, seed=seed, outputs=outputs, reading=reading)
    tell(loaded.read, loaded.warnings, output.text)
    found = diagnosis.diagnose(
        loaded.inputs,
        loaded.rows,
        loaded.labels,
        loaded.coinciding,
        data=str(file),
        read=loaded.read,
        warnings=list(loaded.warnings),
        depth=depth,
        outputs=outputs or loaded.classes,
        goal=goal,
        fit=read_fit(),
    )
    output.facts(found)
    output.text(diagnosis_text.diagnosis_table(found) + "\n")
    output.text(diagnosis_text.diagnosis_closing(found) + (f"\nseed {seed}" if samples else ""), closing=True)
    return 0


@click.command()
@click.option("--fit", callback=as_path, metavar="FILE", help="Also write the fitted law there, as `diagnose` reads it.")
@click.option("--figure", callback=as_path, metavar="FILE", help="Also draw the ladders: an SVG file.")
@options(profile_option, seed_option, device_option, processes_option, cluster_option, json_option, quiet_option)
def threshold(
    fit: Path | None, figure: Path | None, profile: str, seed: int | None, device: str, processes: int | None, cluster: str,
    json_file: str | None, quiet: bool,
) -> int:  # fmt: skip
    """Find the smallest width at which training succeeds with probability 0.95, on ladders of n, L and delta.

    A network succeeds if its loss falls below 0.01 of the initial one within twice the steps that the limit kernel needs for that.
    """
    from checkers.experiments.width import threshold as measured
    from checkers.experiments.width.fitted_law import write_fit
    from checkers.report import threshold as threshold_text

    output = Output(json_file, quiet)
    for destination in (fit, figure):
        if destination is not None:
            check_destination(destination)
    with progress_bars(quiet=quiet) as progress:
        run = measured.threshold(
            seed=drawn(seed), profile=profile, device=valid_device(device), progress=progress, processes=process_count(processes),
            cluster=cluster,
        )  # fmt: skip
    if fit is not None:
        write_fit(run.fit, fit)
    if figure is not None:
        from checkers.machine.files import write_whole

        write_whole(figure, threshold_text.figure(run))
    output.facts(run)
    for text in (threshold_text.meaning(run), threshold_text.rung_table(run), threshold_text.exponent_table(run)):
        output.text(text + "\n")
    output.text(threshold_text.closing(run), closing=True)
    return 0

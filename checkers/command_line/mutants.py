"""mutants: what a HOLDS is worth."""

from __future__ import annotations

from pathlib import Path

import click

from checkers.command_line.ledger import cluster_option
from checkers.command_line.options import (
    Output,
    architectures_option,
    chosen,
    device_option,
    drawn,
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
from checkers.command_line.terminal import progress_bars
from checkers.runs.jobs.own_statements import own_statements


@click.command()
@options(
    identifiers_argument, profile_option, seed_option, device_option, modules_option, processes_option, cluster_option, json_option,
    quiet_option, architectures_option,
)  # fmt: skip
def mutants(
    identifiers: tuple[str, ...],
    architectures: tuple[str, ...],
    profile: str,
    seed: int | None,
    device: str,
    modules: tuple[Path, ...],
    processes: int | None,
    cluster: str,
    json_file: str | None,
    quiet: bool,
) -> int:
    """Make claims stronger by one exponent, logarithm or constant each, and see which a check refutes. A measurement: exit code 0."""
    from checkers.report import mutants as words

    output = Output(json_file, quiet)
    seed = drawn(seed)
    with own_statements(modules, probed=True):
        selected = on_architectures(chosen(identifiers), architectures)
        device = valid_device(device)
        from checkers.experiments.mutants import run

        with progress_bars(quiet=quiet) as progress:
            found = run.run(
                selected,
                seed=seed,
                profile=profile_named(profile),
                device=device,
                modules=modules,
                processes=process_count(processes),
                progress=progress,
                cluster=cluster,
            )
        output.facts(found)
        survivors = words.survivor_table(found)
        output.text(words.score_table(found) + "\n" + (f"\n{survivors}\n" if survivors else ""))
        output.text(words.closing(found), closing=True)
    return 0

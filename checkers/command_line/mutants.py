"""mutants: what a HOLDS is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from checkers.command_line.options import (
    Output,
    architectures_option,
    chosen,
    identifiers_argument,
    of_theories,
    on_architectures,
    options,
    profile_option,
    shared_work,
    theories_option,
    work_options,
)
from checkers.command_line.terminal import progress_bars
from checkers.runs.jobs.own_statements import own_statements


@click.command()
@options(identifiers_argument, profile_option, *work_options, theories_option, architectures_option)
def mutants(
    identifiers: tuple[str, ...], theories: tuple[str, ...], architectures: tuple[str, ...], modules: tuple[Path, ...],
    json_file: str | None, quiet: bool, **given: Any,
) -> int:
    """Make claims stronger by one exponent, logarithm or constant each, and see which a check refutes. A measurement: exit code 0."""
    from checkers.report import mutants as words

    output = Output(json_file, quiet)
    with own_statements(modules, probed=True):
        selected = on_architectures(of_theories(chosen(identifiers), theories), architectures)
        work = shared_work(modules=modules, **given)
        from checkers.experiments.mutants import run

        with progress_bars(quiet=quiet) as progress:
            found = run.run(selected, progress=progress, **work)
        output.facts(found)
        survivors = words.survivor_table(found)
        output.text(words.score_table(found) + "\n" + (f"\n{survivors}\n" if survivors else ""))
        output.text(words.closing(found), closing=True)
    return 0

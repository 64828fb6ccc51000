"""sharpen: claims with stronger exponents, as far as nothing refutes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from checkers.command_line.options import (
    Output,
    as_path,
    chosen,
    identifiers_argument,
    of_theories,
    options,
    profile_option,
    shared_work,
    theories_option,
    work_options,
)
from checkers.command_line.terminal import progress_bars
from checkers.errors import InputError
from checkers.machine.files import check_destination
from checkers.runs.jobs.own_statements import own_statements


@click.command()
@click.option("--file", default="conjectures.py", show_default=True, callback=as_path, help="The module that is written.")
@click.option("--scale", "scale_file", metavar="FILE", callback=as_path, help="What `scale --json FILE` found.  [default: measure]")
@click.option("--mutants", "mutants_file", metavar="FILE", callback=as_path, help="What `mutants --json FILE` found.  [default: run them]")
@options(identifiers_argument, profile_option, *work_options, theories_option)
def sharpen(
    identifiers: tuple[str, ...], theories: tuple[str, ...], modules: tuple[Path, ...], file: Path, scale_file: Path | None,
    mutants_file: Path | None, json_file: str | None, quiet: bool, **given: Any,
) -> int:  # fmt: skip
    """Write a module of conjectures: statements with the strongest exponents that measurements leave open, their constants calibrated anew.

    Each is checked on fresh seeds before it is written. A measurement: exit code 0.
    """
    from checkers.report import sharpen as words

    output = Output(json_file, quiet)
    check_destination(file)
    with own_statements(modules, probed=True):
        selected = of_theories(chosen(identifiers), theories)
        work = shared_work(modules=modules, **given)
        from checkers.experiments.sharpening import run
        from checkers.records.experiments import Exponent
        from checkers.report.facts_file import read_mutants

        if not run.is_ours(file):
            raise InputError(f"{file} is there and was not written by `lemmafuzz sharpen`; --file names another")
        rows = _read(scale_file, list[Exponent], "scale") if scale_file else None
        mutants = read_mutants(mutants_file).mutants if mutants_file else None
        with progress_bars(quiet=quiet) as progress:
            found = run.sharpen(selected, progress=progress, file=file, rows=rows, mutants=mutants, **work)
        output.facts(found)
        frontier = words.frontier_table(found.conjectures)
        output.text((f"{frontier}\n\n" if frontier else "") + words.conjectures_in_words(found.conjectures) + "\n")
        output.text(words.closing(found, modules), closing=True)
    return 0


def _read(path: Path, kind: Any, command: str) -> Any:
    """The facts that a command wrote to a file; InputError if they are none."""
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not what `lemmafuzz {command} --json` writes: {error}") from error

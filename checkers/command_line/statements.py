"""list and show: what there is."""

from __future__ import annotations

from pathlib import Path

import click

from checkers.command_line.options import (
    Output,
    chosen,
    json_option,
    modules_option,
    of_theories,
    on_architectures,
    options,
    quiet_option,
    theories_option,
)
from checkers.command_line.terminal import echo
from checkers.report.catalogue import CATALOGUE
from checkers.runs.jobs.own_statements import own_statements
from theorems import registry


@click.command("list")
@click.argument("what", type=click.Choice(["statements", *CATALOGUE]), default="statements", metavar="[WHAT]")
@options(theories_option, modules_option, json_option, quiet_option)
def list_command(what: str, theories: tuple[str, ...], modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """List the statements, in the order in which they rest on each other, or WHAT else has names.

    WHAT: statements (the default), theories, losses, architectures, adversaries, data, labels or profiles.
    """
    from checkers.report import statements as description
    from checkers.report import text as words

    output = Output(json_file, quiet)
    with own_statements(modules):
        if what != "statements":
            entries = CATALOGUE[what]()
            output.facts(entries)
            rows = [[words.number(cell) if isinstance(cell, int | float) else cell for cell in entry.values()] for entry in entries]
            output.text(words.table(list(entries[0]), rows) + "\n")
            output.text(f"{len(entries)} {what}", closing=True)
            return 0
        statements = of_theories(chosen(()), theories)
        if json_file is not None:  # the exponents that follow from formulas take sympy
            output.facts([description.listed(statement) for statement in statements])
        output.text(description.statement_table(statements) + "\n")
        output.text(f"{len(statements)} statements", closing=True)
    return 0


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--architecture", metavar="NAME", help="The statement on these networks.  [default: fully connected]")
@options(modules_option)
def show(identifier: str, architecture: str | None, modules: tuple[Path, ...]) -> int:
    """Show all of one statement, to be read beside the paper."""
    from checkers.report import statements as description

    with own_statements(modules):
        named = on_architectures(chosen([identifier]), [architecture] if architecture else [])
        echo(description.statement_in_words(named[0], registry))
    return 0

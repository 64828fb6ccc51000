"""Options that say how a user's file is to be read, which `train` and `diagnose` share."""

from __future__ import annotations

import functools
from typing import Any

import click

from checkers.command_line.options import Command, options

NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": r"\s+", "whitespace": r"\s+", " ": r"\s+"}


def _delimiter(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None or value in NAMED_DELIMITERS:
        return None if value is None else NAMED_DELIMITERS[value]
    if len(value) != 1 or not 32 < ord(value) < 127 or value.isalnum() or value in "\"'.+-#":
        raise click.BadParameter(f"{value!r} is neither a character that may separate cells nor 'tab' nor 'space'", context, parameter)
    return value


_options = options(
    click.option("--label-column", metavar="NAME", help="Column of the labels: its name, or number from 0. Of an npz file: an array."),
    click.option("--inputs", metavar="NAME", help="An npz file's array of inputs.  [default: inputs, X, data, images, or the only one]"),
    click.option("--drop", metavar="NAME", multiple=True, help="A column to leave out: its name, or number from 0. Repeatable."),
    click.option("--header/--no-header", default=None, help="Whether the first line names the columns.  [default: found out, and said]"),
    click.option("--delimiter", metavar="CHAR", callback=_delimiter, help="What separates cells; or tab, or space.  [default: found out]"),
    click.option("--regression/--classes", default=None, help="What the labels are: numbers to fit, or classes.  [default: found out]"),
    click.option("--drop-duplicates", is_flag=True, help="Leave out rows that coincide with an earlier one once scaled to unit norm."),
)


def reading_options(command: Command) -> Command:
    """Give the command these options as two arguments: label_column, and `reading`, a Reading."""

    @functools.wraps(command)
    def gathered(
        *arguments: Any, inputs: str | None, drop: tuple[str, ...], header: bool | None, delimiter: str | None, regression: bool | None,
        drop_duplicates: bool, **others: Any,
    ) -> Any:  # fmt: skip
        from checkers.data.columns import Reading

        return command(*arguments, reading=Reading(inputs, drop, header, delimiter, regression, drop_duplicates), **others)

    return _options(gathered)


def tell(read: str, warnings: tuple[str, ...], say: Any) -> None:
    """How a file was read, to where results go; what of it may not be meant so, to standard error."""
    if read:
        say(read)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)

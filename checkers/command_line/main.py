"""The command line: one group of commands, errors as one sentence, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from checkers.command_line.certify_training import certify_training
from checkers.command_line.check import calibrate, certify, check, power, replay, scale
from checkers.command_line.compare import compare
from checkers.command_line.data import diagnose, threshold
from checkers.command_line.exit_code import exit_code_of
from checkers.command_line.inspect import inspect
from checkers.command_line.ledger import ledger_command
from checkers.command_line.mutants import mutants
from checkers.command_line.report import report_command
from checkers.command_line.sharpen import sharpen
from checkers.command_line.statements import list_command, show
from checkers.command_line.terminal import echo, take_every_character
from checkers.command_line.train import train
from checkers.machine.memory import keep_freed_memory

DEBUG = "--debug"
FIRST = """What to type next:

  lemmafuzz check --profile glance    a first look, within 30 seconds: do some of the statements hold?
  lemmafuzz show forward-norm         one of them, to be read beside the paper; `lemmafuzz list` names all
  lemmafuzz power forward-norm        could it have failed? Its false variants are refuted
  lemmafuzz check --module FILE.py    a lemma of your own; as a test suite: `pytest --lemmas FILE.py`
"""


class _Commands(click.Group):
    """Shows each command's first sentence whole."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit=1000)) for name, command in sorted(self.commands.items())])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemmafuzz", message="lemmafuzz %(version)s")
@click.option(DEBUG, is_flag=True, expose_value=False, help="Show where an error came from. In any place.")
def lemmafuzz() -> None:
    """Check the theorems of "A Convergence Theory for Deep Learning via Over-Parameterization" the way tests check a program.

    Exit codes: 0 nothing refuted, 1 something refuted, 2 could not run.
    """


for _command in (
    list_command, show, check, power, mutants, scale, sharpen, certify, certify_training, calibrate, replay, inspect, train, diagnose,
    compare, threshold, ledger_command, report_command,
):  # fmt: skip
    lemmafuzz.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; bad input is one sentence on standard error and code 2."""
    if "_LEMMAFUZZ_COMPLETE" in os.environ:  # a shell asks for completions
        lemmafuzz.main(prog_name="lemmafuzz")
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = [argument for argument in given if argument != DEBUG]  # wherever it stands
    keep_freed_memory()
    take_every_character()
    if not asked:
        echo(FIRST)
    return exit_code_of(lambda: _invoke(asked or ["--help"]), debug=asked != given)


def _invoke(arguments: list[str]) -> int | None:
    """What click's own `main` does, without its answers to errors: to a closed pipe it is code 1."""
    with lemmafuzz.make_context("lemmafuzz", arguments) as context:
        found: int | None = lemmafuzz.invoke(context)
        return found

"""How a command ends: its own exit code, or for whatever stopped it one sentence on standard error and code 2."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import click

from checkers.command_line.terminal import abandon, echo
from checkers.errors import InputError, in_words
from theorems.language.statement import DeclarationError

REFUTED: Final = 1  # and nothing else
COULD_NOT_RUN: Final = 2


def exit_code_of(command: Callable[[], Any], *, debug: bool) -> int:
    """Run it and return its exit code, which 1 is only where it says so. debug: errors with their traceback."""
    try:
        with _terminated_as_interrupted():
            return int(command() or 0)
    except click.exceptions.Exit as error:  # of --help and --version
        return error.exit_code
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, BrokenPipeError):
            abandon(sys.stdout)
        if debug:
            echo(traceback.format_exc(), error=True)
        echo(f"lemmafuzz: {' '.join(_sentence(error).split())}", error=True)
        return COULD_NOT_RUN


def _sentence(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, InputError | DeclarationError):
        return str(error)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return f"interrupted {error}".strip()
    if isinstance(error, SystemExit):
        return f"some code asked to exit with {error.code!r}"
    if isinstance(error, OSError) and error.strerror:  # a full disk, a folder that was taken away: all is written whole or not at all
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return f"out of memory{f': {error}' if str(error) else ''}"
    return f"{in_words(error)} (`lemmafuzz --debug` shows where)"


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: what has to be saved or cleaned up is."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only it may listen to signals
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)

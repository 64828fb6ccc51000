"""Text and progress on a terminal. In a pipe there is no progress: the same results, as plain lines."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

import click

from checkers.machine.progress import Progress

# In place of characters that a terminal lacks; for others what Unicode decomposes them into (1 for ¹), or a question mark.
PLAIN: Final = {"‖": "||", "√": "sqrt ", "±": "+-", "⁻": "^-", "−": "-", "≤": "<=", "≥": ">=", "·": "*", "×": "x", "…": "..."}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    decomposed = (PLAIN.get(one) or unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode() or "?" for one in lacking)
    return "".join(decomposed), error.end


def take_every_character() -> None:
    """From now on no text is lost because a terminal cannot print one of its characters."""
    codecs.register_error("lemmafuzz.plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="lemmafuzz.plain")


def echo(content: str | bytes, *, error: bool = False) -> None:
    """Print a text and the end of its line, or bytes as they are. A reader that has left, as `head` does, ends no run."""
    stream = sys.stderr if error else sys.stdout
    try:
        click.echo(content, file=stream, nl=isinstance(content, str))
    except OSError as failure:
        abandon(stream)
        if not isinstance(failure, BrokenPipeError):
            raise


def abandon(stream: IO[Any]) -> None:
    """Let a stream lead nowhere: what is left in its buffer would be an error again when the process ends."""
    with suppress(OSError):  # a stream without a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """Yield a function (label, done, total) that draws one bar per label on standard error, or nothing where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield lambda label, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def advance(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = int(bars.add_task(label, total=total))
            bars.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]
            if done >= total:
                bars.remove_task(tasks.pop(label))  # type: ignore[arg-type]

        yield advance


@contextmanager
def training_bar(*, quiet: bool) -> Iterator[Callable[[int, int, float], None]]:
    """Yield a function (step, steps, loss relative to the initial one) that draws a bar with the loss and the time left at most."""
    if quiet or not sys.stderr.isatty():
        yield lambda step, steps, loss: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("step"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3g} of the first"))
    with Bars(*columns, TextColumn("at most"), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("training", total=None, loss=1.0)
        yield lambda step, steps, loss: bars.update(task, completed=step, total=steps, loss=loss)

"""Text and progress on a terminal. In a pipe there is no progress: the same results, as plain lines."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

import click

from checkers.records.decisions import VariantVerdict
from checkers.records.events import Advanced, Event, Listener, StatementJudged, StepRecorded, VariantJudged, silent

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
def progress_bars(*, quiet: bool) -> Iterator[Listener]:
    """Yield a listener that draws a bar for each piece of work on standard error, and above them says each verdict as soon as it is known;
    or nothing where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    times = (TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *times)
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def show(event: Event) -> None:
            if isinstance(event, StatementJudged | VariantJudged):
                bars.console.print(judged(event), markup=False, highlight=False, soft_wrap=True)
            if not isinstance(event, Advanced):
                return
            if event.label not in tasks:
                tasks[event.label] = int(bars.add_task(event.label, total=event.total))
            bars.update(tasks[event.label], completed=event.done, total=event.total)  # type: ignore[arg-type]
            if event.done >= event.total:
                bars.remove_task(tasks.pop(event.label))  # type: ignore[arg-type]

        yield show


def judged(event: StatementJudged | VariantJudged) -> str:
    """A verdict on one line: the first words of a run, whose tables come at its end."""
    one = event.verdict
    what = f"{one.verdict.ljust(12)}  {one.id}, {one.architecture}"
    if isinstance(one, VariantVerdict):
        return f"{what}: {one.variant}"
    return f"{what}: {one.failures:,} of {one.trials:,} trials failed, worst ratio {one.worst_ratio:.3g}"


@contextmanager
def training_bar(*, quiet: bool) -> Iterator[Listener]:
    """Yield a listener that draws a bar of a training run with the loss and the time left at most."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("step"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.3g} of the first"))
    with Bars(*columns, TextColumn("at most"), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("training", total=None, loss=1.0)

        def show(event: Event) -> None:
            if isinstance(event, StepRecorded):
                bars.update(task, completed=event.step, total=event.steps, loss=event.loss)

        yield show

"""Progress on a terminal. In a pipe there is none: the same results, as plain lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Called with (what is being done, how much is done, how much there is).
Progress = Callable[[str, int, int], None]


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

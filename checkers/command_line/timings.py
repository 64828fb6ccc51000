"""--timings: what every piece of the work took. `python -m benchmarks.profile` makes tables of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from checkers.command_line.options import as_path
from checkers.machine.files import check_destination, write_whole
from checkers.records.events import Event, Listener, PieceDone
from checkers.records.timings import Timings

timings_option = click.option(
    "--timings", callback=as_path, metavar="FILE", help="Write how long every piece of the work took, as JSON."
)  # fmt: skip


@contextmanager
def timing(file: Path | None, command: str, processes: int, progress: Listener) -> Iterator[Listener]:
    """The listener; where there is a file, one that keeps what pieces took, and writes it when all is done."""
    if file is None:
        yield progress
        return
    check_destination(file)
    start, pieces = time.monotonic(), list[PieceDone]()

    def listen(event: Event) -> None:
        if isinstance(event, PieceDone):
            pieces.append(event)
        progress(event)

    yield listen
    found = Timings(command=command, processes=processes, wall=time.monotonic() - start, pieces=pieces)
    write_whole(file, msgspec.json.format(msgspec.json.encode(found), indent=0))

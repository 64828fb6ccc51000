"""Work in pieces, wherever they are done: here, in other processes, or on other machines."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import Any

from checkers.errors import InputError
from checkers.records.events import JobDone, Listener
from checkers.runs.jobs.groups import Group, Piece, Work, longest_first, timed
from checkers.runs.jobs.processes import Inbox, collect, ending_workers, open_line, prepare_worker, returning, say


def each(
    groups: Sequence[Group],
    processes: int,
    modules: Sequence[Path],
    listener: Listener,
    *,
    cluster: str = "",
) -> Generator[JobDone, None, None]:
    """Every group as it ends, with its outcome; as many processes as are useful do the pieces: one in the order of the groups, several the
    longest first.

    The listener of a piece hears at once what it is told, and the one given here hears the same, if somewhat later where the piece is done
    elsewhere. cluster: address of a Dask scheduler whose workers do the pieces. Whoever may leave before all are done closes this: then
    those who are at work end.
    """
    work = Work(groups)
    if cluster:
        from checkers.runs.jobs.cluster import on_cluster

        yield from on_cluster(cluster, work, modules, listener)
        return
    count = min(processes, len(groups))
    if count <= 1:
        work.begin(listener)
        for key, piece in work.left(range(len(groups))):
            yield from work.take(key, timed(piece.work, piece.settings, listener, *piece.arguments), listener)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the parent's threads half way through their work
    for workers in (count, 1):  # a worker that was killed, most likely for its memory: the rest again, one piece at a time
        inbox: Inbox = Inbox()
        try:
            end = ending_workers(multiprocessing.active_children())
            with (
                open_line(context, inbox) as line,
                ProcessPoolExecutor(workers, context, prepare_worker, (tuple(modules), *line)) as pool,
            ):
                yield from collect(pool, _call, work, longest_first(groups), listener, inbox, end)
            while not inbox.empty():  # said before the last piece was done, and heard after it
                if not isinstance(said := inbox.get(), Future):
                    listener(said)
            return
        except BrokenProcessPool:
            pass
    raise InputError(
        f"a worker process was killed twice, the second time with no other beside it ({work.missing} of {len(groups)}"
        f" {' and '.join(work.phases)} were left); if memory is short, a smaller --profile needs less"
    )


def _call(piece: Piece) -> tuple[Any, ...]:
    """What a process of this machine is asked to do."""
    return returning, piece.work, piece.settings, say, *piece.arguments


def in_order(events: Generator[JobDone, None, None]) -> list[Any]:
    """The outcomes of all groups, in the order in which they were asked for."""
    with closing(events):
        return [event.result for event in sorted(events, key=lambda event: event.number)]

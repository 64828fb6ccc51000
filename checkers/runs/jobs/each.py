"""Jobs, wherever they are done: here, in other processes, or on other machines."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import Any

from checkers.errors import InputError
from checkers.records.events import JobDone, Listener
from checkers.runs.jobs.processes import Inbox, collect, ending_workers, open_line, prepare_worker, returning, say


def each(
    work: Callable[..., Any],
    settings: Any,
    jobs: Sequence[tuple[Any, ...]],
    label: str,
    processes: int,
    modules: Sequence[Path],
    listener: Listener,
    *,
    cluster: str = "",
) -> Generator[JobDone, None, None]:
    """work(settings, listener, *job) for each job, on as many processes as are useful: every job as it ends, with its result.

    The listener of a job hears at once what it is told, and the one given here hears the same, if somewhat later where the job is done
    elsewhere. cluster: address of a Dask scheduler whose workers do the jobs. Whoever may leave before all jobs are done closes this:
    then those who are at work end.
    """
    if cluster:
        from checkers.runs.jobs.cluster import on_cluster

        yield from on_cluster(cluster, work, settings, jobs, label, modules, listener)
        return
    count = min(processes, len(jobs))
    if count <= 1:
        for number, job in enumerate(jobs):
            yield JobDone(number, work(settings, listener, *job))
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the parent's threads half way through their work
    done: set[int] = set()
    for workers in (count, 1):  # a worker that was killed, most likely for its memory: the rest again, one job at a time
        inbox: Inbox = Inbox()
        try:
            end = ending_workers(multiprocessing.active_children())
            with (
                open_line(context, inbox) as line,
                ProcessPoolExecutor(workers, context, prepare_worker, (tuple(modules), *line)) as pool,
            ):
                yield from collect(pool, lambda job: (returning, work, settings, say, *job), jobs, label, listener, inbox, done, end)
            while not inbox.empty():  # said before the last job was done, and heard after it
                if not isinstance(said := inbox.get(), Future):
                    listener(said)
            return
        except BrokenProcessPool:
            lost = len(jobs) - len(done)
    raise InputError(
        f"a worker process was killed twice, the second time with no other beside it ({lost} of {len(jobs)} {label} were left);"
        " if memory is short, a smaller --profile needs less"
    )


def in_order(events: Generator[JobDone, None, None]) -> list[Any]:
    """The results of all jobs, in the order in which they were asked for."""
    with closing(events):
        return [event.result for event in sorted(events, key=lambda event: event.number)]

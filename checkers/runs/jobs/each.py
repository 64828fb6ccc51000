"""Jobs, wherever they are done: here, in other processes, or on other machines."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from checkers.errors import InputError
from checkers.machine.progress import Progress, silent
from checkers.runs.jobs.processes import Result, collect, ending_workers, prepare_worker, returning


def unheard(job: int, result: Any) -> None:
    """Nobody waits for a single result."""


def each(
    work: Callable[..., Result],
    settings: Any,
    jobs: Sequence[tuple[Any, ...]],
    label: str,
    processes: int,
    modules: Sequence[Path],
    progress: Progress,
    *,
    cluster: str = "",
    finished: Callable[[int, Result], None] = unheard,
    heard: Callable[[bytes], None] | None = None,
) -> list[Result]:
    """[work(settings, progress, *job) for job in jobs], on as many processes as are useful; results in the order of the jobs.

    cluster: address of a Dask scheduler whose workers do the jobs instead. finished: called here with (number of the job, its result)
    as results come in. heard: called here with what workers of a cluster tell before they are done (cluster.tell).
    """
    if cluster:
        from checkers.runs.jobs.cluster import on_cluster

        return on_cluster(cluster, work, settings, jobs, label, modules, progress, finished, heard)
    count = min(processes, len(jobs))
    results: dict[int, Result] = {}
    if count <= 1:
        for number, job in enumerate(jobs):
            results[number] = work(settings, progress, *job)
            finished(number, results[number])
        return list(results.values())
    context = multiprocessing.get_context("spawn")  # a fork would copy the parent's threads half way through their work
    for workers in (count, 1):  # a worker that was killed, most likely for its memory: the rest again, one job at a time
        try:
            end = ending_workers(multiprocessing.active_children())
            with ProcessPoolExecutor(workers, mp_context=context, initializer=prepare_worker, initargs=(tuple(modules),)) as pool:
                collect(pool, lambda job: (returning, work, settings, silent, *job), jobs, label, progress, finished, results, end)
            return [results[number] for number in range(len(jobs))]
        except BrokenProcessPool:
            lost = len(jobs) - len(results)
    raise InputError(
        f"a worker process was killed twice, the second time with no other beside it ({lost} of {len(jobs)} {label} were left);"
        " if memory is short, a smaller --profile needs less"
    )

"""Jobs over several processes or machines. A job's result depends on its arguments alone, so neither who does it, nor how many there
are, nor in which order, nor how often one is lost and done again changes anything."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import torch

from checkers.errors import InputError, JobError, in_words
from checkers.memory import keep_freed_memory
from checkers.module import own_statements
from checkers.terminal import Progress
from theorems.statement import DeclarationError

Result = TypeVar("Result")

_kept_open = ExitStack()


def silent(label: str, done: int, total: int) -> None:
    """No progress shown."""


def unheard(job: int, result: Any) -> None:
    """Nobody waits for a single result."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Tensor arithmetic on one thread: sums then have one order, so the bits do not depend on the machine's number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _prepare(modules: Sequence[Path]) -> None:
    """A new process learns the user's own statements; its tensors stay on one thread, for the others have the other cores."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the parent ends its workers
    keep_freed_memory()
    torch.set_num_threads(1)
    _kept_open.enter_context(own_statements(modules))


def returning(work: Callable[..., Result], *arguments: Any) -> Result:
    """work(*arguments) where its errors have to travel: one that another process may not be able to make again is told in words."""
    try:
        return work(*arguments)
    except (Exception, SystemExit) as error:
        if isinstance(error, InputError | DeclarationError | MemoryError | OSError):
            raise
        raise JobError(in_words(error)) from error


def _die_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and they would wait for ever for its next job."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


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
        from checkers.cluster import on_cluster

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
            end = _ending_workers(multiprocessing.active_children())
            with ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(tuple(modules),)) as pool:
                collect(pool, lambda job: (returning, work, settings, silent, *job), jobs, label, progress, finished, results, end)
            return [results[number] for number in range(len(jobs))]
        except BrokenProcessPool:
            lost = len(jobs) - len(results)
    raise InputError(
        f"a worker process was killed twice, the second time with no other beside it ({lost} of {len(jobs)} {label} were left);"
        " if memory is short, a smaller --profile needs less"
    )


def _ending_workers(others: Sequence[BaseProcess]) -> Callable[[], None]:
    """A function that ends all processes that this one has started, but for the others."""

    def end() -> None:
        for worker in multiprocessing.active_children():
            if worker not in others:
                worker.terminate()

    return end


def collect(
    executor: Executor,
    call: Callable[[tuple[Any, ...]], tuple[Any, ...]],
    jobs: Sequence[tuple[Any, ...]],
    label: str,
    progress: Progress,
    finished: Callable[[int, Result], None],
    results: dict[int, Result],
    end_workers: Callable[[], None] | None = None,
) -> None:
    """Run those jobs that have no result yet on any executor; call: from a job to what is submitted, a function and its arguments.

    end_workers: for executors that would wait for what their workers are at; called where this process is interrupted.
    """
    progress(label, len(results), len(jobs))
    futures = {executor.submit(*call(job)): number for number, job in enumerate(jobs) if number not in results}
    try:
        for future in as_completed(futures):
            number = futures[future]
            results[number] = future.result()
            finished(number, results[number])
            progress(label, len(results), len(jobs))
    except BaseException as error:
        if end_workers is not None and not isinstance(error, Exception):
            end_workers()  # a pool without workers fails all futures itself, and must not find them cancelled
        else:
            for future in futures:  # not every executor's shutdown can do it
                future.cancel()
        executor.shutdown(wait=False)
        raise

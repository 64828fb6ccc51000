"""Jobs over several processes or machines. A job's result depends on its arguments alone, so neither who does it, nor how many there
are, nor in which order, nor how often one is lost and done again changes anything."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import ExitStack
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import torch

from checkers.errors import InputError, JobError, in_words
from checkers.machine.memory import keep_freed_memory
from checkers.machine.progress import Progress
from checkers.runs.jobs.own_statements import own_statements
from theorems.language.statement import DeclarationError

Result = TypeVar("Result")
_kept_open = ExitStack()


def prepare_worker(modules: Sequence[Path]) -> None:
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


def ending_workers(others: Sequence[BaseProcess]) -> Callable[[], None]:
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

"""Jobs over several processes. A job's result depends on its arguments alone, so neither their number nor their order changes anything."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch

from checkers.module import own_statements
from checkers.terminal import Progress

Result = TypeVar("Result")

_kept_open = ExitStack()


def silent(label: str, done: int, total: int) -> None:
    """No progress shown."""


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
    torch.set_num_threads(1)
    _kept_open.enter_context(own_statements(modules))


def each(
    work: Callable[..., Result],
    settings: Any,
    jobs: Sequence[tuple[Any, ...]],
    label: str,
    processes: int,
    modules: Sequence[Path],
    progress: Progress,
) -> list[Result]:
    """[work(settings, progress, *job) for job in jobs], on as many processes as are useful; results in the order of the jobs."""
    count = min(processes, len(jobs))
    if count <= 1:
        return [work(settings, progress, *job) for job in jobs]
    progress(label, 0, len(jobs))
    context = multiprocessing.get_context("spawn")  # a fork would copy the parent's threads half way through their work
    with ProcessPoolExecutor(count, mp_context=context, initializer=_prepare, initargs=(tuple(modules),)) as pool:
        futures = [pool.submit(work, settings, silent, *job) for job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(label, done, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]

"""Pieces of work over several processes or machines: who does one, and how often it is lost and done again, changes nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Lock
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from checkers.errors import InputError, JobError, in_words
from checkers.machine.memory import keep_freed_memory
from checkers.networks.randomness import draw_on_one_thread
from checkers.records.events import Event, JobDone, Listener
from checkers.runs.jobs.groups import Piece, Returned, Work, timed
from checkers.runs.jobs.own_statements import own_statements
from theorems.language.statement import DeclarationError

# What this process waits for: events of its pieces of work, and pieces that have ended.
Inbox = SimpleQueue[Event | Future[Any]]

_kept_open = ExitStack()
_parent: tuple[Connection, Lock]  # of a worker: where its parent listens, and the turn to speak there


@contextmanager
def open_line(context: SpawnContext, inbox: Inbox) -> Iterator[tuple[Connection, Lock]]:
    """What workers need to speak to this process; what they say is in the inbox, all of it once they have ended and this is left."""
    reader, writer = context.Pipe(duplex=False)

    def hear() -> None:
        while True:
            try:
                inbox.put(reader.recv())
            except (EOFError, OSError):  # nobody is left to speak; what a killed worker was saying may be there in part
                break
        reader.close()

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    try:
        yield writer, context.Lock()
    finally:
        writer.close()
    hearing.join()


def say(event: Event) -> None:
    """The listener of a piece in a worker: its parent hears."""
    writer, turn = _parent
    with turn:
        writer.send(event)


def prepare_worker(modules: Sequence[Path], writer: Connection, turn: Lock) -> None:
    """A new process learns the user's own statements; its tensors stay on one thread, for the others have the other cores."""
    global _parent
    _parent = writer, turn
    threading.Thread(target=_die_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the parent ends its workers
    keep_freed_memory()
    torch.set_num_threads(1)
    draw_on_one_thread()
    _kept_open.enter_context(own_statements(modules))


def returning(work: Callable[..., Any], *arguments: Any) -> Returned:
    """timed(work, *arguments) where its errors have to travel: one that another process may not be able to make again is told in words."""
    try:
        return timed(work, *arguments)
    except (Exception, SystemExit) as error:
        if isinstance(error, InputError | DeclarationError | MemoryError | OSError):
            raise
        raise JobError(in_words(error)) from error


def _die_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and they would wait for ever for its next piece."""
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
    call: Callable[[Piece], tuple[Any, ...]],
    work: Work,
    order: Sequence[int],
    listener: Listener,
    inbox: Inbox,
    end_workers: Callable[[], None] | None = None,
) -> Generator[JobDone, None, None]:
    """Do what is left of the work on any executor, groups in this order; call: from a piece to what is submitted, a function that returns
    a Returned and its arguments.

    inbox: where the events of the pieces arrive; the listener hears of them here, in this thread.
    end_workers: for executors that would wait for what their workers are at; called where this process is interrupted.
    """
    work.begin(listener)
    futures: dict[Future[Any], tuple[int, int]] = {}

    def hear() -> Iterator[JobDone]:
        said = inbox.get()
        if isinstance(said, Future):
            yield from work.take(futures[said], said.result(), listener)
        else:
            listener(said)

    try:
        for key, piece in work.left(order):
            future = executor.submit(*call(piece))
            futures[future] = key
            future.add_done_callback(inbox.put)
            while not inbox.empty():  # listing pieces takes time itself
                yield from hear()
        while work.missing:
            yield from hear()
        for future in futures:  # pieces that no longer matter
            future.cancel()
    except BaseException as error:
        if end_workers is not None and not isinstance(error, Exception):
            end_workers()  # a pool without workers fails all futures itself, and must not find them cancelled
        else:
            for future in futures:  # not every executor's shutdown can do it
                future.cancel()
        executor.shutdown(wait=False)
        raise

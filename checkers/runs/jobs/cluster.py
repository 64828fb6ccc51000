"""Pieces of work on a Dask cluster. Its workers may come and go: the scheduler gives those of a lost one to another, with the same results.

Dask sends code and data as pickles, unencrypted unless the cluster is set up with TLS: a cluster is as trusted as a shell account on it.
"""

from __future__ import annotations

import importlib
import logging
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from checkers.errors import InputError
from checkers.machine.software import difference, software
from checkers.machine.threads import one_thread
from checkers.records.events import Event, JobDone, Listener, packed, unpacked
from checkers.runs.jobs.groups import Piece, Returned, Work, longest_first
from checkers.runs.jobs.own_statements import own_statements
from checkers.runs.jobs.processes import Inbox, collect, returning

PATIENCE: Final = 30.0  # seconds to wait for the scheduler, and for its first worker

# A worker may have several threads, but tensors have one setting for all of them, and the registry is one for all.
_one_at_a_time = threading.Lock()


def tell(topic: str, event: Event) -> None:
    """The listener of a piece on a worker: the process that waits for it hears."""
    _distributed().get_worker().log_event(topic, packed(event))


def _distributed() -> Any:
    """The package `distributed`, an optional one, whose functions have no types."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise InputError("--cluster needs Dask: pip install 'lemmafuzz[cluster]'") from error


def on_worker(piece: Piece, sources: Mapping[str, str], expected: dict[str, str], topic: str) -> Returned:
    """One piece, on the worker: with the user's own statements, and only if the worker would find the same numbers."""
    differs = difference(software(), expected)
    if differs:
        raise InputError(f"a worker of the cluster would not find the same numbers: {differs}")
    with _one_at_a_time, one_thread(), TemporaryDirectory() as folder:
        for name, source in sources.items():
            (Path(folder) / name).write_text(source)
        try:
            with own_statements([Path(folder) / name for name in sources]):
                return returning(piece.work, piece.settings, partial(tell, topic), *piece.arguments)
        except InputError as error:  # of a line of the user's file, which has that name where it comes from
            raise InputError(str(error).replace(f"{folder}/", "")) from None


def _refuse_what_is_no_address(address: str) -> None:
    """A client of Dask that fails at its address fails once more, with a traceback, when the process ends: so it never gets one."""
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        scheme, location = parse_address(address)
        get_backend(scheme)
        host, _ = parse_host_port(location)
    except (ValueError, TypeError):
        host = ""
    if not host:
        raise InputError(f"--cluster {address}: not the address of a scheduler, which has a host and a port, as tcp://host:8786")


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """Dask reports a lost connection in pages of its log; here it is one sentence."""
    _distributed()  # sets the levels of its loggers
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def on_cluster(address: str, work: Work, modules: Sequence[Path], listener: Listener) -> Iterator[JobDone]:
    """each.each on the cluster whose scheduler listens at `address`, as tcp://host:8786."""
    topic = f"lemmafuzz-{secrets.token_hex(8)}"
    sources = {path.name: path.read_text() for path in modules}
    inbox: Inbox = Inbox()
    with _quiet_logs(), _client(address) as client:
        client.subscribe_topic(topic, lambda event: inbox.put(unpacked(event[1])))
        expected = software()

        def submitted(piece: Piece) -> tuple[Any, ...]:
            return on_worker, piece, sources, expected, topic

        try:
            with client.get_executor(pure=False) as executor:
                yield from collect(executor, submitted, work, longest_first(work.groups), listener, inbox)
        except _distributed().KilledWorker as error:
            raise InputError(f"--cluster {address}: a job was lost with every worker that tried it; is their memory too small?") from error
        except CancelledError as error:
            raise InputError(f"--cluster {address}: the scheduler was lost before all {' and '.join(work.phases)} were done") from error
        finally:
            with suppress(Exception):  # the scheduler may be gone; the run's outcome is decided
                client.unsubscribe_topic(topic)


def _client(address: str) -> Any:
    """A client of the scheduler, which has a worker."""
    _refuse_what_is_no_address(address)
    try:
        client = _distributed().Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise InputError(f"--cluster {address}: no scheduler answers there") from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        client.close()
        raise InputError(f"--cluster {address}: it has had no worker for {PATIENCE:.0f} s") from error
    return client

"""What happens while a run is at work. Jobs tell one listener, for a search inside Hypothesis cannot yield; display, ledger and tables pick
what they are about. Events travel between processes and machines as they are, and are heard in the thread that started the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from checkers.records.decisions import Decision, Triage, VariantVerdict, Verdict

Item = TypeVar("Item")


class Advanced(Struct, frozen=True, tag=True):
    """So much of a piece of work is done. label: which; total: how much there is, where done == total at its end."""

    label: str
    done: int
    total: int


class DecisionMade(Struct, frozen=True, tag=True):
    """A search has decided one more instance, or read the decision that an interrupted run had made, and triage has seen it."""

    decision: Decision


class InstanceRefuted(Struct, frozen=True, tag=True):
    """The first refutation of a search that stands."""

    decision: Decision
    triage: Triage


class Entry(Struct, frozen=True, kw_only=True, tag=True):
    """A new decision on its way to the ledger, before anything follows from it. digest: of the instance; edition: of the statement's
    declaration; standing: how many of its failures count as evidence beside those of other nights
    (checkers.certification.triage.standing)."""

    digest: str
    edition: str
    decision: Decision
    standing: int


class StatementJudged(Struct, frozen=True, tag=True):
    """A statement's verdict, with its counterexamples, is written down."""

    verdict: Verdict


class VariantJudged(Struct, frozen=True, tag=True):
    """A false variant's verdict, with its counterexamples, is written down."""

    verdict: VariantVerdict


class StepRecorded(Struct, frozen=True, tag=True):
    """A training run looked at its network after so many of at most `steps` steps. loss: relative to the initial one."""

    step: int
    steps: int
    loss: float


class PieceDone(Struct, frozen=True, tag=True):
    """A piece of work has ended. phase, group, part: which. wall, processor: seconds that it took, the latter with those of the system;
    peak: the most bytes that its process had held by then."""

    phase: str
    group: str
    part: str
    wall: float
    processor: float
    system: float
    peak: int


class JobDone(Struct, frozen=True):
    """All pieces of a group have ended: yielded to whoever asked for it. number: its place among those that were asked for."""

    number: int
    result: Any


Event = Advanced | DecisionMade | InstanceRefuted | Entry | StatementJudged | VariantJudged | StepRecorded | PieceDone
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Nobody listens."""


def packed(event: Event) -> bytes:
    """The event for another machine. Not JSON, which has no infinite losses."""
    return msgspec.msgpack.encode(event)


def unpacked(message: bytes) -> Event:
    event: Event = msgspec.msgpack.decode(message, type=Event)
    return event


def counted(items: Sequence[Item], label: str, listener: Listener) -> Iterator[Item]:
    """The items, one after another, while the listener hears how many are done."""
    for number, item in enumerate(items):
        listener(Advanced(label, number, len(items)))
        yield item
    listener(Advanced(label, len(items), len(items)))

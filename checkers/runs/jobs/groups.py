"""Work in pieces. A piece's result depends on its arguments alone; the results of a group's pieces, in their order, make one outcome. So
neither who does a piece, nor how many processes there are, nor in which order pieces end changes anything."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import ceil, inf
from pathlib import Path
from typing import Any, Final

from checkers.machine.memory import give_back_freed_memory
from checkers.records.events import Advanced, JobDone, Listener, PieceDone

COSTS: Final = Path(__file__).with_name("costs.json")  # seconds of groups, quick profile: `python -m benchmarks.profile` writes it


@dataclass(frozen=True)
class Piece:
    """work(settings, listener, *arguments). part: of its group, in words."""

    part: str
    work: Callable[..., Any]
    settings: Any
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    """phase: what kind of work it is, in words; name: which of it. pieces: listed when they are begun, for that may take time itself.
    whole: the outcome, made in the process that asked for it. settles: whether after this result those of later pieces do not matter."""

    phase: str
    name: str
    pieces: Callable[[], Sequence[Piece]]
    whole: Callable[[list[Any]], Any]
    settles: Callable[[Any], bool] = lambda result: False


@dataclass(frozen=True)
class Returned:
    """What a piece's process sends back: the result, and what it took (records.events.PieceDone)."""

    result: Any
    wall: float
    processor: float
    system: float
    peak: int


def jobs(
    work: Callable[..., Any], settings: Any, arguments: Sequence[tuple[Any, ...]], phase: str, names: Sequence[str] = ()
) -> list[Group]:
    """Groups of one piece each, whose outcome is its result. names: of the groups; the arguments, where there are none."""
    named = names or [", ".join(map(str, job)) for job in arguments]
    return [_alone(phase, name, Piece("", work, settings, job)) for name, job in zip(named, arguments, strict=True)]


def _alone(phase: str, name: str, piece: Piece) -> Group:
    return Group(phase, name, lambda: [piece], lambda results: results[0])


def timed(work: Callable[..., Any], *arguments: Any) -> Returned:
    """work(*arguments), with what it took."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    result = work(*arguments)
    give_back_freed_memory()
    after = resource.getrusage(resource.RUSAGE_SELF)
    system = after.ru_stime - before.ru_stime
    peak = after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Returned(result, time.perf_counter() - wall, after.ru_utime - before.ru_utime + system, system, peak)


EXPECTED: Final = "seconds of work, by the last profile"


@cache
def known_costs() -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(COSTS.read_text()) if COSTS.exists() else {}
    return found


def longest_first(groups: Sequence[Group]) -> list[int]:
    """The places of the groups, those that took longest when costs were last written down first: then nobody waits for one at the end.
    Those that were not written down, as unknown or as short, come before them."""
    return sorted(range(len(groups)), key=lambda place: -expected(groups[place], inf))


def expected(group: Group, unknown: float = 0.0) -> float:
    """Seconds that a group took when costs were last written down."""
    return known_costs().get(group.phase, {}).get(group.name, unknown)


Key = tuple[int, int]  # place of a group, and of a piece in it


@dataclass
class Work:
    """Groups on their way: the pieces that were listed, and the results that have come back."""

    groups: Sequence[Group]
    listed: dict[int, Sequence[Piece]] = field(default_factory=dict)
    results: dict[int, dict[int, Any]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    finished: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.phases = Counter(group.phase for group in self.groups)

    def begin(self, listener: Listener) -> None:
        for phase, total in self.phases.items():
            listener(Advanced(phase, self.finished[phase], total))
        self._tell_all(listener)

    def _tell_all(self, listener: Listener) -> None:
        """Of work of several phases how far all of it is."""
        if len(self.phases) > 1 and (total := ceil(sum(map(expected, self.groups)))):
            done = total if not self.missing else int(sum(expected(self.groups[place]) for place in self.ended))
            listener(Advanced(EXPECTED, done, total))

    def left(self, order: Sequence[int]) -> Iterator[tuple[Key, Piece]]:
        """The pieces without a result, a group's together."""
        for place in order:
            if place not in self.listed:
                self.listed[place], self.results[place] = self.groups[place].pieces(), {}
            for number, piece in enumerate(self.listed[place]):
                if place not in self.ended and number not in self.results[place]:
                    yield (place, number), piece

    def take(self, key: Key, returned: Returned, listener: Listener) -> Iterator[JobDone]:
        """A piece's result; the group, if that ends it."""
        place, number = key
        group, part = self.groups[place], self.listed[place][number].part
        took = (returned.wall, returned.processor, returned.system, returned.peak)
        listener(PieceDone(group.phase, group.name, part, *took))
        self.results[place][number] = returned.result
        results = self._all_that_matter(place)
        if results is not None and place not in self.ended:
            outcome = group.whole(results)
            self.ended.add(place)
            self.results[place].clear()  # they may be large
            self.finished[group.phase] += 1
            yield JobDone(place, outcome)
            listener(Advanced(group.phase, self.finished[group.phase], self.phases[group.phase]))
            self._tell_all(listener)

    def _all_that_matter(self, place: int) -> list[Any] | None:
        """The results of a group up to the first that settles it; None if one is missing."""
        found: list[Any] = []
        for number in range(len(self.listed[place])):
            if number not in self.results[place]:
                return None
            found.append(self.results[place][number])
            if self.groups[place].settles(found[-1]):
                break
        return found

    @property
    def missing(self) -> int:
        """Groups that have not ended."""
        return len(self.groups) - len(self.ended)

"""The ratio left/right of many networks, summed up batch by batch: of every trial, at every index, at every pair of two axes' indices."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.evidence.binomial import rate_interval
from checkers.evidence.drawing import drawn_subjects, source_of
from checkers.evidence.measured import measured
from checkers.evidence.profiles import PROFILES, cost
from checkers.evidence.worst_case import ratios
from checkers.machine.threads import one_thread
from checkers.records.autopsies import Axis, Grid, Index, Rate, Union
from theorems.language.indices import COUNTS, PART, index_name, layer_count, place_in_words
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Comparison, Subject

LEVEL: Final = 0.99  # of every interval, each for itself: an autopsy describes what other decisions refuted
FIRST_STAGE: Final = 100  # the stages of decisions are 1 to 3: networks of an autopsy are others, and nobody has selected them
LARGEST: Final = 1.7976931348623157e308  # JSON has no infinity
LONGEST: Final = 64  # indices of an axis that are shown one by one
CELLS: Final = 2**24  # ratios that one batch may hold

BATCH: Final = 512  # trials, from which on a batch costs what its arithmetic does
PILOT: Final = 2**20  # Gaussian numbers of a first look
PILOT_STAGE: Final = 10_000  # of a stream of its own: decisions and triage number their stages from 1
VISIBLE: Final = 1e-4  # a claimed probability below this cannot be told from 0

Drawn = tuple[str, Subject, Comparison]


@dataclass
class Survey:
    """What many trials say together. tops: the largest ratio of each; failures: at each index of the claim, flattened; along: for each axis
    that is short enough, the largest ratio of each trial at each of its indices; pairs: failing trials and largest ratio at each pair."""

    statement: Statement
    instance: Instance
    axes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    names: dict[str, list[str]] = field(default_factory=dict)
    bar: float = 1.0  # what a ratio has to exceed, rounding included
    tops: list[Tensor] = field(default_factory=list)
    failures: Tensor | None = None
    along: dict[int, list[Tensor]] = field(default_factory=dict)
    pair: tuple[int, int] | None = None
    pairs: tuple[Tensor, Tensor] | None = None

    def add(self, comparisons: list[Comparison]) -> None:
        """The trials of one batch, in the worst of their moves."""
        whole = [np.broadcast_shapes(tuple(one.left.shape), tuple(one.right.shape)) for one in comparisons]
        sides = [(one.left.detach().expand(full), one.right.detach().expand(full)) for one, full in zip(comparisons, whole, strict=True)]
        ratio = torch.stack([ratios(left, right).double() for left, right in sides]).amax(0).cpu()
        if bool(ratio.isnan().any()):
            raise InputError(f"statement {self.statement.id!r} measured a quantity that is not a number; its measure cannot be judged")
        first = comparisons[0]
        self.axes, self.shape = first.axes, tuple(ratio.shape[1:])
        self.names = {axis: [*given] for axis, given in first.names.items()}
        self.bar = max(self.bar, 1 + max(one.rounding for one in comparisons))
        flat = ratio.reshape(len(ratio), -1)
        self.tops.append(flat.amax(1))
        failing = (flat > self.bar).sum(0)
        self.failures = failing if self.failures is None else self.failures + failing
        shown = [k for k, length in enumerate(self.shape) if 1 <= length <= LONGEST]
        for k in shown:
            self.along.setdefault(k, []).append(self._largest(ratio, (k,)))
        long = [k for k in shown if self.shape[k] > 1 and self.axes[k] != PART]
        self.pair = (long[0], long[1]) if len(long) > 1 else None
        if self.pair is not None:
            here = self._largest(ratio, self.pair)
            counts, worst = (here > self.bar).sum(0), here.amax(0)
            self.pairs = (counts, worst) if self.pairs is None else (self.pairs[0] + counts, self.pairs[1].maximum(worst))

    @staticmethod
    def _largest(ratio: Tensor, kept: tuple[int, ...]) -> Tensor:
        """Over all axes but these: (trials, lengths of the kept)."""
        others = [1 + k for k in range(ratio.ndim - 1) if k not in kept]
        return ratio.amax(others) if others else ratio

    @property
    def ratios(self) -> Tensor:
        """The largest of each trial: (trials,)."""
        return torch.cat(self.tops)

    @property
    def failing(self) -> Tensor:
        """Which trials fail."""
        return self.ratios > self.bar

    def rate(self, level: float = LEVEL) -> Rate:
        return rate_of(int(self.failing.sum()), len(self.ratios), self.statement.failure_probability(self.instance), level)

    def shown(self) -> list[Axis]:
        """Every axis that is short enough, index by index."""
        return [Axis(axis=self.axes[k], indices=self._indices(k, torch.cat(parts))) for k, parts in sorted(self.along.items())]

    def _indices(self, k: int, values: Tensor) -> list[Index]:
        failing, median, worst = (values > self.bar).sum(0).tolist(), values.median(0).values.tolist(), values.amax(0).tolist()
        return [
            Index(name=self._name(k, one), failures=failing[one], median=finite(median[one]), worst=finite(worst[one]))
            for one in range(values.shape[1])
        ]

    def _name(self, k: int, index: int) -> str:
        return index_name(self.statement, self.instance, self.axes[k], index, self.shape[k], self.names)

    def grid(self) -> Grid | None:
        """The first two axes that are short and have more than one index."""
        if self.pair is None or self.pairs is None:
            return None
        row, column = self.pair
        names = [[self._name(k, index) for index in range(self.shape[k])] for k in (row, column)]
        worst = [[finite(value) for value in line] for line in self.pairs[1].tolist()]
        named = {"row": self.axes[row], "column": self.axes[column]}
        return Grid(**named, rows=names[0], columns=names[1], failures=self.pairs[0].tolist(), worst=worst)

    def union(self) -> Union | None:
        """How the failures of single indices make up those of a trial; None where there is one index, or no failure."""
        if self.failures is None or len(self.failures) < 2 or not self.failing.any():
            return None
        count, trials = len(self.failures), len(self.ratios)
        most = int(self.failures.argmax())
        # the largest of `count` rates: each interval so wide that all are right together
        alone = rate_of(int(self.failures[most]), trials, self.statement.failure_probability(self.instance), 1 - (1 - LEVEL) / count)
        indices = [int(one) for one in np.unravel_index(most, self.shape)]
        at = place_in_words(self.statement, self.instance, self.axes, indices, self.shape, self.names)
        letters = [
            layer_count(length, self.instance) if axis == "layer" else COUNTS.get(axis, str(length))
            for axis, length in zip(self.axes, self.shape, strict=True)
            if length > 1
        ]
        return Union(count=count, factors=" ".join(sorted(letters, reverse=True)), alone=alone, at=at)


def finite(value: float) -> float:
    return min(float(value), LARGEST)


def rate_of(failures: int, trials: int, claimed: float, level: float = LEVEL) -> Rate:
    low, high = rate_interval(failures, trials, level)
    return Rate(trials=trials, failures=failures, low=low, high=high, claimed=claimed)


def drawn(statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, stage: int) -> Iterator[Drawn]:
    """Every subject of one batch of networks, with the adversary that moved it and what is measured of it."""
    source = source_of(statement, instance, seed, engine, stage)
    for name, subject in drawn_subjects(statement, instance, engine, trials, source, "cpu"):
        yield name, subject, measured(statement, subject)


def fresh(statement: Statement, instance: Instance, seed: int, numbers: int, most: int, stage: int = FIRST_STAGE) -> Survey:
    """The instance on fresh networks, as many as so many Gaussian numbers allow, at most `most`."""
    engine, planned = PROFILES["quick"].plan(statement, instance)
    # a decision has the fewer trials the more a measure costs, and is one batch; of small networks so few cost what hundreds do
    batch = max(planned, affordable(statement, instance, PILOT, BATCH))
    trials = affordable(statement, instance, numbers, most)
    survey = Survey(statement, instance)
    with one_thread():
        for number in itertools.count():
            left = trials - number * batch
            if left <= 0:
                return survey
            found = drawn(statement, instance, seed, engine, min(batch, left), stage + number)
            survey.add([comparison for _, _, comparison in found])
    raise AssertionError("unreachable")


def looked_at(statement: Statement, instance: Instance, seed: int, far: int, close: int, most: int, least: int = 0) -> Survey:
    """The instance on fresh networks, of so many Gaussian numbers where its failure rate is far from the claim, and where it may not be. A
    first look says which, and is thrown away: nobody chose the networks that are reported. least: trials, whatever they cost."""
    pilot = fresh(statement, instance, seed, PILOT, most, PILOT_STAGE)
    numbers = close if not pilot.tops or _near(pilot.rate()) else far
    enough = max(least, affordable(statement, instance, numbers, most))
    return fresh(statement, instance, seed, numbers * most, enough)


def _near(rate: Rate) -> bool:
    """Whether more trials could change on which side of the claim the rate is seen, and it is a rate that trials can see."""
    return rate.low <= 2 * rate.claimed and rate.claimed <= 4 * rate.high and VISIBLE < rate.claimed < 0.5


def affordable(statement: Statement, instance: Instance, numbers: int, most: int) -> int:
    """How many trials so many Gaussian numbers allow: those of the networks, for each pass and each move. Revealed weights, which compare
    each direction with all before it, count twice and a bit."""
    moves = 1 + len(statement.adversary) * max(1, len(statement.start))
    engine, each = cost(statement, instance)
    return min(most, numbers // (each * statement.passes * moves * (3 if engine == "revealed" else 1)))

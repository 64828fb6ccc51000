"""Facts of an autopsy: what a counterexample's failure looks like from all sides. Their JSON is a contract."""

from __future__ import annotations

from msgspec import Struct

from checkers.records.decisions import Decision, Sizes


class Rate(Struct, frozen=True, kw_only=True):
    """How many of so many fresh networks fail, beside the probability that the statement allows; low, high: the exact interval of the
    true rate at the autopsy's level."""

    trials: int
    failures: int
    low: float
    high: float
    claimed: float

    @property
    def observed(self) -> float:
        return self.failures / self.trials

    @property
    def too_high(self) -> bool:
        """Whether the whole interval lies above the claim."""
        return self.low > self.claimed


class Bound(Struct, frozen=True, kw_only=True):
    """A formula of the claim and the numbers that it reads at the instance; value: absent where it also reads what is measured."""

    text: str
    relation: str
    symbols: dict[str, float]
    value: float | None


class Index(Struct, frozen=True, kw_only=True):
    """One index of an axis: in how many of the trials the claim fails at it, and the median and largest ratio there."""

    name: str
    failures: int
    median: float
    worst: float


class Axis(Struct, frozen=True, kw_only=True):
    axis: str
    indices: list[Index]


class Grid(Struct, frozen=True, kw_only=True):
    """The trials that fail at, and the largest ratio of, each pair of indices of two axes, whose names are row and
    column: one list a row."""

    row: str
    column: str
    rows: list[str]
    columns: list[str]
    failures: list[list[int]]
    worst: list[list[float]]


class Union(Struct, frozen=True, kw_only=True):
    """How the failures at single indices make up those of a trial. count: indices, factors: the same in the paper's letters, `n L`;
    alone: the rate at the index that fails most, whose interval holds for all indices at once; at: which that is."""

    count: int
    factors: str
    alone: Rate
    at: str

    @property
    def forgotten(self) -> bool:
        """Whether the claim holds at every single index."""
        return self.count > 1 and self.alone.high <= self.alone.claimed


class Typical(Struct, frozen=True, kw_only=True):
    """The same instance on fresh networks. quantiles: of the largest ratio of a trial, at the probabilities `at`. counts: of trials
    between the edges."""

    rate: Rate
    at: list[float]
    quantiles: list[float]
    edges: list[float]
    counts: list[int]
    axes: list[Axis]
    grid: Grid | None
    union: Union | None


class Rung(Struct, frozen=True, kw_only=True):
    """The instance with one quantity changed. inside: the statement's assumptions hold there. median, median_low, median_high: of the
    trials' largest ratios, with an interval at the autopsy's level; worst: the largest of all."""

    value: float
    inside: bool
    rate: Rate
    median: float
    median_low: float
    median_high: float
    worst: float

    @property
    def speaks(self) -> bool:
        """Whether the statement says anything there."""
        return self.inside and self.rate.claimed < 0.5

    @property
    def fails(self) -> bool:
        return self.speaks and self.rate.too_high


class Growth(Struct, frozen=True, kw_only=True):
    """A power of a quantity between two of its values: the claimed one, and the measured one in [low, high]."""

    first: float
    last: float
    claimed: float
    low: float
    high: float


class Climb(Struct, frozen=True, kw_only=True):
    """The instance along one quantity. vanishes: from which value on, towards larger or (up = False) smaller ones, no rung fails too
    often; None where the failure stays at both ends. rate, ratio: how failure rate and median ratio grow."""

    quantity: str
    symbol: str
    here: float
    rungs: list[Rung]
    vanishes: float | None = None
    up: bool = True
    rate: Growth | None = None
    ratio: Growth | None = None


class MovedLayer(Struct, frozen=True, kw_only=True):
    """The change of W_l in the worst trial. singular_values: the largest; energy: its share of the squares of all layers. flips: signs
    that differ, of all samples; flipped: the neurons of the worst sample, from 1, the largest |g| first; pushed: the largest |g|."""

    layer: int
    singular_values: list[float]
    rank: int
    energy: float
    flips: int
    flipped: list[int]
    pushed: float


class Move(Struct, frozen=True, kw_only=True):
    """What one adversary did: from the initialization, or from where a first one had gone."""

    adversary: str
    radius: float
    size: float
    layers: list[MovedLayer]


class Foundation(Struct, frozen=True, kw_only=True):
    """A statement that the refuted one rests on, measured on the very networks of the counterexample. with_failure: trials in which both
    fail. reason: why it could not be asked."""

    id: str
    source: str
    inside: bool = False
    rate: Rate | None = None
    with_failure: int = 0
    worst: float = 0.0
    reason: str = ""

    @property
    def fails(self) -> bool:
        return self.rate is not None and self.rate.too_high


class Autopsy(Struct, frozen=True, kw_only=True):
    """Everything that `lemmafuzz inspect` says of a counterexample.

    decision: made again from the file's data and seed; identical: it is the file's, bit for bit. level: of every interval, each for
    itself. python: the lines that repeat it.
    """

    file: str
    statement: str
    variant: str
    architecture: str
    source: str
    claim: str
    failure: str
    sizes: Sizes
    seed: int
    level: float
    identical: bool
    decision: Decision
    bounds: list[Bound]
    failing: int
    axes: list[Axis]
    typical: Typical
    climbs: list[Climb]
    moves: list[Move]
    foundations: list[Foundation]
    python: list[str]
    seconds: float = 0.0

"""Facts that experiments find: exponents, constants, thresholds, regimes, reliability."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from checkers.records.decisions import Sizes


class DeepNorms(Struct, frozen=True, kw_only=True):
    """Quantiles of ‖h_l‖, one input of unit norm, over independent networks: architecture -> one list (of QUANTILES) for each of
    `layers`."""

    width: int
    depth: int
    trials: int
    layers: list[int]
    quantiles: dict[str, list[list[float]]]


class Diagnosis(Struct, frozen=True, kw_only=True):
    """A data set in the paper's terms. read, warnings: how its file was read, in words.

    None stands for what does not exist: the distance of one row, a bound where inputs coincide.

    delta, closest: the least distance and the rows at it. coinciding: pairs of rows with one direction; contradicting: those of them with
    different labels, which no network can fit. eigenvalues: smallest and largest of the limit kernel K_inf at this depth, (d/m) K.
    paper_width: m = n^24 L^12 log^5(m) d/delta^8; paper_step_size: d delta/(n^4 L^2 m) there; paper_steps: (n^6 L^2/delta^2) log(1/goal),
    hidden constants 1 and delta at most 1/L, as the theorem assumes. fitted_width: what `lemmafuzz threshold` found, at width and accuracy
    of its own; extrapolated: quantities beyond its ladders. certificate, certificate_width: of the conditions that are proved of two-layer
    networks with labels +-1 the one that asks for the least, constants included; for other depths and few rows, about what lemmafuzz
    certify-training --depth asks for. kernel_step_size: 1.5/lambda_max at the fitted width (at m = 1 where there is none); kernel_steps:
    how many of them the kernel needs for the goal, whatever the labels.
    """

    data: str
    read: str
    warnings: list[str]
    samples: int
    input_dimension: int
    outputs: int
    depth: int
    goal: float
    delta: float | None
    closest: list[str]
    closest_labels: list[str]
    coinciding: list[list[str]]
    contradicting: list[list[str]]
    eigenvalues: list[float]
    paper_width: float | None
    paper_step_size: float | None
    paper_steps: float | None
    fitted_width: float | None
    extrapolated: list[str]
    kernel_step_size: float
    kernel_steps: int | None
    certificate: str = ""
    certificate_width: float | None = None


class CalibratedBand(Struct, frozen=True, kw_only=True):
    """A constant where its size lies in one band. begins: the band, in that size. needed: the value at which the claim is just met by the
    worst network seen, or where it may fail with probability p by all but a share p; value: that with the margin, and no less than in
    bands of larger sizes. median: what half of the networks of the worst instance need. share: of fresh networks of the worst instances,
    that may need more beside those that the claim lets fail. networks: that were seen, on so many instances; worst, adversary: the
    instance that set it, and who moved the weights there."""

    value: float
    needed: float
    median: float
    instances: int
    networks: int
    share: float
    worst: Sizes
    adversary: str = ""
    begins: float = 0.0


class Calibration(Struct, frozen=True, kw_only=True):
    """A constant as `lemmafuzz calibrate` found it. by: the size whose bands it is a table of, or the finite-size term that its limit has
    room for; "" for one number. confidence: of every band's share. sizes: least and largest of each quantity searched."""

    id: str
    constant: str
    by: str
    bands: list[CalibratedBand]
    margin: float
    confidence: float
    seed: int
    sizes: dict[str, tuple[float, float]]


class Exponent(Struct, frozen=True, kw_only=True):
    """One row of `lemmafuzz scale`: the exponent of a claim in one quantity, beside the measured one.

    measured, error: median slope on the far half of the ladder, and the standard error of its mean over the repetitions; log factors of
    the bound, and what it has of a radius that moves along the ladder, are divided out. low, high: what the slope may be at large sizes,
    wrong at `level`.
    consistent: no growth beyond the claim, or only outside the regime, where nothing is refuted.
    direction: "at most" for a bound from above, "at least" for one from below.
    values: the ladder; points: measured side, one row a repetition, relative to what the bound has beside the claimed power, which is 1
    on the first rung; bound: the claim's other side, its median at each rung.
    fixed: the sizes that do not change; radii: of the ball at each rung, where there is one and the quantity is another; inside: whether
    all instances of the ladder meet the statement's assumptions.
    """

    id: str
    axis: str
    claimed: float
    measured: float
    low: float
    high: float
    consistent: bool
    error: float = 0.0
    direction: Literal["at most", "at least"] = "at most"
    level: float = 0.0
    values: list[float] = []
    points: list[list[float]] = []
    bound: list[float] = []
    fixed: Sizes = {}
    radii: list[float] = []
    inside: bool = True


class RegimeRow(Struct, frozen=True, kw_only=True):
    """inside: m over the m that the theorem asks for, constants 1, without and with its log^5(m). predicted_steps: of the limit kernel;
    allowed_steps: (n^6 L^2/delta^2) log(1/goal), the theorem's; taken: steps to the goal, None where it was not reached. loss: the last
    F(t)/F(0). refused: why there was no run. bytes: planned, the most that the run may hold."""

    samples: int
    depth: int
    separation: float
    width: int
    precision: str
    inside: float
    inside_with_logs: float
    predicted_steps: int
    allowed_steps: float
    taken: int | None = None
    loss: float | None = None
    seconds: float = 0.0
    bytes: int = 0
    refused: str = ""


class Reliability(Struct, frozen=True, kw_only=True):
    """One row. promised: the probability of a refutation, at most on a true claim and at least on a false one. trials: of one decision.
    expected: on single decisions the probability itself, which lies within the promise because failures are whole numbers."""

    what: str
    truth: Literal["just true", "just false"]
    alpha: float
    trials: int
    decisions: int
    refuted: int
    promised: float
    expected: float | None
    as_promised: bool


class Tried(Struct, frozen=True, kw_only=True):
    """One width: how many of the trials succeeded, and on which side of 0.95 the success probability lies: "below", "above" or ""."""

    width: int
    trials: int
    successes: int
    side: str


class Rung(Struct, frozen=True, kw_only=True):
    """low < threshold <= high; estimate: where a probit curve through all widths tried crosses 0.95. high None: beyond the last width."""

    axis: str
    samples: int
    depth: int
    separation: float
    predicted_steps: int
    estimate: float
    low: int
    high: int | None
    tried: list[Tried]


class FittedExponent(Struct, frozen=True, kw_only=True):
    """The exponent of one quantity in the threshold, with an interval that holds if all enclosures do; claimed: by whom."""

    axis: str
    fitted: float
    low: float
    high: float
    claimed: dict[str, float]


class Threshold(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz threshold`."""

    seed: int
    profile: str
    probability: float
    goal: float
    factor: int
    level: float
    trials: int
    rungs: list[Rung]
    exponents: list[FittedExponent]
    fit: ThresholdFit
    seconds: float


SYMBOLS = {"samples": "n", "depth": "L", "separation": "delta"}


class ThresholdFit(Struct, frozen=True, kw_only=True):
    """exponents: of samples, depth and separation. ranges: least and largest of each on the ladders. note: how it was found."""

    constant: float
    exponents: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    seed: int
    note: str

    def width(self, samples: int, depth: int, separation: float | None) -> tuple[float, list[str]]:
        """The fitted width, and the symbols of those quantities that lie beyond the ladders. separation None (one sample): the largest."""
        largest = self.ranges["separation"][1]
        values = {"samples": samples, "depth": depth, "separation": largest if separation is None else separation}
        width = self.constant * math.prod(value ** self.exponents[name] for name, value in values.items())
        slack = 1e-9  # distances are rounded
        beyond = [
            SYMBOLS[name] for name, value in values.items()
            if not self.ranges[name][0] * (1 - slack) <= value <= self.ranges[name][1] * (1 + slack)
        ]  # fmt: skip
        return max(width, 1.0), beyond

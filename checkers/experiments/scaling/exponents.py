"""`lemmafuzz scale`: the exponent of each claim in each quantity, measured under the statement's attacks on a geometric ladder.

Of a claim left <= right one side is measured; the other is the bound, with the claimed exponents and perhaps log factors: a bound
from below stands on the left. Let a be the slope of the measured side on log-log axes, b that of the bound, and e the claimed exponent:
then b - e is what the log factors contribute, and a - (b - e) is reported. A bound that does not move along the axis (b = 0) has its
sizes in the failure probability, and a itself is reported.

A claim is about the far end: large sizes, small radii and separations. Reported is the slope s on the half of the ladder that lies
there. It still drifts towards its limit, by d from the near half to the far one. Corrections to a power law x^a (1 + c x^-b) with
b >= 1/2, as sums of independent terms and Gaussian widths have them, fall by r = F^{-1/2} or faster over a half of factor F, so all
that may still come is between 0 and d (r + r^2 + ...) = d r/(1 - r). Growth is found where s and s + d r/(1 - r) both lie beyond the
claim: by more than the interval for the median of independent repetitions allows, at a level that all rows of a run share, and by more
than the finite-size factor that the quantities off the axis leave (`finite_size`). The interval lies between two order statistics, so it
has its level whatever the law of a repetition is. Three rungs show a slope but no drift: they decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, e, exp, log, sqrt
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from checkers.evidence.profiles import Profile, cost
from checkers.evidence.worst_case import Worst
from checkers.experiments.scaling import ladder
from checkers.experiments.scaling.attacks import cases, contenders, steady
from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.decisions import Sizes
from checkers.records.events import Listener, counted, silent
from checkers.records.experiments import Exponent
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import Group, jobs
from checkers.runs.suite import ALPHA
from strategies import instance_from_sizes
from theorems.language.instance import Instance
from theorems.language.registry import registry
from theorems.language.statement import Direction, Statement

Array = npt.NDArray[np.float64]
REPETITIONS: Final = 32  # 2^-32 = 2e-10 is the error of an interval from the least to the largest of them: a run has room for 4,000 such
STEADY: Final = 0.05  # standard deviation of the log of one repetition that is small enough: of a slope over a factor 8 it leaves 0.01
GROUPED: Final = 2**26  # numbers that a rung may cost for more networks than REPETITIONS: a second or so
BATCH: Final = 2**20  # width times depth and samples of the networks measured at once: each holds some fifty vectors a layer and sample
LARGEST_GROUP: Final = 16  # their median varies a third as much as one network does; then drift and finite size decide
SHRINKING: Final = frozenset({"separation", "radius"})  # their far end is zero
UNKNOWN: Final = float(np.finfo(np.float64).max) / 2  # which an allowance may still be added to
# Along a ladder of a factor 64 an exponent of 4 makes 6e-8; below this share of the largest a side is rounding: no sign flipped there.
NOTHING: Final = 1e-9


@dataclass(frozen=True)
class Settings:
    """What all rows of a run share. alpha: of one row."""

    seed: int
    profile: Profile
    alpha: float
    device: str
    modules: tuple[Path, ...]


def group_size(statement: Statement, rungs: Sequence[Instance], settings: Settings, axis: str) -> int:
    """How many networks make one repetition, their median: as many as make it STEADY on the first rung, if GROUPED numbers allow."""
    engine, trials = settings.profile.plan(statement, rungs[-1])
    if engine in ("vectors", "exact law"):
        return max(1, trials // REPETITIONS)
    numbers = max(cost(statement, instance)[1] for instance in rungs) * statement.passes
    affordable = min(LARGEST_GROUP, GROUPED // (REPETITIONS * numbers))
    if affordable <= 1:
        return 1
    alone = [np.log(np.maximum(left, 1e-300) / right).std() for left, right in rung_sides(statement, rungs[0], 1, settings, axis)]
    needed = ceil((float(max(alone)) / STEADY) ** 2)
    return max(1, min(affordable, needed))


def rung_sides(statement: Statement, instance: Instance, group: int, settings: Settings, axis: str) -> list[tuple[Array, Array]]:
    """For each part of the claim (left, right) where their ratio is largest, under the strongest of the statement's adversaries:
    REPETITIONS of each, medians over groups of networks. The networks are the same on all rungs, where the quantity leaves their
    shape alone: the noise that the rungs share is not in a slope.
    """
    engine, _ = settings.profile.plan(statement, instance)
    trials = REPETITIONS * group
    batch = trials if engine in ("vectors", "exact law") else max(1, BATCH // (instance.neurons * instance.depth * instance.samples))
    source = NormalSource(seed_sequence(settings.seed, "scale", statement.id, axis))
    with one_thread():
        batches = [
            cases(statement, instance, engine, min(batch, trials - first), source.spawn(first), settings.device)
            for first in range(0, trials, batch)
        ]
    strongest = [[_strongest(part) for part in zip(*found, strict=True)] for found in batches]
    return [_medians(part) for part in zip(*strongest, strict=True)]


def _strongest(found: Sequence[Worst]) -> tuple[Array, Array]:
    """Both sides under the adversary that is strongest in each trial."""
    ratios = np.stack([case.ratio.double().cpu().numpy() for case in found])
    pick = ratios.argmax(axis=0)[None]
    sides = [np.stack([getattr(case, side).double().cpu().numpy() for case in found]) for side in ("left", "right")]
    left, right = (np.take_along_axis(side, pick, axis=0)[0] for side in sides)
    return left, right


def _medians(batches: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Both sides as REPETITIONS medians over groups of networks."""
    left, right = (np.median(np.concatenate(values).reshape(REPETITIONS, -1), axis=1) for values in zip(*batches, strict=True))
    return left, right


def _slopes(x: Array, y: Array) -> Array:
    """Least-squares slopes of the rows of y (repetitions, rungs) against x (rungs,)."""
    centred = x - x.mean()
    slopes: Array = y @ centred / (centred @ centred)
    return slopes


def _spread(values: Array) -> float:
    """Standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def median_interval(values: Array, alpha: float) -> tuple[float, float]:
    """Order statistics between which the median of the law of these independent values lies; either is wrong with probability <= alpha.

    k of n values lie below the median with probability at most that of k heads in n tosses. Where 2^-n > alpha nothing is known: huge
    numbers, for JSON has no infinity.
    """
    from scipy.stats import binom

    ordered = np.sort(values)
    left_out = int((binom.cdf(np.arange(len(ordered)), len(ordered), 0.5) <= alpha).sum())
    if not left_out:
        return -UNKNOWN, UNKNOWN
    return float(ordered[left_out - 1]), float(ordered[-left_out])


def finite_size(sizes: Sizes) -> float:
    """By what share a supremum at these sizes may differ from its limit at infinite width; sizes: of one instance.

    A Gaussian matrix of m rows on d + n fixed directions stretches by up to 1 + sqrt((d + n)/m); log-norms of L layers have standard
    deviation sqrt(5L/(4m)); the union over supports of s nonzeros adds sqrt(2 s log(em/s)/m), and a sparse supremum over d outputs
    is sqrt(s log m) + sqrt(d) where the bound has the first alone; of m omega^{2/3} L flips the last one may or may not fit.
    """
    m, depth, d, n, s, radius = (float(sizes.get(name, default)) for name, default in (
        ("width", 1), ("depth", 1), ("outputs", 1), ("samples", 1), ("sparsity", 0), ("radius", 0.0),
    ))  # fmt: skip
    share = sqrt((d + n) / m) + sqrt(1.25 * depth / m)
    if s > 1:
        share += sqrt(2 * s * log(e * m / s) / m) + sqrt(d / (s * log(max(m, 3.0))))
    if radius > 0:
        share += 1 / (m * radius ** (2 / 3) * depth)
    return share


def summarize(
    identifier: str, rungs: ladder.Ladder, claimed: float, left: Array, right: Array, alpha: float, direction: Direction = ""
) -> Exponent:
    """One row from both sides, (repetitions, rungs) each. direction: of the bound; "": the side that is the same in all trials is it."""
    unmoved = bool((left == left[:1]).all()) and not bool((right == right[:1]).all())
    lower = direction == "at least" or (not direction and unmoved)
    side, bound = (right, left) if lower else (left, right)
    x = np.log(np.array(rungs.values))
    log_side, log_bound = np.log(np.maximum(side, 1e-300)), np.log(np.maximum(bound, 1e-300))
    flat = bool((log_bound == log_bound[0, 0]).all())
    rest = np.zeros_like(x) if flat else log_bound - claimed * x  # of the bound, what is not the claimed power
    adjusted = log_side - rest
    far_first = rungs.axis in SHRINKING
    half = len(x) // 2 + 1 if len(x) > ladder.SHORT else len(x)
    upper, under = _slopes(x[-half:], adjusted[:, -half:]), _slopes(x[:half], adjusted[:, :half])
    far, near = (under, upper) if far_first else (upper, under)
    factor = exp(-abs(x[half - 1] - x[0]) / 2)
    settled = far + (far - near) * factor / (1 - factor)  # far itself where the ladder is too short for halves
    known = max(finite_size(rungs.sizes(rung, 0)) for rung in (range(half) if far_first else range(len(x) - half, len(x))))
    allowance = np.log1p(known) / abs(x[half - 1] - x[0] if far_first else x[-1] - x[-half])
    if rungs.axis == "radius":
        # A supremum over supports of s = m omega^{2/3} L entries is sqrt(s log(em/s)), where the bounds have log m: its exponent in
        # omega is (1 - 1/log(em/s))/3. A logarithm drifts too slowly for two halves of a ladder to tell.
        largest = rungs.values[half - 1] ** (2 / 3) * float(rungs.fixed.get("depth", 1))
        allowance += 1 / (3 * log(e / min(largest, 1.0)))
    lows, highs = zip(*(median_interval(values, alpha) for values in (far, settled)), strict=True)
    low, high = float(min(lows) - allowance), float(max(highs) + allowance)
    # Where sizes grow, the danger is to grow faster than claimed; where the quantity shrinks, to fall slower with it.
    beyond = high < claimed if lower != far_first else low > claimed
    points = np.exp(adjusted + np.median(rest.reshape(-1, len(x))[:, 0]))
    return Exponent(
        id=identifier, axis=rungs.axis, claimed=claimed, measured=float(np.median(far)), error=_spread(far), low=low, high=high,
        consistent=not (bool(beyond) and rungs.inside and len(x) > ladder.SHORT),
        direction="at least" if lower else "at most", level=1 - 2 * alpha,
        values=list(rungs.values), points=points.tolist(), bound=np.median(bound, axis=0).tolist(), fixed=rungs.fixed,
        radii=list(rungs.radii), inside=rungs.inside,
    )  # fmt: skip


@dataclass(frozen=True)
class Climbed:
    """Both sides of one part of a claim on one ladder: (repetitions, rungs)."""

    number: int
    part: int
    rungs: ladder.Ladder
    left: Array
    right: Array


def climbed(settings: Settings, listener: Listener, declared: Statement, axis: str) -> Iterator[Climbed]:
    """Every part on every ladder, where three rungs or more have sides that are told from zero."""
    source = NormalSource(seed_sequence(settings.seed, "scale", declared.id, axis, "attacks"))
    for number, rungs in enumerate(ladder.find(steady(declared), axis, settings.profile)):
        instances = [instance_from_sizes(declared, rungs.sizes(rung, settings.seed % 2**32)) for rung in range(len(rungs.values))]
        statement = contenders(steady(declared), instances, settings.profile, source, settings.device)
        group = group_size(statement, instances, settings, axis)
        each_rung = counted(instances, f"{statement.id}: {axis}", listener)
        sides = [rung_sides(statement, instance, group, settings, axis) for instance in each_rung]
        for part, both in enumerate(zip(*sides, strict=True)):
            left, right = (np.stack(side, axis=1) for side in zip(*both, strict=True))
            seen = ((left > NOTHING * left.max()) & (right > NOTHING * right.max())).all(axis=0)
            if seen.sum() >= 3:
                yield Climbed(number, part, rungs.only(np.flatnonzero(seen).tolist()), left[:, seen], right[:, seen])


def measure_one(settings: Settings, listener: Listener, identifier: str, axis: str) -> Exponent | None:
    """The row of one statement and one quantity, of its ladders the one on which the claim surely does worst; None without a ladder."""
    statement, claimed = registry[identifier], registry[identifier].claimed_exponents[axis]
    measured = list(climbed(settings, listener, statement, axis))
    # The worst of several is shown: each at its share of the level.
    rows = [
        (one.number, summarize(identifier, one.rungs, claimed, one.left, one.right, settings.alpha / len(measured), statement.direction))
        for one in measured
    ]
    # Of the parts of a claim those whose bound has the claimed exponent, log factors aside.
    off = {id(row): round(abs(float(_slopes(np.log(row.values), np.log(row.bound)[None])[0]) - claimed), 1) for _, row in rows}
    fitting = [row for number, row in rows if off[id(row)] == min(off[id(other)] for ladder_, other in rows if ladder_ == number)]
    return max(fitting, key=_excess) if fitting else None


def _excess(row: Exponent) -> float:
    """How far the interval lies beyond the claim."""
    falls = (row.direction == "at least") != (row.axis in SHRINKING)
    return row.claimed - row.high if falls else row.low - row.claimed


def scale(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile,
    device: str = "cpu",
    modules: Sequence[Path] = (),
    processes: int = 1,
    progress: Listener = silent,
    cluster: str = "",
) -> list[Exponent]:
    """All rows of the statements named, in their order, each on the first architecture that it has a form for; a claim whose ranges leave
    no ladder has none."""
    groups = scale_groups(statements, seed=seed, profile=profile, device=device, modules=modules)
    rows = in_order(each(groups, processes, modules, progress, cluster=cluster))
    return [row for row in rows if row is not None]


def scale_groups(
    statements: Sequence[Statement], *, seed: int, profile: Profile, device: str = "cpu", modules: Sequence[Path] = ()
) -> list[Group]:
    """The work of `scale`, one group a statement and quantity: outcomes are rows, or None without a ladder."""
    found = [(one.id, axis) for one in statements if one is registry[one.id] for axis in ladder.axes(one)]
    settings = Settings(seed, profile, ALPHA / max(1, len(found)), device, tuple(modules))
    return jobs(measure_one, settings, found, "exponents")

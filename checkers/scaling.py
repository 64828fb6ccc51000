"""`lemmafuzz scale`: the exponent of each claim in each quantity, measured under the statement's attack on a geometric ladder.

Of a claim left <= right one side is measured; the other is the bound, with the claimed exponents and perhaps log factors. A bound
from below stands on the left, where it is the same in all trials. Let a be the slope of the measured side on log-log axes, b that
of the bound, and e the claimed exponent: then b - e is what the log factors contribute, and a - (b - e) is reported. A bound that
does not move along the axis (b = 0) has its sizes in the failure probability, and a itself is reported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from checkers import ladder
from checkers.decide import Worst, subjects, worst_case
from checkers.processes import each, one_thread, silent
from checkers.profiles import Profile
from checkers.randomness import NormalSource, seed_sequence
from checkers.records import Exponent
from checkers.terminal import Progress
from strategies import instance_from_sizes
from theorems.instance import Instance
from theorems.registry import registry
from theorems.statement import Statement
from theorems.subject import Comparison

Array = npt.NDArray[np.float64]
REPETITIONS: Final = 16
ALPHA: Final = 1e-4  # the probability, at most, that a run finds growth by chance where there is none: shared equally by its rows
# Slopes at finite sizes drift towards their limit. Half of the drift from one half of the ladder to the other lies between the
# ladder's mean slope and that of its upper end; if the drift falls to 3/5 or less from half to half, what follows adds 3/2 at most.
DRIFT: Final = 2.0
# Corrections like 1 + sqrt(d/m) and 1 + sqrt(d/(s log m)), which grow along the ladder but stay bounded in the regime: a factor 1.15
# over a ladder of a factor 16. Exponents of the paper differ by 1/6 or more.
RESOLUTION: Final = 0.05
# Along a ladder of a factor 64 an exponent of 4 makes 6e-8; below this share of the largest a side is rounding: no sign flipped there.
NOTHING: Final = 1e-9
SEEN: Final = 2.0  # a drift below this many of its standard errors is noise


@dataclass(frozen=True)
class Settings:
    """What all rows of a run share. alpha: of one row."""

    seed: int
    profile: Profile
    alpha: float
    device: str
    modules: tuple[Path, ...]


def _parts(comparison: Comparison) -> list[Comparison]:
    """The inequalities of a claim that has several, each by itself: their bounds may have different exponents."""
    if "part" not in comparison.axes:
        return [comparison]
    place = 1 + comparison.axes.index("part")
    shape = np.broadcast_shapes(tuple(comparison.left.shape), tuple(comparison.right.shape))
    left, right = comparison.left.expand(shape), comparison.right.expand(shape)
    pairs = zip(left.unbind(place), right.unbind(place), strict=True)
    return [Comparison(one, other, tuple(a for a in comparison.axes if a != "part"), comparison.rounding) for one, other in pairs]


def _sides(statement: Statement, instance: Instance, settings: Settings) -> list[tuple[Array, Array]]:
    """For each part of the claim (left, right) where their ratio is largest, under the strongest of the statement's adversaries:
    REPETITIONS of each. Where trials are many (exact laws), a repetition is the median of a group of them.
    """
    engine, trials = settings.profile.plan(statement, instance)
    trials = max(REPETITIONS, trials - trials % REPETITIONS) if trials >= 8 * REPETITIONS else REPETITIONS
    source = NormalSource(seed_sequence(settings.seed, "scale", statement.id, instance.key()))
    with one_thread():
        measured = [
            [worst_case(statement, part, name) for part in _parts(statement.measure(subject, **statement.constant_values()))]
            for name, subject in subjects(statement, instance, engine, trials, source, settings.device)
        ]
    return [_strongest(cases) for cases in zip(*measured, strict=True)]


def _strongest(cases: Sequence[Worst]) -> tuple[Array, Array]:
    """Both sides under the adversary that is strongest in each trial, as REPETITIONS medians."""
    ratios = np.stack([case.ratio.double().numpy() for case in cases])
    pick = ratios.argmax(axis=0)[None]
    sides = [np.stack([getattr(case, side).double().numpy() for case in cases]) for side in ("left", "right")]
    chosen = [np.take_along_axis(side, pick, axis=0)[0] for side in sides]
    left, right = (np.median(values.reshape(REPETITIONS, -1), axis=1) for values in chosen)
    return left, right


def _slopes(x: Array, y: Array) -> Array:
    """Least-squares slopes of the rows of y (repetitions, rungs) against x (rungs,)."""
    centred = x - x.mean()
    slopes: Array = y @ centred / (centred @ centred)
    return slopes


def _spread(values: Array) -> float:
    """Standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def summarize(identifier: str, rungs: ladder.Ladder, claimed: float, left: Array, right: Array, alpha: float) -> Exponent:
    """One row from both sides, (repetitions, rungs) each."""
    from scipy.stats import t

    lower = bool((left == left[:1]).all()) and not bool((right == right[:1]).all())
    side, bound = (right, left) if lower else (left, right)
    x = np.log(np.array(rungs.values))
    log_side, log_bound = np.log(np.maximum(side, 1e-300)), np.log(np.maximum(bound, 1e-300))
    flat = bool((log_bound == log_bound[0, 0]).all())
    adjusted = log_side if flat else log_side - (log_bound - claimed * x)
    slopes = _slopes(x, adjusted)
    half = len(x) // 2 + 1
    drifts = _slopes(x[-half:], adjusted[:, -half:]) - _slopes(x[:half], adjusted[:, :half])
    drift = abs(float(drifts.mean()))
    drift = DRIFT * drift if drift > SEEN * _spread(drifts) else 0.0
    measured = float(slopes.mean())
    width = float(t.isf(alpha, len(slopes) - 1)) * _spread(slopes) + drift + RESOLUTION
    low, high = measured - width, measured + width
    # Sizes grow, the separation shrinks: there the danger is to fall faster than claimed. Along the radius a slope decides nothing:
    # the bound is tightest at the radius' upper end, which check attacks, and few flips are left at the lower one.
    falls = lower != (rungs.axis == "separation")
    beyond = high < claimed if falls else low > claimed
    return Exponent(
        id=identifier, axis=rungs.axis, claimed=claimed, measured=measured, low=low, high=high,
        consistent=not (beyond and rungs.inside and rungs.axis != "radius"),
        direction="at least" if lower else "at most", level=1 - 2 * alpha,
        values=list(rungs.values), points=side.tolist(), bound=np.median(bound, axis=0).tolist(), fixed=rungs.fixed, inside=rungs.inside,
    )  # fmt: skip


def measure_one(settings: Settings, progress: Progress, identifier: str, axis: str) -> Exponent | None:
    """The row of one statement and one quantity, of its ladders the one on which the claim surely does worst; None without a ladder."""
    statement = registry[identifier]
    rows: list[tuple[float, Exponent]] = []
    claimed = statement.exponents[axis]
    for rungs in ladder.find(statement, axis, settings.profile):
        sides = []
        for rung in range(len(rungs.values)):
            progress(f"{identifier}: {axis}", rung, len(rungs.values))
            sides.append(_sides(statement, instance_from_sizes(statement, rungs.sizes(rung, settings.seed % 2**32)), settings))
        found = []
        for part in zip(*sides, strict=True):
            left, right = (np.stack(side, axis=1) for side in zip(*part, strict=True))
            seen = ((left > NOTHING * left.max()) & (right > NOTHING * right.max())).all(axis=0)
            if seen.sum() >= 3:
                kept = dataclasses.replace(rungs, values=tuple(np.array(rungs.values)[seen].tolist()))
                row = summarize(identifier, kept, claimed, left[:, seen], right[:, seen], settings.alpha)
                x = np.log(np.array(kept.values))
                off = abs(float(_slopes(x, np.log(np.array(row.bound))[None])[0]) - claimed)
                found.append((round(off, 1), -row.low if row.direction == "at most" else row.high, row))
        if found:  # of the parts those whose bound has the claimed exponent, log factors aside
            row = min(found, key=lambda one: one[:2])[2]
            rows.append((row.claimed - row.high if row.direction == "at least" else row.low - row.claimed, row))
        progress(f"{identifier}: {axis}", len(rungs.values), len(rungs.values))
    return max(rows, key=lambda row: row[0])[1] if rows else None


def scale(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile,
    device: str = "cpu",
    modules: Sequence[Path] = (),
    processes: int = 1,
    progress: Progress = silent,
    cluster: str = "",
) -> list[Exponent]:
    """All rows of the statements named, in their order; a claim whose ranges leave no ladder has none."""
    jobs = [(statement.id, axis) for statement in statements for axis in ladder.axes(statement)]
    settings = Settings(seed, profile, ALPHA / max(1, len(jobs)), device, tuple(modules))
    rows = each(measure_one, settings, jobs, "exponents", processes, settings.modules, progress, cluster=cluster)
    return [row for row in rows if row is not None]

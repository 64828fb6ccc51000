"""What every theory asks of a data set: its assumptions, one by one, and its width and steps in numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from checkers.records.comparison import Asked, Assumed, NotAsked
from strategies.data import closest_pair
from theorems.language.instance import Array, Instance
from theorems.language.requirement import Predicate, Requirement, quoted_results, requirements

FAILURE = 0.1  # probability that each theory is granted, unless the user says
MOST_NAMED = 20  # groups of rows; how many there are is said


def assumed(predicate: Predicate, inputs: Array, rows: Sequence[str]) -> Assumed:
    """Whether the rows meet it, and which do not."""
    groups = predicate.broken_by(inputs)
    named = [[rows[row] for row in group] for group in groups[:MOST_NAMED]]
    return Assumed(
        says=predicate.says, met=not groups, broken_by=named, groups=len(groups), remedy=predicate.remedy if groups else ""
    )  # fmt: skip


def asked(
    one: Requirement, inputs: Array, targets: Array, rows: Sequence[str], p: float, goal: float, measured: int | None, *, degenerate: bool
) -> Asked:  # fmt: skip
    """inputs: unit rows, (n, d_in); targets: (n,); goal: of the loss; measured: the width that trains; degenerate: lambda0 = 0, exactly."""
    size = float(np.linalg.norm(targets))
    own = dict(one.given(inputs, targets))
    if degenerate and "lambda0" in own:
        own["lambda0"] = 0.0  # and not what rounding makes of it
    values = {**own, "Y": size, "C": float(np.abs(targets).max()), "p": p}
    delta = closest_pair(inputs)[2]
    # One row is as far from the others as one likes: the largest distance that the papers allow.
    at = Instance(width=1, samples=len(inputs), separation=1.0 if math.isinf(delta) else delta, tolerance=goal)

    def finite(width: float) -> float | None:
        return width if math.isfinite(width) else None

    try:
        width = finite(one.least_width(at, values, logarithms=False))
        whole, steps = finite(one.least_width(at, values)), one.least_steps(at, values)
    except (ZeroDivisionError, OverflowError):  # lambda0 = 0, or delta = 0
        width = whole = steps = None
    conditions = [assumed(predicate, inputs, rows) for predicate in one.assumes]
    broken = {row for each in conditions for group in each.broken_by for row in group}
    return Asked(
        id=one.id, theory=one.theory, name=one.name, source=one.source, trained=one.trained, standing=one.standing, promises=one.promises,
        formula=one.width, met=all(each.met for each in conditions), offending_rows=sorted(broken, key=list(rows).index),
        assumed=conditions, width_asked=width, whole=whole, steps=steps,
        over_measured=width / measured if width is not None and measured else None, note=one.note,
    )  # fmt: skip


def all_asked(
    inputs: Array, targets: Array, rows: Sequence[str], p: float, goal: float, measured: int | None, *, degenerate: bool = False
) -> list[Asked]:  # fmt: skip
    """Of every requirement that a theory declares."""
    return [asked(one, inputs, targets, rows, p, goal, measured, degenerate=degenerate) for one in requirements()]


def not_asked() -> list[NotAsked]:
    """The results that have no number here."""
    return [NotAsked(source=one.source, assumes=one.assumes, width=one.width, why=one.why) for one in quoted_results()]

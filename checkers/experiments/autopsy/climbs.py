"""What a failure takes: the same instance with one quantity smaller and larger, the others and, where they fit, the data as they are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Final

from checkers.errors import InputError
from checkers.evidence.binomial import median_ranks
from checkers.experiments.autopsy.survey import LEVEL, Survey, finite, looked_at
from checkers.records.autopsies import Climb, Growth, Rung
from strategies import instance_from_sizes
from theorems.language.instance import INTEGER_QUANTITIES, QUANTITIES, Instance
from theorems.language.statement import Statement

# The quantities in the order of a table, each with the factor between two rungs. Positions and patches shape the data: left alone.
STEPS: Final = {
    "width": 2.0, "depth": 2.0, "samples": 2.0, "outputs": 2.0, "separation": 2.0, "radius": 4.0, "tolerance": 2.0, "sparsity": 2.0,
}  # fmt: skip
AROUND: Final = 2  # rungs below and above the instance
FEW: Final = frozenset({"depth", "samples", "outputs"})  # from the least on, in powers of two, so that growth from 1 is seen
FAR, CLOSE = 2**22, 2**25  # Gaussian numbers of a rung, where the rate is far from the claim and where it may not be
WIDER = 2**27  # the same along the width, whose square a network costs
LEAST: Final = 4  # trials without which a rung says nothing
MOST: Final = 2**13  # trials of a rung: they tell a rate from half of it where it is above 1%
ENORMOUS: Final = 1e9  # a ratio whose right side is rounding, or nothing: no power of a size
SMALLER_DATA: Final = frozenset({"samples"})
NEW_DATA: Final = frozenset({"samples", "separation", "outputs"})


def rungs_of(statement: Statement, instance: Instance, quantity: str) -> list[float]:
    """The values of a quantity that are looked at, within the ranges of the statement, the instance's own among them."""
    low, high = statement.ranges[quantity]
    here, step = instance.quantity(quantity), STEPS[quantity]
    values = {here * step**k for k in range(-AROUND, AROUND + 1)}
    if quantity in FEW:
        values |= {2.0**k for k in range(int(math.log2(here)) + 1)}
    inside = {min(max(value, low), high) for value in values}
    if quantity in INTEGER_QUANTITIES:
        inside = {float(round(value)) for value in inside}
    return sorted(inside | {here})


def changed(statement: Statement, instance: Instance, quantity: str, value: float) -> Instance:
    """The instance with another value of one quantity; ValueError where no data have it. Fewer samples are the first of these."""
    whole = int(value) if quantity in INTEGER_QUANTITIES else value
    if value == instance.quantity(quantity):
        return instance
    if quantity not in NEW_DATA:
        return dataclasses.replace(instance, **{quantity: whole})  # type: ignore[arg-type]  # a float or an int, as the quantity is
    if quantity in SMALLER_DATA and value < instance.samples:
        fewer = {"inputs": instance.inputs[: int(value)], "targets": instance.targets[: int(value)] if len(instance.targets) else None}
        kept = {name: rows for name, rows in fewer.items() if rows is not None}
        return dataclasses.replace(instance, samples=int(value), **kept)  # type: ignore[arg-type]
    sizes = {**instance.sizes(), quantity: whole}
    try:
        return instance_from_sizes(statement, sizes)
    except ValueError:
        sizes.pop("input_dimension")  # more samples, or farther apart, need more room
        return instance_from_sizes(statement, sizes)


def climb(statement: Statement, instance: Instance, seed: int, quantity: str, own: Survey) -> Climb | None:
    """The instance along one quantity; None where there is nothing to vary. own: the instance itself on fresh networks."""
    rungs = []
    for value in rungs_of(statement, instance, quantity):
        survey = own if value == instance.quantity(quantity) else _rung(statement, instance, seed, quantity, value)
        rungs += [_facts(value, survey)] if survey is not None else []
    if len(rungs) < 2:
        return None
    here = instance.quantity(quantity)
    vanishes, up = _vanishes(rungs, here)
    return Climb(
        quantity=quantity, symbol=QUANTITIES[quantity][0], here=here, rungs=rungs, vanishes=vanishes, up=up,
        rate=_growth(rungs, lambda rung: (rung.rate.low, rung.rate.high), lambda rung: rung.rate.claimed),
        ratio=_growth(rungs, lambda rung: (rung.median_low, rung.median_high), lambda _: 1.0),
    )  # fmt: skip


def _rung(statement: Statement, instance: Instance, seed: int, quantity: str, value: float) -> Survey | None:
    """The trials of one rung; None where its data do not exist, or it costs too much."""
    try:
        other = changed(statement, instance, quantity, value)
        survey = looked_at(statement, other, seed, FAR, WIDER if quantity == "width" else CLOSE, MOST)
        return survey if survey.tops and len(survey.ratios) >= LEAST else None
    except (ValueError, RuntimeError, ArithmeticError, InputError):
        return None


def _facts(value: float, survey: Survey) -> Rung:
    ordered = survey.ratios.sort().values
    low, high = median_ranks(len(ordered), LEVEL)
    middle, ends = float(ordered[len(ordered) // 2]), (float(ordered[low]), float(ordered[high]))
    return Rung(
        value=value, inside=survey.statement.inside(survey.instance), rate=survey.rate(), median=finite(middle),
        median_low=finite(ends[0]), median_high=finite(ends[1]), worst=finite(float(ordered[-1])),
    )  # fmt: skip


def _vanishes(rungs: list[Rung], here: float) -> tuple[float | None, bool]:
    """From which rung on, going up or else going down from the instance, no rung fails too often. Rungs at which nothing is claimed tell
    nothing."""
    spoken = [rung for rung in rungs if rung.speaks or rung.value == here]
    for up in (True, False):
        way = [rung for rung in spoken if (rung.value >= here if up else rung.value <= here)]
        way = way if up else way[::-1]
        failing = [k for k, rung in enumerate(way) if rung.rate.too_high]
        if not failing or failing[-1] + 1 < len(way):
            return way[failing[-1] + 1 if failing else 0].value, up
    return None, True


def _growth(rungs: list[Rung], measured: Callable[[Rung], tuple[float, float]], claimed: Callable[[Rung], float]) -> Growth | None:
    """The power between the outermost rungs at which both the measured number and the claimed one are known to be positive."""
    known = [rung for rung in rungs if rung.speaks and measured(rung)[0] > 0 and measured(rung)[1] < ENORMOUS and claimed(rung) > 0]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    octaves = math.log(last.value / first.value)
    (low, high), (later_low, later_high) = measured(first), measured(last)
    return Growth(
        first=first.value, last=last.value, claimed=math.log(claimed(last) / claimed(first)) / octaves,
        low=math.log(later_low / high) / octaves, high=math.log(later_high / low) / octaves,
    )  # fmt: skip


def climbs(statement: Statement, instance: Instance, seed: int, own: Survey) -> list[Climb]:
    """Along every quantity that the statement ranges over, and of which the instance leaves a choice."""
    wanted = [name for name in STEPS if name in statement.ranges and statement.ranges[name][0] < statement.ranges[name][1]]
    if instance.samples < 2:
        wanted = [name for name in wanted if name != "separation"]
    return [found for name in wanted if (found := climb(statement, instance, seed, name, own)) is not None]

"""Certificates: one drawn instance on which a statement's inequality is proved, for the very numbers that were drawn.

What a certificate says: for these weights and these data, exact binary numbers, the inequality holds at every sample, layer and pair of
layers, for *all* vectors (or labels, or perturbations) that the claim quantifies over inside the instance; where it was looked at in fewer
places, it says in which. What it does not say: anything about other draws. The probability is the business of `check`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

from checkers.certification.balls import Unsupported
from checkers.certification.bounds import SupremumSubject
from checkers.certification.flips import over_all_perturbations
from checkers.certification.inequality import Enclosure, enclose
from checkers.certification.subjects import in_balls
from checkers.errors import InputError
from checkers.evidence.drawing import drawn_subjects, source_of
from checkers.machine.threads import one_thread
from checkers.networks.architectures.by_name import known
from checkers.records.counterexamples import Certificate
from strategies import instance_from_sizes
from strategies.data import ALL_SHAPES
from strategies.region import ORDER, Region, box
from theorems.language.instance import Instance
from theorems.language.statement import FLIPS, Engine, Statement
from theorems.language.subject import Comparison, Subject

WIDTHS = (48, 256)  # the least width inside the regime is taken; matrices of 256 take seconds
TOLERANCES = (0.5, 1.0)  # nearer to the border a draw may well fail, as the statement allows
MOST_NUMBERS = 2**20  # entries of all matrices
DRAWN = "the vectors that were drawn"  # of a claim about plain vectors, of which an instance has none


def obstacle(statement: Statement) -> str:
    """Why no instance of the statement can be certified; empty if one can."""
    if statement.certificate == FLIPS:
        return ""
    if statement.architecture not in known():
        return f"{statement.architecture} networks are not followed in balls"
    if statement.adversary or statement.start:
        return "it speaks of all weights in a ball, over which there is no certificate"
    if statement.trained:
        return "it speaks of training runs, which are not followed in balls"
    if not statement.certificate and statement.attack:
        return f"its supremum ({statement.attack}) has no proved upper bound"
    if not statement.certificate and not statement.exact and statement.kind != "identity":
        return "it measures less than the supremum of what it claims"
    if statement.kind == "identity" and "vectors" not in statement.engines:
        return "it compares two computations up to their rounding, which balls do not have"
    return ""


def smallest_instance(statement: Statement, limits: Mapping[str, tuple[float, float]], data_seed: int) -> Instance:
    """The simplest instance inside the regime and the limits, data drawn from the seed; InputError if there is none."""
    names = [name for choice in statement.data for name in (ALL_SHAPES if choice == "any" else (choice,))]
    ranges = box(statement, limits)
    for shape in dict.fromkeys(["random", *names] if "any" in statement.data else names):
        values = Region(statement, ranges, shape).complete(())
        if values is not None:
            sizes = dict(zip(ORDER, values, strict=True))
            return instance_from_sizes(statement, {**sizes, "data": shape, "data_seed": data_seed})
    raise InputError(f"{statement.id} has no instance inside its regime at these sizes")


def certify(statement: Statement, *, seed: int, sizes: Mapping[str, int]) -> Certificate:
    """Draw one instance and prove or disprove the inequality on it. sizes: fixed quantities; others are the least inside the regime."""
    reason = obstacle(statement)
    if reason:
        raise InputError(f"no certificate for {statement.id!r}: {reason}")
    limits: dict[str, tuple[float, float]] = {"width": WIDTHS}
    if "tolerance" in statement.ranges:
        limits["tolerance"] = TOLERANCES
    if statement.certificate == FLIPS:
        limits["depth"] = (1, 1)
    for name, value in sizes.items():
        limits[name] = (value, value)
    try:
        instance = smallest_instance(statement, limits, seed % 2**32)
    except ValueError as error:
        raise InputError(f"{statement.id}: {error}") from error
    engine: Engine = "vectors" if "vectors" in statement.engines else "dense"
    if engine == "dense" and instance.depth * instance.width**2 > MOST_NUMBERS:
        raise InputError(f"{statement.id}: {instance.depth} matrices of width {instance.width} are more work than a certificate does")
    with one_thread():
        try:
            found = _proved(statement, instance, engine, seed)
        except (Unsupported, AttributeError, TypeError, ValueError, RuntimeError, LookupError) as error:  # a measure may do anything
            raise InputError(f"no certificate for {statement.id!r}: its measure does not run on balls: {error}") from error
    outcomes: dict[str, Literal["HOLDS", "FAILS", "UNDECIDED"]] = {"holds": "HOLDS", "violated": "FAILS", "open": "UNDECIDED"}
    return Certificate(
        id=statement.id, architecture=statement.architecture, source=statement.source, sizes=instance.sizes(), seed=seed,
        outcome=outcomes[found.outcome],
        grade="certified" if found.outcome != "open" else "", low=found.low, high=found.high, bits=found.bits,
        claimed=statement.failure_probability(instance), regime_depth=statement.regime_depth(instance), reason=found.reason,
        indices=dict(found.indices), looked_at=found.looked_at or (DRAWN if engine == "vectors" else ""),
    )  # fmt: skip


def _proved(statement: Statement, instance: Instance, engine: Engine, seed: int) -> Enclosure:
    source = source_of(statement, instance, seed, engine, 1)
    still = dataclasses.replace(statement, adversary=(), start=())
    ((_, batch),) = drawn_subjects(still, instance, engine, 1, source, "cpu")
    make = in_balls(batch, 0, source.copy(), SupremumSubject)

    def over_the_ball(subject: Subject) -> Comparison:
        return over_all_perturbations(subject, statement.compare(subject))

    found = enclose(over_the_ball if statement.certificate == FLIPS else statement.compare, make)
    if found.outcome == "open" and not found.reason and statement.certificate == "upper bounds":
        return dataclasses.replace(found, reason="the limit lies between the largest value found and its upper bound")
    return found


def certifiable(statements: Sequence[Statement]) -> list[Statement]:
    """Those of which an instance can be certified."""
    return [statement for statement in statements if not obstacle(statement)]

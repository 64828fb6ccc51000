"""Measures tried on a tiny instance before anything is decided. Its dimensions all differ: one in the place of another does not fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.measured import NotInForm, measured
from checkers.evidence.profiles import LAW
from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import ALL_SHAPES, instance_from_sizes
from theorems import registry
from theorems.language.instance import INTEGER_QUANTITIES, ODD, Instance
from theorems.language.statement import EXACT_LAW, Engine, Statement
from theorems.language.subject import Comparison

TRIALS: Final = 7
# No two the same, nor L + 1: where a statement's ranges leave no choice, the nearest that they have.
LENGTHS: Final = {"outputs": 2, "samples": 3, "depth": 4, "positions": 6, "input_dimension": 9, "width": 16}
OTHERS: Final = {"patch": 3, "sparsity": 2, "radius": 1e-3, "tolerance": 0.5}
DEEP: Final = 12  # layers: beyond all depths up to which statements look at every product (theorems/allen_zhu/intervals.py)
WIDEST: Final = 64  # where the ranges begin beyond: shapes do not depend on the width, and what the probe costs does


def axes_of(statement: Statement, engine: Engine) -> tuple[str, ...]:
    """The axes of what the statement measures on the tiny instance; NotInForm if its sides have not the form of a Comparison."""
    still = dataclasses.replace(statement, adversary=(), start=())
    source = NormalSource(seed_sequence(0, "probe", *statement.stream, engine))
    with one_thread():
        ((_, subject),) = drawn_subjects(still, tiny_instance(statement, engine), engine, TRIALS, source, "cpu")
        return measured(statement, subject).axes


def whole_reach(statement: Statement) -> Comparison:
    """What the statement measures on a narrow network as deep as its ranges go, up to DEEP, where no product but those that every depth
    affords is looked at: its axes, and which indices it looks at there."""
    still = dataclasses.replace(statement, adversary=(), start=())
    engine: Engine = "revealed" if "revealed" in statement.engines else statement.engines[0]
    tiny = tiny_instance(statement, engine)
    depth = tiny.depth if statement.trained else int(min(DEEP, statement.ranges.get("depth", (1, 1))[1]))
    source = NormalSource(seed_sequence(0, "reach", *statement.stream, engine))
    with one_thread():
        ((_, subject),) = drawn_subjects(still, dataclasses.replace(tiny, depth=depth), engine, 1, source, "cpu")
        return measured(statement, subject)


def tiny_instance(statement: Statement, engine: Engine) -> Instance:
    """An instance with sizes near LENGTHS and OTHERS inside the statement's ranges, whatever it assumes."""
    ranges = {**statement.ranges, **(LAW if engine == EXACT_LAW else {})}
    sizes: dict[str, int | float | str] = {}
    taken = {TRIALS}
    for name, wanted in {**LENGTHS, **OTHERS}.items():
        if name in ranges:
            low, high = (min(end, WIDEST) for end in ranges[name]) if name == "width" else ranges[name]
            near = min(max(wanted, low), high)
            near += 1 - near % 2 if name in ODD else 0
            if name in LENGTHS:
                choices = [near + step for distance in range(2 * len(LENGTHS)) for step in (distance, -distance)]
                free = [value for value in choices if low <= value <= high and not taken & _lengths(name, int(value))]
                near = (free or [near])[0]
                taken |= _lengths(name, int(near))
            sizes[name] = int(near) if name in INTEGER_QUANTITIES else float(near)
    shape = ALL_SHAPES.get(statement.data[0])
    if shape and "input_dimension" in sizes and not shape.largest_separation(int(sizes.get("samples", 1)), int(sizes["input_dimension"])):
        del sizes["input_dimension"]  # as many as the data need
    return instance_from_sizes(statement, sizes)


def _lengths(name: str, value: int) -> set[int]:
    return {value, value + 1} if name == "depth" else {value}


def examine(statements: Iterable[Statement]) -> None:
    """Probe each statement and its false variants with every engine; NotInForm with one sentence about the first that is wrong.

    All forms of one id must name the same axes. What cannot be measured at all is left to the decisions, which say why: the tiny instance
    need not meet the assumptions.
    """
    for statement in statements:
        variants = [statement.variant(variant.name) for variant in statement.variants]
        for forms in (registry.forms(statement.id), *([variant] for variant in variants)):
            places = [(one, engine) for one in forms for engine in one.engines]
            found = {(one.architecture, engine): _examined(one, engine) for one, engine in places}
            named = {place: axes for place, axes in found.items() if axes is not None}
            if len(set(named.values())) > 1:
                words = "; ".join(f"({', '.join(axes)}) on {' networks by '.join(place)}" for place, axes in named.items())
                raise NotInForm(f"statement {statement.id!r} must measure along the same axes everywhere, not along {words}")


def _examined(statement: Statement, engine: Engine) -> tuple[str, ...] | None:
    try:
        return axes_of(statement, engine)
    except NotInForm:
        raise
    except Exception:
        return None

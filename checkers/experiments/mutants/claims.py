"""Mutants of what a statement claims: stronger exponents, dropped logarithms, constants below the sharp ones.

Which of two formulas claims more is decided at the corners of the statement's regime: an upper bound that is smaller there, a lower one
that is larger. A definition that the bound does not read, and the measure does (a step size, a number of nonzeros), has no stronger side
that a formula knows: both are tried. Failure probabilities are left as they are: a rate too small to be seen is refuted by no check.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from checkers.experiments.mutants.mutant import Mutant
from strategies.data import ALL_SHAPES, SHAPES
from strategies.region import ORDER, Region, box
from theorems.language.formula import SYMBOLS, Formula, FormulaError
from theorems.language.instance import QUANTITIES, Instance
from theorems.language.mutation import Mutation, mutations
from theorems.language.statement import Statement

BELOW: Final = 0.9  # of a sharp constant
WALKS: Final = 24  # random corners of the regime, for each shape of data
SHAPES_TRIED: Final = 3  # of data: the side of a formula is that of its sizes, which shapes limit little
SAME: Final = 1e-9  # of a factor: rounding of a formula
GIVEN: Final = (1e-6, 1.0, 1e6)  # what a measure may give, where a formula's terms compete


def corners(statement: Statement) -> list[Instance]:
    """Sizes at the ends of the regime: all quantities as small as can be, all as large, and WALKS between. Without data."""
    names = [name for choice in statement.data for name in (SHAPES if choice == "any" else (choice,))]
    draw = random.Random(f"corners of {statement.id} on {statement.architecture}")
    found: dict[tuple[float, ...], Instance] = {}
    for shape in list(dict.fromkeys(names))[:SHAPES_TRIED]:
        with suppress(ValueError):
            region = Region(statement, box(statement), shape) if shape in ALL_SHAPES else None
            if region is None or region.complete(()) is None:
                continue
            for walk in range(WALKS + 2):
                values: tuple[float, ...] = ()
                for _ in ORDER:
                    low, high, _known = region.choices(values)
                    values = (*values, (low, high)[walk] if walk < 2 else draw.choice((low, high)))
                found[values] = Instance(**dict(zip(ORDER, values, strict=True)))  # type: ignore[arg-type]
    return list(found.values())


def claim_mutants(statement: Statement) -> Iterator[Mutant]:
    """Every mutant of the bounds and definitions, no two of one claim."""
    instances = corners(statement)
    also = tuple(QUANTITIES[name][0] for name in statement.axes)
    several = len(statement.bounds) > 1
    for place, bound in enumerate(statement.bounds):
        label = f"bound {place + 1}" if several else "bound"
        zeros = tuple(symbol for symbol in also if not any(symbol in one.names for one in statement.whole_bounds))
        for mutation in mutations(bound, zeros):
            yield from _stronger(statement, mutation, label, instances, part=place, changes=lambda formula, place=place: {
                statement_side(statement): tuple(formula.text if k == place else one.text for k, one in enumerate(statement.bounds))
            })  # fmt: skip
    for name, text in statement.definitions.items():
        for mutation in mutations(Formula(text)):
            yield from _stronger(statement, mutation, name, instances, part=None, changes=lambda formula, name=name: {
                "definitions": {**statement.definitions, name: formula.text}
            })  # fmt: skip
    for name, constant in statement.constants.items():
        if constant.sharp is not None:
            value = constant.sharp * BELOW if statement.at_most else constant.sharp / BELOW
            changed = {**statement.constants, name: dataclasses.replace(constant, value=value)}
            yield Mutant(
                name=f"{name} at {BELOW:g} of the sharp {constant.sharp:g}", kind="constant", claim=f"{name} = {value:g}",
                alternatives=({"constants": changed},), reach=math.inf,
            )  # fmt: skip


def statement_side(statement: Statement) -> str:
    """The field of its bound."""
    return "at_most" if statement.at_most else "at_least"


def _stronger(
    statement: Statement, mutation: Mutation, place: str, instances: Sequence[Instance], *, part: int | None, changes: Any
) -> Iterator[Mutant]:
    """The mutant whose claim is the stronger one; none where no choice is."""
    tried = [(formula, power, changes(formula)) for formula, power in mutation.choices]
    factors = [_strength(statement, dataclasses.replace(statement, **change), instances) for _, _, change in tried]
    unread = all(factor is None for factor, _, _ in factors)
    kept = [
        (formula, power, change, factor)
        for (formula, power, change), factor in zip(tried, factors, strict=True)
        if unread or (factor[0] is not None and factor[0] >= 1 - SAME)
    ]
    if not unread:
        kept = sorted(kept, key=lambda one: -(one[3][0] or 0.0))[:1]
    if not kept:
        return
    factor, where, alone = kept[0][3]
    term = f" in {mutation.term}" if mutation.term else ""
    by = "dropped" if mutation.change == "dropped" else f"{'off' if unread and len(kept) > 1 else 'stronger'} by {mutation.change}"
    words = [text for formula, _, change, _ in kept for text in [formula.text if unread else _text(statement, change)]]
    new = [dataclasses.replace(statement, **change).whole_bounds for _, _, change, _ in kept]
    claimed, power = _powers(statement.whole_bounds[part], new[0][part], mutation.symbol) if part is not None else (0.0, 0.0)
    changed = Formula(mutation.factor).names & SYMBOLS.keys() if part is not None and claimed == power else set()
    yield Mutant(
        name=f"{place}: {mutation.factor} {by}{term}", kind=mutation.kind, claim=" or ".join(words),
        alternatives=tuple(change for _, _, change, _ in kept), part=part or 0, symbol=mutation.symbol if claimed != power else "",
        claimed=claimed, power=power, symbols=tuple(sorted(changed)),
        reach=math.inf if factor is None else factor, where=where, alone=alone and not unread,
    )  # fmt: skip


def _powers(old: Formula, new: Formula, symbol: str) -> tuple[float, float]:
    """The power of a symbol in two bounds that differ in it alone; the same twice where they differ otherwise."""
    base, shift = (new.expression / old.expression).as_base_exp()
    if not (symbol and base.is_Symbol and base.name == symbol and shift.is_number):
        return 0.0, 0.0
    claimed = old.exponent(symbol) if symbol in old.names else 0.0
    return claimed, claimed + float(shift)


def _text(statement: Statement, change: Mapping[str, Any]) -> str:
    """What changed, as a formula."""
    if "definitions" in change:
        return "; ".join(f"{name} = {text}" for name, text in change["definitions"].items() if text != statement.definitions[name])
    ((side, texts),) = change.items()
    return ", ".join(f"{side.replace('_', ' ')} {new}" for new, old in zip(texts, statement.bounds, strict=True) if new != old.text)


def _strength(statement: Statement, mutated: Statement, instances: Sequence[Instance]) -> tuple[float | None, dict[str, float], bool]:
    """By which factor the mutant's bounds are stronger, where that is most (below 1: weaker; None: the bounds do not know the change), the
    sizes there, and whether what a measure gives plays no part."""
    pairs = [
        (one, other) for one, other in zip(statement.whole_bounds, mutated.whole_bounds, strict=True) if one.expression != other.expression
    ]
    if not pairs:
        return None, {}, False
    extreme, where, alone = 0.0, {}, True
    given = any((one.names | other.names) - SYMBOLS.keys() - statement.constants.keys() for one, other in pairs)
    towards = 1.0 if statement.at_most else -1.0
    for instance in instances:
        seen = []
        for number in GIVEN:
            try:
                seen += [towards * math.log(_value(statement, one, instance, number) / _value(mutated, other, instance, number))
                         for one, other in pairs]  # fmt: skip
            except (ArithmeticError, FormulaError, ValueError):
                alone = alone and not given  # nobody knows what such a number would have shown
        if not seen:
            continue
        alone = alone and max(seen) - min(seen) <= SAME * (1 + max(map(abs, seen)))
        furthest = max(seen, key=abs)
        if abs(furthest) > abs(extreme):
            extreme, where = furthest, {QUANTITIES[name][0]: instance.quantity(name) for name in statement.ranges}
    return math.exp(max(min(extreme, 700.0), -700.0)), where, alone


def _value(statement: Statement, bound: Formula, instance: Instance, given: float) -> float:
    values = dict.fromkeys(bound.names - SYMBOLS.keys(), given) | statement.constant_values(instance)
    value = float(bound(instance, **values))
    if not 0 < value < math.inf:
        raise ArithmeticError(f"{bound} is {value}")
    return value

"""What the fields of a declaration may hold: a mistake is named by its field when the declaring module is imported."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from theorems.language.formula import SYMBOLS, Formula
from theorems.language.statement import KINDS, Assumption, Certificate, Constant, FailureProbability, Statement, Variant

TEXTS = ("source", "claim", "theory", "architecture", "attack", "note")
NAMES = ("rests_on", "engines", "data", "labels", "adversary", "start")
PARTS = {"assumptions": Assumption, "waived": Assumption, "variants": Variant}


def mistake(statement: Statement) -> str:
    """The first field that holds something of another kind than it is for: `field 'constants': 'C' must be a Constant, not 1.0`; or ""."""
    for field in (one for one in _mistakes(statement) if one):
        return field
    return ""


def _mistakes(one: Statement) -> Iterable[str]:
    for name in TEXTS:
        yield _must(name, isinstance(getattr(one, name), str), "a text", getattr(one, name))
    for name in NAMES:
        value = getattr(one, name)
        listed = isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(entry, str) for entry in value)
        yield _must(name, listed, "a tuple of names", value)
    for name, kind in PARTS.items():
        value = getattr(one, name)
        listed = isinstance(value, Sequence) and all(isinstance(entry, kind) for entry in value)
        yield _must(name, listed, f"a tuple of {kind.__name__}", value)
    for name in ("ranges", "beyond"):
        yield _each(name, getattr(one, name), _is_pair, "a pair of numbers, lowest first")
    yield _each("constants", one.constants, _is_constant, "a Constant with a finite value")
    yield _each("constants", one.constants, _is_table, "a Constant with a finite value in each of increasing bands of sizes")
    yield _each("exponents", one.exponents, _is_number, "a number")
    yield _each("options", one.options, lambda value: isinstance(value, int | float), "a number")
    yield _must("exact", isinstance(one.exact, bool), "True or False", one.exact)
    yield _must("trained", isinstance(one.trained, bool), "True or False", one.trained)
    known_kinds = get_args(Certificate)
    yield _must("certificate", one.certificate in known_kinds, f"one of {', '.join(map(repr, known_kinds))}", one.certificate)
    yield _each("sharp", one.sharp, _is_number, "a number")
    sizes = {name: value for name, value in one.tight.items() if name not in KINDS}
    known = {*SYMBOLS, *one.constants}
    yield _each("tight", sizes, lambda value: _is_number(value) or (isinstance(value, str) and Formula(value).names <= known),
                "a number, or a formula in sizes and constants")  # fmt: skip
    yield _must("passes", type(one.passes) is int and one.passes >= 1, "a positive integer", one.passes)
    yield _must("trials", type(one.trials) is int and one.trials >= 1, "a positive integer", one.trials)
    yield _must("variance", _is_number(one.variance) and one.variance > 0, "a positive number", one.variance)
    for assumption in (*one.assumptions, *one.waived):
        yield _must("assumptions", callable(assumption.bound), "bounded by a function of an instance", assumption.bound)
    for variant in one.variants:
        sound = isinstance(variant.name, str) and isinstance(variant.changes, Mapping)
        yield _must("variants", sound, "Variant(name, kind, changes), with changes by field", variant)
    failing = isinstance(one.failure, FailureProbability) and callable(one.failure.bound)
    yield _must("failure", failing, "a FailureProbability(formula, function)", one.failure)
    yield _must("measure", callable(one.measure), "a function", one.measure)
    for name in ("at_most", "at_least"):
        value = getattr(one, name)
        sound = isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(part, str) for part in value))
        yield _must(name, sound, "a formula, or a tuple of them", value)
    texts = (one.proved,) if isinstance(one.proved, str) else one.proved
    fitting = isinstance(texts, tuple) and all(isinstance(part, str) for part in texts) and len(texts) in (0, len(one.bounds))
    yield _must("proved", fitting, "a formula for each of the bounds, or empty", one.proved)
    yield _each("definitions", one.definitions, lambda value: isinstance(value, str), "a formula")
    known = {*SYMBOLS, *one.constants}
    for name, formula in one.definitions.items():
        unknown = Formula(formula).names - known
        yield f"field 'definitions': {name!r} speaks of {', '.join(sorted(unknown))}, which nothing gives" if unknown else ""
        known.add(name)
    yield _must("reach", isinstance(one.reach, str), "a formula", one.reach)
    bounded = not one.reach or (bool(one.at_most) and all(bound.names <= known for bound in (Formula(one.reach), *one.bounds)))
    yield _must("reach", bounded, "empty, but for an upper bound that sizes and constants give", one.reach)
    yield _must("at_least", not (one.at_most and one.at_least), "empty where at_most is given", one.at_least)
    scaled = isinstance(one.scales, tuple) and all(isinstance(name, str) for name in one.scales)
    yield _must("scales", scaled and bool(one.bounds or not one.scales), "a tuple of quantities, of a bound that is a formula", one.scales)
    yield _called("measure", "subject", one.measure, one.asked)
    yield _called("failure", "instance", one.failure.bound, one.constants)


def _must(field: str, holds: bool, wanted: str, value: object) -> str:
    return "" if holds else f"field {field!r} must be {wanted}, not {_short(value)}"


def _each(field: str, values: object, sound: Callable[[Any], bool], wanted: str) -> str:
    if not isinstance(values, Mapping):
        return f"field {field!r} must be a dictionary by name, not {_short(values)}"
    for name, value in values.items():
        if not isinstance(name, str) or not sound(value):
            return f"field {field!r}: {name!r} must be {wanted}, not {_short(value)}"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_pair(value: object) -> bool:
    # whether it is empty or infinite is said by the registry
    return isinstance(value, Sequence) and len(value) == 2 and all(isinstance(end, int | float) for end in value)


def _is_constant(value: object) -> bool:
    if not (isinstance(value, Constant) and _is_number(value.value) and (value.sharp is None or _is_number(value.sharp))):
        return False
    return value.finite is None or (_is_number(value.finite.room) and Formula(value.finite.term).names <= SYMBOLS.keys())


def _is_table(constant: Constant) -> bool:
    """Whether it has no bands, or bands of a size, from the lowest on, and a number for each."""
    bands, values = constant.bands, constant.values
    if bands is None:
        return True
    numbers = all(_is_number(one) for one in (*bands.edges, *values)) and len(values) == len(bands.edges) + 1
    return numbers and Formula(bands.by).names <= SYMBOLS.keys() and all(low < high for low, high in bands.limits)


def _called(field: str, first: str, function: Callable[..., Any], constants: Iterable[str]) -> str:
    """A function of a field is called with one argument and every declared constant by its name."""
    try:
        inspect.signature(function).bind(None, **dict.fromkeys(constants))
    except TypeError as error:
        return f"field {field!r} is called with ({', '.join([first, *constants])}): {error}"
    except ValueError:  # a function in C that does not say what it takes
        pass
    return ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

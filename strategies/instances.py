"""Instances of a statement, for anybody's @given, and the same instances rebuilt from their sizes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from strategies.data import ALL_SHAPES, SHAPES, data_set
from strategies.labels import LABELS, label_set
from strategies.region import ORDER, SEPARATIONS, Region, box
from strategies.sizes import radii, sizes
from theorems.language.instance import INTEGER_QUANTITIES, ODD, QUANTITIES, Array, Instance
from theorems.language.statement import Range, Statement
from theorems.language.subject import Comparison

_SEEDS: Final = 2**32
REALS: Final = frozenset(QUANTITIES) - INTEGER_QUANTITIES
LABELLED: Final = tuple(name for name in LABELS if name not in ("none", "fitted"))  # numbers, for whatever reads them


def instances(statement: Statement, *, limits: Mapping[str, Range] | None = None) -> SearchStrategy[Instance]:
    """Instances that satisfy every assumption of the statement, by construction: nothing is filtered away.

    The quantities that the statement ranges over are log-uniform in their range, narrowed by `limits` (quantity -> (low, high)) and
    by what region.py finds to be possible; data that need more room than the range of input_dimension has are not drawn. The others
    keep Instance's default, except that the separation of several samples varies in SEPARATIONS, and that input_dimension is what the
    data need. Data and labels come from a drawn seed.
    Shrinks to the simplest data and labels, low sizes, large radii, seed 0. Raises ValueError if no instance is inside.
    """
    ranges = box(statement, limits)
    names = _names("data", statement.data, ALL_SHAPES, tuple(SHAPES))
    if set(statement.engines) <= {"vectors", "exact law"}:
        names = [name for name in names if name == "random"] or names  # no data are looked at: the cheapest will do
    labels = _names("labels", statement.labels, LABELS, LABELLED)

    @cache
    def region(shape: str) -> Region | None:
        found = Region(statement, ranges, shape)
        return None if found.complete(()) is None else found

    if not any(region(name) for name in names):
        raise ValueError(f"{statement.id} has no instance that meets its assumptions within its ranges and limits")

    @st.composite
    def draw_instance(draw: DrawFn) -> Instance:
        shape = draw(st.sampled_from([name for name in names if region(name)]))
        chosen = region(shape)
        assert chosen is not None
        values: tuple[int | float, ...] = ()
        for name in ORDER:
            low, high, known = chosen.choices(values)
            value = low
            if ranges[name][0] < ranges[name][1]:
                value = draw(sizes(int(low), int(high)) if name in INTEGER_QUANTITIES else radii(low, high))
            if name in ODD:
                value -= 1 - int(value) % 2  # not below `low`, which is odd
            # Where the bounds are not monotone, the interval may have a hole; its values stand for the one known to be outside it.
            values = (*values, value if chosen.complete((*values, value)) is not None else known)
        drawn: dict[str, int | float | str] = dict(zip(ORDER, values, strict=True))
        drawn |= {"data": shape, "labels": draw(st.sampled_from(labels)), "data_seed": draw(st.integers(0, _SEEDS - 1))}
        return instance_from_sizes(statement, drawn)

    return draw_instance()


def instance_from_sizes(statement: Statement | None, sizes: Mapping[str, int | float | str]) -> Instance:
    """The instance with these scalar fields (Instance.sizes()), its data and labels drawn again from data_seed.

    Equal sizes give equal arrays. Missing fields: data and labels are the first that the statement allows, separation is half of what
    the data could promise (at most 1), input_dimension the least of the statement's range that they fit into, the rest Instance's defaults.
    Raises ValueError naming a field that cannot be right.
    """
    known = {*QUANTITIES, "data", "labels", "data_seed"}
    for name, value in sizes.items():
        if name not in known:
            raise ValueError(f"unknown field {name!r} of an instance; known: {', '.join(sorted(known))}")
        if name in INTEGER_QUANTITIES and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} must be a positive integer, not {value!r}")
        if name in ODD and int(value) % 2 == 0:
            raise ValueError(f"{name} must be odd, not {value!r}")
        if name in REALS and not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be a finite number that is not negative, not {value!r}")
        if name == "data_seed" and not (isinstance(value, int) and 0 <= value < _SEEDS):
            raise ValueError(f"data_seed must be an integer from 0 to 2^32 - 1, not {value!r}")
    if "width" not in sizes:
        raise ValueError("an instance needs a width")
    fields: dict[str, Any] = {name: float(value) if name in REALS else value for name, value in sizes.items()}
    fields.setdefault("data", _names("data", statement.data, ALL_SHAPES, tuple(SHAPES))[0] if statement else "random")
    fields.setdefault("labels", _names("labels", statement.labels, LABELS, LABELLED)[0] if statement else "none")
    samples, dimension = fields.setdefault("samples", 1), fields.get("input_dimension")
    shape = ALL_SHAPES.get(fields["data"])
    least, highest = statement.ranges.get("input_dimension", (2, math.inf)) if statement else (2, math.inf)
    if "separation" not in fields and shape:
        most = shape.largest_separation(samples, dimension or shape.best_dimension(samples, highest))
        fields["separation"] = min(1.0, most / 2)
    if dimension is None and least > 2 and shape:
        dimension = max(math.ceil(least), shape.minimum_dimension(samples, fields["separation"]))
    seed = fields.setdefault("data_seed", 0)
    inputs = data_set(fields["data"], _generator(seed, 0), samples, dimension, fields.get("separation", 1.0))
    fields["input_dimension"] = inputs.shape[1]
    targets = label_set(fields["labels"], _generator(seed, 1), inputs, fields.get("outputs", 1))
    return Instance(**fields, inputs=inputs, targets=targets)


def data_sets(
    *,
    samples: tuple[int, int] = (1, 16),
    separation: tuple[float, float] = SEPARATIONS,
    shapes: Sequence[str] = tuple(SHAPES),
) -> SearchStrategy[Array]:
    """Data sets as the paper wants them, (samples, input_dimension): n and delta log-uniform in the given ranges, unit rows, last
    coordinate 1/sqrt 2, pairwise at least delta apart; the dimension is the least that the shape needs for n and delta."""

    def measure(subject: object) -> Comparison:
        raise NotImplementedError

    ranges = {"samples": samples, "separation": separation}
    for name, (low, high) in ranges.items():
        if not 0 < low <= high:
            raise ValueError(f"data sets need 0 < low <= high for {name}, not low = {low} and high = {high}")
    statement = Statement(id="data", source="", claim="", kind="identity", measure=measure, ranges=ranges, data=tuple(shapes))
    return instances(statement).map(lambda instance: instance.inputs)


def label_sets(inputs: Array, *, outputs: int = 1, kinds: Sequence[str] = LABELLED) -> SearchStrategy[Array]:
    """Labels for these inputs, (samples, outputs): a kind and a seed are drawn. Shrinks to the first of the kinds in LABELS."""
    names = _names("labels", tuple(kinds), LABELS, LABELLED)
    if not names:
        raise ValueError(f"labels need at least one kind; known: {', '.join(LABELLED)}")
    if outputs < 1:
        raise ValueError(f"labels need outputs >= 1, not {outputs}")

    def labels(name: str, seed: int) -> Array:
        return label_set(name, _generator(seed, 1), inputs, outputs)

    return st.builds(labels, st.sampled_from(names), st.integers(0, _SEEDS - 1))


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, stream])))


def _names(kind: str, chosen: Sequence[str], known: Mapping[str, object], every: Sequence[str]) -> list[str]:
    """The chosen names, "any" replaced by all valid ones, in the order of `known`."""
    wanted = {name for choice in chosen for name in (every if choice == "any" else (choice,))}
    for name in wanted:
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    return [name for name in known if name in wanted]

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from strategies import digits
from strategies.data import FAULTY_SHAPES, SHAPES, check_data
from strategies.instances import LABELLED, instance_from_sizes, instances
from theorems.language.instance import Instance
from theorems.language.statement import Assumption, Range, Statement
from theorems.language.subject import Comparison

QUIET = settings(derandomize=True, database=None, deadline=None, max_examples=60, phases=(Phase.generate, Phase.shrink))
log = math.log


def measure(subject: object) -> Comparison:
    raise NotImplementedError


def stated(ranges: Mapping[str, Range], *assumptions: Assumption, **more: Any) -> Statement:
    return Statement(id="synthetic", source="", claim="", kind="declared", measure=measure, ranges=ranges, assumptions=assumptions, **more)


WIDE = Assumption("wide", "m >= nL log(nL)", "width", ">=", lambda i, c: c * i.samples * i.depth * log(i.samples * i.depth), {"c": 4.0})
SPARSE = Assumption("sparse", "s <= m/(L log m)", "sparsity", "<=", lambda i, c: c * i.width / (i.depth * log(i.width)), {"c": 0.5})
FEW = Assumption("few outputs", "d <= m/(L log m)", "outputs", "<=", lambda i: i.width / (i.depth * log(i.width)))
CLOSE = Assumption("close", "delta <= c/L", "separation", "<=", lambda i, c: c / i.depth, {"c": 0.5})
NEAR = Assumption("near", "omega <= c/(L^4.5 log^3 m)", "radius", "<=", lambda i: i.depth**-4.5 * log(i.width) ** -3)
FAR = Assumption("far", "omega >= (d/(mL log m))^1.5", "radius", ">=", lambda i: (i.outputs / (i.width * i.depth * log(i.width))) ** 1.5)
GRADIENT = Assumption("small", "omega <= delta^1.5/n^4.5", "radius", "<=", lambda i: i.quantity("separation") ** 1.5 / i.samples**4.5)
COARSE = Assumption("coarse", "eps >= sqrt((L+1)/m)", "tolerance", ">=", lambda i: math.sqrt((i.depth + 1) / i.width))
HUGE = Assumption("huge", "m >= n^24 L^12 d/delta^8", "width", ">=", lambda i: i.samples**24 * i.depth**12 * i.outputs / i.separation**8)
ROOMY = Assumption("roomy", "d_in >= 2n", "input_dimension", ">=", lambda i: 2 * i.samples)
MIDDLE = Assumption("deep", "L >= log m", "depth", ">=", lambda i: log(i.width))  # one quantity large for WIDE, small for this
SIZES: dict[str, Range] = {"width": (64, 4096), "depth": (1, 32), "samples": (1, 32)}

STATEMENTS = {
    "no assumption": stated({"width": (64, 1e12)}),
    "all sizes": stated(SIZES, WIDE),
    "sparsity": stated({"width": (16, 1e12), "depth": (1, 64), "sparsity": (1, 1e9)}, SPARSE),
    "outputs before width": stated(SIZES | {"outputs": (1, 512)}, WIDE, FEW, labels=("any",)),
    "separation": stated(SIZES | {"separation": (0.01, 1)}, CLOSE),
    "radius from both sides": stated(SIZES | {"radius": (1e-9, 1), "outputs": (1, 64)}, NEAR, FAR, FEW),
    "radius and separation": stated(SIZES | {"radius": (1e-12, 1), "separation": (1e-6, 1.5)}, NEAR, GRADIENT, CLOSE),
    "tolerance": stated(SIZES | {"tolerance": (0.05, 1)}, COARSE),
    "astronomical width": stated({"width": (64, 2**24), "depth": (1, 16), "samples": (1, 16), "separation": (0.05, 1.4)}, HUGE, CLOSE),
    "input dimension": stated(SIZES | {"input_dimension": (2, 100), "separation": (0.1, 1)}, ROOMY),
    "conflict": stated({"width": (2, 1e6), "depth": (2, 32), "samples": (2, 8)}, WIDE, MIDDLE),
    "faulty data": stated(SIZES | {"separation": (0.1, 1)}, CLOSE, data=("forgotten pair", "duplicate rows")),
    "laws only": stated({"width": (64, 1e12), "samples": (1, 8)}, engines=("exact law",)),
    "one width": stated({"width": (128, 128), "samples": (4, 4), "separation": (1, 1)}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_instance_is_inside(name: str) -> None:
    statement = STATEMENTS[name]

    @QUIET
    @given(instances(statement))
    def inside(instance: Instance) -> None:
        assert statement.inside(instance)
        for quantity, (low, high) in statement.ranges.items():
            assert low <= instance.quantity(quantity) <= high
        if instance.data in SHAPES:
            check_data(instance.inputs, promised=instance.separation)
        assert instance.inputs.shape == (instance.samples, instance.input_dimension)
        assert instance.targets.shape == ((0, 0) if instance.labels == "none" else (instance.samples, instance.outputs))
        rebuilt = instance_from_sizes(statement, instance.sizes())
        assert rebuilt == instance
        assert rebuilt.key() == instance.key() == instance_from_sizes(None, instance.sizes()).key()

    inside()


@pytest.mark.parametrize("name", STATEMENTS)
def test_instances_shrink_to_the_simplest(name: str) -> None:
    simplest = find(instances(STATEMENTS[name]), lambda instance: True, settings=QUIET)
    ranges = STATEMENTS[name].ranges
    assert simplest.data_seed == 0
    if name == "conflict":  # L >= log m and m >= 4nL log(nL) with n = 2: the least depth is 5, where m = 93 to 148 will do
        assert (simplest.depth, simplest.samples, simplest.width) == (5, 2, 93)
    elif name == "faulty data":
        assert (simplest.depth, simplest.samples, simplest.width, simplest.data) == (1, 2, 64, "forgotten pair")
    else:
        # delta = 1/2 at most where delta <= 1/(2L), so m >= 1/delta^8 starts at 256
        assert simplest.width == (256 if name == "astronomical width" else ranges["width"][0])
        assert simplest.depth == 1
        assert simplest.samples == ranges.get("samples", (1, 1))[0]
        assert simplest.data == ("random" if name != "one width" else "orthogonal")


def test_shrinking_finds_the_least_sizes_and_the_largest_radius() -> None:
    statement = STATEMENTS["radius from both sides"]
    found = find(instances(statement), lambda i: i.width * i.depth >= 1000 and i.samples >= 3, settings=QUIET)
    assert (found.width, found.depth, found.samples, found.outputs, found.data) == (1000, 1, 3, 1, "random")
    assert found.radius == pytest.approx(NEAR.limit(found))


def test_the_whole_range_is_reached() -> None:
    seen: list[Instance] = []

    @settings(QUIET, max_examples=400)
    @given(instances(stated(SIZES | {"separation": (0.01, 1)}, WIDE, CLOSE, data=("any", "forgotten pair"), labels=("any",))))
    def collect(instance: Instance) -> None:
        seen.append(instance)

    collect()
    assert {i.data for i in seen} == {*SHAPES, "forgotten pair"}
    assert {i.labels for i in seen} == set(LABELLED)
    for quantity, (low, high) in SIZES.items():
        assert {math.frexp(i.quantity(quantity))[1] for i in seen} >= set(range(math.frexp(low)[1], math.frexp(high)[1]))
    assert min(i.separation for i in seen) < 0.012
    assert max(i.separation for i in seen) == 0.5
    assert len({i.data_seed for i in seen}) > 30  # Hypothesis likes to repeat itself


def test_limits_narrow_the_ranges() -> None:
    @QUIET
    @given(instances(STATEMENTS["all sizes"], limits={"width": (100, 1e9), "samples": (3, 4.5)}))
    def narrowed(instance: Instance) -> None:
        assert 100 <= instance.width <= 4096
        assert 3 <= instance.samples <= 4

    narrowed()


def test_data_that_need_no_look_are_simple() -> None:
    @QUIET
    @given(instances(STATEMENTS["laws only"]))
    def simple(instance: Instance) -> None:
        assert instance.data == "random"

    simple()


def test_no_health_check_complains() -> None:
    """Also not on the first draw of digits, which loads them; with Hypothesis's own deadline and health checks."""

    @settings(derandomize=True, database=None, max_examples=30)
    @given(instances(stated({"width": (64, 4096), "samples": (32, 64)}, data=("any", *FAULTY_SHAPES))))
    def drawn(instance: Instance) -> None: ...

    digits.images.cache_clear()
    digits.neighbours.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn()


@pytest.mark.parametrize(
    ("statement", "limits", "complaint"),
    [
        (STATEMENTS["all sizes"], {"width": (8192, 9000)}, "synthetic leaves no width within its range and the limits"),
        (STATEMENTS["all sizes"], {"breadth": (1, 2)}, "unknown quantity 'breadth' in the limits; known: width, "),
        (stated({"width": (64, 100), "depth": (99, 99)}, WIDE), {}, "synthetic has no instance that meets its assumptions"),
        (stated({"width": (64, 64)}, data=("heap",)), {}, "unknown data 'heap'; known: random"),
        (stated({"width": (64, 64)}, labels=("heap",)), {}, "unknown labels 'heap'; known: none"),
        (stated({"width": (64, 64)}, data=("duplicate rows",)), {}, "synthetic has no instance"),
        (stated({"width": (64, 64)}, FAR), {}, "synthetic has no instance"),  # the radius stays 0
    ],
)
def test_impossible_statements_are_refused(statement: Statement, limits: dict[str, Range], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        instances(statement, limits=limits)


def test_missing_sizes_are_filled_in() -> None:
    instance = instance_from_sizes(None, {"width": 64, "samples": 5, "data": "arc"})
    assert (instance.input_dimension, instance.labels) == (3, "none")
    assert instance.separation == pytest.approx(math.sqrt(0.5) * math.sin(math.pi / 5))
    instance = instance_from_sizes(STATEMENTS["faulty data"], {"width": 64, "samples": 5, "separation": 1})
    assert (instance.input_dimension, instance.data, instance.separation) == (6, "forgotten pair", 1.0)
    assert isinstance(instance.separation, float)
    instance = instance_from_sizes(None, {"width": 64, "samples": 5, "input_dimension": 3})
    assert check_data(instance.inputs, promised=instance.separation).shape == (5, 3)


def test_seeds_change_data_and_labels_alone() -> None:
    sizes: dict[str, int | float | str] = {"width": 64, "samples": 5, "outputs": 2, "labels": "random", "input_dimension": 20}
    one, other = (instance_from_sizes(None, sizes | {"data_seed": seed}) for seed in (0, 1))
    assert not np.array_equal(one.inputs, other.inputs)
    assert not np.array_equal(one.targets, other.targets)


@pytest.mark.parametrize(
    ("sizes", "complaint"),
    [
        ({}, "an instance needs a width"),
        ({"width": 0}, "width must be a positive integer, not 0"),
        ({"width": 64.0}, "width must be a positive integer, not 64.0"),
        ({"width": 64, "breadth": 1}, "unknown field 'breadth' of an instance; known: data, "),
        ({"width": 64, "tolerance": math.nan}, "tolerance must be a finite number that is not negative, not nan"),
        ({"width": 64, "data_seed": -1}, "data_seed must be an integer from 0"),
        ({"width": 64, "data": "heap"}, "unknown data shape 'heap'; known: random"),
        ({"width": 64, "labels": "heap"}, "unknown labels 'heap'; known: none"),
        ({"width": 64, "samples": 9, "separation": 1.2}, "'random' cannot promise separation 1.2 for 9 samples; the largest is 0.9"),
        ({"width": 64, "samples": 2, "input_dimension": 2}, "these sizes do not fit the shape"),
        ({"width": 64, "samples": 1798, "data": "digits"}, "for 1798 samples; these sizes do not fit the shape"),
        ({"width": 64, "samples": 2, "data": "digits", "input_dimension": 70}, "these sizes do not fit the shape"),
    ],
)
def test_bad_sizes_are_refused(sizes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        instance_from_sizes(None, sizes)

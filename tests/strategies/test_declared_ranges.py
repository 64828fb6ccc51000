"""What is drawn lies inside the ranges that a statement declares: in searches, beyond the regime, on ladders, for users' statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from checkers.evidence.profiles import PROFILES
from checkers.experiments.scaling import ladder
from checkers.fuzzing.populations import first_possible
from strategies import instance_from_sizes, instances
from strategies.data import ALL_SHAPES, SPHERE_SHAPES
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED, INPUTS, Range, Statement
from theorems.language.subject import Comparison

DRAWS = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
QUICK = PROFILES["quick"]
CELLS = registry.cells()


def drawn(strategy: SearchStrategy[Instance], count: int) -> list[Instance]:
    seen: list[Instance] = []

    @settings(DRAWS, max_examples=count)
    @given(strategy)
    def look(instance: Instance) -> None:
        seen.append(instance)

    look()
    return seen


def assert_inside(instance: Instance, ranges: Mapping[str, Range]) -> None:
    for name, (low, high) in ranges.items():
        assert low <= instance.quantity(name) <= high, f"{name} of {instance.sizes()}"


def searched(statement: Statement) -> Iterator[tuple[Statement, Mapping[str, Range]]]:
    """Everything that `check` and `power` draw from, as statements and limits."""
    for profile in (QUICK, PROFILES["thorough"]):
        yield from ((statement, limits) for limits in profile.populations(statement))
        if statement.beyond:
            yield from ((statement.beyond_regime(), limits) for limits in profile.populations(statement.beyond_regime()))
    for name in [variant.name for variant in statement.variants]:
        yield from ((statement.variant(name), limits) for limits in QUICK.populations(statement.variant(name)))


@pytest.mark.parametrize(("identifier", "architecture"), CELLS, ids=[f"{name}, {where}" for name, where in CELLS])
def test_searches_draw_inside_the_declared_ranges(identifier: str, architecture: str) -> None:
    for statement, limits in searched(registry.form(identifier, architecture)):
        for instance in drawn(instances(statement, limits=limits), 8):
            assert_inside(instance, statement.ranges)


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
def test_far_instances_and_ladders_are_inside_the_declared_ranges(statement: Statement) -> None:
    for choices in QUICK.far_populations(statement).values():
        limits = first_possible(statement, choices)
        assert limits is not None
        for instance in drawn(instances(statement, limits=limits), 3):
            assert_inside(instance, statement.ranges)
    for axis in ladder.axes(statement):
        for found in ladder.find(statement, axis, QUICK):
            for rung in range(len(found.values)):
                instance = instance_from_sizes(statement, found.sizes(rung, 1))
                assert_inside(instance, {**statement.ranges, axis: statement.ladders.get(axis, statement.ranges[axis])})


def measure(subject: object) -> Comparison:
    raise NotImplementedError


def own(dimensions: Range, samples: Range = (1, 6), data: tuple[str, ...] = ("any",)) -> Statement:
    ranges = {"width": (16, 2048), "samples": samples, "input_dimension": dimensions, "separation": (0.01, 1.4)}
    return Statement(id="own", source="", claim="", kind="declared", measure=measure, ranges=ranges, data=data)


@pytest.mark.parametrize(("dimensions", "shapes"), [
    ((2, 8), set(ALL_SHAPES) - {"digits"}),  # 261 were drawn here, for "random" data as far apart as any dimension allows
    ((2, 2), {"random", "orthogonal", "pairs", "arc", "antipodal", *SPHERE_SHAPES}),  # of one sample; on the sphere also of several
    ((20, 30), set(ALL_SHAPES) - {"digits"}),
    ((60, 70), set(ALL_SHAPES)),
    ((300, 400), set(ALL_SHAPES) - {"digits"}),
])  # fmt: skip
def test_data_that_need_another_dimension_are_not_drawn(dimensions: Range, shapes: set[str]) -> None:
    statement = own(dimensions, data=tuple(ALL_SHAPES))
    met = drawn(instances(statement), 400)
    for instance in met:
        assert_inside(instance, statement.ranges)
        assert instance.inputs.shape == (instance.samples, instance.input_dimension)
    assert {instance.data for instance in met} == shapes


def test_a_range_that_leaves_no_data_is_refused_in_one_sentence() -> None:
    for statement in (own((2, 8), data=("digits",)), own((2, 2), samples=(2, 6)), own((2, 3), samples=(4, 4), data=("orthogonal",))):
        with pytest.raises(ValueError, match=r"^own has no instance that meets its assumptions within its ranges and limits$"):
            instances(statement)


def test_sizes_without_a_dimension_get_one_of_the_range() -> None:
    assert instance_from_sizes(own((2, 8)), {"width": 64}).input_dimension == 2
    assert instance_from_sizes(own((20, 30)), {"width": 64, "samples": 3}).input_dimension == 20
    assert instance_from_sizes(own((2, 4)), {"width": 64, "samples": 6}).input_dimension <= 4


def test_our_own_statements_have_room_for_the_digits() -> None:
    for identifier, architecture in CELLS:
        highest = registry.form(identifier, architecture).ranges.get("input_dimension", INPUTS)[1]
        assert highest == INPUTS[1] == ALL_SHAPES["digits"].highest_dimension
    assert (registry["forward-norm"].architecture, INPUTS[0]) == (FULLY_CONNECTED, 2)

"""Corners: one quantity at the far end of what the regime leaves it, the others moderate, and every instance inside."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from checkers.evidence.profiles import PROFILES
from strategies import Corner, closest_pair, corners
from strategies.data import ALL_SHAPES
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Assumption, Constant, Range, Statement
from theorems.language.subject import Comparison

QUICK = PROFILES["quick"]
STANDARD = PROFILES["standard"]
DRAWS = settings(
    max_examples=3, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
)  # fmt: skip


def drawn(statement: Statement, corner: Corner) -> list[Instance]:
    met: list[Instance] = []

    @settings(DRAWS)
    @given(corner.instances(statement))
    def look(instance: Instance) -> None:
        met.append(instance)

    look()
    return met


def measure(subject: object) -> Comparison:
    raise NotImplementedError


def declared(ranges: Mapping[str, Range], *assumptions: Assumption) -> Statement:
    return Statement(id="own", source="", claim="", kind="declared", measure=measure, ranges=ranges, assumptions=assumptions)


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
def test_corners_are_inside_the_regime_with_the_quantity_at_its_end(statement: Statement) -> None:
    found = corners(statement, QUICK.populations(statement)[-1], QUICK.farther(statement))
    assert len({corner.name for corner in found}) == len(found)
    for corner in found:
        for instance in drawn(statement, corner):
            assert statement.inside(instance)
            # a real value is drawn as a power of two times a multiple of 1/128 of itself
            assert instance.quantity(corner.quantity) == pytest.approx(corner.value, rel=1e-2)
            if corner.quantity == "separation":
                assert closest_pair(instance.inputs)[2] == pytest.approx(corner.value, rel=1e-2)


def test_ends_are_the_farthest_that_the_assumptions_leave() -> None:
    wide = Assumption("width", "m >= 100 L^2 n/delta", "width", ">=", lambda i: 100 * i.depth**2 * i.samples / i.separation)
    ranges: dict[str, Range] = {"width": (16, 2**14), "depth": (1, 64), "samples": (1, 256), "separation": (1e-4, 1.0)}
    found = {corner.name: corner for corner in corners(declared(ranges, wide))}
    assert set(found) == {"depth most", "samples most", "separation least", "width most"}
    assert found["depth most"].value == 12  # 100 L^2 <= 2^14
    assert found["separation least"].value == pytest.approx(200 / 2**14, rel=1e-2), "of two samples at least"
    assert found["width most"].value == 2**14
    middle = found["width most"].limits
    assert middle["samples"][0] > 1, "where there is room, no other quantity is at its low end"
    assert middle["depth"][0] > 1


def test_a_quantity_that_the_regime_leaves_within_an_octave_has_no_corner() -> None:
    tight = Assumption("width", "m >= 10 L^4", "width", ">=", lambda i: 10 * i.depth**4)
    found = corners(declared({"width": (100, 150), "depth": (1, 64)}, tight))
    assert found == []


def test_every_kind_of_labels_stands_at_some_corner() -> None:
    statement = registry["semi-smoothness"]
    assert {corner.labels for corner in corners(statement, {"width": (64, 1024)})} == {"fitted"}, "where its bound is tight"
    anywhere = dataclasses.replace(statement, tight={})
    assert {corner.labels for corner in corners(anywhere, {"width": (64, 1024)})} == {"random", "signs", "fitted"}


def test_close_samples_may_take_more_width_than_a_search_affords() -> None:
    statement = registry["gradient-lower"]
    (closest,) = (corner for corner in corners(statement, {"width": (256, 2**14)}) if corner.name == "separation least")
    (closer,) = (corner for corner in corners(statement, {"width": (256, 2**14)}, QUICK.farther(statement)) if corner.name == closest.name)
    assert 0.02 < closer.value < 0.03 < closest.value / 4, "of three samples, where the bound is tight"


def test_corners_lie_where_the_bound_is_tight() -> None:
    """But in the quantity that is at its end, and where the regime has no such place."""
    statement = registry["gradient-lower"]
    found = {corner.name: corner for corner in corners(statement, {"width": (256, 2**14)}, QUICK.farther(statement))}
    most = found["outputs most"]
    assert (most.shape, most.limits["samples"], most.limits["separation"]) == ("arc", (3.0, 3.0), (0.1, 0.1))
    assert found["samples most"].limits["samples"] == (4, 4), "in a row, so far apart"
    assert found["depth most"].limits["samples"] == (1, 1), "as near to three as five layers leave room for"
    wide = {corner.name: corner for corner in corners(statement, {"width": (256, 2**14)}, STANDARD.farther(statement))}
    deep = wide["depth most"].limits
    assert (deep["depth"], deep["samples"], deep["separation"]) == ((3, 3), (3, 3), (0.1, 0.1))


def test_where_a_bound_is_tight_may_depend_on_other_sizes() -> None:
    """Evaluated at the corner's own end, where the corner is one of what it depends on."""
    ranges: dict[str, Range] = {"width": (16, 2**14), "samples": (1, 64), "radius": (1e-6, 0.5)}
    where: dict[str, float | str] = {"samples": 2, "width": "16 n", "radius": "c n/m"}
    statement = dataclasses.replace(declared(ranges), tight=where, constants={"c": Constant(0.5, "")})
    found = {corner.name: corner.limits for corner in corners(statement)}
    assert (found["samples most"]["width"], found["samples most"]["radius"]) == ((1024, 1024), (0.5 * 64 / 1024,) * 2)
    assert found["width most"]["radius"] == (0.5 * 2 / 2**14,) * 2
    assert found["radius least"]["width"] == (32, 32)


def test_where_a_bound_is_tight_is_a_shape_of_data_that_there_is() -> None:
    named = {statement.id: statement.tight["data"] for statement in registry if "data" in statement.tight}
    assert named
    assert set(named.values()) <= set(ALL_SHAPES)

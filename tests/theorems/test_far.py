"""Far beyond the calibration: every statement with a calibrated constant is checked on widths and depths that calibration never saw."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import PROFILES
from checkers.experiments import calibration
from checkers.fuzzing.populations import FLIPPED, NEAR, first_possible
from checkers.fuzzing.search import search
from strategies import instances
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement

QUICK = PROFILES["quick"]
FAR = [statement for statement in registry if QUICK.far_populations(statement)]


def simplest(statement: Statement, kind: int) -> Instance:
    """The first instance that a search of this kind tries."""
    limits = first_possible(statement, list(QUICK.far_populations(statement).values())[kind])
    assert limits is not None
    met: list[Instance] = []

    @settings(max_examples=1, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), deadline=None)
    @given(instances(statement, limits=limits))
    def look(instance: Instance) -> None:
        met.append(instance)

    look()
    return met[0]


@pytest.mark.parametrize("statement", FAR, ids=lambda statement: statement.id)
def test_far_instances_are_inside_the_regime_and_beyond_the_calibration(statement: Statement) -> None:
    wide, deep = (simplest(statement, kind) for kind in (0, 1))
    assert statement.inside(wide)
    assert statement.inside(deep)
    assert wide.width >= 16 * calibration.WIDTH
    # m >= L^6 and m >= L^4 leave depths of 4 to 6 only, at widths never calibrated on; omega <= c/L^9 leaves 6, and many flips at 3.
    assert deep.depth > calibration.DEPTH or (deep.depth >= 3 and deep.width > calibration.WIDTH)
    if statement.claimed_exponents.get("radius", 0.0) % 1:
        assert deep.width * deep.radius ** (2 / 3) * deep.depth >= FLIPPED / NEAR ** (5 / 3)
    # One sample of kernel-limit is drawn by its exact law; nothing else of this width knows another way than revealed weights.
    assert QUICK.plan(statement, wide)[0] == ("exact law" if "exact law" in statement.engines else "revealed")


def test_every_statement_with_a_calibrated_constant_has_a_far_side() -> None:
    calibrated = {statement.id for statement in registry if calibration.calibrated_names(statement)}
    derived = {"forward-norm", "separation", "sparse-forward", "backward-change-by-weights"}
    assert {statement.id for statement in FAR} == calibrated | derived


def test_depth_reaches_22_32_and_64() -> None:
    """Where depth and radius are bound together, omega <= c/L^{9/2}, L = 22 needs m = 42,000, and with a union over layers in the failure
    probability L = 18 does; elsewhere the ranges end at 32."""
    deepest = {statement.id: simplest(statement, 1).depth for statement in FAR}
    assert deepest["operator-norm"] == deepest["sparse-bilinear"] == 32
    assert deepest["forward-norm"] == deepest["backward-norm"] == deepest["separation"] == 64
    assert (deepest["forward-stability"], deepest["output-stability"]) == (18, 22)
    assert deepest["semi-smoothness"] == deepest["sign-flips"] == 7, "where many neurons flip"


def test_what_was_not_calibrated_has_no_far_side() -> None:
    assert QUICK.far_populations(registry["relu-difference"]) == {}
    assert QUICK.far_populations(registry["gd-rate"]) == {}


def test_far_data_have_the_shape_where_a_bound_is_tight() -> None:
    """Among random data the nearest samples are much farther apart than promised, and their separation says nothing."""
    campaign = search(registry["separation"], QUICK, Account(1e-6), seed=3, examples=2)
    assert {visit.decision.sizes["data"] for visit in campaign.visits if visit.population.startswith("far")} == {"pairs"}


def test_a_search_ends_with_the_far_instances() -> None:
    campaign = search(registry["backward-norm"], QUICK, Account(1e-6), seed=3, examples=2)
    populations = [visit.population for visit in campaign.visits]
    assert populations == ["search", "samples most", "separation least", "outputs most", "far wide", "far deep", "far pair"]
    wide, deep, pair = (visit.decision for visit in campaign.visits[-3:])
    assert (pair.sizes["samples"], pair.sizes["width"]) == (2, wide.sizes["width"])
    assert int(wide.sizes["width"]) > 2**16
    assert deep.sizes["depth"] == 64
    assert all(decision.evidence for decision in campaign.decisions)

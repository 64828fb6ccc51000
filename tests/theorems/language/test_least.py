"""From where on a condition holds that reads its own quantity."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from strategies import instances
from theorems import registry
from theorems.language.forms import assume
from theorems.language.instance import Instance
from theorems.language.least import least_value, least_width
from theorems.language.statement import Statement

ONE = Instance(width=64)


@pytest.mark.parametrize("factor", [1, 3, 10, 1e6, 1e60])
@pytest.mark.parametrize("power", [1, 2, 5])
def test_the_least_value_is_the_largest_at_which_both_sides_are_equal(factor: float, power: int) -> None:
    condition = assume(f"m >= C log(m)^{power}", C=factor)
    least = least_value(condition, ONE)
    for above in (1.001, 2.0, 1e3):
        assert factor * math.log(least * above) ** power < least * above
    if least > 1:
        assert least == pytest.approx(factor * math.log(least) ** power, rel=1e-12)
        assert factor * math.log(least * 0.999) ** power > least * 0.999


def test_where_nothing_or_everything_is_enough() -> None:
    assert least_value(assume("m >= 40 n"), Instance(width=2, samples=3)) == 120
    assert least_value(assume("m >= C log(m)^5", C=(math.e / 5) ** 5 * 0.999), ONE) == 1  # m/log(m)^5 >= (e/5)^5 for all m
    assert least_value(assume("m >= C log(m)^5", C=(math.e / 5) ** 5 * 1.01), ONE) > math.e**5
    assert least_value(assume("m >= m log(m)"), ONE) == math.inf


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_the_papers_width(samples: int) -> None:
    instance = Instance(width=2, samples=samples, depth=2, outputs=3, separation=0.5)
    width = least_width(registry["gd-convergence"], instance)
    assert width == pytest.approx(samples**24 * 2**12 * math.log(width) ** 5 * 3 * 2**8, rel=1e-12)


def drawn(statement: Statement, **limits: tuple[float, float]) -> list[Instance]:
    seen: list[Instance] = []

    @settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
    @given(instances(statement, limits=limits))
    def collect(instance: Instance) -> None:
        seen.append(instance)

    collect()
    return seen


@pytest.mark.parametrize(("identifier", "width"), [("sgd-convergence", 512), ("other-losses", 1024)])
def test_as_many_samples_are_drawn_as_are_declared(identifier: str, width: int) -> None:
    """Also at the widths of the quick profile: four samples at distance 1 are inside the hidden width at every m."""
    statement = registry[identifier]
    most = int(statement.ranges["samples"][1])
    seen = drawn(statement, width=(1, width))
    assert {instance.samples for instance in seen} == set(range(1, most + 1))
    assert all(statement.inside(instance) for instance in seen)


def test_a_least_width_that_reads_the_width_is_found_exactly() -> None:
    statement = registry["gradient-upper"]
    seen = [instance for instance in drawn(statement, samples=(2, 2), depth=(2, 2), outputs=(1, 1), separation=(0.5, 0.5))]
    needed = math.ceil(least_width(statement, seen[0]))
    assert needed > statement.ranges["width"][0]
    assert min(instance.width for instance in seen) == needed

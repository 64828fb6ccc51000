"""Exponents: what a slope is known to be must be found, growth must be seen, and noise must not be taken for it."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch

from checkers.command_line.main import main
from checkers.evidence.profiles import PROFILES
from checkers.evidence.worst_case import Worst
from checkers.experiments.scaling import attacks, exponents, ladder
from checkers.experiments.scaling.exponents import Array
from checkers.experiments.scaling.ladder import Ladder
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.experiments import Exponent
from checkers.report import figures, scaling
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Direction, Statement
from theorems.language.subject import Comparison

VALUES = tuple(float(2**k) for k in range(16, 21))
RUNGS = Ladder("width", VALUES, {"depth": 1}, True)
SHAPE = (exponents.REPETITIONS, len(VALUES))


def noisy(x: Array, noise: float, seed: int) -> Array:
    return x * np.exp(noise * np.random.Generator(np.random.SFC64(seed)).standard_normal(SHAPE))


def row(claimed: float, true: float, noise: float = 0.05, lower: bool = False, seed: int = 0, alpha: float = 1e-6) -> Exponent:
    """A measured side x^true with relative noise, against a bound x^claimed."""
    x = np.array(VALUES)
    side, bound = noisy(x**true, noise, seed), np.tile(x**claimed, (SHAPE[0], 1))
    left, right = (bound, side) if lower else (side, bound)
    return exponents.summarize("operator-norm", RUNGS, claimed, left, right, alpha)


def test_the_claimed_exponent_is_consistent() -> None:
    found = row(0.5, 0.5)
    assert found.low <= 0.5 <= found.high
    assert found.consistent
    assert found.measured == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("lower", [False, True])
def test_growth_refutes_and_slack_does_not(lower: bool) -> None:
    more, less = (0.3, 0.7) if lower else (0.7, 0.3)
    assert not row(0.5, more, lower=lower).consistent
    slack = row(0.5, less, lower=lower)
    assert slack.consistent
    assert slack.direction == ("at least" if lower else "at most")


def test_growth_outside_the_regime_or_on_three_rungs_refutes_nothing() -> None:
    x = noisy(np.array(VALUES), 0.01, 1)
    outside = dataclasses.replace(RUNGS, inside=False)
    assert exponents.summarize("operator-norm", outside, 0.0, x, np.ones(SHAPE), 1e-6).consistent
    short = dataclasses.replace(RUNGS, values=VALUES[:3])
    assert exponents.summarize("operator-norm", short, 0.0, x[:, :3], np.ones((SHAPE[0], 3)), 1e-6).consistent
    assert not exponents.summarize("operator-norm", RUNGS, 0.0, x, np.ones(SHAPE), 1e-6).consistent


def test_the_direction_is_the_declared_one() -> None:
    """Also where the bound varies between trials, or where both sides are the same in all of them."""
    x = np.tile(np.array(RUNGS.values), (SHAPE[0], 1))
    directions: tuple[Direction, ...] = ("at most", "at least")
    for direction in directions:
        assert exponents.summarize("operator-norm", RUNGS, 0.0, x, x, 1e-6, direction).direction == direction


@pytest.mark.parametrize(("true", "consistent"), [(1.0, True), (2 / 3, True), (0.5, False)])
def test_along_a_radius_a_claim_is_about_small_ones(true: float, consistent: bool) -> None:
    """Against omega^{2/3}: what falls faster is slack, what falls slower exceeds every constant as omega goes to 0."""
    radii = np.geomspace(1e-5, 1e-3, 5)
    rungs = Ladder("radius", tuple(radii), {"depth": 1, "width": 10**6}, True)
    found = exponents.summarize("sign-flips", rungs, 2 / 3, noisy(radii**true, 0.01, 5), np.tile(radii ** (2 / 3), (SHAPE[0], 1)), 1e-6)
    assert found.consistent == consistent


def test_log_factors_of_the_bound_are_divided_out() -> None:
    x = np.array(VALUES)
    side = noisy(x**-0.5 * np.log(4 * x) ** 2, 0.01, 2)
    assert exponents.summarize("operator-norm", RUNGS, -0.5, side, np.tile(x**-0.5, (SHAPE[0], 1)), 1e-6).measured > -0.4
    bound = np.tile(3 * x**-0.5 * np.log(4 * x) ** 2, (SHAPE[0], 1))
    assert exponents.summarize("operator-norm", RUNGS, -0.5, side, bound, 1e-6).measured == pytest.approx(-0.5, abs=0.03)


def test_a_bound_that_does_not_move_is_not_divided_out() -> None:
    side = noisy(np.array(VALUES) ** -0.5, 0.05, 3)
    assert exponents.summarize("forward-norm", RUNGS, -0.5, side, np.full(SHAPE, 0.1), 1e-6).measured == pytest.approx(-0.5, abs=0.05)


def test_a_slope_that_drifts_towards_the_claim_is_not_growth() -> None:
    """The edge sqrt(4ek) is approached from slopes above 1/2: products of 1, 2, 4, 8, 16 factors, without noise."""
    depths = (1.0, 2.0, 4.0, 8.0, 16.0)
    rungs = Ladder("depth", depths, {"width": 10**9}, True)
    edges = noisy(np.array([2.828, 4.200, 6.220, 9.047, 12.99]), 1e-4, 4)
    found = exponents.summarize("operator-norm", rungs, 0.5, edges, np.tile(np.sqrt(depths), (SHAPE[0], 1)), 1e-6)
    assert found.measured > 0.5
    assert found.consistent


def test_a_correction_of_finite_size_is_not_growth() -> None:
    """The norm of B is sqrt(m/d) (1 + sqrt(d/m)): its slope in d is above -1/2, and the factor stays bounded."""
    outputs = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    rungs = Ladder("outputs", tuple(outputs), {"depth": 1, "width": 1024}, True)
    side = noisy(outputs**-0.5 * (1 + np.sqrt(outputs / 1024)), 1e-4, 6)
    bound = np.tile(outputs**-0.5, (SHAPE[0], 1))
    assert exponents.summarize("backward-norm", rungs, -0.5, side, bound, 1e-6).consistent
    grown = exponents.summarize("backward-norm", rungs, -0.5, noisy(outputs**-0.3, 1e-4, 6), bound, 1e-6)
    assert not grown.consistent


def test_the_interval_holds_its_level_whatever_the_law() -> None:
    """30 values of a law so skewed that a t-interval of its mean is wrong far oftener; and the level is the exact one."""
    from scipy.stats import binom

    alpha, runs = 0.05, 4000
    generator = np.random.Generator(np.random.SFC64(7))
    values = np.exp(3 * generator.standard_normal((runs, 30)))  # median 1, mean 90
    found = np.array([exponents.median_interval(one, alpha) for one in values])
    level = float(binom.cdf(10, 30, 0.5))  # 0.049: the eleventh smallest is above the median where at most ten are below
    assert level <= alpha < float(binom.cdf(11, 30, 0.5))
    for wrong in (int((found[:, 0] > 1).sum()), int((found[:, 1] < 1).sum())):
        assert binom.ppf(1e-7, runs, level) <= wrong <= binom.isf(1e-7, runs, level)
    assert exponents.median_interval(values[0], 1e-9) == (values[0].min(), values[0].max())
    assert exponents.median_interval(values[0], 1e-10) == (-exponents.UNKNOWN, exponents.UNKNOWN)


def test_false_alarms_are_as_rare_as_promised() -> None:
    """Growth is found where none is with probability alpha = 0.1 at most: more than 75 of 400 has probability below 1e-7."""
    alarms = sum(not row(0.5, 0.5, noise=0.3, seed=seed, alpha=0.1).consistent for seed in range(400))
    assert alarms <= 75


def test_ladders_stay_inside_the_regime() -> None:
    for statement in registry:
        for axis in statement.axes:
            for rungs in ladder.find(statement, axis, PROFILES["quick"]):
                assert list(rungs.values) == sorted(set(rungs.values))
                assert rungs.values[-1] >= ladder.SPAN * rungs.values[0] * 0.99
                assert axis not in rungs.fixed


def test_a_radius_is_fixed_where_that_leaves_four_rungs_and_moves_where_not() -> None:
    """omega <= c/L^{9/2} leaves L = 1..4 one radius at which signs flip; c/L^9 does not."""
    quick = PROFILES["quick"]
    (fixed,) = ladder.find(registry["semi-smoothness"], "depth", quick)
    assert fixed.inside
    assert not fixed.radii
    assert len(fixed.values) > ladder.SHORT
    (moving,) = ladder.find(registry["kernel-stability"], "depth", quick)
    assert moving.inside
    assert "radius" not in moving.fixed
    assert list(moving.radii) == sorted(moving.radii, reverse=True)
    for rungs, statement in ((fixed, registry["semi-smoothness"]), (moving, registry["kernel-stability"])):
        for rung in range(len(rungs.values)):
            sizes = rungs.sizes(rung, 0)
            assert statement.inside(instance_from_sizes(statement, sizes))
            flips = float(sizes["width"]) * float(sizes["radius"]) ** (2 / 3) * float(sizes["depth"])
            assert flips >= ladder.FLIPS * (1 - 1e-9)
    last = moving.only([1, 3])
    assert last.values == (moving.values[1], moving.values[3])
    assert last.sizes(1, 0) == moving.sizes(3, 0)
    assert fixed.only([0]).radii == ()


def test_what_the_bound_has_of_a_moving_radius_is_divided_out() -> None:
    """A side L^{1/2} omega^{1/3} against L^2 omega^{1/3} with omega = L^{-9}: exponent 1/2, where the raw slope is -5/2.

    Noise of 1% on log 2, log 3, log 4, whose squares about their mean sum to 1/4, leaves the mean slope of 24 a standard error of 0.004;
    that error itself is known to 15%.
    """
    depths = np.array([1.0, 2.0, 3.0, 4.0])
    radii = 0.01 * depths**-9.0
    rungs = Ladder("depth", tuple(depths), {"width": 10**9}, True, tuple(radii))
    noise = np.random.Generator(np.random.SFC64(7)).standard_normal((SHAPE[0], len(depths)))
    side = np.exp(0.01 * noise) * depths**0.5 * radii ** (1 / 3)
    found = exponents.summarize("kernel-stability", rungs, 2.0, side, np.tile(depths**2 * radii ** (1 / 3), (SHAPE[0], 1)), 1e-6)
    assert found.measured == pytest.approx(0.5, abs=0.02)
    assert found.error == pytest.approx(0.01 / np.sqrt(exponents.REPETITIONS * 0.25), rel=0.5)
    assert found.radii == list(radii)
    assert "omega = 0.01 to 3.8e-08" in scaling.scaling_table([found])


def test_medians_are_taken_where_one_network_varies_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A norm at width 4096 varies by a few per cent and needs no median; a loss beyond its linear part does."""
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    groups = []
    for identifier in ("operator-stability", "linearization"):
        statement = attacks.steady(registry[identifier])
        instances = [instance_from_sizes(statement, {"width": width, "radius": 1e-3}) for width in (256, 512)]
        monkeypatch.setattr(exponents, "GROUPED", 2**40)
        groups.append(exponents.group_size(statement, instances, settings, "width"))
        monkeypatch.setattr(exponents, "GROUPED", 0)
        assert exponents.group_size(statement, instances, settings, "width") == 1
    assert groups[0] < groups[1] == exponents.LARGEST_GROUP


def test_networks_measured_in_batches_are_as_many_and_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = registry["backward-norm"]
    instance = instance_from_sizes(statement, {"width": 64, "depth": 1})
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    monkeypatch.setattr(exponents, "BATCH", 64 * 5)
    ((left, right),) = exponents.rung_sides(statement, instance, 2, settings, "width")
    assert left.shape == right.shape == (exponents.REPETITIONS,)
    assert len(set(left.tolist())) == exponents.REPETITIONS


def test_known_exponents_are_measured() -> None:
    """backward-norm: sqrt(m/d) is sharp in m; a claim without sqrt(m) must be refuted by the same measurement."""
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    found = exponents.measure_one(settings, lambda *_: None, "backward-norm", "width")
    assert found is not None
    assert found.measured == pytest.approx(0.5, abs=0.05)
    assert found.consistent
    rungs, points = Ladder("width", tuple(found.values), {"depth": 1}, True), np.array(found.points)
    wrong = exponents.summarize("backward-norm", rungs, 0.0, points, np.ones_like(points), 1e-6)
    assert not wrong.consistent


def test_the_two_claims_of_output_stability_have_their_own_exponents() -> None:
    """h moves as far whatever d is, exponent 0; the outputs by 1/sqrt(d) (1 + sqrt(d/m)), whose slope is above -1/2 by 0.02 at m = 4096."""
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    found = exponents.measure_one(settings, lambda *_: None, "output-stability", "outputs")
    assert found is not None
    assert found.measured == pytest.approx(-0.5, abs=0.1)
    assert found.consistent
    assert len(found.values) > ladder.SHORT


def test_the_figure_is_well_formed_and_the_table_says_it_all() -> None:
    rows = [row(0.5, 0.5), row(0.5, 0.9)]
    assert ElementTree.fromstring(figures.scaling(rows)).tag.endswith("svg")
    ElementTree.fromstring(figures.scaling([]))
    table = scaling.scaling_table(rows)
    assert "consistent" in table
    assert "GROWS BEYOND" in table
    less = [row(0.5, 0.4, noise=1e-6)]
    assert "at most 0.1" not in scaling.scaling_table(less)
    assert "at most 0.1" in scaling.scaling_table(less, attacked={"operator-norm"}), "another attack may leave less"
    assert "at most -" not in scaling.scaling_table(rows, attacked={"operator-norm"})
    closing = scaling.scaling_closing(rows, [registry["operator-norm"]], "quick", 7)
    assert "growth beyond it: operator-norm in m" in closing
    assert "no ladder within the ranges: operator-norm in L" in closing
    assert closing.endswith("seed 7")


def test_the_command_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["scale", "backward-norm", "--seed", "3", "--processes", "1", "--json", "-"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {one["axis"] for one in rows} == {"width", "outputs", "depth"}
    assert all({"id", "axis", "claimed", "measured", "low", "high", "consistent"} <= set(one) for one in rows)


def test_growth_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(exponents, "scale", lambda *_, **__: [row(0.5, 0.9)])
    assert main(["scale", "operator-norm", "--seed", "3", "--quiet"]) == 1
    assert "growth beyond it" in capsys.readouterr().out


def test_the_parts_of_a_claim_are_measured_apart() -> None:
    """sign-flips bounds a count, which grows like omega^{2/3}, and a length, which grows like omega: the claimed one is the count's."""
    left = torch.tensor([[[3.0, 0.1]]])
    parts = attacks.claim_parts(Comparison(left, torch.tensor([4.0, 0.2]), ("layer", "part")))
    assert [float(part.left) for part in parts] == pytest.approx([3.0, 0.1])
    assert [float(part.right) for part in parts] == pytest.approx([4.0, 0.2])
    assert parts[0].axes == ("layer",)
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    found = exponents.measure_one(settings, lambda *_: None, "sign-flips", "radius")
    assert found is not None
    assert found.low <= 2 / 3 <= found.high
    assert found.measured == pytest.approx(2 / 3, abs=0.15)


def test_exponents_are_those_of_the_first_form_whatever_its_architecture() -> None:
    """On networks that are a table of m n numbers the ladder is as long as their searches are wide."""
    gates = registry["os-gates"]
    assert gates.architecture == "two-layer"
    groups = exponents.scale_groups([gates, registry.form("forward-norm", "residual")], seed=1, profile=PROFILES["quick"])
    assert len(groups) == 2
    (found,) = ladder.find(gates, "width", PROFILES["quick"])
    assert (found.values[0], found.values[-1]) == (256, 2**14)


# Ratios of two networks in two parts of a claim, at the start of a ladder and at its end.
STRENGTHS = {
    "weak": (([0.1, 0.1], [0.1, 0.1]), ([0.1, 0.1], [0.1, 0.1])),
    "first": (([1.0, 1.0], [0.0, 0.0]), ([1.0, 1.0], [0.0, 0.0])),
    "as good": (([0.995, 1.0], [0.0, 0.0]), ([1.0, 0.995], [0.0, 0.0])),
    "second": (([0.0, 0.0], [1.0, 1.0]), ([0.0, 0.0], [1.0, 0.2])),
    "in one network": (([0.0, 0.0], [0.0, 0.0]), ([0.0, 0.0], [0.0, 0.9])),
}


def test_attacks_that_others_replace_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is strongest in one part, on one network or at one end stays; of two that do as well the later one."""
    monkeypatch.setattr(attacks, "NETWORKS", 2)
    ends = [instance_from_sizes(None, {"width": width}) for width in (16, 32)]
    asked: dict[int, int] = {16: 0, 32: 0}
    none = torch.zeros(1)

    def cases(statement: Statement, instance: Instance, *_: object) -> list[list[Worst]]:
        network, end = asked[instance.width] % 2, ends.index(instance)
        asked[instance.width] += 1
        return [
            [Worst(torch.tensor([part[network]]), none, none, none, (), (), 0.0, f"{start}{name}", "") for part in strength[end]]
            for start in ([f"{one}, then " for one in statement.start] or [""])
            for name, strength in STRENGTHS.items()
        ]

    monkeypatch.setattr(attacks, "cases", cases)
    source = NormalSource(seed_sequence(1))
    for start in ((), ("random", "switching on")):
        statement = dataclasses.replace(registry["linearization"], adversary=tuple(STRENGTHS), start=start)
        kept = attacks.contenders(statement, ends, PROFILES["quick"], source, "cpu")
        assert kept.adversary == ("as good", "second", "in one network")
        assert kept.start == start[1:]


def test_along_a_ladder_the_attacks_left_find_what_all_find() -> None:
    statement = attacks.steady(registry["linearization"])
    rungs = [instance_from_sizes(statement, {"width": width, "depth": 1, "radius": 1e-3}) for width in (256, 512, 1024)]
    kept = attacks.contenders(statement, rungs, PROFILES["quick"], NormalSource(seed_sequence(1)), "cpu")
    assert 0 < len(kept.adversary) < len(statement.adversary)
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    (all_of_them,), (those_left,) = (exponents.rung_sides(one, rungs[-1], 1, settings, "width") for one in (statement, kept))
    assert np.median(those_left[0]) == pytest.approx(np.median(all_of_them[0]), rel=0.02)

"""Two stages of one instance: planned so that failures of all trials refute, and what rate they would see."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from checkers.evidence.binomial import DETECTION, SUSPICIOUS, Plan, critical_failures, detectable_rate, p_value, trials_to_reach
from checkers.evidence.profiles import LOOK, PROFILES, SECOND_STAGE, Profile
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import FailureProbability, Statement
from theorems.language.subject import Comparison

QUICK = PROFILES["quick"]


def claiming(probability: float, **fields: object) -> Statement:
    def measure(subject: object) -> Comparison:
        raise NotImplementedError

    failure = FailureProbability("p", lambda instance: probability)
    return Statement(
        id="own", source="", claim="", kind="declared", measure=measure, ranges={"width": (1, 2**20)}, failure=failure, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("claimed", [0.0, 1e-9, 0.01, 0.05, 0.3, 0.49])
@pytest.mark.parametrize("level", [0.01, 1e-7, 1e-13])
def test_the_least_number_of_trials_whose_failures_reach_a_level(claimed: float, level: float) -> None:
    trials = trials_to_reach(level, claimed)
    assert p_value(trials, trials, claimed) <= level
    assert trials == 1 or p_value(trials - 1, trials - 1, claimed) > level


def test_a_blind_test_is_one_that_certain_failure_does_not_refute() -> None:
    assert Plan(4, 0.05, 1e-12).blind
    assert not Plan(10, 0.05, 1e-12).blind
    assert not Plan(4, 0.05, 1e-12, 32).blind, "the second stage can"
    assert Plan(4, 0.05, 1e-12, 9).blind, "nor can nine"
    assert Plan(4, 0.47, 1e-12, 1000).blind, "0.47^4 = 0.049 is not suspicious, and leads nowhere"
    assert not Plan(4, 0.0, 1e-12).blind


@pytest.mark.parametrize("probability", [0.0, 1e-5, 0.05, 0.2, 0.45, 0.49])
@pytest.mark.parametrize("width", [64, 512, 2**14, 2**17])
@pytest.mark.parametrize("alpha", [1e-8, 1e-13])
def test_no_plan_is_blind(probability: float, width: int, alpha: float) -> None:
    statement, instance = claiming(probability, passes=4), Instance(width=width, depth=4)
    planned = QUICK.stages(statement, instance, alpha)
    if planned is None:
        assert QUICK.share(statement, instance, "revealed", trials_to_reach(alpha, probability)) > LOOK
        return
    engine, plan = planned
    assert not plan.blind
    assert plan.trials >= QUICK.plan(statement, instance)[1]
    assert QUICK.share(statement, instance, engine, plan.second) <= LOOK
    if width <= 512:
        assert plan.second >= SECOND_STAGE * plan.trials


def test_what_cannot_be_afforded_is_not_planned() -> None:
    poor = Profile("poor", 1, 1, 0, normals=2**10, law_draws=1, dense_width=64, revealed_width=64)
    assert poor.stages(claiming(0.05), Instance(width=2**17, depth=8), 1e-12) is None
    planned = poor.stages(claiming(1e-4), Instance(width=2**17, depth=8), 1e-12)
    assert planned is not None, "where the first stage can refute by itself, it does"
    assert planned[1] == Plan(4, 1e-4, 1e-12)
    cheap = poor.stages(registry["relu-difference"], Instance(width=2**17), 1e-12)
    assert cheap is not None
    assert cheap[1].second == SECOND_STAGE * cheap[1].trials


STAGED = [[Plan(4, 0.05, 1e-10, 32)] * 6, [Plan(20, 0.05, 1e-8, 160), Plan(100, 0.01, 1e-9)], [Plan(7, 0.45, 1e-8, 56)]]


@pytest.mark.parametrize("tests", STAGED, ids=["small", "one with and one without", "near one half"])
def test_two_stages_detect_the_rate_that_is_promised(tests: list[Plan]) -> None:
    rate = detectable_rate(tests)
    missed = 1.0
    for test in tests:
        counts = np.arange(test.trials + 1)
        values = np.array([p_value(int(count), test.trials, test.claimed) for count in counts])
        weight = binom.pmf(counts, test.trials, rate)
        last = binom.sf(critical_failures(test.second, test.claimed, test.alpha) - 1, test.second, rate) if test.second else 0.0
        refuted = weight[values <= test.alpha].sum() + last * weight[(values > test.alpha) & (values < SUSPICIOUS)].sum()
        missed *= 1 - refuted
    assert missed == pytest.approx(1 - DETECTION, rel=1e-3)


def test_a_second_stage_makes_smaller_rates_detectable() -> None:
    assert detectable_rate([Plan(4, 0.05, 1e-12)] * 20) == 1.0
    assert detectable_rate([Plan(4, 0.05, 1e-12, 32)] * 20) < 0.6
    assert math.isclose(detectable_rate([Plan(64, 0.05, 1e-9)]), detectable_rate([(64, 0.05, 1e-9)]))

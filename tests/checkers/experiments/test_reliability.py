"""The measurement of the checker itself: it rests on an exact law, keeps its promises, and notices a checker that does not."""

from __future__ import annotations

import numpy as np
import pytest

from checkers.evidence import binomial
from checkers.evidence.binomial import detectable_rate
from checkers.evidence.profiles import PROFILES
from checkers.experiments import reliability
from checkers.experiments.reliability import ALPHAS, CLAIMED, WIDTHS, Settings, claim, decisions_of, level, measure, tail, trials_for_twice
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.report.reliability import section
from checkers.subjects.exact_law import layer_norms
from theorems.language.instance import Instance

ERROR = 1e-6


@pytest.mark.parametrize("width", WIDTHS)
def test_the_claimed_probability_is_that_of_the_law(width: int) -> None:
    """Against the engine's own draws: their number beyond the level is binomial, and four standard deviations are 6e-5."""
    draws = 200_000
    square = layer_norms(width, 1, draws, NormalSource(seed_sequence(3, "law", width)))[:, 0, 0].numpy() ** 2
    probability = tail(width, level(width))
    assert probability == pytest.approx(CLAIMED, rel=1e-3)
    assert claim(1.0).failure_probability(Instance(width=width)) == probability
    assert abs((square > level(width)).mean() - probability) < 4 * np.sqrt(probability / draws)


def test_the_tail_of_width_one_is_half_a_normal_tail() -> None:
    """m = 1: ‖h_0‖^2 = 2 g^2 if g > 0, so P(‖h_0‖^2 > 2 t^2) = P(g > t)."""
    assert tail(1, 2 * 1.96**2) == pytest.approx(0.0249979, rel=1e-5)


def test_the_promised_number_of_trials_is_about_the_least() -> None:
    """About: failures are whole numbers, so the detectable rate falls in small saw teeth."""
    trials = trials_for_twice(0.025, 1e-3)
    assert detectable_rate([(trials, 0.025, 1e-3)]) <= 0.05 < detectable_rate([(int(0.94 * trials), 0.025, 1e-3)])


def test_all_promises_are_kept() -> None:
    rows = measure(seed=11, decisions=800)
    truths = [("just true", alpha) for alpha in ALPHAS for _ in range(2)] + [("just false", alpha) for alpha in ALPHAS]
    assert [(one.truth, one.alpha) for one in rows] == truths
    assert all(one.as_promised for one in rows)
    assert all(one.expected <= one.promised for one in rows if one.truth == "just true" and one.expected is not None)
    assert all(one.expected >= one.promised for one in rows if one.truth == "just false" and one.expected is not None)
    assert rows[0].refuted > 0, "an alpha of 1% can be seen"
    text = "\n".join(section(rows))
    assert text.count("as promised") == len(rows)
    assert section([]) == []
    assert measure(seed=11, decisions=80) == measure(seed=11, decisions=80, processes=1)


def test_a_checker_that_cries_wolf_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A p-value for claims 15% above the true ones is three quarters of a standard deviation off."""
    honest = binomial.p_value
    monkeypatch.setattr("checkers.evidence.decide.p_value", lambda failures, trials, claimed: honest(failures, trials, claimed / 1.15))
    single, _ = reliability.false_alarms(Settings(11, 800), 1e-2)
    assert not single.as_promised


def test_a_checker_that_sleeps_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = binomial.p_value
    monkeypatch.setattr("checkers.evidence.decide.p_value", lambda failures, trials, claimed: honest(failures, trials, claimed * 1.3))
    (row,) = reliability.detections(Settings(11, 800), 1e-2)
    assert not row.as_promised


def test_a_quick_report_makes_ten_thousand_decisions() -> None:
    assert decisions_of(PROFILES["quick"]) * len(ALPHAS) >= 10_000

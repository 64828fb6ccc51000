"""`lemmafuzz threshold`: decisions on widths, enclosures and exponents against known answers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy.stats import binom, norm

from checkers.experiments.width import threshold as measured
from checkers.experiments.width.fitted_law import read_fit, write_fit
from checkers.experiments.width.threshold import LADDERS, Ladders, climb, crossing, fitted_law, side, slope, succeeded
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import silent
from checkers.records.experiments import Rung, Tried
from checkers.report.threshold import exponent_table, figure, meaning, rung_table
from tests.helpers import sources

source = sources(9, "threshold test")


def test_a_side_is_wrong_at_most_as_often_as_promised() -> None:
    trials, alpha = 300, 1e-3
    for probability, wrong in ((0.95, "below"), (math.nextafter(0.95, 0), "above")):
        chance = sum(float(binom.pmf(k, trials, probability)) for k in range(trials + 1) if side(k, trials, alpha) == wrong)
        assert chance <= alpha * (1 + 1e-9)
    assert (side(300, 300, alpha), side(200, 300, alpha), side(285, 300, alpha)) == ("above", "below", "")


def point(width: int, successes: int, name: str = "") -> Tried:
    return Tried(width=width, trials=1000, successes=successes, side=name)


def test_the_crossing_of_a_probit_curve_is_found() -> None:
    # P(success) = Phi(2 log(m/50)) is 0.95 at m = 50 exp(1.645/2)
    points = [point(width, round(1000 * float(norm.cdf(2 * math.log(width / 50))))) for width in (16, 32, 64, 128, 256)]
    expected = 50 * math.exp(float(norm.ppf(0.95)) / 2)
    assert crossing(points, 1, None) == pytest.approx(expected, rel=0.01)
    assert crossing(points, 130, 200) == 130.0


def rung(samples: int, low: int, estimate: float, high: int | None) -> Rung:
    sizes = {"samples": samples, "depth": 1, "separation": 1.0}
    return Rung(axis="samples", **sizes, predicted_steps=1, estimate=estimate, low=low, high=high, tried=[])  # type: ignore[arg-type]


def test_slopes_and_their_extremes() -> None:
    rungs = [rung(2, 4, 8.0, 16), rung(4, 16, 32.0, 64), rung(8, 64, 128.0, 256)]  # m = 2 n^2, each within a factor 2
    fitted, low, high = slope([2.0, 4.0, 8.0], rungs)
    # log2: weights -1/2, 0, 1/2, so the extremes lie one power of two on both ends apart
    assert (fitted, low, high) == pytest.approx((2.0, 1.0, 3.0))
    assert slope([2.0, 4.0, 8.0], [*rungs[:2], rung(8, 64, 128.0, None)])[2] == math.inf
    assert fitted_law(rungs, LADDERS["quick"], 1, "quick").exponents["samples"] == pytest.approx(2.0)


def test_success_is_common_at_a_width_where_the_kernel_rules_and_rare_where_it_does_not() -> None:
    for depth in (1, 2):
        shares = [float(succeeded(2, depth, 1.0, width, 200, source(depth, width)).double().mean()) for width in (8, 256)]
        # seen: 0.2 and 0.99; each bound is missed with probability below 1e-9
        assert shares[0] < 0.5
        assert shares[1] > 0.9


def test_dense_and_revealed_trials_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """At m = 64 both engines are possible: the success rates differ by less than 6 standard deviations of two samples of 1000."""
    rates = []
    for engine in ("dense", "revealed"):
        draw = Network.draw
        with monkeypatch.context() as patch:
            patch.setattr(Network, "draw", lambda _, *rest, draw=draw, engine=engine, **named: draw(engine, *rest, **named))
            rates.append(float(succeeded(4, 1, 1.0, 64, 1000, source(engine)).double().mean()))
    assert abs(rates[0] - rates[1]) <= 6 * math.sqrt(2 * 0.15 * 0.85 / 1000), rates


def test_a_climb_encloses_a_known_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Success by the rule P = 1 - 3/m, which is 0.95 at m = 60, without any network.

    20,000 draws leave 0.95 +- 0.0075 undecided, m = 52 to 70; the grid's ratio 1.2 at both ends makes that 43 to 84."""

    def by_rule(samples: int, depth: int, separation: float, width: int, trials: int, source: NormalSource, device: str) -> object:
        draws = source.integers((trials,), 1, 10**6).double() / 10**6
        return draws <= 1 - 3 / width

    monkeypatch.setattr(measured, "succeeded", by_rule)
    found = climb("samples", 2, 1, 1.0, replace(LADDERS["thorough"], trials=20_000), 1e-6, source("climb"))
    assert found.high is not None
    assert found.low < 60 <= found.high <= 2 * found.low
    assert found.low <= found.estimate <= found.high


def test_a_run_reads_well_and_its_fit_survives_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    small = replace(LADDERS["quick"], values={"samples": (2, 4), "depth": (1, 2), "separation": (1.0, 0.7)}, trials=200)
    monkeypatch.setitem(measured.LADDERS, "quick", small)
    run = measured.threshold(seed=3, profile="quick", progress=silent)
    first = NormalSource(seed_sequence(3, "threshold", "2", "1", "1.0"))
    assert climb("samples", 2, 1, 1.0, small, (1 - measured.LEVEL) / (6 * measured.MOST_WIDTHS), first) == run.rungs[0]
    assert [(one.samples, one.depth, one.separation) for one in run.rungs] == [(2, 1, 1.0), (4, 1, 1.0), (2, 2, 1.0), (2, 1, 0.7)]
    assert all(rung.low <= rung.estimate for rung in run.rungs)
    assert "200 networks at each width" in meaning(run)
    assert len(rung_table(run).splitlines()) == 2 + 4
    assert "Zou & Gu 2019" in exponent_table(run)
    assert figure(run).count("<svg") == 1
    path = tmp_path_factory.mktemp("fit") / "fit.json"
    write_fit(run.fit, path)
    assert read_fit(path) == run.fit
    assert read_fit(path.with_name("none.json")) is None


def test_the_committed_fit_is_readable() -> None:
    fit = read_fit()
    assert fit is not None
    assert fit.constant > 0


def test_two_processes_measure_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rung's networks come from the seed and the rung alone."""
    ladders = Ladders({"samples": (2, 4), "depth": (1, 2), "separation": (1.0, 0.7)}, 20, 2.0)
    monkeypatch.setitem(LADDERS, "quick", ladders)
    one, two = (measured.threshold(seed=1, profile="quick", progress=silent, processes=count) for count in (1, 2))
    assert one.rungs == two.rungs
    assert [(rung.samples, rung.depth, rung.separation) for rung in one.rungs] == [(2, 1, 1.0), (4, 1, 1.0), (2, 2, 1.0), (2, 1, 0.7)]

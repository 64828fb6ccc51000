"""On a GPU: the verdicts of the CPU. All that is random is drawn by the CPU, so both look at the same networks, and differ by rounding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checkers.data.training_data import load_training_data
from checkers.evidence.profiles import PROFILES
from checkers.experiments.width import inside_the_regime
from checkers.experiments.width.threshold import succeeded
from checkers.fuzzing.counterexamples import read, replay
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.decisions import CheckRun, PowerRun
from checkers.runs.suite import check, power
from tests.helpers import train_on
from theorems import registry

pytestmark = pytest.mark.cuda
SMALL = replace(PROFILES["quick"], examples=4, power_examples=8, shrinks=5, far=0, normals=2**18, law_draws=2**14, dense_width=128)
CHOSEN = [registry[name] for name in ("forward-norm", "gradient-formula", "tl-dynamics")] + [registry.form("sign-flips", "convolutional")]
# Sums have another order on either device; iterations towards a supremum, and steps of training, magnify what 53 bits leave of that.
ROUNDING = 1e-6


def decided(run: CheckRun) -> list[tuple[str, str, str, int, int]]:
    return [(one.id, one.architecture, one.verdict, one.trials, one.failures) for one in run.verdicts]


def refuted(run: PowerRun) -> list[tuple[str, str, str, str]]:
    return [(one.id, one.architecture, one.variant, one.verdict) for one in run.variants]


def test_check_gives_the_same_verdicts() -> None:
    expected, found = (check(CHOSEN, seed=1, profile=SMALL, device=device) for device in ("cpu", "cuda"))
    assert decided(found) == decided(expected)
    for one, other in zip(found.verdicts, expected.verdicts, strict=True):
        assert one.worst_ratio == pytest.approx(other.worst_ratio, rel=ROUNDING)


def test_power_gives_the_same_verdicts_and_its_counterexamples_replay_on_either(tmp_path: Path) -> None:
    expected = power(CHOSEN[:2], seed=1, profile=SMALL)
    found = power(CHOSEN[:2], seed=1, profile=SMALL, device="cuda", folder=tmp_path)
    assert refuted(found) == refuted(expected)
    record = read(sorted(tmp_path.iterdir())[0])
    assert record.device == "cuda"
    assert replay(record, device="cuda").identical
    assert replay(record, device="cpu").status == "STILL FAILS"


@pytest.mark.parametrize("weights", ["dense", "revealed"])
def test_training_has_the_same_losses(weights: str) -> None:
    data = load_training_data("digits", samples=5, labels="random", seed=1)
    expected, found = (train_on(data, weights=weights, device=device) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(found.loss, expected.loss, rtol=ROUNDING)


def test_the_place_inside_the_regime_and_a_threshold_have_the_same_outcome() -> None:
    place = inside_the_regime.Place(1, 2, 2**14)
    expected, found = (inside_the_regime.run(place, 1, device) for device in ("cpu", "cuda"))
    assert found.taken == expected.taken
    first, other = (succeeded(2, 1, 0.5, 64, 50, NormalSource(seed_sequence(1)), device).cpu() for device in ("cpu", "cuda"))
    assert first.tolist() == other.tolist()

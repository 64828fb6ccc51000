"""Training where the convergence theorem's width condition holds, and what is refused."""

from __future__ import annotations

import pytest

from checkers.experiments.width import inside_the_regime
from checkers.experiments.width.inside_the_regime import PLACES, Place, planned_bytes, run
from checkers.report.regime import regime_table, section
from checkers.report.threshold import section as threshold_section
from tests.held_memory import HeldMemory


def test_the_theorem_inside_its_regime_takes_the_steps_that_the_kernel_predicts() -> None:
    """At m = 2^19 and n = 1 the kernel is off by sqrt(5/m), 0.3%: after five halvings F is 2^-10 of the first to a few percent."""
    row = run(Place(1, 1, 2**19), seed=2)
    assert row.inside_with_logs > 1
    assert row.taken in (5, 6)
    assert row.predicted_steps == 5
    assert row.loss is not None
    assert row.loss <= inside_the_regime.GOAL


def test_what_does_not_fit_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside_the_regime, "free_bytes", lambda _: 2**20)
    row = run(Place(2, 2, 2**16), seed=2)
    assert (row.taken, row.loss) == (None, None)
    assert row.refused.startswith("this run may need ")
    assert "refused" in regime_table([row])
    assert section([row])[-1].endswith("or float32.")


def test_a_single_layer_holds_what_was_planned_to_a_fifth() -> None:
    with HeldMemory() as held:
        row = run(Place(2, 1, 2**17), seed=2)
    assert row.bytes == planned_bytes(Place(2, 1, 2**17), 1, 10)
    assert 0.8 <= row.bytes / held.peak <= 1.2


def test_single_precision_and_a_single_layer_need_less() -> None:
    assert planned_bytes(Place(2, 2, 64, "float32"), 1, 10) * 2 == planned_bytes(Place(2, 2, 64), 1, 10)
    assert planned_bytes(Place(2, 1, 64), 1, 10) == planned_bytes(Place(2, 1, 64), 1, 1000)
    assert planned_bytes(Place(2, 2, 64), 1, 10) < planned_bytes(Place(2, 2, 64), 1, 1000) == planned_bytes(Place(2, 2, 64), 1, 10**6)


def test_every_profile_enters_the_regime_with_its_logs() -> None:
    for places in PLACES.values():
        assert Place(1, 1, 2**20) in places


def test_a_report_without_these_runs_has_no_chapter_about_them() -> None:
    assert section([]) == threshold_section(None) == []

"""Events arrive elsewhere as they were told."""

from __future__ import annotations

import math

import pytest

from checkers.records.decisions import Decision, Triage
from checkers.records.events import Advanced, DecisionMade, Entry, Event, InstanceRefuted, StepRecorded, counted, packed, unpacked

DECISION = Decision(
    statement="a", variant="", architecture="fully connected", engine="dense", sizes={"width": 3, "delta": 0.5, "labels": "random"},
    trials=4, failures=1, within_rounding=0, claimed=0.05, p_value=0.18549375, alpha=1e-12, refuted=False, evidence=True,
    ratio=1.7976931348623157e308, left=0.1, right=5e-324, place={"trial": 2}, regime_depth=1e-14,
)  # fmt: skip
EVENTS: list[Event] = [
    Advanced("statements", 1, 3), DecisionMade(DECISION), InstanceRefuted(DECISION, Triage(label="rounding", regime_depth=1.0)),
    Entry(digest="d", edition="e", decision=DECISION, standing=1), StepRecorded(3, 10, math.inf),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_another_machine_hears_the_same(event: Event) -> None:
    assert unpacked(packed(event)) == event
    assert type(unpacked(packed(event))) is type(event)


def test_what_is_counted_is_told_before_each_and_at_the_end() -> None:
    heard: list[Event | str] = []
    for item in counted(["a", "b"], "letters", heard.append):
        heard.append(item)
    assert heard == [Advanced("letters", 0, 2), "a", Advanced("letters", 1, 2), "b", Advanced("letters", 2, 2)]

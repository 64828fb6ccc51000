"""What was tried only with tiny hidden constants is not said to hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.evidence.binomial import Plan
from checkers.evidence.decide import decide
from checkers.fuzzing.search import Campaign, Visit
from checkers.fuzzing.verdicts import judge
from checkers.records.decisions import CheckRun
from checkers.report.verdicts import check_closing
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.forms import assume

NORM = registry["forward-norm"]


@pytest.mark.parametrize(("condition", "verdict", "inside"), [("m >= c n", "HOLDS", 1), ("m >= c n^24 L^12 10^9", "EXTRAPOLATED", 0)])
def test_the_verdict_says_whether_any_instance_is_inside_with_constants_1(condition: str, verdict: str, inside: int) -> None:
    statement = replace(NORM, assumptions=(assume(condition, c=1e-12),))
    at = instance_from_sizes(statement, {"width": 4096, "tolerance": 1.0})
    decision = decide(statement, at, seed=1, engine="exact law", trials=1000, alpha=1e-9)
    visit = Visit("search", decision, Plan(1000, decision.claimed, 1e-9))
    found = judge(statement, Campaign(decisions=[decision], visits=[visit]), Campaign(), [])
    assert (found.verdict, found.instances, found.inside_with_ones) == (verdict, 1, inside)
    assert found.grade
    assert "inside" not in found.regime, "it is measured with constants 1, and says how far, not how many"
    assert (float(found.regime.split(" ")[0]) >= 1) == bool(inside)
    closing = check_closing(CheckRun(seed=1, alpha=1e-6, profile="quick", verdicts=[found]))
    assert f"1 {verdict}" in closing
    assert ("no instance meets the assumptions with their hidden constants 1: forward-norm" in closing) == (inside == 0)

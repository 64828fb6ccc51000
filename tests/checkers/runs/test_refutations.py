"""What a refutation shows: every instance with its own triage, never with another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import PROFILES
from checkers.fuzzing import search as fuzz
from checkers.fuzzing.search import Campaign, search
from checkers.fuzzing.verdicts import judge
from checkers.records.decisions import Decision, Triage
from checkers.report.verdicts import decision_in_words, refutation_in_words, triage_in_words
from theorems import registry

VARIANT = registry["forward-norm"].variant("initialization variance 2.2/m")


@pytest.fixture(scope="module")
def found() -> Iterator[Campaign]:
    """Each triage names the instance that it looked at; the largest ratio is that of neither refutation."""

    def named(statement: object, decision: Decision, *rest: Any) -> Triage:
        return Triage(label="confirmed in float64", regime_depth=1.0, reason=f"looked at ratio {decision.ratio!r}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuzz, "triage", named)
        yield search(VARIANT, PROFILES["quick"], Account(1e-6), seed=1, examples=25)


def test_every_instance_shown_carries_its_own_triage(found: Campaign) -> None:
    verdict = judge(VARIANT, found, Campaign(), ["a.json"])
    assert verdict.verdict == "REFUTED"
    assert verdict.counterexample is not None
    assert verdict.severest is not None
    assert verdict.counterexample.ratio < verdict.severest.ratio
    lines = refutation_in_words(verdict, VARIANT, "counterexamples").split("\n")
    expected = []
    for decision, triage in ((verdict.counterexample, verdict.triage), (verdict.severest, verdict.severest_triage)):
        assert triage is not None
        assert triage.reason == f"looked at ratio {decision.ratio!r}"
        expected += [f"  {decision_in_words(decision, VARIANT)}", f"    {triage_in_words(triage)}"]
    assert lines[1:-2] == expected
    assert lines[-2:] == ["  lemmafuzz replay counterexamples/a.json", "  inspect with lemmafuzz inspect counterexamples/a.json"]


def test_one_refutation_is_shown_once(found: Campaign) -> None:
    once = replace(found, severest=found.simplest, triages={**found.triages, "severest": found.triages["simplest"]})
    text = refutation_in_words(judge(VARIANT, once, Campaign(), []), VARIANT, "counterexamples")
    assert len(text.split("\n")) == 3
    assert triage_in_words(found.triages["simplest"]) in text

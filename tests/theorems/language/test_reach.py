"""How far the measured side reaches: where a bound allows more, an instance says nothing, and is no evidence."""

from __future__ import annotations

import dataclasses
import math

import pytest

from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import PROFILES
from checkers.fuzzing.search import Campaign, search
from checkers.fuzzing.verdicts import judge
from strategies import instance_from_sizes
from theorems.language.instance import Instance
from theorems.language.registry import registry
from theorems.language.statement import Constant, DeclarationError, Statement

QUICK = dataclasses.replace(PROFILES["quick"], far=0, corners=0, law_draws=2**12)


def limit(C: float) -> Statement:
    """kernel-limit-sharp of one input, at most C sqrt(2 log(20)/m) for L = 1."""
    statement = registry["kernel-limit-sharp"]
    return dataclasses.replace(
        statement, engines=("exact law",), constants={**statement.constants, "C": Constant(C / math.sqrt(15), "")},
        ranges={**statement.ranges, "width": (64, 1024), "depth": (1, 2), "samples": (1, 1), "outputs": (1, 1)},
    )  # fmt: skip


def test_a_bound_beyond_what_is_measured_says_nothing() -> None:
    """It is 1 at m = 6 C^2."""
    statement = limit(8.0)
    below, above = Instance(width=383), Instance(width=384)
    assert (statement.out_of_reach(below), statement.out_of_reach(above)) == (True, False)
    assert (statement.says_something(below), statement.says_something(above)) == (False, True)
    assert not dataclasses.replace(statement, reach="").out_of_reach(below)


def test_such_an_instance_is_no_evidence_and_does_not_refute() -> None:
    statement = limit(8.0)
    sizes: dict[str, int | float | str] = {"width": 128, "input_dimension": 2, "data": "random"}
    instance = instance_from_sizes(statement, sizes)
    decision = decide(statement, instance, seed=1, engine="exact law", trials=100, alpha=0.5)
    assert not decision.evidence
    assert decide(dataclasses.replace(statement, reach=""), instance, seed=1, engine="exact law", trials=100, alpha=0.5).evidence


def test_a_statement_that_says_nothing_anywhere_is_vacuous() -> None:
    campaign = search(limit(1000.0), QUICK, Account(1e-6), seed=1, examples=8)
    assert campaign.decisions == []
    assert campaign.vacuous > 0
    verdict = judge(limit(1000.0), campaign, Campaign(), [])
    assert (verdict.verdict, verdict.instances, verdict.vacuous) == ("VACUOUS", 0, campaign.vacuous)


def test_instances_within_reach_are_evidence_beside_those_that_are_not() -> None:
    campaign = search(limit(8.0), QUICK, Account(1e-6), seed=1, examples=16)
    assert campaign.vacuous > 0
    assert campaign.decisions
    assert all(decision.evidence and decision.right < 2 for decision in campaign.decisions)
    assert judge(limit(8.0), campaign, Campaign(), []).verdict == "HOLDS"


@pytest.mark.parametrize("fields", [{"at_most": (), "at_least": "C L"}, {"at_most": "C F"}, {"reach": "F"}, {"reach": 1.0}])
def test_a_reach_is_of_an_upper_bound_that_is_known_before_it_is_measured(fields: dict[str, object]) -> None:
    from theorems.language.registry import Registry

    declared = dataclasses.replace(registry["kernel-limit-sharp"], rests_on=(), variants=(), **fields)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="field 'reach'"):
        Registry().add(declared)

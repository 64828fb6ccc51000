"""Every statement as a property of its instances: under pytest a few of them, under HypoFuzz for as long as one likes.

`hypothesis fuzz -- --hypothesis-profile fuzz tests/theorems/test_instances_hold.py`; see docs/continuous-fuzzing.md. What decides is what
decides in `lemmafuzz check`; Hypothesis never sees the networks, which depend on SEED and on the instance alone: an instance has one
verdict, however often it is tried, in whichever process, and when it is shrunk or replayed from the database.
"""

from __future__ import annotations

import math
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from checkers.evidence.decide import decide
from checkers.evidence.profiles import PROFILES
from checkers.report.verdicts import decision_in_words
from strategies import instances
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement

SEED = 1
# Fuzzing has no end, so no decision may look at how many came before: with this share each, a million of them refute a true statement
# with probability 1e-6 at most.
ALPHA = 1e-12
PROFILE = PROFILES["quick"]


@cache
def instances_of(identifier: str) -> SearchStrategy[Instance]:
    statement = registry[identifier]
    return st.one_of(*(instances(statement, limits=limits) for limits in PROFILE.populations(statement)))


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_instance_refutes(statement: Statement, data: DataObject) -> None:
    instance = data.draw(instances_of(statement.id))
    assert statement.inside(instance)
    engine, trials = PROFILE.plan(statement, instance)
    decision = decide(statement, instance, seed=SEED, engine=engine, trials=trials, alpha=ALPHA)
    target(math.log(min(max(decision.ratio, 1e-300), 1e300)), label="log of the worst ratio")
    assert not decision.refuted, decision_in_words(decision, statement)

"""The suite itself: every statement of the registry holds, and every false variant of every statement is refuted.

The id of a test is the id of its statement, so `pytest -k forward-norm` runs all that concerns it. The seed is fixed and the
verdict a function of it; at any other seed a true statement is refuted with probability 1e-6 at most, over the whole registry.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.evidence.profiles import PROFILES
from checkers.runs.suite import check, power
from theorems import registry
from theorems.language.statement import Statement

SEED = 1
# The counterexamples of this suite need not be simple: no more than a look at what shrinking does.
POWER = replace(PROFILES["quick"], shrinks=2)
VARIANTS = [pytest.param(s, v.name, id=f"{s.id}-{v.name}") for s in registry for v in s.variants]


FORMS = [form for statement in registry for form in registry.forms(statement.id) if form is not registry[statement.id]]


@pytest.mark.parametrize("statement", FORMS, ids=lambda statement: f"{statement.id}-on-{statement.architecture}")
def test_statement_is_not_refuted_on_other_architectures(statement: Statement) -> None:
    """Two instances: `check` and the report draw enough of them to say that it holds."""
    verdict = check([statement], seed=SEED, profile=replace(PROFILES["quick"], examples=2)).verdicts[0]
    assert (verdict.id, verdict.architecture, verdict.counterexamples) == (statement.id, statement.architecture, [])
    assert verdict.verdict in {"HOLDS", "EXTRAPOLATED", "UNDECIDED"}
    assert verdict.worst_ratio > 0


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
def test_statement_holds(statement: Statement) -> None:
    verdict = check([statement], seed=SEED, profile=PROFILES["quick"]).verdicts[0]
    assert verdict.verdict in {"HOLDS", "EXTRAPOLATED"}
    assert (verdict.id, verdict.counterexamples) == (statement.id, [])
    assert verdict.grade in {"exact", "attacked", "sampled"}
    assert verdict.worst is not None
    assert verdict.within_rounding < verdict.trials / 100, "the sides are told apart"


@pytest.mark.parametrize(("statement", "variant"), VARIANTS)
def test_false_variant_is_refuted(statement: Statement, variant: str) -> None:
    alone = replace(statement, variants=tuple(v for v in statement.variants if v.name == variant))
    found = power([alone], seed=SEED, profile=POWER).variants[0]
    assert (found.id, found.variant, found.verdict) == (statement.id, variant, "REFUTED")
    assert found.counterexample is not None
    assert found.severest is not None
    assert found.counterexample.refuted
    assert found.severest.ratio >= found.counterexample.ratio > 1
    assert found.counterexample.p_value <= found.counterexample.alpha <= 1e-6

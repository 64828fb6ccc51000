"""The suite itself: every statement of the registry holds, and every false variant of every statement is refuted.

The id of a test is the id of its statement, so `pytest -k forward-norm` runs all that concerns it. The seed is fixed and the
verdict a function of it; at any other seed a true statement is refuted with probability 1e-6 at most, over the whole registry.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.profiles import PROFILES
from checkers.suite import check, power
from theorems import registry
from theorems.statement import Statement

SEED = 1
# Two thirds of the quick profile's instances, a quarter of its trials, and no network too large for a test.
SMALL = replace(
    PROFILES["quick"], name="small", examples=10, shrinks=2, normals=2**20, law_draws=2**16, dense_width=256, revealed_width=2**12
)  # fmt: skip
VARIANTS = [pytest.param(s, v.name, id=f"{s.id}-{v.name}") for s in registry for v in s.variants]


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
def test_statement_holds(statement: Statement) -> None:
    verdict = check([statement], seed=SEED, profile=SMALL).verdicts[0]
    assert (verdict.id, verdict.verdict, verdict.counterexamples) == (statement.id, "HOLDS", [])
    assert verdict.grade in {"exact", "attacked", "sampled"}
    assert verdict.worst is not None
    assert verdict.within_rounding < verdict.trials / 100, "the sides are told apart"


@pytest.mark.parametrize(("statement", "variant"), VARIANTS)
def test_false_variant_is_refuted(statement: Statement, variant: str) -> None:
    alone = replace(statement, variants=tuple(v for v in statement.variants if v.name == variant))
    found = power([alone], seed=SEED, profile=SMALL).variants[0]
    assert (found.id, found.variant, found.verdict) == (statement.id, variant, "REFUTED")
    assert found.counterexample is not None
    assert found.severest is not None
    assert found.counterexample.refuted
    assert found.severest.ratio >= found.counterexample.ratio > 1
    assert found.counterexample.p_value <= found.counterexample.alpha <= 1e-6

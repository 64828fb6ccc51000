"""The suite itself: every statement of the registry holds, and every false variant of every statement is refuted.

The id of a test is the id of its statement, so `pytest -k forward-norm` runs all that concerns it. The seed is fixed and the
verdict a function of it; at any other seed a true statement is refuted with probability 1e-6 at most, over the whole registry.
What decides is what decides in a user's own suite of lemmas, checkers/pytest_suite.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checkers.evidence.profiles import PROFILES
from checkers.pytest_suite import Claim, claims, complaint, judged
from checkers.records.decisions import VariantVerdict, Verdict
from checkers.records.events import silent
from checkers.runs import suite
from checkers.runs.jobs.groups import expected
from theorems import registry
from theorems.language.statement import Statement

SEED = 1
QUICK = PROFILES["quick"]
LONG = 10.0  # seconds
FORMS = claims(form for statement in registry for form in registry.forms(statement.id) if form is not registry[statement.id])


def name(claim: Claim) -> str:
    return f"{claim.id}-{claim.variant}" if claim.variant else claim.id


def marked(statement: Statement) -> list[Any]:
    """The claims of a statement, each that took long in the last profile with what it took."""
    settings = suite.Settings(SEED, QUICK, suite.ALPHA, "cpu", None, ())
    groups = [*suite.check_groups(settings, [statement], silent), *suite.power_groups(settings, [statement], silent)]
    took = [*map(expected, groups)]
    return [
        pytest.param(claim, marks=pytest.mark.slow(seconds)) if seconds > LONG else pytest.param(claim)
        for claim, seconds in zip(claims([statement]), took, strict=True)
    ]


@pytest.mark.parametrize("claim", [claim for claim in FORMS if not claim.variant], ids=lambda claim: f"{claim.id}-on-{claim.architecture}")
def test_statement_is_not_refuted_on_other_architectures(claim: Claim) -> None:
    """Two instances: `check` and the report draw enough of them to say that it holds."""
    verdict = judged(claim, seed=SEED, profile=replace(QUICK, examples=2))
    assert isinstance(verdict, Verdict)
    assert (verdict.id, verdict.architecture, verdict.counterexamples) == (claim.id, claim.architecture, [])
    assert verdict.verdict in {"HOLDS", "EXTRAPOLATED", "UNDECIDED"}
    assert verdict.worst_ratio > 0


@pytest.mark.parametrize("claim", [marked(statement)[0] for statement in registry], ids=name)
def test_statement_holds(claim: Claim) -> None:
    verdict = judged(claim, seed=SEED, profile=QUICK)
    assert complaint(verdict) == ""
    assert isinstance(verdict, Verdict)
    assert verdict.verdict in {"HOLDS", "EXTRAPOLATED"}
    assert (verdict.id, verdict.counterexamples) == (claim.id, [])
    assert verdict.grade in {"exact", "attacked", "sampled"}
    assert verdict.worst is not None
    # counts may equal their bound, and one sample whose signs stay travels exactly as far as gd-radius-given-flips says
    assert verdict.within_rounding < verdict.trials / 20, "the sides are told apart"


@pytest.mark.parametrize("claim", [claim for statement in registry for claim in marked(statement)[1:]], ids=name)
def test_false_variant_is_refuted(claim: Claim) -> None:
    found = judged(claim, seed=SEED, profile=QUICK)
    assert complaint(found) == ""
    assert isinstance(found, VariantVerdict)
    assert (found.id, found.variant, found.verdict) == (claim.id, claim.variant, "REFUTED")
    assert found.counterexample is not None
    assert found.severest is not None
    assert found.counterexample.refuted
    assert found.severest.ratio >= found.counterexample.ratio > 1
    assert found.counterexample.p_value <= found.counterexample.alpha <= 1e-6

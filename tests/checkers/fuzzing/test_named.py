"""A statement that was asked for by name gets more: a false one that forgets a union bound is refuted on every seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from checkers.evidence.binomial import Plan
from checkers.evidence.decide import decide
from checkers.evidence.profiles import PROFILES
from checkers.fuzzing.counterexamples import known
from checkers.fuzzing.further import further
from checkers.fuzzing.nearest import NEAREST, nearest
from checkers.fuzzing.search import Visit
from checkers.machine.software import versions
from checkers.records.counterexamples import Counterexample
from checkers.records.decisions import CheckRun, Decision
from checkers.report.verdicts import check_closing
from checkers.runs.suite import check
from strategies import indices_most, instance_from_sizes
from theorems import registry
from theorems.language.forms import probability, wrong
from theorems.language.statement import Constant, Statement
from theorems.language.subject import Side, Subject

QUICK = PROFILES["quick"]


def inactive(subject: Subject) -> Side:
    """m/2 less the active neurons of every layer and sample: (trials, layers, samples)."""
    instance = subject.instance
    counts = torch.stack([subject.signs(layer).sum(-1) for layer in range(1, instance.depth + 1)], 1)
    return Side((instance.width / 2 - counts).clamp_min(0), axes=("layer", "sample"))


FORGETFUL = Statement(
    id="half-active-no-union", source="a draft", claim="m/2 - |D_l| <= {bound} for all l and i", kind="derived", measure=inactive,
    at_most="C sqrt(m)", failure=probability("exp(-2 C^2)"), constants={"C": Constant(1.5, "Hoeffding")}, exact=True,
    ranges={"width": (16, 2048), "depth": (1, 16), "samples": (1, 6), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
    variants=(wrong("C = 0.1", "constant", constants={"C": Constant(0.1, "")}), wrong("0.9 C", "exponent", at_most="0.9 C sqrt(m)")),
)  # fmt: skip
TRUE = replace(FORGETFUL, failure=probability("n L exp(-2 C^2)"))


@pytest.fixture
def declared() -> Iterator[list[Statement]]:
    """What is appended is known to the registry until the test ends."""
    own: list[Statement] = []
    yield own
    for statement in own:
        registry.remove(statement.id)


def run(statement: Statement, declared: list[Statement], seed: int, *, named: bool = True) -> CheckRun:
    declared.append(registry.add(statement))
    profile = replace(QUICK, shrinks=0)
    return check([statement], seed=seed, profile=profile.naming([statement.id]) if named else profile)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_forgotten_union_bound_is_refuted_on_every_seed(seed: int, declared: list[Statement]) -> None:
    """On the third and the fourth only by a closer look, which a replay has to afford too."""
    (found,) = run(FORGETFUL, declared, seed).verdicts
    assert found.verdict == "REFUTED"
    decision = found.counterexample
    assert decision is not None
    assert int(decision.sizes["depth"]) * int(decision.sizes["samples"]) > 10, "where there are few indices the claim is true"
    assert (decision.stage > 2) == (seed in (3, 4))
    instance = instance_from_sizes(FORGETFUL, decision.sizes)
    record = Counterexample(
        schema=1, role="simplest", seed=seed, decision=decision, inputs=instance.inputs.tolist(), targets=instance.targets.tolist(),
        claim=FORGETFUL.sentence, versions=versions(), module="", triage=None,
    )  # fmt: skip
    assert not isinstance(known(record), str)


def test_the_closing_says_what_came_nearest_what_exact_is_and_what_more_would_cost(declared: list[Statement]) -> None:
    found = run(TRUE, declared, 1)
    (verdict,) = found.verdicts
    assert (verdict.verdict, verdict.grade) == ("HOLDS", "exact")
    near, more = verdict.nearest, verdict.further
    assert near is not None
    assert more is not None
    assert all(one.p_value >= near.p_value for one in [verdict.worst] if one)
    assert more.profile == "standard"
    assert more.detectable_rate < verdict.detectable_rate
    assert sum(one.population == NEAREST for one in verdict.visited) > 1
    closing = check_closing(found)
    assert f"nearest to a refutation: m = {near.sizes['width']}, " in closing
    assert f"p-value {near.p_value:.3g}, {near.alpha:.3g} would refute" in closing
    assert "\nexact: the supremum inside an instance is computed" in closing
    assert "\n--profile standard, about 25 times the work, would try " in closing
    assert f" {more.instances} instances, up to m = 2,048 and L = 16, and notice a failure rate of " in closing
    assert " s; standard takes about " in closing.splitlines()[-1]


def test_a_statement_among_all_others_gets_no_more_than_before(declared: list[Statement]) -> None:
    found = run(TRUE, declared, 1, named=False)
    (verdict,) = found.verdicts
    assert QUICK.of(TRUE) is QUICK
    assert QUICK.naming(["another"]).of(TRUE).examples == QUICK.examples
    assert not {one.population for one in verdict.visited} & {NEAREST, "indices most"}
    assert verdict.further is None
    assert "nearest" not in check_closing(found)


def decision(width: int, failures: int, trials: int, p_value: float, ratio: float, stage: int = 1) -> Decision:
    return Decision(
        statement="own", variant="", architecture="fully connected", engine="dense", sizes={"width": width}, trials=trials,
        failures=failures, within_rounding=0, claimed=0.01, p_value=p_value, alpha=1e-9, refuted=False, evidence=True, ratio=ratio,
        left=ratio, right=1.0, place={}, regime_depth=1.0, stage=stage,
    )  # fmt: skip


def test_nearest_is_the_least_p_value_of_what_was_seen_last_and_where_nothing_fails_the_largest_ratio() -> None:
    wild, steady = decision(16, 1, 4, 0.04, 9.0), decision(32, 12, 512, 0.01, 1.1)
    again = decision(32, 40, 4096, 0.6, 1.2, stage=2)
    assert nearest([wild, steady]) == [steady, wild]
    assert nearest([wild, steady, again]) == [wild, again]
    assert nearest([decision(16, 0, 4, 1.0, 0.2), decision(64, 0, 4, 1.0, 0.3)])[0].ratio == 0.3


def test_the_corner_of_most_indices_has_as_many_of_each_as_there_is_room_for() -> None:
    most = indices_most(FORGETFUL, {"width": (16, 512), "depth": (1, 8)})
    assert most is not None
    assert (most.name, most.value) == ("indices most", 48)
    assert most.limits["width"][0] > 16, "the others are moderate"
    assert indices_most(FORGETFUL, {"samples": (1, 1), "depth": (1, 1)}) is None


def test_a_first_look_stays_one_at_what_is_named() -> None:
    assert PROFILES["glance"].naming(["forward-norm"]) == PROFILES["glance"]


def test_a_failure_probability_that_reads_the_data_is_foreseen_too() -> None:
    """That of tl-floor-hoeffding is a function of lambda0."""
    statement = registry["tl-floor-hoeffding"]
    at = instance_from_sizes(statement, {"width": 2**20, "samples": 1})
    decision = decide(statement, at, seed=1, engine="gate law", trials=1000, alpha=1e-9)
    plan = Plan(1000, statement.failure_probability(at), 1e-9)
    found = further(statement, QUICK.naming([statement.id]), [Visit("search", decision, plan)])
    assert found is not None
    assert found.profile == "standard"
    assert 0.05 <= found.detectable_rate < 0.1

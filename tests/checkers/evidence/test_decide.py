"""One decision: reproducible, blind to whoever asks, exact in what it counts, and never fooled by rounding."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.evidence.binomial import p_value
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import Profile
from checkers.evidence.worst_case import worst_case
from checkers.fuzzing.search import search
from checkers.records.decisions import Decision
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Assumption, FailureProbability, Statement
from theorems.language.subject import Comparison, Subject

SMALL = Profile("small", 12, 12, 6, 2**16, 2**12, 64, 256)


def synthetic(measure: Callable[..., Comparison], claimed: float = 0.0, **fields: Any) -> Statement:
    declaration: dict[str, Any] = {
        "id": "synthetic", "source": "", "claim": "", "kind": "derived", "measure": measure, "ranges": {"width": (1, 64)},
        "engines": ("vectors",), "failure": FailureProbability("p", lambda instance: claimed), **fields,
    }  # fmt: skip
    return Statement(**declaration)


def planned(sides: Callable[[Tensor], tuple[Tensor, Tensor]], rounding: float = 0.0, axes: tuple[str, ...] = ()) -> Statement:
    """A statement whose sides are a function of the trial numbers 0, 1, 2, ..."""

    def measure(subject: Subject) -> Comparison:
        left, right = sides(torch.arange(subject.trials, dtype=torch.float64))
        return Comparison(left, right, axes=axes, rounding=rounding)

    return synthetic(measure)


def judged(statement: Statement, trials: int = 100, **changes: Any) -> Decision:
    return decide(statement, Instance(width=8), **{"seed": 1, "engine": "vectors", "trials": trials, "alpha": 1e-6, **changes})


def instance(identifier: str, **sizes: int | float | str) -> Instance:
    return instance_from_sizes(registry[identifier], {"width": 32, **sizes})


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("relu-difference", "vectors", {}),
    ("forward-norm", "exact law", {"tolerance": 0.8, "depth": 3}),
    ("forward-norm", "dense", {"tolerance": 0.8, "samples": 2}),
    ("forward-norm", "revealed", {"tolerance": 0.8, "samples": 2}),
    ("gradient-formula", "dense", {"samples": 3, "outputs": 2}),
    ("operator-norm", "dense", {"depth": 2}),
    ("gradient-upper", "revealed", {"radius": 1e-3}),
    ("gd-rate", "revealed", {}),
]
NAMES = [f"{identifier} by {engine}" for identifier, engine, _ in CASES]


@pytest.mark.parametrize(("identifier", "engine", "sizes"), CASES, ids=NAMES)
def test_the_same_arguments_give_the_same_bits(identifier: str, engine: Any, sizes: dict[str, Any]) -> None:
    def once() -> Decision:
        return decide(registry[identifier], instance(identifier, **sizes), seed=5, engine=engine, trials=6, alpha=1e-7)

    torch.manual_seed(1)
    first = once()
    torch.manual_seed(2)
    torch.rand(1)
    assert once() == first
    assert msgspec.json.decode(msgspec.json.encode(first), type=Decision) == first
    json.loads(msgspec.json.encode(first), parse_constant=pytest.fail)


@pytest.mark.parametrize(("identifier", "engine", "sizes"), CASES[1:], ids=NAMES[1:])
def test_another_seed_stage_or_instance_gives_other_weights(identifier: str, engine: Any, sizes: dict[str, Any]) -> None:
    def ratio(seed: int = 5, stage: int = 1, **more: Any) -> float:
        chosen = instance(identifier, **{**sizes, **more})
        return decide(registry[identifier], chosen, seed=seed, engine=engine, trials=6, alpha=0, stage=stage).ratio

    assert len({ratio(), ratio(seed=6), ratio(stage=2), ratio(width=33), ratio(data_seed=1)}) == 5


def numbers_seen(seed: int = 1, trials: int = 5, variant: str = "", identifier: str = "synthetic", **changes: Any) -> list[float]:
    """The random numbers that a measure gets to see."""
    seen: list[float] = []

    def measure(subject: Subject) -> Comparison:
        numbers = subject.integers((3,), 0, 10**9)
        seen.extend(numbers.flatten().tolist())
        return Comparison(numbers, numbers, axes=("number",))

    statement = synthetic(measure, id=identifier, variant_name=variant)
    decide(statement, **{"instance": Instance(width=8), "seed": seed, "engine": "vectors", "trials": trials, "alpha": 1e-6, **changes})
    return seen


def test_the_randomness_depends_on_seed_statement_instance_and_stage_alone() -> None:
    numbers = numbers_seen()
    assert numbers_seen(alpha=0.3) == numbers, "not on the error rate"
    assert numbers_seen(variant="false") == numbers, "not on the variant: it is tried on the networks that the truth is tried on"
    others = [
        numbers_seen(seed=2), numbers_seen(identifier="another"), numbers_seen(instance=Instance(width=9)),
        numbers_seen(instance=Instance(width=8, data_seed=1)), numbers_seen(stage=2),
    ]  # fmt: skip
    assert all(other != numbers for other in others)
    assert len(set(map(tuple, others))) == len(others)


@pytest.mark.parametrize("identifier", ["forward-norm", "gradient-formula", "separation"])
def test_hypothesis_cannot_influence_the_weights(identifier: str) -> None:
    """Whatever the search did before, each of its decisions comes out the same when it is made alone and in another order."""
    for statement in (registry[identifier], registry[identifier].variant(registry[identifier].variants[0].name)):
        campaign = search(statement, SMALL, Account(1e-6), seed=4, examples=SMALL.examples)
        assert campaign.decisions
        for d in reversed(campaign.decisions):
            engine: Any = d.engine
            alone = decide(
                statement, instance_from_sizes(statement, d.sizes), seed=4, engine=engine, trials=d.trials, alpha=d.alpha, stage=d.stage
            )
            assert alone == d


def test_failures_and_close_trials_are_counted_apart() -> None:
    """Ratios 0.90, 0.91, ..., 1.09, with rounding 0.025 about 1: 1.03 to 1.09 fail, 0.98 to 1.02 cannot be told."""
    decision = judged(planned(lambda t: (0.9 + t / 100, torch.ones_like(t)), rounding=0.025), trials=20)
    assert (decision.failures, decision.within_rounding) == (7, 5)
    assert decision.ratio == pytest.approx(1.09)
    assert decision.p_value == p_value(7, 20, 0.0) == 0.0
    assert decision.refuted


def test_an_excess_within_rounding_refutes_nothing() -> None:
    """A planted artefact: the left side is computed with a relative error of 1e-13, and says so."""
    artefact = planned(lambda t: (1 + 1e-13 * t.cos().abs(), torch.ones_like(t)), rounding=1e-13)
    decision = judged(artefact, trials=1000)
    assert decision.ratio > 1
    assert (decision.refuted, decision.failures, decision.within_rounding) == (False, 0, 1000)
    assert judged(planned(lambda t: (1 + 1e-13 * t.cos().abs(), torch.ones_like(t)))).refuted, "it would, had it not said so"


def test_the_trial_fails_where_any_index_fails_and_the_place_says_which() -> None:
    def sides(t: Tensor) -> tuple[Tensor, Tensor]:
        left = torch.full((len(t), 4, 5), 0.5, dtype=torch.float64)
        left[7, 2, 3] = 3.0
        left[9, 0, 4] = left[9, 1, 1] = 2.0
        return left, torch.ones(len(t), 1, 1, dtype=torch.float64)

    decision = judged(planned(sides, axes=("row", "column")), trials=12)
    assert decision.failures == 2
    assert decision.place == {"trial": 7, "row": 2, "column": 3}
    assert (decision.left, decision.right, decision.ratio) == (3.0, 1.0, 3.0)


@pytest.mark.parametrize(
    ("left", "right", "fails"),
    [
        (0.0, 0.0, False), (1.0, 0.0, True), (-1.0, 0.0, False), (0.0, -1.0, True), (1.0, -1.0, True), (-2.0, -1.0, False),
        (-1.0, -2.0, True), (-1.0, 1.0, False), (1.0, float("inf"), False), (float("inf"), 1.0, True),
    ],
)  # fmt: skip
def test_sides_that_have_no_ratio_are_compared_as_they_stand(left: float, right: float, fails: bool) -> None:
    decision = judged(planned(lambda t: (torch.full_like(t, left), torch.full_like(t, right))), trials=4)
    assert decision.failures == (4 if fails else 0)
    json.loads(msgspec.json.encode(decision), parse_constant=pytest.fail)


@pytest.mark.parametrize(("left", "right"), [("nan", "1"), ("1", "nan"), ("0", "nan"), ("inf", "inf")])
def test_what_is_not_a_number_is_not_judged(left: str, right: str) -> None:
    with pytest.raises(InputError, match=r"^statement 'synthetic' measured a quantity that is not a number; its measure cannot be judged$"):
        judged(planned(lambda t: (torch.where(t == 2, float(left), 0.5), torch.where(t == 2, float(right), 1.0))))


def test_sides_are_broadcast_against_each_other() -> None:
    comparison = Comparison(torch.tensor([[1.0], [5.0]]), torch.tensor([[2.0, 4.0]]), axes=("layer",))
    worst = worst_case(synthetic(lambda subject: comparison), comparison)
    assert worst.ratio.tolist() == [0.5, 2.5]
    assert worst.place(1) == {"trial": 1, "layer": 0}


FAILING = planned(lambda t: (torch.full_like(t, 2.0), torch.ones_like(t)))


def changed(**fields: Any) -> Statement:
    return synthetic(FAILING.measure, **fields)


def test_what_says_nothing_refutes_nothing() -> None:
    outside = (Assumption("width", "m >= 9", "width", ">=", lambda i: 9.0),)
    assert judged(FAILING).refuted
    for statement in (changed(assumptions=outside), changed(claimed=0.5), changed(claimed=0.99)):
        decision = judged(statement)
        assert (decision.evidence, decision.refuted, decision.failures) == (False, False, 100)
    counted = judged(FAILING, alpha=0)
    assert (counted.evidence, counted.refuted) == (True, False)


def test_the_claimed_probability_is_what_refutes() -> None:
    """Half of the trials fail: refuted where that is improbable, P(at least 50 of 100) = 1e-14 at 0.16 and 1e-4 at 0.33."""
    half = planned(lambda t: (1.5 * (t % 2), torch.ones_like(t)))
    for claimed, refuted in ((0.16, True), (0.33, False)):
        decision = judged(synthetic(half.measure, claimed))
        assert (decision.failures, decision.refuted) == (50, refuted)
        assert decision.p_value == p_value(50, 100, claimed)


def test_the_strongest_adversary_counts() -> None:
    statement = registry["gradient-upper"]
    chosen = instance("gradient-upper", width=64, depth=3, radius=0.5)
    decision = decide(statement, chosen, seed=1, engine="dense", trials=20, alpha=0)
    assert decision.adversary not in ("", "random"), "a random direction and no move at all are weaker at this radius"
    assert np.isfinite(decision.ratio)

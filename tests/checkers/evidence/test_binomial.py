"""Exact binomial decisions, the budget of false alarms, and what a run promises to detect."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from checkers.evidence.binomial import DETECTION, critical_failures, detectable_rate, p_value
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account, ErrorBudget
from checkers.evidence.profiles import Profile
from checkers.fuzzing.search import search
from theorems.language.instance import Instance
from theorems.language.statement import FailureProbability, Statement
from theorems.language.subject import Comparison, Subject

ERROR = 1e-6  # probability that one of the statistical tests below rejects what is right (the seeds are fixed)
GRAIN = 10**6  # failure rates are multiples of 1/GRAIN, exactly


def failing_at(rate: float, claimed: float) -> Statement:
    """A statement about plain vectors whose trials fail independently with probability `rate`, exactly; it claims `claimed`."""
    limit = GRAIN - round(rate * GRAIN)

    def measure(subject: Subject) -> Comparison:
        number = subject.integers((), 1, GRAIN)
        return Comparison(number, number.new_full(number.shape, limit))

    return Statement(
        id="synthetic", source="", claim="", kind="derived", measure=measure, ranges={"width": (1, 10**6)}, engines=("vectors",),
        failure=FailureProbability("p", lambda instance: claimed),
    )  # fmt: skip


@pytest.mark.parametrize(("trials", "claimed"), [(1, 0.3), (7, 0.5), (40, 0.01), (60, 0.2)])
def test_p_value_is_the_binomial_tail(trials: int, claimed: float) -> None:
    p = Fraction(claimed)
    mass = [math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(trials + 1)]
    for failures in range(trials + 1):
        assert p_value(failures, trials, claimed) == pytest.approx(float(sum(mass[failures:])), rel=1e-12)


def test_p_value_at_the_ends() -> None:
    assert p_value(0, 100, 0.0) == 1.0
    assert p_value(1, 100, 0.0) == 0.0, "an identity may never fail"
    assert p_value(100, 100, 1.0) == 1.0, "a claim of nothing is never refuted"


@pytest.mark.parametrize("trials", [1, 4, 33, 512, 100_000])
@pytest.mark.parametrize("claimed", [0.0, 1e-12, 1e-3, 0.05, 0.49])
@pytest.mark.parametrize("alpha", [0.3, 1e-3, 1e-9])
def test_critical_failures_is_the_exact_threshold(trials: int, claimed: float, alpha: float) -> None:
    critical = critical_failures(trials, claimed, alpha)
    assert 1 <= critical <= trials + 1
    assert p_value(critical - 1, trials, claimed) > alpha
    assert critical == trials + 1 or p_value(critical, trials, claimed) <= alpha


def test_an_account_never_spends_more_than_its_budget() -> None:
    account = Account(0.25)
    spent = [account.spend() for _ in range(10_000)]
    assert account.decisions == 10_000
    assert spent == sorted(spent, reverse=True)
    assert 0.25 * (1 - 1 / 10_000) <= math.fsum(spent) <= 0.25


def test_a_ledger_spends_at_most_alpha_over_any_statements_and_decisions() -> None:
    budget = ErrorBudget(1e-6)
    total = math.fsum(budget.account(position).spend() for position in range(300) for _ in range(50))
    assert 0.9e-6 < total <= 1e-6
    # the series themselves sum to 1: sum 1/((k+1)(k+2)) = 1 - 1/(N+1)
    assert sum(Fraction(1, (k + 1) * (k + 2)) for k in range(300)) == 1 - Fraction(1, 301)


def test_architectures_share_what_their_statement_owns() -> None:
    budget = ErrorBudget(0.5)
    names = ("fully connected", "residual", "convolutional")
    total = math.fsum(budget.account(0, name, 3).budget for name in names)
    assert total == pytest.approx(ErrorBudget(0.5).account(0).budget)
    assert budget.account(0, "residual", 3) is budget.account(0, "residual", 3), "one account, however often it is asked for"


def test_the_share_of_a_statement_does_not_depend_on_what_else_is_checked() -> None:
    alone, among = ErrorBudget(), ErrorBudget()
    for position in range(5):
        among.account(position).spend()
    assert alone.account(5).spend() == among.account(5).spend()


def test_nothing_is_detectable_without_decisions_or_with_too_few_trials() -> None:
    assert detectable_rate([]) == 1.0
    assert detectable_rate([(4, 0.3, 1e-9)]) == 1.0, "0.3^4 > 1e-9: certain failure would go unnoticed"


def test_detectable_rate_of_an_identity_is_one_failure_in_all_trials() -> None:
    """One failure refutes, so it is missed with probability (1 - r)^N = 1%."""
    assert detectable_rate([(100, 0.0, 1e-9), (400, 0.0, 1e-12)]) == pytest.approx(1 - 0.01 ** (1 / 500), rel=1e-5)


MIXED = [(512, 0.01, 1e-7), (512, 0.01, 2e-8), (64, 0.2, 1e-8), (2000, 1e-4, 1e-8), (4, 0.4, 1e-9), (300, 0.05, 1e-9)]


@pytest.mark.parametrize("decisions", [MIXED[:1], MIXED[:3], MIXED])
def test_the_promised_rate_is_detected_as_often_as_promised(decisions: list[tuple[int, float, float]]) -> None:
    runs = 20_000
    promised = detectable_rate(decisions)
    generator = np.random.Generator(np.random.SFC64(12))

    def missed(rate: float) -> int:
        refuted = np.zeros(runs, dtype=bool)
        for trials, claimed, alpha in decisions:
            refuted |= generator.binomial(trials, rate, runs) >= critical_failures(trials, claimed, alpha)
        return int((~refuted).sum())

    right = missed(promised)
    assert p_value(right, runs, 1 - DETECTION) > ERROR / 2
    assert binom.cdf(right, runs, 1 - DETECTION) > ERROR / 2
    assert p_value(missed(0.8 * promised), runs, 1 - DETECTION) < ERROR, "a smaller rate is detected less often, and this test sees it"


INSTANCES = [Instance(width=width) for width in range(1, 2001)]


def refutations(statement: Statement, trials: int, alpha: float, instances: list[Instance] = INSTANCES) -> int:
    return sum(decide(statement, i, seed=3, engine="vectors", trials=trials, alpha=alpha).refuted for i in instances)


def test_a_statement_that_is_just_true_is_refuted_no_oftener_than_promised() -> None:
    trials, claimed, alpha = 256, 0.05, 0.05
    level = p_value(critical_failures(trials, claimed, alpha), trials, claimed)  # the next attainable below alpha: failures are integers
    count = refutations(failing_at(claimed, claimed), trials, alpha)
    assert level <= alpha
    assert p_value(count, len(INSTANCES), level) > ERROR / 2
    assert binom.cdf(count, len(INSTANCES), level) > ERROR / 2, "nor more seldom, which would be wasted power"
    assert p_value(refutations(failing_at(1.2 * claimed, claimed), trials, alpha), len(INSTANCES), alpha) < ERROR, "and a false one is"


def test_a_failure_rate_twice_the_claimed_one_is_detected_at_the_promised_number_of_trials() -> None:
    claimed, alpha = 0.05, 1e-3
    trials = next(trials for trials in range(100, 10_000, 10) if detectable_rate([(trials, claimed, alpha)]) <= 2 * claimed)
    instances = INSTANCES[:1000]
    missed = len(instances) - refutations(failing_at(2 * claimed, claimed), trials, alpha, instances)
    assert p_value(missed, len(instances), 1 - DETECTION) > ERROR
    fewer = len(instances) - refutations(failing_at(2 * claimed, claimed), trials // 2, alpha, instances)
    assert p_value(fewer, len(instances), 1 - DETECTION) < ERROR, "half of the trials are not enough"


def test_a_whole_search_keeps_its_budget_although_it_looks_again_where_it_is_suspicious() -> None:
    """A second stage decides only what the first found improbable; both are paid for, so a search refutes no oftener than its budget."""
    profile, budget = Profile("test", 10, 10, 0, 2**16, 2**10, 64, 64), 0.2

    def refuted(statement: Statement, runs: int) -> int:
        campaigns = [search(statement, profile, Account(budget), seed=seed, examples=10) for seed in range(runs)]
        return sum(campaign.severest is not None for campaign in campaigns)

    assert p_value(refuted(failing_at(0.05, 0.05), 80), 80, budget) > ERROR
    assert p_value(refuted(failing_at(0.1, 0.05), 20), 20, budget) < ERROR

"""The loop: Hypothesis searches the instances of one statement, guided by the margin, and simplifies what it refutes.

Hypothesis never sees the random weights: an instance has one verdict per run, however often it is tried.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from checkers.certification.triage import stands, triage
from checkers.errors import InputError
from checkers.evidence.binomial import SUSPICIOUS, Plan, critical_failures
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import SECOND_STAGE, Profile
from checkers.fuzzing.nearest import NEAREST, identity, nearest
from checkers.fuzzing.populations import SEARCH, Population, populations
from checkers.fuzzing.unread_source import source_unread
from checkers.networks.randomness import seed_sequence
from checkers.records.decisions import Decision, Triage
from checkers.records.events import DecisionMade, InstanceRefuted, Listener, silent
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement

Case = tuple[Decision, Instance]
TIE = 1e-9  # of the log ratio, per decision: above its rounding, and far below any margin worth climbing


class _Refuted(Exception):
    """Tells Hypothesis that an instance refutes; never leaves this module."""


@dataclass(frozen=True)
class Visit:
    """One instance: the population that it was drawn from, its first decision, and what was planned for it."""

    population: str
    decision: Decision
    plan: Plan


@dataclass
class Campaign:
    """All decisions about one statement, and the refuting instances: the simplest and the most severe.

    visits: the instances that were decided. vacuous: instances of which nothing is claimed. unaffordable: those that were not decided
    because a test that could refute would cost more than the profile affords.
    triages: what those two are made of, by role. withdrawn: refutations that triage did not let stand, and what they were; in
    `decisions` these refute nothing.
    """

    decisions: list[Decision] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    vacuous: int = 0
    unaffordable: int = 0
    simplest: Case | None = None
    severest: Case | None = None
    triages: dict[str, Triage] = field(default_factory=dict)
    withdrawn: list[Triage] = field(default_factory=list)

    @property
    def until_refuted(self) -> int:
        """Decisions up to and including the first refutation; all of them if there was none."""
        return next((k for k, d in enumerate(self.decisions, start=1) if d.refuted), len(self.decisions))


@dataclass
class _Judge:
    """Decides instances, each once, and keeps what was found."""

    statement: Statement
    profile: Profile
    account: Account
    seed: int
    device: str
    listener: Listener
    decides: bool
    decide: Callable[..., Decision]
    campaign: Campaign = field(default_factory=Campaign)
    known: dict[str, Decision | None] = field(default_factory=dict)
    tried: dict[tuple[object, ...], Instance] = field(default_factory=dict)  # of the population
    first: tuple[Decision, Instance, Triage] | None = None
    population: str = SEARCH
    simplifying: float = 0.0

    def __call__(self, instance: Instance) -> Decision | None:
        key = instance.key()
        if key not in self.known:
            found = self.known[key] = self._decide(instance)
            if found is not None:
                self.tried[identity(found)] = instance
        return self.known[key]

    def _decide(self, instance: Instance) -> Decision | None:
        if self.decides and not self.statement.says_something(instance):
            self.campaign.vacuous += 1
            return None
        alpha = self.account.next / 2 if self.decides else 0.0
        planned = self.profile.stages(self.statement, instance, alpha) if self.decides else self.profile.counting(self.statement, instance)
        if planned is None:
            self.campaign.unaffordable += 1
            return None
        if self.decides:
            self.account.spend()
        return self._in_stages(instance, *planned, self.population, first=1)

    def look_closer(self, instance: Instance) -> bool:
        """Decide a known instance again, by many more trials on fresh weights; whether that refutes."""
        planned = self.profile.closer(self.statement, instance, self.account.next / 2)
        if planned is None:
            return False
        self.account.spend()
        found = self.known[instance.key()] = self._in_stages(instance, *planned, NEAREST, first=3)
        return found.refuted

    def _in_stages(self, instance: Instance, engine: Engine, plan: Plan, population: str, first: int) -> Decision:
        """The decision of the first stage, or of the next one where it is suspicious."""
        decision = self._made(instance, engine, plan, plan.trials, first)
        self.campaign.visits.append(Visit(population, decision, plan))
        if plan.second and decision.evidence and not decision.refuted and decision.p_value < SUSPICIOUS:
            self._record(decision, instance)
            decision = self._made(instance, engine, plan, plan.second, first + 1)
        return self._record(decision, instance)

    def _made(self, instance: Instance, engine: Engine, plan: Plan, trials: int, stage: int) -> Decision:
        """The decision of so many trials. Of a false variant, of the first that refute if all of them fail, where they do: these begin the
        whole, so it would refute as well, and the test is the same. A true statement would pay for that look at every instance."""
        few = critical_failures(trials, plan.claimed, plan.alpha) if self.statement.variant_name and plan.alpha > 0 else trials
        for number in (few, trials) if few < trials else (trials,):
            decision = self.decide(
                self.statement, instance, seed=self.seed, engine=engine, trials=number, alpha=plan.alpha, stage=stage, device=self.device
            )  # fmt: skip
            if decision.failures == number:
                break
        self._charge(instance, engine, number)
        return decision

    def _charge(self, instance: Instance, engine: Engine, trials: int) -> None:
        """What simplifying has cost since the first refutation, in decisions, none of which counts less than a usual second stage."""
        if self.campaign.severest is not None:
            self.simplifying += max(1.0, self.profile.share(self.statement, instance, engine, trials) / SECOND_STAGE)

    def _examined(self, decision: Decision, instance: Instance) -> Decision:
        """The first refutation has to stand before any other is simplified; one that does not refutes nothing."""
        if not decision.refuted or self.first is not None:
            return decision
        found = triage(self.statement, decision, instance, self.seed, self.profile.proofs)
        if stands(found):
            self.first = decision, instance, found
            self.listener(InstanceRefuted(decision, found))
            return decision
        self.campaign.withdrawn.append(found)
        return msgspec.structs.replace(decision, refuted=False)

    def conclude(self) -> Campaign:
        """Triage of the two cases that are kept; where one does not stand, the first refutation takes its place."""
        campaign, first = self.campaign, self.first
        if first is None:
            return campaign
        campaign.simplest, campaign.triages["simplest"] = self._standing(campaign.simplest or first[:2])
        campaign.severest, campaign.triages["severest"] = self._standing(campaign.severest or first[:2])
        return campaign

    def _standing(self, case: Case) -> tuple[Case, Triage]:
        assert self.first is not None
        decision, instance, found = self.first
        if case[0] == decision:
            return (decision, instance), found
        own = triage(self.statement, *case, self.seed, self.profile.proofs)
        if stands(own):
            return case, own
        self.campaign.withdrawn.append(own)
        return (decision, instance), found

    def _record(self, decision: Decision, instance: Instance) -> Decision:
        campaign = self.campaign
        decision = self._examined(decision, instance)
        campaign.decisions.append(decision)
        if decision.refuted and (campaign.severest is None or decision.ratio > campaign.severest[0].ratio):
            campaign.severest = (decision, instance)
        self.listener(DecisionMade(decision))
        return decision


def search(
    statement: Statement,
    profile: Profile,
    account: Account,
    *,
    seed: int,
    examples: int,
    device: str = "cpu",
    listener: Listener = silent,
    decides: bool = True,
    decide: Callable[..., Decision] = decide,
) -> Campaign:
    """Explore the populations one after another, up to the first that refutes: all of a statement, here and now.

    decides=False: instances outside the regime, which are only counted; they spend no error budget and refute nothing.
    decide: what decides in place of checkers.evidence.decide.decide, such as a journal that knows decisions already.
    """
    found: list[Campaign] = []
    for population in populations(statement, profile, account, examples, decides=decides):
        found.append(
            explore(statement, profile, population, seed=seed, device=device, listener=listener, decides=decides, decide=decide)
        )  # fmt: skip
        if found[-1].severest:
            break
    return merged(found)


def explore(
    statement: Statement,
    profile: Profile,
    population: Population,
    *,
    seed: int,
    device: str = "cpu",
    listener: Listener = silent,
    decides: bool = True,
    decide: Callable[..., Decision] = decide,
) -> Campaign:
    """Try instances of one population, larger margins preferred; at the first refutation simplify it, with at most profile.shrinks
    decisions. For `decides` and `decide` see `search`."""
    judge = _Judge(statement, profile, population.account, seed, device, listener, decides, decide, population=population.name)
    try:
        strategy = population.instances(statement)
    except ValueError as error:
        raise InputError(f"{error} of the profile {profile.name!r}") from error
    _explore(judge, strategy, population.examples, population.name)
    return judge.conclude()


def merged(parts: Sequence[Campaign]) -> Campaign:
    """Campaigns in one, the last of which may refute. An instance that several met counts for the first: its networks are the same."""
    whole = Campaign()
    for part in parts:
        seen = {identity(decision) for decision in whole.decisions}
        whole.decisions += [decision for decision in part.decisions if decision.refuted or identity(decision) not in seen]
        whole.visits += [visit for visit in part.visits if identity(visit.decision) not in seen]
        whole.vacuous += part.vacuous
        whole.unaffordable += part.unaffordable
        whole.withdrawn += part.withdrawn
        whole.simplest, whole.severest, whole.triages = part.simplest, part.severest, part.triages
    return whole


def _explore(judge: _Judge, strategy: st.SearchStrategy[Instance], examples: int, purpose: str) -> None:
    """Decide up to `examples` instances of the strategy, and look closer at those nearest to a refutation; at a refutation simplify it."""
    statement, profile, campaign = judge.statement, judge.profile, judge.campaign
    told, again = list[float](), deque[float]()  # margins, in order; those to be told again
    key = int(seed_sequence(judge.seed, purpose, *statement.stream, statement.variant_name).generate_state(1)[0])

    @hypothesis_seed(key)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.target, Phase.shrink),
    )
    @given(strategy)
    def trial(instance: Instance) -> None:
        exhausted = campaign.severest is not None and judge.simplifying >= profile.shrinks
        if exhausted and instance.key() not in judge.known:
            return
        decision = judge(instance)
        if decision is None:
            return
        if decision.refuted:
            campaign.simplest = (decision, instance)
            raise _Refuted
        # The hill climber takes every step that is not worse: a quantity without effect would use up its examples. So the first wins a tie.
        margin = math.log(min(max(decision.ratio, 1e-300), 1e300)) - TIE * len(campaign.decisions)
        told.append(again.popleft() if again else margin)
        target(told[-1], label="log of the worst ratio")

    with source_unread():
        with suppress(_Refuted):
            trial()
        near = nearest(decision for decision in campaign.decisions if identity(decision) in judge.tried)
        for decision in near[: profile.looks if judge.decides else 0]:
            if campaign.severest is None and judge.look_closer(judge.tried[identity(decision)]):
                again.extend(told)
                with suppress(_Refuted):
                    trial()  # as before, for what was decided is known: up to the instance that now refutes

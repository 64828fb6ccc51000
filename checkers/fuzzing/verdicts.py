"""The verdict that the decisions of a campaign support."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from checkers.evidence.binomial import detectable_rate
from checkers.fuzzing.nearest import NEAREST, identity, nearest
from checkers.fuzzing.populations import SEARCH
from checkers.fuzzing.search import Campaign, Visit
from checkers.records.decisions import Decision, Grade, Verdict, VerdictName, Visited
from theorems.language.statement import Statement

# A statement whose failures would have to be more frequent than this to be noticed was not tested enough to say that it holds.
USEFUL_RATE = 0.5


def judge(statement: Statement, campaign: Campaign, beyond: Campaign, written: list[str]) -> Verdict:
    """The verdict that a campaign's decisions support."""
    evidence = [d for d in campaign.decisions if d.evidence]
    visits = [visit for visit in campaign.visits if visit.decision.evidence]
    rate = detectable_rate(visit.plan for visit in visits)
    corner, corner_rate = weakest_corner(visits)
    inside_with_ones = _different(d for d in evidence if d.regime_depth >= 1)
    worst = max(evidence, key=lambda d: d.ratio, default=None)
    close = sum(d.within_rounding for d in evidence)
    if any(d.refuted for d in evidence):
        verdict: VerdictName = "REFUTED"
    elif not evidence:
        verdict = "VACUOUS"
    elif campaign.withdrawn or rate > USEFUL_RATE or close > sum(d.trials for d in evidence) / 2:
        verdict = "UNDECIDED"
    else:
        verdict = "HOLDS" if inside_with_ones else "EXTRAPOLATED"
    constants = statement.constants.items()
    return Verdict(
        id=statement.id,
        theory=statement.theory,
        architecture=statement.architecture,
        verdict=verdict,
        grade=grade(statement) if verdict in ("HOLDS", "EXTRAPOLATED") else "",
        instances=_different(evidence),
        trials=sum(d.trials for d in evidence),
        failures=sum(d.failures for d in evidence),
        detectable_rate=rate,
        worst_ratio=worst.ratio if worst else 0.0,
        constant=", ".join(f"{name} = {constant}" for name, constant in constants) or "none",
        provenance="; ".join(f"{name}: {constant.provenance}" for name, constant in constants) or f"{statement.kind}: nothing hidden",
        regime=_regime(statement, evidence, campaign.vacuous, beyond.decisions),
        vacuous=campaign.vacuous,
        within_rounding=close,
        beyond=len(beyond.decisions),
        beyond_failures=sum(d.failures > 0 for d in beyond.decisions),
        beyond_worst=max((d for d in beyond.decisions if d.failures > 0), key=lambda d: d.ratio, default=None),
        source=statement.source,
        kind=statement.kind,
        worst=worst,
        nearest=next(iter(nearest(evidence)), None),
        counterexamples=written,
        **refuted_by(campaign),
        withdrawn=campaign.withdrawn,
        looked_at={words: _different(d for d in evidence if d.looked_at == words) for words in _partial(evidence)},
        blind=sum(visit.plan.blind for visit in visits),
        unaffordable=campaign.unaffordable,
        weakest_corner=corner,
        corner_rate=corner_rate,
        inside_with_ones=inside_with_ones,
        visited=[_visited(visit) for visit in visits],
    )


def weakest_corner(visits: Sequence[Visit]) -> tuple[str, float | None]:
    """Of the populations beside the search the one in which a failure rate must be largest to be noticed, and that rate."""
    names = dict.fromkeys(visit.population for visit in visits if visit.population not in (SEARCH, NEAREST))
    rates = {name: detectable_rate(visit.plan for visit in visits if visit.population == name) for name in names}
    return max(rates.items(), key=lambda one: one[1]) if rates else ("", None)


def _visited(visit: Visit) -> Visited:
    one = visit.decision
    return Visited(
        population=visit.population, sizes=one.sizes, ratio=one.ratio, trials=one.trials, failures=one.failures, claimed=one.claimed,
        detectable_rate=detectable_rate([visit.plan]),
    )  # fmt: skip


def _different(decisions: Iterable[Decision]) -> int:
    """How many instances were decided, each counted once."""
    return len(set(map(identity, decisions)))


def _partial(evidence: Sequence[Decision]) -> list[str]:
    """What decisions looked at that did not look at every index of the claim, each once."""
    return sorted({d.looked_at for d in evidence} - {""})


def refuted_by(campaign: Campaign) -> dict[str, Any]:
    """The fields of a verdict that say what refutes: each decision with its own triage."""
    return {
        "counterexample": campaign.simplest[0] if campaign.simplest else None,
        "triage": campaign.triages.get("simplest"),
        "severest": campaign.severest[0] if campaign.severest else None,
        "severest_triage": campaign.triages.get("severest"),
    }


def grade(statement: Statement) -> Grade:
    """exact: the measure is the supremum over everything inside an instance. attacked: a search looked for it. sampled: neither."""
    if statement.adversary or statement.attack:
        return "attacked"
    return "exact" if statement.exact else "sampled"


def _regime(statement: Statement, evidence: Sequence[Decision], vacuous: int, beyond: Sequence[Decision]) -> str:
    """How far inside its assumptions the instances lay, hidden constants set to 1: below 1 is outside."""
    if not statement.assumptions:
        return "no assumptions"
    words = []
    if evidence:
        depths = sorted(d.regime_depth for d in evidence)
        words.append(f"{depths[0]:.3g} to {depths[-1]:.3g} times")
    if vacuous:
        words.append(f"{vacuous} vacuous")
    if beyond:
        depths = sorted(d.regime_depth for d in beyond)
        words.append(f"{len(beyond)} beyond, down to {depths[0]:.1g} times, {sum(d.failures > 0 for d in beyond)} of them failing")
    return "; ".join(words) or "none inside"

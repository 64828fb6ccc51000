"""One mutant: it is checked as its statement is, and a survivor is sorted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from checkers.evidence.error_budget import ErrorBudget
from checkers.experiments.calibration import MARGIN
from checkers.experiments.mutants.claims import SAME, corners
from checkers.experiments.mutants.mutant import Mutant
from checkers.experiments.mutants.rarity import seldom
from checkers.experiments.mutants.reach import watched
from checkers.experiments.mutants.restricted import restricted, where_several, with_constant
from checkers.experiments.mutants.sabotage import sabotaged
from checkers.fuzzing.search import Campaign, search
from checkers.records.events import Advanced, Listener
from checkers.records.mutants import MutantResult, Outcome
from checkers.runs.suite import Settings
from theorems.language.formula import SYMBOLS
from theorems.language.instance import Instance
from theorems.language.registry import registry
from theorems.language.statement import Statement

DIFFERENT: Final = 1.2  # a claim that is stronger by less, everywhere, is the same claim for a check with finitely many trials
NOTHING: Final = 1e-300


@dataclass(frozen=True)
class _Found:
    """outcome: of a survivor. why: in words. reach: by how much stronger the claim is, somewhere."""

    campaigns: Sequence[Campaign]
    outcome: Outcome
    why: str
    reach: float


def mutant_one(settings: Settings, listener: Listener, identifier: str, architecture: str, mutant: Mutant) -> MutantResult:
    """Try to kill one mutant, with the search, the instances and the error rate of the statement's own check."""
    statement = registry.form(identifier, architecture)
    listener(Advanced(f"{identifier}: {mutant.name}", 0, 1))
    if mutant.alone and mutant.reach <= 1 + SAME:
        found = _Found((), "outside", "the same claim everywhere in the ranges", 1.0)
    else:
        found = {"quantifier": _quantifier, "pass": _pass}.get(mutant.kind, _claim)(settings, statement, mutant)
    listener(Advanced(f"{identifier}: {mutant.name}", 1, 1))
    killer = next(((one, one.severest[0]) for one in found.campaigns if one.severest), None)
    tried = killer[0].decisions[: killer[0].until_refuted] if killer else [each for one in found.campaigns for each in one.decisions]
    return MutantResult(
        id=identifier, architecture=architecture, mutant=mutant.name, kind=mutant.kind, claim=mutant.claim,
        outcome="REFUTED" if killer else found.outcome, why="" if killer else found.why,
        instances=len(tried), trials=sum(one.trials for one in tried), measured=None,
        ratio=max(map(_worst, found.campaigns), default=0.0), reach=None if found.reach == math.inf else found.reach,
        refuted_at=killer[1].sizes if killer else {},
    )  # fmt: skip


def _quantifier(settings: Settings, statement: Statement, mutant: Mutant) -> _Found:
    """The statement with the constant that the restricted measure needs."""
    statement = where_several(statement, mutant.target) or statement
    narrow = _searched(settings, restricted(statement, mutant.target), decides=False)
    needed = max((one.ratio for one in narrow.decisions), default=0.0)
    if MARGIN * needed >= 1:
        return _Found([narrow], "outside", f"the restricted measure needs {needed:.3g} of the bound, with the margin all of it", math.inf)
    wider = with_constant(statement, MARGIN * needed)
    campaign = _searched(settings, wider)
    words = f"the restricted measure needs {needed:.3g} of the bound, all of it {MARGIN * needed * _worst(campaign):.3g}"
    rare = "" if campaign.severest or _worst(campaign) <= 1 else seldom(settings, wider, campaign)
    return _Found([campaign], "outside" if rare or _worst(campaign) <= 1 else "missed", f"{words}, and {rare}" if rare else words, math.inf)


def _pass(settings: Settings, statement: Statement, mutant: Mutant) -> _Found:
    """The statement on a wrong pass; where it survives, beside the honest one on the same engines."""
    wrong = sabotaged(statement, mutant.target)
    campaign = _searched(settings, wrong)
    if campaign.severest:
        return _Found([campaign], "REFUTED", "", math.inf)
    grown = _growth(settings, dataclasses.replace(wrong, measure=statement.measure), [campaign])
    words = f"the worst ratio becomes {grown:.3g} times the honest one"
    return _Found([campaign], "outside" if grown < DIFFERENT else "missed", words, grown)


def _claim(settings: Settings, statement: Statement, mutant: Mutant) -> _Found:
    """Another bound, definition or constant."""
    campaigns, reached, beyond = [], 1.0, []
    for changes in mutant.alternatives:
        mutated, seen = watched(statement, dataclasses.replace(statement, **changes))
        campaigns.append(_searched(settings, mutated))
        reached = max(reached, seen.factor)
        beyond.append(seen.beyond)
        if campaigns[-1].severest:
            return _Found(campaigns, "REFUTED", "", mutant.reach)
    if why := _slack(statement, mutant) or implied(statement, mutant):
        return _Found(campaigns, "slack", why, mutant.reach)
    if all(one is not None and one <= 1 + SAME for one in beyond):
        return _Found(campaigns, "slack", f"no stronger than what is proved: {statement.proved_bounds[mutant.part]}", mutant.reach)
    if mutant.kind == "constant":
        return _Found(campaigns, "missed", "", mutant.reach)
    if mutant.alone:
        reached, where = mutant.reach, ", ".join(f"{symbol} = {value:.3g}" for symbol, value in mutant.where.items())
        words = f"up to {reached:.3g} times stronger, at {where}"
    elif mutant.reach < math.inf:
        words = f"up to {reached:.3g} times stronger on what was tried"
    else:
        reached = _growth(settings, statement, campaigns)
        words = f"the worst ratio becomes {reached:.3g} times the statement's"
    return _Found(campaigns, "outside" if reached < DIFFERENT else "missed", words, reached)


def _slack(statement: Statement, mutant: Mutant) -> str:
    """Why the sharp exponents of the statement say that the claim is true; empty if they do not."""
    sharp = {symbol: statement.sharp[name] for symbol, name in SYMBOLS.items() if name in statement.sharp and mutant.part == 0}
    if mutant.symbol in sharp:
        limit = sharp[mutant.symbol]
        if min(mutant.claimed, limit) - SAME <= mutant.power <= max(mutant.claimed, limit) + SAME:
            return f"the sharp exponent of {mutant.symbol} is {limit:.3g}"
    if mutant.kind == "logarithm":
        for symbol in mutant.symbols:
            if symbol in sharp and abs(sharp[symbol] - statement.whole_bounds[0].exponent(symbol)) > SAME:
                return f"the sharp exponent of {symbol} leaves more than a logarithm"
    return ""


def implied(statement: Statement, mutant: Mutant) -> str:
    """Of which sharper statement the mutant is a consequence, at every corner of the regime that is in both; empty if of none."""
    mutated = dataclasses.replace(statement, **mutant.alternatives[0])
    sharper = [one.id for one in registry if one.sharpens == statement.id and registry.has_form(one.id, statement.architecture)]
    for other in (registry.form(identifier, statement.architecture) for identifier in sharper):
        both = [one for one in corners(statement) if other.inside(one)]
        if both and all(_follows(mutated, other, one) for one in both):
            return f"it follows from {other.id}"
    return ""


def _follows(weaker: Statement, stronger: Statement, instance: Instance) -> bool:
    """Whether what is claimed of the instance by the one, part by part, follows from the other."""
    if stronger.failure_probability(instance) > weaker.failure_probability(instance):
        return False
    pairs = zip(weaker.claimed(instance), stronger.claimed(instance), strict=True)
    return all(beyond >= proved if weaker.at_most else beyond <= proved for beyond, proved in pairs)


def _growth(settings: Settings, statement: Statement, campaigns: Sequence[Campaign]) -> float:
    """The worst ratio of the campaigns over that of the statement's own search."""
    return max(map(_worst, campaigns)) / max(_worst(_searched(settings, statement)), NOTHING)


def _searched(settings: Settings, statement: Statement, *, decides: bool = True) -> Campaign:
    """The statement's own search; nothing is simplified where it refutes."""
    profile = dataclasses.replace(settings.profile, shrinks=0)
    forms = registry.forms(statement.id)
    account = ErrorBudget(settings.alpha).account(registry.position(statement.id), statement.architecture, len(forms))
    return search(
        statement, profile, account, seed=settings.seed, examples=profile.instances(statement), device=settings.device, decides=decides
    )


def _worst(campaign: Campaign) -> float:
    """The largest left/right on evidence."""
    return max((one.ratio for one in campaign.decisions if one.evidence), default=0.0)

"""Runs over many statements: `check` asks whether they hold, `power` whether their false variants are refuted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from checkers import counterexample
from checkers.evidence import Ledger, detectable_rate
from checkers.fuzz import Campaign, search
from checkers.profiles import Profile
from checkers.records import CheckRun, Decision, Grade, PowerRun, VariantVerdict, Verdict, VerdictName
from theorems.registry import Registry, registry
from theorems.statement import Statement

# Called with (what is being done, decisions made, decisions planned).
Progress = Callable[[str, int, int], None]
ALPHA = 1e-6

# A statement whose failures would have to be more frequent than this to be noticed was not tested enough to say that it holds.
USEFUL_RATE = 0.5


def _silent(label: str, done: int, total: int) -> None:
    """No progress shown."""


def _counting(progress: Progress, label: str, total: int) -> Callable[[Decision], None]:
    made = 0

    def observe(decision: Decision) -> None:
        nonlocal made
        made += 1
        progress(label, min(made, total), total)

    progress(label, 0, total)
    return observe


def judge(statement: Statement, campaign: Campaign, beyond: Campaign, written: list[str]) -> Verdict:
    """The verdict that a campaign's decisions support."""
    evidence = [d for d in campaign.decisions if d.evidence]
    rate = detectable_rate((d.trials, d.claimed, d.alpha) for d in evidence)
    worst = max(evidence, key=lambda d: d.ratio, default=None)
    close = sum(d.within_rounding for d in evidence)
    if any(d.refuted for d in evidence):
        verdict: VerdictName = "REFUTED"
    elif not evidence:
        verdict = "VACUOUS"
    elif rate > USEFUL_RATE or close > sum(d.trials for d in evidence) / 2:
        verdict = "UNDECIDED"
    else:
        verdict = "HOLDS"
    constants = statement.constants.items()
    return Verdict(
        id=statement.id,
        architecture="fully connected",
        verdict=verdict,
        grade=grade(statement) if verdict == "HOLDS" else "",
        instances=len({tuple(d.sizes.items()) for d in evidence}),
        trials=sum(d.trials for d in evidence),
        failures=sum(d.failures for d in evidence),
        detectable_rate=rate,
        worst_ratio=worst.ratio if worst else 0.0,
        constant=", ".join(f"{name} = {constant.value:g}" for name, constant in constants) or "none",
        provenance="; ".join(f"{name}: {constant.provenance}" for name, constant in constants) or f"{statement.kind}: nothing hidden",
        regime=_regime(statement, evidence, campaign.vacuous, beyond.decisions),
        vacuous=campaign.vacuous,
        within_rounding=close,
        beyond=len(beyond.decisions),
        beyond_failures=sum(d.failures > 0 for d in beyond.decisions),
        source=statement.source,
        kind=statement.kind,
        worst=worst,
        counterexamples=written,
    )


def grade(statement: Statement) -> Grade:
    """exact: the measure is the supremum over everything inside an instance. attacked: a search looked for it. sampled: neither."""
    if statement.adversary or statement.attack:
        return "attacked"
    return "exact" if statement.exact else "sampled"


def _regime(statement: Statement, evidence: Sequence[Decision], vacuous: int, beyond: Sequence[Decision]) -> str:
    """How far inside its assumptions the instances lay, hidden constants set to 1."""
    if not statement.assumptions:
        return "no assumptions"
    words = []
    if evidence:
        depths = sorted(d.regime_depth for d in evidence)
        words.append(f"{len(depths)} inside, {depths[0]:.3g} to {depths[-1]:.3g} times")
    if vacuous:
        words.append(f"{vacuous} vacuous")
    if beyond:
        depths = sorted(d.regime_depth for d in beyond)
        words.append(f"{len(beyond)} beyond, down to {depths[0]:.1g} times, {sum(d.failures > 0 for d in beyond)} of them failing")
    return "; ".join(words) or "none inside"


def check(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile,
    alpha: float = ALPHA,
    device: str = "cpu",
    folder: Path | None = None,
    module: str = "",
    progress: Progress = _silent,
    catalogue: Registry = registry,
) -> CheckRun:
    """Try to break every statement. alpha bounds the probability that the run refutes any true one. folder: where counterexamples go."""
    start = time.monotonic()
    ledger = Ledger(alpha)
    verdicts = []
    for statement in statements:
        account = ledger.account(catalogue.position(statement.id))
        total = profile.examples + (profile.examples // 2 if statement.beyond else 0)
        observe = _counting(progress, statement.id, total)
        found = search(statement, profile, account, seed=seed, examples=profile.examples, device=device, observe=observe)
        beyond = Campaign()
        if statement.beyond:
            outside = statement.beyond_regime()
            examples = profile.examples // 2
            beyond = search(outside, profile, account, seed=seed, examples=examples, device=device, observe=observe, decides=False)
        written = counterexample.write_both(found, statement, seed, folder, module)
        verdicts.append(judge(statement, found, beyond, written))
        progress(statement.id, total, total)
    return CheckRun(seed=seed, alpha=alpha, profile=profile.name, verdicts=verdicts, seconds=time.monotonic() - start)


def power(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile,
    alpha: float = ALPHA,
    device: str = "cpu",
    folder: Path | None = None,
    module: str = "",
    progress: Progress = _silent,
    catalogue: Registry = registry,
) -> PowerRun:
    """Try to refute every false variant, with the budget and the error rate that a true statement would get."""
    start = time.monotonic()
    results = []
    for statement in statements:
        for declared in statement.variants:
            variant = statement.variant(declared.name)
            label = f"{statement.id}: {declared.name}"
            account = Ledger(alpha).account(catalogue.position(statement.id))
            observe = _counting(progress, label, profile.power_examples)
            found = search(variant, profile, account, seed=seed, examples=profile.power_examples, device=device, observe=observe)
            counterexample.write_both(found, variant, seed, folder, module)
            progress(label, profile.power_examples, profile.power_examples)
            results.append(
                VariantVerdict(
                    id=statement.id,
                    variant=declared.name,
                    kind=declared.kind,
                    architecture="fully connected",
                    verdict="REFUTED" if found.severest else "HOLDS" if any(d.evidence for d in found.decisions) else "VACUOUS",
                    instances=found.until_refuted,
                    counterexample=found.simplest[0] if found.simplest else None,
                    severest=found.severest[0] if found.severest else None,
                )
            )
    return PowerRun(seed=seed, alpha=alpha, profile=profile.name, variants=results, seconds=time.monotonic() - start)

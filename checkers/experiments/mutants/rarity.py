"""Whether a survivor fails more seldom than its claim allows, wherever it was seen to fail.

A claim with probability may fail, so that a ratio beyond 1 says nothing by itself. Where trials are too few to tell, the instance is
decided again, on fresh weights and with many more of them.
"""

from __future__ import annotations

from typing import Final

from checkers.evidence.decide import decide
from checkers.fuzzing.nearest import identity
from checkers.fuzzing.search import Campaign
from checkers.records.decisions import Decision
from checkers.runs.suite import Settings
from strategies import instance_from_sizes
from theorems.language.statement import Statement

LEVEL: Final = 0.01  # of calling rare what is not, over all instances of a survivor
STAGE: Final = 5  # of weights that no search has seen


def seldom(settings: Settings, statement: Statement, campaign: Campaign) -> str:
    """In words, how often it fails where that is most, if exact tests say of each instance where it failed that the claim allows more."""
    failing = list({identity(one): one for one in campaign.decisions if one.evidence and one.failures}.values())
    seen = []
    for one in failing:
        found = one if _below(one, LEVEL / len(failing)) else _again(settings, statement, one)
        if found is None or not _below(found, LEVEL / len(failing)):
            return ""
        seen.append(found)
    worst = max(seen, key=lambda one: one.failures / one.trials / one.claimed, default=None)
    return f"fails in {worst.failures} of {worst.trials} where {worst.claimed:.3g} is allowed" if worst else ""


def _below(decision: Decision, level: float) -> bool:
    from scipy.stats import binom

    return bool(binom.cdf(decision.failures, decision.trials, decision.claimed) <= level)


def _again(settings: Settings, statement: Statement, decision: Decision) -> Decision | None:
    instance = instance_from_sizes(statement, decision.sizes)
    planned = settings.profile.closer(statement, instance, LEVEL)
    if planned is None:
        return None
    engine, plan = planned
    return decide(
        statement, instance, seed=settings.seed, engine=engine, trials=plan.trials, alpha=0.0, stage=STAGE, device=settings.device
    )  # fmt: skip

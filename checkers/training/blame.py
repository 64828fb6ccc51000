"""What broke first where training failed, and the balls that the lemmas speak of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from checkers.evidence.measured import measured
from checkers.evidence.worst_case import worst_case
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource
from checkers.records.training import LemmaRadius, StepCheck
from checkers.subjects.network import NetworkSubject
from checkers.training.conclusions import CONCLUSIONS
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED


def broken(network: Network, instance: Instance, identifiers: Sequence[str], source: NormalSource) -> list[str]:
    """Which of the statements this very network violates, in the order given; one that the engine cannot answer is passed over.

    They speak of W(0) or of a ball around it that training soon leaves, so the network to ask is the initial one.
    """
    found = []
    for identifier in identifiers:
        if not registry.has_form(identifier, network.architecture.name):
            continue
        statement = registry.form(identifier, network.architecture.name)
        subject = NetworkSubject(network, instance, source)
        if subject.engine not in statement.engines or (identifier == "separation" and instance.samples < 2):
            continue
        if "radius" in statement.axes:  # a bound that vanishes with the perturbation says nothing of a network that has not moved
            continue
        case = worst_case(statement, measured(statement, subject))
        if float(case.ratio.max()) > 1 + case.rounding:
            found.append(identifier)
    return found


def blame(
    checks: Sequence[StepCheck], untrained: Network, instance: Instance, source: NormalSource, *, stuck: str, risen: float
) -> str:
    """What broke first where training failed; empty where it did not.

    It failed if a conclusion failed, or if the run diverged or no longer gets anywhere, so that the conclusion `stuck` will not come (else
    empty). Blamed is the earliest, in the order of dependence, of what W(0) violates and of the chain's inequalities that failed before the
    conclusion did, and before F rose above F(0), at step `risen`: weights that a step threw far away say nothing of what came before.
    Where there is none, it is the conclusion itself. Equal inputs come before all: no statement speaks of them, for all rest on the
    separation of the data. An inequality of the chain that fails in a run that converges all the same broke nothing.
    """
    failed = {check.id: check.first_failure for check in checks if check.verdict == "FAILED"}
    concluded = {name: step for name, step in failed.items() if name in CONCLUSIONS}
    chain = {name: step for name, step in failed.items() if name not in CONCLUSIONS}
    if not concluded and not stuck:
        return ""
    if stuck and instance.samples > 1 and instance.separation == 0:
        return "separation"
    first = min(concluded, key=lambda name: (concluded[name], registry.position(name)), default="")
    earlier = [one.id for one in registry.foundations(first or stuck) if one.id not in CONCLUSIONS]
    before = {name for name, step in chain.items() if step < min(concluded.get(first, math.inf), risen)}
    found = before | set(broken(untrained, instance, earlier, source))
    return min(found, key=registry.position, default=first or stuck)


def lemma_radii(instance: Instance, distance: float, architecture: str = FULLY_CONNECTED) -> list[LemmaRadius]:
    """The radius of the ball around W(0) that each lemma of the chain speaks of, beside the distance that the run went."""
    found = []
    for identifier in ("sign-flips", "gradient-lower", "semi-smoothness", "kernel-stability"):
        if not registry.has_form(identifier, architecture):
            continue
        for assumption in registry.form(identifier, architecture).assumptions:
            if assumption.quantity == "radius" and assumption.relation == "<=" and instance.separation > 0 and instance.width > 1:
                needed = assumption.bound(instance, **dict.fromkeys(assumption.constants, 1.0))
                found.append(LemmaRadius(id=identifier, formula=assumption.formula, needed=needed, reached=distance))
                break
    return found

"""What a larger profile would cost and show, where this one refuted nothing."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.evidence.binomial import detectable_rate
from checkers.evidence.profiles import PROFILES, Profile
from checkers.fuzzing.nearest import NEAREST
from checkers.fuzzing.search import Visit
from checkers.records.decisions import Further
from strategies import instance_from_sizes
from theorems.language.statement import Statement


def further(statement: Statement, profile: Profile, visits: Sequence[Visit]) -> Further | None:
    """The next larger profile on the statement; None where there is none."""
    names = list(PROFILES)
    if profile.name not in names[:-1]:
        return None
    larger = PROFILES[names[names.index(profile.name) + 1]].naming(profile.named)
    now, then = profile.of(statement), larger.of(statement)
    times = then.examples / now.examples
    sizes = {name: then.populations(statement)[-1].get(name, (1.0, 1.0))[1] for name in ("width", "depth")}
    return Further(
        profile=larger.name, work=times * then.normals / now.normals, instances=then.instances(statement),
        width=sizes["width"], depth=sizes["depth"],
        detectable_rate=_rate(statement, then, [visit for visit in visits if visit.decision.evidence], times),
    )  # fmt: skip


def _rate(statement: Statement, profile: Profile, visits: Sequence[Visit], times: float) -> float:
    """The failure rate that the profile would notice, had it so many times these instances, at the smaller error rates of so many more."""
    plans = []
    for visit in visits:
        planned = profile.closer if visit.population == NEAREST else profile.stages
        instance = instance_from_sizes(statement, visit.decision.sizes)  # with its data, which a failure probability may read
        found = planned(statement, instance, visit.plan.alpha / times**2)
        plans += [found[1]] * (1 if visit.population == NEAREST else round(times)) if found else []
    return detectable_rate(plans)

"""What a report is about: check, power, scaling, training runs and the other experiments, gathered into facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from checkers.data.training_data import held_out_rows, load_training_data
from checkers.errors import InputError
from checkers.evidence.profiles import Profile
from checkers.experiments import reliability
from checkers.experiments.deep_norms import deep_norms_group
from checkers.experiments.scaling import exponents
from checkers.experiments.unfinished import Unfinished
from checkers.experiments.width import inside_the_regime, threshold
from checkers.machine import software
from checkers.machine.threads import one_thread
from checkers.records.counterexamples import Certificate
from checkers.records.decisions import CheckRun, PowerRun
from checkers.records.events import Advanced, Event, Listener, PieceDone, StepRecorded
from checkers.records.report import Facts
from checkers.records.training import TrainingRun
from checkers.runs import suite
from checkers.runs.jobs.each import each
from checkers.runs.jobs.groups import Group, jobs
from checkers.training import run as training
from checkers.training.training_setup import TrainingSetup
from theorems.language.registry import registry
from theorems.language.statement import FULLY_CONNECTED, Statement


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A training run of the report, on the bundled digits. setup: it, but for the data, the seed and the device."""

    title: str
    samples: int
    labels: Literal["true", "random"]
    held_out: int = 0
    setup: partial[TrainingSetup]


def _two_hundred(labels: Literal["true", "random"], loss: str, batch: int) -> Planned:
    """100% training accuracy comes before the loss is that low."""
    setup = partial(TrainingSetup, width=256, depth=4, steps=20_000, goal=0.03, loss=loss, batch=batch)
    return Planned(title=f"200 digits, {labels} labels, {loss} loss, {'sgd' if batch else 'gd'}", samples=200, labels=labels, setup=setup)


# Real images with random labels (Zhang et al. 2017) at a width that can be stored, and at one that cannot: stored, a matrix of
# m = 10^6 would take 8 TB. 100% training accuracy comes before the goal; where that is larger than the first run's, time sets it.
TRAININGS: Final = (
    Planned(title="100 digits, random labels, m = 256", samples=100, labels="random", held_out=200,
            setup=partial(TrainingSetup, width=256, depth=4, steps=20_000)),
    Planned(title="50 digits, random labels, residual, m = 256", samples=50, labels="random",
            setup=partial(TrainingSetup, architecture="residual", width=256, depth=3, steps=8000, goal=0.05)),
    Planned(title="20 digits, random labels, convolutional, 64 positions, m = 32", samples=20, labels="random",
            setup=partial(TrainingSetup, architecture="convolutional", positions=64, patch=3, width=32, depth=2, steps=8000, goal=0.05)),
    Planned(title="5 digits, random labels, m = 10^6", samples=5, labels="random",
            setup=partial(TrainingSetup, width=10**6, depth=1, weights="revealed", steps=400)),
    *(
        _two_hundred(labels, loss, batch)
        for labels in ("true", "random")
        for loss in ("squared", "cross-entropy")
        for batch in (0, 32)
    ),
)  # fmt: skip


def gather(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile,
    device: str,
    modules: Sequence[Path],
    processes: int,
    kept: Unfinished,
    progress: Listener,
    whole: bool = True,
) -> Facts:
    """Run everything that the report is about, all of it in one pool: nobody waits for the last piece of a phase before the next begins.

    kept: what an interrupted report has found already, and where outcomes and counterexamples go as they are found. whole: with what is
    about no statement, training and thresholds. Seconds of check, power and thresholds are sums over pieces, which ran side by side.
    """
    spent: defaultdict[str, float] = defaultdict(float)

    def listen(event: Event) -> None:
        if isinstance(event, PieceDone):
            spent[event.phase] += event.wall
        progress(event)

    settings = suite.Settings(seed, profile, suite.ALPHA, device, kept.counterexamples, tuple(modules))
    plans = TRAININGS if whole else ()
    work = {
        "check": suite.check_groups(settings, statements, progress),
        "power": suite.power_groups(settings, statements, progress),
        "scaling": exponents.scale_groups(statements, seed=seed, profile=profile, device=device, modules=modules),
        "trainings": jobs(_train, (seed, device), [(plan,) for plan in plans], "training runs", [plan.title for plan in plans]),
        "reliability": reliability.groups(seed, reliability.decisions_of(profile)) if whole else [],
        "certificates": _certificate_groups(statements, seed),
        "regime": inside_the_regime.regime_groups(profile.name, seed, device) if whole else [],
        "rungs": threshold.rung_groups(seed, profile.name, device) if whole else [],
        "deep norms": deep_norms_group(seed) if whole else [],
    }
    outcomes = iter(_outcomes([group for groups in work.values() for group in groups], kept, processes, modules, listen))
    found = {name: list(islice(outcomes, len(groups))) for name, groups in work.items()}
    return Facts(
        check=CheckRun(seed=seed, alpha=settings.alpha, profile=profile.name, verdicts=found["check"], seconds=spent[suite.STATEMENTS]),
        power=PowerRun(seed=seed, alpha=settings.alpha, profile=profile.name, variants=found["power"], seconds=spent[suite.VARIANTS]),
        scaling=[row for row in found["scaling"] if row is not None],
        trainings=found["trainings"],
        titles=[plan.title for plan in plans],
        reliability=[row for rows in found["reliability"] for row in rows],
        versions={**msgspec.structs.asdict(software.versions()), "scipy": version("scipy"), "hypothesis": version("hypothesis")},
        modules=", ".join(map(str, modules)),
        certificates=[one for one in found["certificates"] if one is not None],
        regime=found["regime"],
        threshold=threshold.of_rungs(found["rungs"], seed, profile.name, spent["rungs"]) if whole else None,
        deep_norms=next(iter(found["deep norms"]), None),
    )


def _outcomes(groups: Sequence[Group], kept: Unfinished, processes: int, modules: Sequence[Path], listener: Listener) -> list[Any]:
    """The outcomes of all groups, in their order; those that are kept are not found again."""
    outcomes = {place: kept.read(group) for place, group in enumerate(groups) if kept.holds(group)}
    left = [place for place in range(len(groups)) if place not in outcomes]
    with closing(each([groups[place] for place in left], processes, modules, listener)) as ended:
        for job in ended:
            outcomes[left[job.number]] = job.result
            kept.write(groups[left[job.number]], job.result)
    return [outcomes[place] for place in range(len(groups))]


def _certificate_groups(statements: Sequence[Statement], seed: int) -> list[Group]:
    """One instance of each statement that can be certified, on fully connected networks: outcomes are certificates, or None."""
    from checkers.certification.certify import certifiable

    chosen = [(statement.id,) for statement in certifiable(statements) if statement.architecture == FULLY_CONNECTED]
    return jobs(_certify, seed, chosen, "certificates")


def _certify(seed: int, listener: Listener, identifier: str) -> Certificate | None:
    from checkers.certification.certify import certify

    try:
        return certify(registry[identifier], seed=seed, sizes={})
    except InputError:  # a statement whose regime holds no network small enough, or one of the user's that balls do not know
        return None


def _train(settings: tuple[int, str], listener: Listener, plan: Planned) -> TrainingRun:
    seed, device = settings
    data = load_training_data("digits", samples=plan.samples, labels=plan.labels, seed=seed)
    held_out = held_out_rows("digits", loaded=data, count=plan.held_out, seed=seed) if plan.held_out else None

    def titled(event: Event) -> None:
        listener(Advanced(plan.title, event.step, event.steps) if isinstance(event, StepRecorded) else event)

    with one_thread():
        return training.train(plan.setup(data, held_out=held_out, seed=seed, device=device), progress=titled)

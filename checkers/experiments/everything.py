"""What a report is about: check, power, scaling, training runs and the other experiments, gathered into facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from checkers.data.training_data import held_out_rows, load_training_data
from checkers.errors import InputError
from checkers.evidence.profiles import Profile
from checkers.experiments import reliability
from checkers.experiments.deep_norms import deep_norms
from checkers.experiments.scaling import exponents
from checkers.experiments.width import inside_the_regime, threshold
from checkers.machine import software
from checkers.machine.threads import one_thread
from checkers.records.counterexamples import Certificate
from checkers.records.events import Advanced, Event, Listener, StepRecorded
from checkers.records.report import Facts
from checkers.records.training import TrainingRun
from checkers.runs import suite
from checkers.runs.jobs.each import each, in_order
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
    folder: Path,
    progress: Listener,
) -> Facts:
    """Run everything that the report is about. folder: where counterexamples go."""
    shared: Any = {"modules": modules, "processes": processes, "progress": progress}
    return Facts(
        check=suite.check(statements, seed=seed, profile=profile, device=device, folder=folder, **shared),
        power=suite.power(statements, seed=seed, profile=profile, device=device, folder=folder, **shared),
        scaling=exponents.scale(statements, seed=seed, profile=profile, device=device, **shared),
        trainings=in_order(each(_train, (seed, device), [(plan,) for plan in TRAININGS], "training runs", processes, (), progress)),
        titles=[plan.title for plan in TRAININGS],
        reliability=reliability.measure(
            seed=seed, decisions=reliability.decisions_of(profile), processes=processes, progress=progress
        ),
        versions={**msgspec.structs.asdict(software.versions()), "scipy": version("scipy"), "hypothesis": version("hypothesis")},
        modules=", ".join(map(str, modules)),
        certificates=certificates(statements, seed, modules, processes, progress),
        regime=inside_the_regime.regime_rows(profile.name, seed, device, progress),
        threshold=threshold.threshold(seed=seed, profile=profile.name, device=device, progress=progress, processes=processes),
        deep_norms=deep_norms(seed),
    )


def certificates(
    statements: Sequence[Statement], seed: int, modules: Sequence[Path], processes: int, progress: Listener
) -> list[Certificate]:
    """One certified instance of each statement that allows it, on fully connected networks."""
    from checkers.certification.certify import certifiable

    jobs = [(statement.id,) for statement in certifiable(statements) if statement.architecture == FULLY_CONNECTED]
    found: list[Certificate | None] = in_order(each(_certify, seed, jobs, "certificates", processes, modules, progress))
    return [one for one in found if one is not None]


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

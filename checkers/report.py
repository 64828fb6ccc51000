"""The report: check, power, scaling and training runs gathered into facts, and REPORT.md with its figures written from them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from checkers import counterexample, figures, regime, reliability, scaling, suite, threshold, threshold_text, training
from checkers.deep_norms import deep_norms
from checkers.errors import InputError
from checkers.files import check_destination, write_whole
from checkers.prediction import HeldOut
from checkers.processes import each, one_thread
from checkers.profiles import Profile
from checkers.records import Certificate, TrainingRun
from checkers.report_text import Facts, markdown, summary, training_figures
from checkers.terminal import Progress
from checkers.user_data import held_out_rows, load_training_data
from theorems.registry import registry
from theorems.statement import FULLY_CONNECTED, Statement


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A training run of the report, on the bundled digits."""

    title: str
    samples: int
    labels: Literal["true", "random"]
    width: int
    depth: int
    weights: Literal["dense", "revealed"]
    steps: int
    goal: float = 1e-3
    loss: str = "squared"
    batch: int = 0
    held_out: int = 0
    architecture: str = "fully connected"
    positions: int = 1
    patch: int = 1


def _two_hundred(labels: Literal["true", "random"], loss: str, batch: int) -> Planned:
    """100% training accuracy comes before the loss is that low."""
    title = f"200 digits, {labels} labels, {loss} loss, {'sgd' if batch else 'gd'}"
    return Planned(
        title=title, samples=200, labels=labels, width=256, depth=4, weights="dense", steps=20_000, goal=0.03, loss=loss, batch=batch,
    )  # fmt: skip


# Real images with random labels (Zhang et al. 2017) at a width that can be stored, and at one that cannot: stored, a matrix of
# m = 10^6 would take 8 TB. 100% training accuracy comes before the goal; where that is larger than the first run's, time sets it.
TRAININGS: Final = (
    Planned(title="100 digits, random labels, m = 256", samples=100, labels="random", width=256, depth=4, weights="dense", steps=20_000,
            held_out=200),
    Planned(title="50 digits, random labels, residual, m = 256", samples=50, labels="random", width=256, depth=3, weights="dense",
            steps=8000, goal=0.05, architecture="residual"),
    Planned(title="20 digits, random labels, convolutional, 64 positions, m = 32", samples=20, labels="random", width=32, depth=2,
            weights="dense", steps=8000, goal=0.05, architecture="convolutional", positions=64, patch=3),
    Planned(title="5 digits, random labels, m = 10^6", samples=5, labels="random", width=10**6, depth=1, weights="revealed", steps=400),
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
    progress: Progress,
) -> Facts:
    """Run everything that the report is about. folder: where counterexamples go."""
    shared: Any = {"modules": modules, "processes": processes, "progress": progress}
    return Facts(
        check=suite.check(statements, seed=seed, profile=profile, device=device, folder=folder, **shared),
        power=suite.power(statements, seed=seed, profile=profile, device=device, folder=folder, **shared),
        scaling=scaling.scale(statements, seed=seed, profile=profile, device=device, **shared),
        trainings=each(_train, (seed, device), [(plan,) for plan in TRAININGS], "training runs", processes, (), progress),
        titles=[plan.title for plan in TRAININGS],
        reliability=reliability.measure(
            seed=seed, decisions=reliability.decisions_of(profile), processes=processes, progress=progress
        ),
        versions={**msgspec.structs.asdict(counterexample.versions()), "scipy": version("scipy"), "hypothesis": version("hypothesis")},
        modules=", ".join(map(str, modules)),
        certificates=certificates(statements, seed, modules, processes, progress),
        regime=regime.regime_rows(profile.name, seed, device, progress),
        threshold=threshold.threshold(seed=seed, profile=profile.name, progress=progress, processes=processes),
        deep_norms=deep_norms(seed),
    )


def certificates(
    statements: Sequence[Statement], seed: int, modules: Sequence[Path], processes: int, progress: Progress
) -> list[Certificate]:
    """One certified instance of each statement that allows it, on fully connected networks."""
    from checkers.certification.certify import certifiable

    jobs = [(statement.id,) for statement in certifiable(statements) if statement.architecture == FULLY_CONNECTED]
    found: list[Certificate | None] = each(_certify, seed, jobs, "certificates", processes, modules, progress)
    return [one for one in found if one is not None]


def _certify(seed: int, progress: Progress, identifier: str) -> Certificate | None:
    from checkers.certification.certify import certify

    try:
        return certify(registry[identifier], seed=seed, sizes={})
    except InputError:  # a statement whose regime holds no network small enough, or one of the user's that balls do not know
        return None


def _train(settings: tuple[int, str], progress: Progress, plan: Planned) -> TrainingRun:
    seed, device = settings
    loaded = load_training_data("digits", label_column=None, samples=plan.samples, labels=plan.labels, outputs=None, seed=seed)
    others = held_out_rows("digits", label_column=None, loaded=loaded, count=plan.held_out, seed=seed) if plan.held_out else None
    same = ("architecture", "positions", "patch", "width", "depth", "steps", "goal", "loss", "batch")
    with one_thread():
        return training.train(
            inputs=loaded.inputs, targets=loaded.targets, classes=loaded.classes, engine=plan.weights, step_size=None,
            held_out=HeldOut(*others) if others else None, seed=seed, device=device, data=loaded.name, labels=loaded.labels,
            progress=lambda step, steps, loss: progress(plan.title, step, steps),
            **{name: getattr(plan, name) for name in same},
        )  # fmt: skip


def check_folder(folder: Path) -> None:
    """Raise InputError unless the report can be written there."""
    check_destination(folder / "REPORT.md")
    for name, content in (("report", "figures"), ("counterexamples", "counterexamples")):
        if (folder / name).exists() and not (folder / name).is_dir():
            raise InputError(f"cannot write {content} to {folder / name}: it is a file")


def write(facts: Facts, statements: Sequence[Statement], folder: Path) -> None:
    """Write the figures and then REPORT.md, each whole or not at all."""
    contents = {
        "report/margins.svg": figures.margins(facts.check, facts.power),
        **{name: figures.training_curves(facts.trainings[part], facts.titles[part]) for name, part in training_figures(facts)},
        "REPORT.md": markdown(facts, statements),
    }
    if facts.threshold is not None:
        contents["report/threshold.svg"] = threshold_text.figure(facts.threshold)
    if facts.deep_norms is not None:
        contents["report/depth.svg"] = figures.deep_norms(facts.deep_norms)
    for name in dict.fromkeys(row.id for row in facts.scaling):
        contents[f"report/scaling-{name}.svg"] = figures.scaling([row for row in facts.scaling if row.id == name])
    (folder / "report").mkdir(exist_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)


def as_claimed(facts: Facts) -> bool:
    """Whether no statement was refuted, nothing grew beyond its claim, the checker kept its promises, and every variant was refuted."""
    held = all(one.verdict != "REFUTED" for one in facts.check.verdicts) and all(row.consistent for row in facts.scaling)
    held = held and not any(one.refuted for one in (facts.nights.evidence if facts.nights else []))
    held = held and all(row.as_promised for row in facts.reliability)
    return held and all(one.verdict == "REFUTED" for one in facts.power.variants)


def closing(facts: Facts, folder: Path) -> str:
    """The last lines of the command."""
    seconds = facts.check.seconds + facts.power.seconds + sum(run.seconds for run in facts.trainings)
    return f"{summary(facts)}\nwrote {folder / 'REPORT.md'}; seed {facts.check.seed}, {seconds:.1f} s"

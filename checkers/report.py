"""The report: a check, a power run and training runs gathered into facts, and REPORT.md with its figures written from them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from checkers import counterexample, figures, suite, training
from checkers.deep_norms import deep_norms
from checkers.errors import InputError
from checkers.files import check_destination, write_whole
from checkers.processes import each, one_thread
from checkers.profiles import Profile
from checkers.records import TrainingRun
from checkers.report_text import Facts, markdown, summary
from checkers.terminal import Progress
from checkers.user_data import load_training_data
from theorems.statement import Statement


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
    architecture: str = "fully connected"
    positions: int = 1
    patch: int = 1


# Real images with random labels (Zhang et al. 2017) at a width that can be stored, and at one that cannot: stored, a matrix of
# m = 10^6 would take 8 TB.
TRAININGS: Final = (
    Planned(title="100 digits, random labels, m = 256", samples=100, labels="random", width=256, depth=4, weights="dense", steps=20_000),
    Planned(title="50 digits, random labels, residual, m = 256", samples=50, labels="random", width=256, depth=3, weights="dense",
            steps=2000, goal=0.06, architecture="residual"),
    Planned(title="20 digits, random labels, convolutional, 64 positions, m = 32", samples=20, labels="random", width=32, depth=2,
            weights="dense", steps=1500, goal=0.02, architecture="convolutional", positions=64, patch=3),
    Planned(title="5 digits, random labels, m = 10^6", samples=5, labels="random", width=10**6, depth=1, weights="revealed", steps=400),
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
        trainings=each(_train, (seed, device), [(plan,) for plan in TRAININGS], "training runs", processes, (), progress),
        titles=[plan.title for plan in TRAININGS],
        versions={**msgspec.structs.asdict(counterexample.versions()), "scipy": version("scipy"), "hypothesis": version("hypothesis")},
        modules=", ".join(map(str, modules)),
        deep_norms=deep_norms(seed),
    )


def _train(settings: tuple[int, str], progress: Progress, plan: Planned) -> TrainingRun:
    seed, device = settings
    loaded = load_training_data("digits", label_column=None, samples=plan.samples, labels=plan.labels, outputs=None, seed=seed)
    with one_thread():
        return training.train(
            inputs=loaded.inputs,
            targets=loaded.targets,
            classes=loaded.classes,
            architecture=plan.architecture,
            positions=plan.positions,
            patch=plan.patch,
            width=plan.width,
            depth=plan.depth,
            seed=seed,
            engine=plan.weights,
            steps=plan.steps,
            step_size=None,
            goal=plan.goal,
            device=device,
            data=loaded.name,
            labels=loaded.labels,
            progress=lambda step, steps, loss: progress(plan.title, step, steps),
        )


def check_folder(folder: Path) -> None:
    """Raise InputError unless the report can be written there."""
    check_destination(folder / "REPORT.md")
    if (folder / "report").exists() and not (folder / "report").is_dir():
        raise InputError(f"cannot write figures to {folder / 'report'}: it is a file")


def write(facts: Facts, statements: Sequence[Statement], folder: Path) -> None:
    """Write the figures and then REPORT.md, each whole or not at all."""
    contents = {
        "report/margins.svg": figures.margins(facts.check, facts.power),
        "report/training.svg": figures.training_curves(facts.trainings, facts.titles),
        "REPORT.md": markdown(facts, statements),
    }
    if facts.deep_norms is not None:
        contents["report/depth.svg"] = figures.deep_norms(facts.deep_norms)
    for name in dict.fromkeys(row.id for row in facts.scaling):
        contents[f"report/scaling-{name}.svg"] = figures.scaling([row for row in facts.scaling if row.id == name])
    (folder / "report").mkdir(exist_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)


def as_claimed(facts: Facts) -> bool:
    """Whether no statement was refuted, nothing grew beyond its claim, and every false variant was refuted."""
    held = all(one.verdict != "REFUTED" for one in facts.check.verdicts) and all(row.consistent for row in facts.scaling)
    return held and all(one.verdict == "REFUTED" for one in facts.power.variants)


def closing(facts: Facts, folder: Path) -> str:
    """The last lines of the command."""
    seconds = facts.check.seconds + facts.power.seconds + sum(run.seconds for run in facts.trainings)
    return f"{summary(facts)}\nwrote {folder / 'REPORT.md'}; seed {facts.check.seed}, {seconds:.1f} s"

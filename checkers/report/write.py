"""REPORT.md and its figures, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole
from checkers.records.report import Facts
from checkers.report import figures
from checkers.report import threshold as threshold_text
from checkers.report.markdown import markdown, summary, training_figures
from theorems.language.statement import Statement


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

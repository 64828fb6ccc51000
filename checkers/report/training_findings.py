"""What the training runs of a report say about the theory: per run, per statement, and the page that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from checkers.records.report import Facts
from checkers.records.training import StepCheck, TrainingRun
from checkers.report import training
from checkers.report.figures import RUN_COLOURS
from checkers.report.text import Markup, number, plain, table

LEAD = (
    "Descent from random initialization, with the chain of lemmas evaluated on the actual weights along the way (docs/training.md). The"
    " lemmas speak of widths far beyond these runs and of a ball that each run leaves at once, so where one stops to hold, the proof's"
    " mechanism stops, and the theorem is not wrong."
)


def figure_files(facts: Facts) -> list[tuple[str, slice]]:
    """The files of the training runs' curves, as many runs in each as there are colours; none without runs."""
    starts = range(0, len(facts.trainings), len(RUN_COLOURS))
    return [(f"report/training-{place}.svg", slice(start, start + len(RUN_COLOURS))) for place, start in enumerate(starts, start=1)]


def figure_links(facts: Facts) -> list[str]:
    return [f"![Loss, accuracy and distance from initialization at every step]({name})" for name, _ in figure_files(facts)]


def broken(run: TrainingRun) -> list[StepCheck]:
    """The statements that did not hold at every step that was looked at."""
    return [one for one in run.checks if one.verdict == "FAILED"]


def outside(run: TrainingRun, identifier: str) -> bool:
    """Whether the statement does not speak of a run of these sizes."""
    return any(identifier in one.ids for one in run.outside)


def tally(facts: Facts) -> str:
    """How many runs did all that the theory promises, and what broke in the others; empty without runs."""
    runs = facts.trainings
    if not runs:
        return ""
    kept = sum(run.reached and not run.blame and not broken(run) for run in runs)
    words = f"{kept} of {len(runs)} training runs reached their goal with every checked inequality intact"
    names = dict.fromkeys(one.id for run in runs for one in broken(run))
    parts = []
    for name in names:
        found = [run for run in runs if name in (one.id for one in broken(run))]
        where = "outside its regime" if all(outside(run, name) for run in found) else "INSIDE its regime"
        parts.append(f"{name} failed along {len(found)}, {where}")
    blamed = [f"{title} did not train, {run.blame} broke first" for run, title in zip(runs, facts.titles, strict=True) if run.blame]
    missed = [f"{title} did not reach its goal" for run, title in zip(runs, facts.titles, strict=True) if not run.reached and not run.blame]
    return words + "".join(f"; {part}" for part in (*parts, *blamed, *missed))


def run_table(facts: Facts) -> str:
    """One row a run."""
    rows = [
        [
            title, "reached" if run.reached else "not reached", f"{run.steps:,}",
            number(run.loss[-1] / run.loss[0] if run.loss[0] else 0),
            f"{100 * run.accuracy[-1]:.4g}%" if run.accuracy else "-", number(run.radius[-1], 2),
            ", ".join(f"{one.id} (step {one.first_failure:,})" for one in broken(run)) or "none", run.blame or "-",
        ]
        for run, title in zip(facts.trainings, facts.titles, strict=True)
    ]  # fmt: skip
    headers = ["run", "goal", "steps", "loss / initial", "accuracy", "distance moved", "inequalities that failed, from", "blamed"]
    return table(headers, rows, "github")


def allowance_table(facts: Facts, pages: Sequence[str]) -> str:
    """One row a statement that was checked along the runs: how often it held, and how much room it left. pages: ids that have one."""
    names = dict.fromkeys(one.id for run in facts.trainings for one in run.checks)
    rows = []
    for name in names:
        found = [(one, run) for run in facts.trainings for one in run.checks if one.id == name]
        room = [1 / one.median_ratio for one, _ in found if one.median_ratio > 0]
        rows.append([
            Markup(f"[{name}](report/{name}.md)") if name in pages else name, str(len(found)),
            str(sum(not outside(run, name) for _, run in found)),
            str(sum(one.verdict == "HOLDS" for one, _ in found)), number(max(one.worst_ratio for one, _ in found)),
            f"{number(median(room), 2)} times ({number(min(room), 2)} to {number(max(room), 2)})" if room else "-",
        ])  # fmt: skip
    headers = ["along training", "runs", "sizes inside", "held", "closest", "allows, at the median step"]
    return table(headers, rows, "github") if rows else ""


def along_one(facts: Facts, identifier: str) -> list[str]:
    """The part of a statement's page; empty where it was not checked along a run."""
    rows = []
    for run, title in zip(facts.trainings, facts.titles, strict=True):
        for one in run.checks:
            if one.id == identifier:
                first = "never" if one.first_failure < 0 else f"step {one.first_failure:,}"
                sizes = "outside" if outside(run, identifier) else "inside"
                rows.append([title, one.verdict, sizes, f"{one.steps:,}", number(one.worst_ratio), number(one.median_ratio), first])
    headers = ["run", "outcome", "sizes", "steps", "worst ratio", "median ratio", "first failure"]
    return ["## Along training", table(headers, rows, "github"), "[All runs](training.md)"] if rows else []


def page(facts: Facts) -> str:
    """report/training.md: every run in full."""
    figures = [link.replace("(report/", "(") for link in figure_links(facts)]
    runs = [part for run, title in zip(facts.trainings, facts.titles, strict=True) for part in _run(run, title)]
    parts = ["# Training", f"{LEAD} [All of the report](../REPORT.md)", *figures, *runs]
    return "\n\n".join(part for part in parts if part) + "\n"


def _run(run: TrainingRun, title: str) -> list[str]:
    checks = training.step_check_table(run, "github") if run.checks else ""
    blame = f"Training failed; what broke first: **{run.blame}**." if run.blame else ""
    facts = plain(training.training_in_words(run).replace("\n", "; ")) + "."
    explained = plain(" ".join([*run.explanation, training.prediction_in_words(run)]).strip())
    return [f"## {plain(title)}", facts, training.training_table(run, "github"), checks, explained, blame]

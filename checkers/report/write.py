"""REPORT.md, its pages and figures, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole
from checkers.records.report import Facts
from checkers.report import facts_file, figures, ledger
from checkers.report import threshold as threshold_text
from checkers.report import training_findings as training
from checkers.report.by_theory import by_theory, form_of
from checkers.report.exponents import at_one_radius
from checkers.report.margins import margins
from checkers.report.markdown import margins_file, markdown
from checkers.report.statement_page import page
from checkers.report.verdict_lines import summary
from checkers.report.where import axes_of, where
from theorems.language.registry import registry
from theorems.language.statement import Statement

PAGE: Final = "<!-- written by lemmafuzz report -->\n"  # the first line of a page: a file without it is not ours to remove
DRAWN: Final = "<dc:title>lemmafuzz</dc:title>"  # the same of a figure, whose creator it names


def check_folder(folder: Path) -> None:
    """Raise InputError unless the report can be written there."""
    check_destination(folder / "REPORT.md")
    for name, content in (("report", "figures"), ("counterexamples", "counterexamples")):
        if (folder / name).exists() and not (folder / name).is_dir():
            raise InputError(f"cannot write {content} to {folder / name}: it is a file")


def known_facts(path: Path) -> Facts:
    """The facts of a file, all of statements that are declared here."""
    facts = facts_file.read_facts(path)
    cells = [(one.id, one.architecture) for one in facts.check.verdicts] + [(one.id, one.architecture) for one in facts.power.variants]
    unknown = [identifier for identifier, architecture in cells if not registry.has_form(identifier, architecture)]
    if unknown:
        raise InputError(f"the facts in {path} are about {unknown[0]!r}, which nobody declares here; --module names a file of statements")
    for one in facts.power.variants:
        if one.variant not in {variant.name for variant in registry.form(one.id, one.architecture).variants}:
            raise InputError(f"the facts in {path} are about another edition of {one.id!r}, with a false variant {one.variant!r}")
    return facts


def pages(facts: Facts, statements: Sequence[Statement]) -> dict[str, str]:
    """Name -> text of REPORT.md, the last, and of the pages beside it."""
    by_id = {statement.id: statement for statement in statements}
    names = dict.fromkeys(one.id for one in facts.check.verdicts)
    found = {f"report/{name}.md": PAGE + page(name, facts, by_id, registry) for name in names}
    if facts.trainings:
        found["report/training.md"] = PAGE + training.page(facts)
    if facts.nights is not None and facts.nights.evidence:
        found["report/nights.md"] = PAGE + ledger.page(facts.nights)
    return {**found, "REPORT.md": markdown(facts, statements)}


def drawings(facts: Facts, statements: Sequence[Statement]) -> dict[str, Callable[[], str]]:
    """Name -> what draws it, of all figures."""
    by_id = {statement.id: statement for statement in statements}
    found: dict[str, Callable[[], str]] = {
        name: partial(figures.training_curves, facts.trainings[part], facts.titles[part]) for name, part in training.figure_files(facts)
    }
    for _, verdicts in by_theory(facts.check.verdicts, by_id):
        names = list(dict.fromkeys(one.id for one in verdicts))
        found[margins_file(form_of(verdicts[0], by_id).theory)] = partial(margins, facts.check, facts.power, names)
        for name in names:
            own = [one for one in verdicts if one.id == name]
            found |= {f"report/where-{name}.svg": partial(where, own)} if axes_of(own) else {}
    if facts.threshold is not None:
        found["report/threshold.svg"] = partial(threshold_text.figure, facts.threshold)
    if facts.deep_norms is not None:
        found["report/depth.svg"] = partial(figures.deep_norms, facts.deep_norms)
    for name in dict.fromkeys(row.id for row in facts.scaling):
        found[f"report/scaling-{name}.svg"] = partial(figures.scaling, at_one_radius([row for row in facts.scaling if row.id == name]))
    return found


def write(facts: Facts, statements: Sequence[Statement], folder: Path) -> list[str]:
    """Write the facts, figures and pages and then REPORT.md, each whole or not at all; returns their names."""
    texts = {name: draw() for name, draw in drawings(facts, statements).items()} | pages(facts, statements)
    (folder / "report").mkdir(exist_ok=True)
    write_whole(folder / facts_file.NAME, facts_file.packed(facts))
    for name, content in texts.items():
        write_whole(folder / name, content)
    return list(texts)


def remove_stale(folder: Path, written: Collection[str]) -> None:
    """Remove the pages and figures of earlier reports that this one does not have. What lemmafuzz did not write stays."""
    for path in (folder / "report").glob("*.*"):
        name = f"report/{path.name}"
        if name not in written and path.suffix in (".md", ".svg") and path.is_file() and _ours(path):
            path.unlink()


def _ours(path: Path) -> bool:
    with path.open(errors="replace") as file:
        start = file.read(4000)
    return start.startswith(PAGE) if path.suffix == ".md" else DRAWN in start


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

"""A page about one statement, report/<id>.md: what `lemmafuzz show` says of it, and all that a run has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checkers.fuzzing.counterexamples import file_name
from checkers.records.decisions import VariantVerdict, Verdict
from checkers.records.report import Facts
from checkers.report.attacked import attacked_ids
from checkers.report.by_theory import counterexample, form_of
from checkers.report.exponents import at_one_radius, slack, slacks_in_words
from checkers.report.latex import display, lines_of, typeset, well_formed
from checkers.report.mutants import score_in_words
from checkers.report.scaling import scaling_table
from checkers.report.statements import assumptions_in_latex, bounds_in_latex, change_in_words, sections
from checkers.report.text import number, plain, table
from checkers.report.training_findings import along_one
from checkers.report.verdicts import (
    certificate_table,
    decision_in_words,
    looked_at_in_words,
    place_in_words,
    sizes_in_words,
    triage_in_words,
)
from checkers.report.where import axes_of
from theorems.language.formula import Formula
from theorems.language.registry import Registry
from theorems.language.statement import Statement

ELSEWHERE = ("claim", "in LaTeX", "rests on", "rests on it", "false variants")  # on the page in another form


def page(identifier: str, facts: Facts, by_id: Mapping[str, Statement], catalogue: Registry) -> str:
    """The page; its figures are beside it."""
    verdicts = [one for one in facts.check.verdicts if one.id == identifier]
    forms = [form_of(one, by_id) for one in verdicts]
    parts = [
        f"# {identifier}",
        f"{plain(forms[0].source)}. [All of the report](../REPORT.md)",
        "## Claim",
        *_claim(forms[0]),
        *_declared(forms[0], catalogue, ()),
        *(part for form in forms[1:] for part in _other_form(form, forms[0], catalogue)),
        "## What it rests on",
        *_links(forms[0], facts, catalogue),
        "## What was found",
        _verdicts(facts, verdicts),
        *_remarks(verdicts, by_id),
        *_where(verdicts, by_id),
        *_exponents(facts, identifier, by_id),
        *_variants(facts, identifier, by_id),
        *_mutants(facts, identifier),
        *_certificates(facts, identifier, by_id),
        *along_one(facts, identifier),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _claim(form: Statement) -> list[str]:
    sentence = form.sentence
    typed = list(map(typeset, lines_of(sentence)))
    blocks = [typed] if all(map(well_formed, typed)) else []
    return [f"> {plain(sentence)}", *(display(*lines) for lines in (*blocks, formulas(form)) if lines)]


def formulas(form: Statement) -> list[str]:
    """Bounds where there are several forms, what the claim names beside them, assumptions and the failure probability, each a line."""
    relation = r"\ge" if form.direction == "at least" else r"\le"
    lines = [rf"\text{{bound: }}{relation} {latex}" for latex in bounds_in_latex(form)]
    lines += [rf"\text{{where: }}{Formula(name).latex()} = {Formula(text).latex()}" for name, text in form.definitions.items()]
    lines += [rf"\text{{assuming: }}{latex}" for latex in assumptions_in_latex(form)]
    return [*lines, *([rf"\text{{fails with probability: }}\le {latex}"] if (latex := form.failure.latex()) else [])]


def _declared(form: Statement, catalogue: Registry, known: Sequence[tuple[str, list[str]]]) -> list[str]:
    """What `show` says, less what is known of another form."""
    lines = [
        f"- **{name}**: {'; '.join(map(plain, entries))}"
        for name, entries in sections(form, catalogue)
        if name not in ELSEWHERE and (name, entries) not in known and name != "architectures"
    ]
    return ["\n".join(lines)] if lines else []


def _other_form(form: Statement, first: Statement, catalogue: Registry) -> Iterator[str]:
    yield f"### On {form.architecture} networks"
    if form.sentence != first.sentence:
        yield from _claim(form)
    elif latex := [line for line in formulas(form) if line not in formulas(first)]:
        yield display(*latex)
    yield from _declared(form, catalogue, sections(first, catalogue)) or ["As above."]


def _links(form: Statement, facts: Facts, catalogue: Registry) -> list[str]:
    pages = {one.id for one in facts.check.verdicts}

    def linked(names: Sequence[str]) -> str:
        return ", ".join(f"[{name}]({name}.md)" if name in pages else plain(name) for name in names) or "nothing else here"

    above = [other.id for other in catalogue if form.id in other.rests_on]
    absent = [f"{name}: {catalogue.reason(form.id, name)}" for name in catalogue.architectures() if catalogue.explains(form.id, name)]
    lines = [f"- It rests on {linked(form.rests_on)}.", f"- On it rests {linked(above)}."]
    return ["\n".join([*lines, *(f"- Not on {plain(reason)}." for reason in absent)])]


def _verdicts(facts: Facts, verdicts: Sequence[Verdict]) -> str:
    scores = {one.architecture: score_in_words([one]) for one in facts.mutants.scores if one.id == verdicts[0].id} if facts.mutants else {}
    rows = [
        [
            one.architecture, one.verdict, *([scores.get(one.architecture, "-")] if facts.mutants else []), one.grade or "-",
            f"{one.instances:,}", f"{one.trials:,}", f"{one.failures:,}", number(one.detectable_rate, 2),
            f"{number(one.corner_rate, 2)} ({one.weakest_corner})" if one.weakest_corner else "-",
            number(one.worst_ratio), f"{one.inside_with_ones:,}", one.regime or "none",
        ]
        for one in verdicts
    ]  # fmt: skip
    headers = ["architecture", "verdict", *(["mutants refuted"] if facts.mutants else []), "grade", "instances", "trials", "failures",
               "detectable rate", "at a corner", "worst ratio", "inside with constants 1", "how far, with constants 1"]  # fmt: skip
    return table(headers, rows, "github")


def _remarks(verdicts: Sequence[Verdict], by_id: Mapping[str, Statement]) -> list[str]:
    lines = []
    for one in verdicts:
        form = form_of(one, by_id)
        if one.worst:
            lines.append(f"Closest on {one.architecture} networks: {decision_in_words(one.worst, form)}.")
        if one.worst_ratio > 1 and one.verdict != "REFUTED":
            lines.append(f"Ratios above 1 are no contradiction there: a failure probability is claimed, and {one.failures:,} of"
                         f" {one.trials:,} networks is not more than it allows.")  # fmt: skip
        lines += [f"REFUTED by {decision_in_words(one.counterexample, form)}."] if one.counterexample else []
        lines += [f"`lemmafuzz inspect counterexamples/{name}`" for name in one.counterexamples]
        lines += [f"A refutation was withdrawn: {triage_in_words(found)}." for found in one.withdrawn]
        lines += [f"Not every index of the claim: {line}." for line in looked_at_in_words(one)]
        if one.beyond:
            worst = one.beyond_worst
            at = f"; the worst at {place_in_words(worst)} of {sizes_in_words(worst.sizes, form)}" if worst else ""
            lines.append(f"Beyond the regime, where it says nothing, it fails on {one.beyond_failures} of {one.beyond} instances"
                         f" ({one.architecture}){at}.")  # fmt: skip
    return ["\n".join(f"- {line if line.startswith('`') else plain(line)}" for line in lines)] if lines else []


def _where(verdicts: Sequence[Verdict], by_id: Mapping[str, Statement]) -> list[str]:
    groups: dict[tuple[str, str], list[tuple[float, str, float]]] = {}
    for verdict in verdicts:
        for one in verdict.visited:
            sizes = sizes_in_words(one.sizes, form_of(verdict, by_id))
            groups.setdefault((verdict.architecture, one.population), []).append((one.ratio, sizes, one.detectable_rate))
    if not groups:
        return []
    rows = [
        [architecture, name, str(len(found)), number(max(found)[0]), max(found)[1], number(max(rate for _, _, rate in found), 2)]
        for (architecture, name), found in groups.items()
    ]
    figure = f"![Every instance: its sizes, and the largest ratio on it](where-{verdicts[0].id}.svg)" if axes_of(verdicts) else ""
    headers = ["architecture", "population", "instances", "closest", "at", "detectable rate, the largest"]
    return ["## Where its instances lay", figure, table(headers, rows, "github")]


def _exponents(facts: Facts, identifier: str, by_id: Mapping[str, Statement]) -> list[str]:
    rows = [row for row in facts.scaling if row.id == identifier]
    if not rows:
        return []
    attacked = attacked_ids([by_id[identifier]])
    words = slacks_in_words([slack(row, identifier in attacked) for row in at_one_radius(rows)])
    return [
        "## Exponents",
        "; ".join(words) + ".",
        f"![Measured against the claimed slopes](scaling-{identifier}.svg)",
        scaling_table(rows, "github", attacked),
    ]


def _variants(facts: Facts, identifier: str, by_id: Mapping[str, Statement]) -> list[str]:
    found = [one for one in facts.power.variants if one.id == identifier]

    def row(one: VariantVerdict) -> list[str]:
        form = form_of(one, by_id)
        change = next((change_in_words(variant) for variant in form.variants if variant.name == one.variant), "-")
        found = [counterexample(one, by_id), triage_in_words(one.triage) if one.triage else "-"]
        return [one.architecture, one.variant, one.kind, change, one.verdict, f"{one.instances:,}", *found]

    if not found:
        return []
    headers = ["architecture", "false variant", "kind", "changes", "verdict", "instances", "smallest counterexample", "triage"]
    refuted = next((one for one in found if one.counterexample), None)
    again = []
    if refuted:
        name = file_name(identifier, refuted.variant, facts.power.seed, "simplest", refuted.architecture)
        again = [f"`lemmafuzz report` leaves the files; why the first fails: `lemmafuzz inspect counterexamples/{name}`"]
    return ["## False variants", table(headers, map(row, found), "github"), *again]


def _mutants(facts: Facts, identifier: str) -> list[str]:
    found = [one for one in facts.mutants.mutants if one.id == identifier] if facts.mutants else []
    rows = [[one.architecture, one.mutant, one.kind, one.outcome, number(one.ratio), one.why or "-"] for one in found]
    return ["## Mutants", table(["architecture", "mutant", "kind", "is", "worst ratio", "why"], rows, "github")] if rows else []


def _certificates(facts: Facts, identifier: str, by_id: Mapping[str, Statement]) -> list[str]:
    found = [one for one in facts.certificates if one.id == identifier]
    partial = [f"Not every index of the claim: only at {plain(one.looked_at)}." for one in found if one.looked_at]
    words = "The inequality on one drawn instance, proved in ball arithmetic for these very weights and data."
    return ["## Certificates", words, certificate_table(found, by_id, "github"), *partial] if found else []

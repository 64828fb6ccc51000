"""The text of REPORT.md, a function of the facts alone: the same facts give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.counterexamples import Certificate
from checkers.records.decisions import CheckRun, PowerRun, VariantVerdict, VerdictName
from checkers.records.experiments import Exponent
from checkers.records.report import Facts
from checkers.records.training import TrainingRun
from checkers.report import ledger, text, training
from checkers.report import regime as regime_text
from checkers.report import reliability as reliability_text
from checkers.report import threshold as threshold_text
from checkers.report.attacked import attacked_ids, shares_in_words
from checkers.report.by_architecture import matrix
from checkers.report.by_theory import about, by_theory, counterexample, form_of, printed
from checkers.report.figures import RUN_COLOURS
from checkers.report.scaling import scaling_table
from checkers.report.statements import assumptions_in_latex, bounds_in_latex
from checkers.report.verdicts import (
    blind_in_words,
    certificate_table,
    check_columns,
    check_row,
    count_verdicts,
    looked_at_in_words,
    place_in_words,
    several_architectures,
    sizes_in_words,
    triage_in_words,
)
from theorems.language.registry import registry
from theorems.language.statement import FIRST_THEORY, Statement

COLOURS: dict[str, str] = {
    "HOLDS": "#2f7d4a", "EXTRAPOLATED": "#2b6a8f", "REFUTED": "#b3261e", "VACUOUS": "#6b7280", "UNDECIDED": "#a16207",
}  # fmt: skip
LEGEND = (
    "A *trial* is a fresh random initialization on one *instance* (sizes, data, labels). *Failures* are trials in which the inequality"
    " fails by more than rounding; a statement may fail as often as its failure probability allows, and is refuted when it fails more"
    " often than chance explains. All decisions of this run share one false-alarm budget: the probability that any true statement is"
    " refuted is at most {alpha}. *Detectable rate*: a failure rate, common to all instances, that this run would have refuted with"
    " probability 99%; *at a corner*: the same of the corner, one quantity as far as the regime lets it go, where it is largest."
    " *Worst ratio*: the largest left side over right side on any trial. *Grade*: exact, the left side is the true"
    " supremum over all that the claim quantifies over inside one instance; attacked, an adversary looked for it; sampled, neither. An"
    " attack may find less than there is: {shares}."
)
TRIAGE = (
    "No refutation is called one before *triage*: it has to come again in float64 from its seeds, on an instance inside the regime, and its"
    " violated inequalities are proved in ball arithmetic for the exact binary numbers that were drawn. *Certified*: the proved failures"
    " alone refute. *Confirmed in float64*: beyond rounding, but more than ball arithmetic can be asked. What is *rounding* or *outside the"
    " regime* refutes nothing."
)
CERTIFICATES = (
    "The inequality on one drawn instance each, proved in ball arithmetic for these very weights and data, for all vectors or perturbations"
    " that the claim quantifies over inside the instance: *left - right* encloses the largest difference over all indices, each supremum"
    " between the largest value found and one that nothing exceeds. A certificate says nothing about other draws, whose failures have the"
    " probability in the last column."
)


def summary(facts: Facts) -> str:
    """What came of it, in one sentence."""
    refuted = sum(one.verdict == "REFUTED" for one in facts.power.variants)
    return (
        f"Statements: {count_verdicts(one.verdict for one in facts.check.verdicts)}."
        f" False variants: {refuted} of {len(facts.power.variants)} refuted."
        f" Training runs: {sum(run.reached and not run.blame for run in facts.trainings)} of {len(facts.trainings)} as promised."
    )


def markdown(facts: Facts, statements: Sequence[Statement]) -> str:
    """REPORT.md; its figures are in report/."""
    by_id = {statement.id: statement for statement in statements}
    parts = [
        "# Report",
        about(statements),
        summary(facts),
        "## Statements",
        *_architectures(facts),
        *_statement_tables(facts.check, by_id),
        LEGEND.format(alpha=text.number(facts.check.alpha), shares=shares_in_words()),
        "![Largest ratio of left side to right side, for each statement and its false variants](report/margins.svg)",
        "Beyond 1 lies what a claim forbids; ratios beyond the axis are drawn at its ends. A claim about probabilities allows a few of"
        " its trials there, and a false variant may also fail by probability rather than by size.",
        *_bounds(facts.check, by_id),
        *_looked_at(facts.check),
        *_withdrawn(facts.check),
        *_certificates(facts.certificates, by_id),
        "### How far inside the regime",
        _regime_table(facts.check),
        "Instances inside the conditions with the hidden constants as declared, and those of them that are inside with all hidden constants"
        " 1. How far: 10 times means that a quantity could worsen by a factor 10, below 1 is outside with constants 1. Where no instance is"
        " inside with constants 1 the verdict is *EXTRAPOLATED* in place of *HOLDS*: nothing failed, at sizes smaller than the conditions"
        " with constants 1 allow. An instance outside the conditions as declared is *beyond*; one whose claimed failure probability is 1/2"
        " or more is *vacuous*. Neither is ever evidence.",
        _blind(facts.check),
        "### What rests on what",
        _graph(facts.check, statements),
        "## False variants",
        "A checker that cannot fail is worth nothing: each statement comes with wrong versions of itself, refuted with the same budget.",
        *_variant_tables(facts.power, by_id),
        *printed(facts.power, by_id),
        TRIAGE,
        *_example(facts.power, by_id),
        *_scaling(facts.scaling, statements),
        *ledger.section(facts.nights),
        *reliability_text.section(facts.reliability),
        "## Training",
        "Descent from random initialization, with the chain of lemmas evaluated on the actual weights along the way (docs/training.md). The"
        " lemmas speak of widths far beyond these runs and of a ball that each run leaves at once, so where one stops to hold, the proof's"
        " mechanism stops, and the theorem is not wrong.",
        *(f"![Loss, accuracy and distance from initialization at every step]({name})" for name, _ in training_figures(facts)),
        *(part for run, title in zip(facts.trainings, facts.titles, strict=True) for part in _training(run, title)),
        *regime_text.section(facts.regime),
        *threshold_text.section(facts.threshold),
        "## How to reproduce",
        _reproduction(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def training_figures(facts: Facts) -> list[tuple[str, slice]]:
    """The files of the training runs' curves, as many runs in each as there are colours."""
    runs = max(1, len(facts.trainings))
    starts = range(0, runs, len(RUN_COLOURS))
    return [(f"report/training-{place}.svg", slice(start, start + len(RUN_COLOURS))) for place, start in enumerate(starts, start=1)]


def _architectures(facts: Facts) -> list[str]:
    """The matrix statement x architecture and the norms of deep networks, where there are several architectures."""
    if not several_architectures(one.architecture for one in facts.check.verdicts):
        return []
    known = {identifier: registry[identifier].theory for identifier, _ in registry.cells()}
    first = [one for one in facts.check.verdicts if known.get(one.id, FIRST_THEORY) == FIRST_THEORY]
    parts = ["### On every architecture", matrix(first, registry)]
    if facts.deep_norms is not None:
        found = facts.deep_norms
        ends = "; ".join(
            f"{name}: {text.number(rows[-1][0])} to {text.number(rows[-1][-1])}" for name, rows in found.quantiles.items()
        )
        parts += [
            f"![Norms through {found.depth} layers, fully connected and residual](report/depth.svg)",
            f"One input through {found.trials} independent networks of width {found.width}: after {found.depth} layers 90% of the norms lie"
            f" between, {ends}. Fully connected norms spread like sqrt(L/m), residual ones like 1/sqrt m.",
        ]
    return [*parts, "### Every form"]


def _statement_tables(run: CheckRun, by_id: dict[str, Statement]) -> list[str]:
    """One table a theory."""
    parts = []
    for title, verdicts in by_theory(run.verdicts, by_id):
        several = several_architectures(one.architecture for one in verdicts)
        rows = [[*check_row(one, several), _constants(form_of(one, by_id))] for one in verdicts]
        parts += [title, text.table([*check_columns(several), "constants, and where they come from"], rows, "github")]
    return parts


def _constants(statement: Statement) -> str:
    named = [f"{name} = {constant}: {constant.provenance}" for name, constant in statement.constants.items()]
    return "; ".join(named) or f"none: {statement.kind}"


def _bounds(run: CheckRun, by_id: dict[str, Statement]) -> list[str]:
    """The formulas of statements that are declared by one."""

    def typeset(formulas: Sequence[str]) -> str:
        return ", ".join(f"${latex}$" for latex in formulas) or "-"

    forms = [(one, form_of(one, by_id)) for one in run.verdicts]
    rows = [
        [
            one.id, one.architecture, form.direction, typeset(bounds_in_latex(form)), typeset(assumptions_in_latex(form)),
            typeset([form.failure.latex()] if form.failure.latex() else []),
        ]
        for one, form in forms
        if form.bounds
    ]  # fmt: skip
    headers = ["statement", "architecture", "", "bound", "assuming", "fails with probability at most"]
    return ["### Bounds", text.table(headers, rows, "github")] if rows else []


def _regime_table(run: CheckRun) -> str:
    several = several_architectures(one.architecture for one in run.verdicts)
    rows = [
        [one.id, *([one.architecture] if several else []), f"{one.instances:,}", f"{one.inside_with_ones:,}", one.regime or "none"]
        for one in run.verdicts
    ]
    columns = ["inside as declared", "inside with constants 1", "how far, with constants 1"]
    return text.table(["statement", *(["architecture"] if several else []), *columns], rows, "github")


def _graph(run: CheckRun, statements: Sequence[Statement]) -> str:
    """A Mermaid graph, one node a statement, coloured by the worst verdict over the architectures."""
    order: list[VerdictName] = ["REFUTED", "UNDECIDED", "VACUOUS", "EXTRAPOLATED", "HOLDS"]
    verdicts: dict[str, VerdictName] = {}
    for name in order:
        verdicts.update({one.id: name for one in run.verdicts if one.verdict == name and one.id not in verdicts})
    shown = [statement for statement in statements if statement.id in verdicts]
    lines = ["```mermaid", "graph LR"]
    lines += [f'    {statement.id}["{statement.id}"]:::{verdicts[statement.id].lower()}' for statement in shown]
    lines += [f"    {below} --> {statement.id}" for statement in shown for below in statement.rests_on if below in verdicts]
    used = dict.fromkeys(verdicts.values())
    lines += [f"    classDef {name.lower()} fill:{COLOURS[name]},stroke:{COLOURS[name]},color:#ffffff" for name in order if name in used]
    return "\n".join([*lines, "```"]) + f"\n\nColours: {', '.join(f'{_COLOUR_NAMES[name]} {name}' for name in order if name in used)}."


_COLOUR_NAMES = {"HOLDS": "green", "EXTRAPOLATED": "blue", "REFUTED": "red", "VACUOUS": "grey", "UNDECIDED": "ochre"}


def _variant_tables(run: PowerRun, by_id: dict[str, Statement]) -> list[str]:
    """One table a theory."""
    return [part for title, variants in by_theory(run.variants, by_id) for part in (title, _variant_table(variants, by_id))]


def _variant_table(variants: Sequence[VariantVerdict], by_id: dict[str, Statement]) -> str:
    several = several_architectures(one.architecture for one in variants)

    def row(one: VariantVerdict) -> list[str]:
        named = [one.id, *([one.architecture] if several else []), one.variant, one.kind]
        label = one.triage.label if one.triage else "-"
        return [*named, one.verdict, f"{one.instances:,}", counterexample(one, by_id), label]

    headers = ["statement", *(["architecture"] if several else []), "false variant", "kind", "verdict", "instances"]
    return text.table([*headers, "smallest counterexample", "triage"], map(row, variants), "github")


def _looked_at(run: CheckRun) -> list[str]:
    """Statements that were not looked at everywhere, one line for each way."""
    lines = [f"- {line}" for one in run.verdicts for line in looked_at_in_words(one)]
    return ["Where not every index of the claim was looked at:", "\n".join(lines)] if lines else []


def _blind(run: CheckRun) -> str:
    decided = sum(len(one.visited) for one in run.verdicts)
    words = "; ".join(blind_in_words(run)) or "each of them would have refuted, had all of its trials failed"
    return f"{decided:,} instances were decided; {words}."


def _withdrawn(run: CheckRun) -> list[str]:
    """Refutations that did not stand, one line a statement."""
    lines = [f"- {one.id}: {triage_in_words(one.withdrawn[0])}" for one in run.verdicts if one.withdrawn]
    return ["Refutations that triage withdrew:", "\n".join(lines)] if lines else []


def _certificates(found: list[Certificate], by_id: dict[str, Statement]) -> list[str]:
    partial = [f"Not every index of the claim: {one.id} only at {one.looked_at}." for one in found if one.looked_at]
    return ["### Certified instances", certificate_table(found, by_id, "github"), CERTIFICATES, *partial] if found else []


def _scaling(rows: list[Exponent], statements: Sequence[Statement]) -> list[str]:
    """The table of exponents, and a figure for each statement."""
    if not rows:
        return []
    names = list(dict.fromkeys(row.id for row in rows))
    return [
        "## Scaling",
        "The exponent that the paper claims beside the one measured under the statement's attack, on a geometric ladder of one quantity"
        " with the others fixed, log factors of the bound divided out: the slope of the far half of the ladder, large sizes, small radii"
        " and separations, with its standard error over independent repetitions. A radius omega that is not the quantity itself is the"
        " largest that the regime allows at each rung, from the first to the last; the bound's own power of it is divided out. *Interval*:"
        " of the slope at large sizes, wrong in any row with probability 10⁻⁶ at most and so wide, with what the slope may still drift"
        " and what finite sizes off the axis leave. The figures show what the exponents are of: the measured side, with all that the bound"
        " has beside the claimed power divided out. Growth beyond the claim refutes it, inside the regime; slack is a finding, *at most* so"
        " large where an attack was measured: a stronger one may leave less.",
        scaling_table(rows, "github", attacked_ids(statements)),
        *(f"![{name}: measured against the claimed slopes](report/scaling-{name}.svg)" for name in names),
    ]


def _example(run: PowerRun, by_id: dict[str, Statement]) -> list[str]:
    """One counterexample read out in full."""
    found = [one for one in run.variants if one.counterexample is not None]
    if not found:
        return []
    # One that fails by chance, more often than it may, says more than one that always fails.
    one = next((one for one in found if one.counterexample and one.counterexample.claimed > 0), found[0])
    decision = one.counterexample
    assert decision is not None
    rows = [
        ["statement, false variant", f"{one.id}, {one.variant}"],
        ["instance", sizes_in_words(decision.sizes, form_of(one, by_id))],
        ["networks", f"{decision.trials:,} independent initializations, {decision.engine}"],
        ["claimed", f"fails with probability at most {text.number(decision.claimed)}"],
        ["seen", f"{decision.failures:,} failures"],
        ["chance of that many if the claim were true", f"{_chance(decision.p_value)} (refuted below {text.number(decision.alpha)})"],
        ["worst trial", f"left side {text.number(decision.left)} > right side {text.number(decision.right)}"],
        ["triage", triage_in_words(one.triage) if one.triage else "-"],
        ["at", place_in_words(decision) or "-"],
    ]
    return ["### What a counterexample looks like", text.table(["", ""], rows, "github")]


def _chance(p_value: float) -> str:
    """A p-value: the smallest ones underflow."""
    return text.number(p_value, 2) if p_value > 0 else "below 1e-300"


def _training(run: TrainingRun, title: str) -> list[str]:
    checks = training.step_check_table(run, "github") if run.checks else ""
    blame = f"Training failed; what broke first: **{run.blame}**." if run.blame else ""
    facts = training.training_in_words(run).replace("\n", "; ") + "."
    explained = " ".join(run.explanation)
    return [f"### {title}", facts, training.training_table(run, "github"), checks, explained, training.prediction_in_words(run), blame]


def _reproduction(facts: Facts) -> str:
    modules = f" --module {facts.modules.replace(', ', ' --module ')}" if facts.modules else ""
    versions = ", ".join(f"{name} {number}" for name, number in facts.versions.items())
    return (
        f"    lemmafuzz report{facts.asked} --profile {facts.check.profile} --seed {facts.check.seed}{modules}\n\n"
        f"`make report` does the same in a fresh clone, with the default profile and seed. Versions: {versions}."
        f" The same seed and versions give the same numbers; another kind of processor may change their last digits."
        " Files of counterexamples and of data are parsed and run no code; a file of statements is code, and is only imported where"
        " `--module` names it."
    )

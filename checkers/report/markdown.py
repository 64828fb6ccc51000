"""The text of REPORT.md, a function of the facts alone: the same facts give the same bytes. Long tables are on the pages in report/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checkers.records.decisions import CheckRun, VariantVerdict, Verdict
from checkers.records.report import Facts
from checkers.report import ledger, sharpen, text
from checkers.report import regime as regime_text
from checkers.report import reliability as reliability_text
from checkers.report import threshold as threshold_text
from checkers.report import training_findings as training
from checkers.report.attacked import attacked_ids, shares_in_words
from checkers.report.by_architecture import matrix
from checkers.report.by_theory import about, by_theory, form_of, heading, printed
from checkers.report.findings import finding_table, findings
from checkers.report.graph import graph
from checkers.report.mutants import score_in_words
from checkers.report.verdict_lines import command, verdict_lines
from checkers.report.verdicts import (
    blind_in_words,
    count_verdicts,
    place_in_words,
    several_architectures,
    sizes_in_words,
    triage_in_words,
)
from theorems.language.registry import registry
from theorems.language.statement import FIRST_THEORY, Statement

LEGEND = (
    "A *trial* is a fresh random initialization on one *instance* (sizes, data, labels). *Failures* are trials in which the inequality"
    " fails by more than rounding; a statement may fail as often as its failure probability allows, and is refuted when it fails more"
    " often than chance explains. All decisions of this run share one false-alarm budget: the probability that any true statement is"
    " refuted is at most {alpha}. *Detectable rate*: a failure rate, common to all instances, that this run would have refuted with"
    " probability 99%; *at a corner*: the same of the corner, one quantity as far as the regime lets it go, where it is largest."
    " *Worst ratio*, *closest*: the largest left side over right side on any trial. *Grade*: exact, the left side is the true"
    " supremum over all that the claim quantifies over inside one instance; attacked, an adversary looked for it; sampled, neither. An"
    " attack may find less than there is: {shares}."
)
VERDICTS = (
    "*EXTRAPOLATED* is *HOLDS* where no instance meets the assumptions with their hidden constants 1: nothing failed, at sizes smaller than"
    " they allow. An instance outside the conditions as declared is *beyond*; one whose claimed failure probability is 1/2 or more is"
    " *vacuous*. Neither is ever evidence."
)
TRIAGE = (
    "No refutation is called one before *triage*: it has to come again in float64 from its seeds, on an instance inside the regime, and its"
    " violated inequalities are proved in ball arithmetic for the exact binary numbers that were drawn. *Certified*: the proved failures"
    " alone refute. *Confirmed in float64*: beyond rounding, but more than ball arithmetic can be asked. What is *rounding* or *outside the"
    " regime* refutes nothing."
)
FINDINGS = (
    "One row a bound, the most telling first. *Measured*: the power of each quantity in what is bounded, on a geometric ladder with the"
    " others fixed and logarithms divided out; in brackets an interval that is wrong in any row with probability 10⁻⁶ at most, and so wide."
    " *Tight*: a claim sharper by a sixth would be false. *Slack*: the interval excludes the claimed power; the bound over what is there"
    " grows like the power named, *at most* so where the supremum was attacked, for a stronger attack may find more. *Not told apart*: the"
    " interval has room for both, and what the slope itself seems to be is said. *Closest*: the largest left side over right side."
    " *Sharper ones*: false variants with a larger exponent or a smaller constant."
)
FORMS = "Of all forms of a statement: counts are sums, rates and ratios the largest. Form by form they are on its page."
FIGURE = (
    "Beyond 1 lies what a claim forbids; ratios beyond the axis are drawn at its ends. A hollow mark beyond 1 is a statement that holds:"
    " the largest of many networks, of a bound that a few of them may break, for it is claimed with a probability. A false variant may also"
    " fail by probability rather than by size."
)


def markdown(facts: Facts, statements: Sequence[Statement]) -> str:
    """REPORT.md; its figures and pages are in report/."""
    by_id = {statement.id: statement for statement in statements}
    pages = list(dict.fromkeys(one.id for one in facts.check.verdicts))
    parts = [
        "# Report",
        about(statements),
        "## The verdict",
        "\n".join(f"{place}. {line}" for place, line in enumerate(verdict_lines(facts), start=1)),
        *_learned(facts, statements, by_id, pages),
        "## Every statement",
        *_architectures(facts),
        "### What rests on what",
        graph(facts.check, statements),
        *sharpen.section(facts.sharpened),
        *_figures(facts, by_id),
        *(part for title, verdicts in by_theory(facts.check.verdicts, by_id) for part in _chapter(facts, title, verdicts, by_id)),
        *_training(facts),
        *regime_text.section(facts.regime),
        *threshold_text.section(facts.threshold),
        "## What the numbers mean",
        LEGEND.format(alpha=text.number(facts.check.alpha), shares=shares_in_words()),
        VERDICTS,
        _blind(facts.check),
        TRIAGE,
        *_example(facts, by_id),
        *reliability_text.section(facts.reliability),
        *ledger.section(facts.nights, "report/nights.md"),
        "## How to reproduce",
        _reproduction(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _learned(facts: Facts, statements: Sequence[Statement], by_id: dict[str, Statement], pages: Sequence[str]) -> Iterator[str]:
    """The findings, all of them from this run's own measurements."""
    table = finding_table(findings(facts, statements, attacked_ids(statements)))
    allowed = training.allowance_table(facts, pages)
    slips = printed(facts.power, by_id)
    if table or allowed or slips or facts.threshold:
        yield "## What we learned about the paper"
    if table:
        yield table
        yield FINDINGS
    if facts.threshold:
        yield "**Width.** How the least width at which descent succeeds grows, beside the widths that papers ask for."
        yield threshold_text.exponent_table(facts.threshold, "github")
    if allowed:
        yield "**Along real training.** How much more each inequality allows than the trained network needs, the median of a run's steps."
        yield allowed
    yield from slips


def _architectures(facts: Facts) -> list[str]:
    """The matrix statement x architecture of the first theory, and the norms of deep networks, where there are several architectures."""
    known = {identifier: registry[identifier].theory for identifier, _ in registry.cells()}
    first = [one for one in facts.check.verdicts if known.get(one.id, FIRST_THEORY) == FIRST_THEORY]
    scores = {(one.id, one.architecture): score_in_words([one]) for one in facts.mutants.scores} if facts.mutants else {}
    return [matrix(first, registry, "report/{}.md", scores)] if several_architectures(one.architecture for one in first) else []


def _figures(facts: Facts, by_id: dict[str, Statement]) -> Iterator[str]:
    for title, verdicts in by_theory(facts.check.verdicts, by_id):
        name, of = margins_file(form_of(verdicts[0], by_id).theory), f": {title}" if title else ""
        yield f"![Largest ratio of left side to right side, for each statement and its false variants{of}]({name})"
    yield FIGURE
    if facts.deep_norms is not None:
        found = facts.deep_norms
        ends = "; ".join(f"{name}: {text.number(rows[-1][0])} to {text.number(rows[-1][-1])}" for name, rows in found.quantiles.items())
        yield f"![Norms through {found.depth} layers, fully connected and residual](report/depth.svg)"
        yield (
            f"One input through {found.trials} independent networks of width {found.width}: after {found.depth} layers 90% of the norms lie"
            f" between, {ends}. Fully connected norms spread like sqrt(L/m), residual ones like 1/sqrt m."
        )


def margins_file(theory: str) -> str:
    """The figure of one theory's statements."""
    return "report/margins.svg" if theory == FIRST_THEORY else f"report/margins-{theory}.svg"


def _chapter(facts: Facts, title: str, verdicts: Sequence[Verdict], by_id: dict[str, Statement]) -> list[str]:
    """One theory: a row a statement, over all its forms; those are on its page."""
    rows = []
    for name in dict.fromkeys(one.id for one in verdicts):
        forms = [one for one in verdicts if one.id == name]
        false = [one.verdict == "REFUTED" for one in facts.power.variants if one.id == name]
        corners = [one.corner_rate for one in forms if one.corner_rate is not None]
        scores = [one for one in facts.mutants.scores if one.id == name] if facts.mutants else []
        counts = [sum(getattr(one, what) for one in forms) for what in ("instances", "trials", "failures")]
        rows.append([
            text.Markup(f"[{name}](report/{name}.md)"), forms[0].source,
            count_verdicts(one.verdict for one in forms) if len(forms) > 1 else forms[0].verdict,
            *([score_in_words(scores)] if facts.mutants else []), ", ".join(dict.fromkeys(one.grade for one in forms if one.grade)) or "-",
            *(f"{count:,}" for count in counts), text.number(max(one.detectable_rate for one in forms), 2),
            text.number(max(corners), 2) if corners else "-", text.number(max(one.worst_ratio for one in forms)),
            f"{sum(false)} of {len(false)}" if false else "-",
        ])  # fmt: skip
    headers = ["statement", "paper", "verdict", *(["mutants refuted"] if facts.mutants else []), "grade", "instances", "trials", "failures",
               "detectable rate", "at a corner", "worst ratio", "false variants refuted"]  # fmt: skip
    return [f"## {title or heading(verdicts, by_id)}", text.table(headers, rows, "github"), FORMS]


def _training(facts: Facts) -> list[str]:
    if not facts.trainings:
        return []
    lead = f"{training.LEAD} Every run in full: [report/training.md](report/training.md)."
    return ["## Training", lead, training.run_table(facts), *training.figure_links(facts)]


def _blind(run: CheckRun) -> str:
    decided = sum(len(one.visited) for one in run.verdicts)
    words = "; ".join(blind_in_words(run)) or "each of them would have refuted, had all of its trials failed"
    return f"{decided:,} instances were decided; {words}."


def _example(facts: Facts, by_id: dict[str, Statement]) -> list[str]:
    """One counterexample read out in full."""
    found = [one for one in facts.power.variants if one.counterexample is not None]
    if not found:
        return []
    # One that fails by chance, more often than it may, says more than one that always fails.
    one = next((one for one in found if one.counterexample and one.counterexample.claimed > 0), found[0])
    return ["### What a counterexample looks like", _read_out(one, by_id)]


def _read_out(one: VariantVerdict, by_id: dict[str, Statement]) -> str:
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
    return text.table(["", ""], rows, "github")


def _chance(p_value: float) -> str:
    """A p-value: the smallest ones underflow."""
    return text.number(p_value, 2) if p_value > 0 else "below 1e-300"


def _reproduction(facts: Facts) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in facts.versions.items())
    return (
        f"    {command(facts)}\n\n"
        f"`make report` does the same in a fresh clone, with the default profile and seed. Versions: {versions}."
        f" The same seed and versions give the same numbers; another kind of processor may change their last digits."
        " Files of counterexamples and of data are parsed and run no code; a file of statements is code, and is only imported where"
        " `--module` names it. `lemmafuzz report --from report/facts.msgpack.gz` writes these pages again from what the run has left."
    )

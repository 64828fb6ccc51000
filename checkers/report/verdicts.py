"""Decisions, verdicts, certificates and replays in words and tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from checkers.records.counterexamples import Certificate, Counterexample, Replay
from checkers.records.decisions import CheckRun, Decision, Further, PowerRun, Triage, Verdict
from checkers.report.text import number, table
from theorems.language.instance import QUANTITIES
from theorems.language.registry import registry
from theorems.language.statement import Statement


def sizes_in_words(sizes: Mapping[str, int | float | str], statement: Statement | None = None) -> str:
    """`m = 16, L = 2, data on an arc`: the quantities that the statement ranges over, or all of them."""
    shown = [name for name in QUANTITIES if name in sizes and (statement is None or name in statement.ranges)]
    words = [f"{QUANTITIES[name][0]} = {number(float(sizes[name]))}" for name in shown]
    if shown and "samples" in shown:
        words.append(f"data {sizes.get('data', '')}")
    return ", ".join(words)


def place_in_words(decision: Decision) -> str:
    """Where the worst case is: the trial, counted from 1 as everything is, and its indices in the paper's notation. Files that were written
    before decisions said so have the indices from 0."""
    trial = f"trial {decision.place['trial'] + 1:,}" if "trial" in decision.place else ""
    older = [f"{name} index {index}" for name, index in decision.place.items() if name != "trial"] if not decision.at else []
    return ", ".join(part for part in (trial, decision.at, *older) if part)


def decision_in_words(decision: Decision, statement: Statement | None = None) -> str:
    """One decision: where it is, what failed there, and how badly."""
    place = place_in_words(decision)
    relation = ">" if decision.left > decision.right else "<="
    return (
        f"{sizes_in_words(decision.sizes, statement)}: {decision.failures:,} of {decision.trials:,} trials fail"
        f" where probability {number(decision.claimed)} is claimed;"
        f" worst {number(decision.left)} {relation} {number(decision.right)}{f' at {place}' if place else ''}"
    )


def triage_in_words(found: Triage) -> str:
    """What a refutation is made of: `certified: 5 of the 5 failing trials needed are proved, left - right > 0.026 (ball arithmetic)`."""
    parts = []
    if found.proved:
        parts.append(f"{found.proved:,} of the {found.needed:,} failing trials that it takes are proved in ball arithmetic")
        parts += [f"left - right >= {number(found.excess[0])} in the worst"] if found.excess else []
    parts += [found.reason] if found.reason else []
    return found.label + (f": {'; '.join(parts)}" if parts else "")


def check_columns(architectures: bool) -> list[str]:
    middle = ["architecture"] if architectures else []
    counts = ["instances", "trials", "failures", "detectable rate", "at a corner", "worst ratio"]
    return ["statement", "paper", *middle, "verdict", "grade", *counts]


def check_row(verdict: Verdict, architectures: bool) -> list[str]:
    middle = [verdict.architecture] if architectures else []
    counts = [f"{verdict.instances:,}", f"{verdict.trials:,}", f"{verdict.failures:,}"]
    corner = "-" if verdict.corner_rate is None else number(verdict.corner_rate, 2)
    measured = [number(verdict.detectable_rate, 2), corner, number(verdict.worst_ratio)]
    return [verdict.id, verdict.source, *middle, verdict.verdict, verdict.grade or "-", *counts, *measured]


def several_architectures(names: Iterable[str]) -> bool:
    """Whether a table needs a column for the architecture."""
    return len(set(names)) > 1


def check_table(run: CheckRun, style: str = "simple") -> str:
    several = several_architectures(verdict.architecture for verdict in run.verdicts)
    return table(check_columns(several), [check_row(verdict, several) for verdict in run.verdicts], style)


def power_table(run: PowerRun, style: str = "simple") -> str:
    several = several_architectures(variant.architecture for variant in run.variants)
    headers = ["statement", "false variant", "kind", *(["architecture"] if several else []), "verdict", "instances"]
    rows = [
        [one.id, one.variant, one.kind, *([one.architecture] if several else []), one.verdict, f"{one.instances:,}"] for one in run.variants
    ]
    return table(headers, rows, style)


def count_verdicts(names: Iterable[str]) -> str:
    """`7 HOLDS, 1 VACUOUS`."""
    listed = list(names)
    order = ["HOLDS", "EXTRAPOLATED", "REFUTED", "VACUOUS", "UNDECIDED"]
    return ", ".join(f"{listed.count(name)} {name}" for name in order if name in listed) or "nothing"


def refutation_in_words(verdict: Verdict, statement: Statement, folder: str, modules: Sequence[Path] = ()) -> str:
    """What refuted a statement, each instance with its own triage, the files that hold it, how to see it again, and the command that says
    why. modules: files that declare statements."""
    lines = [f"REFUTED  {statement.id}  ({statement.source}): {statement.sentence}"]
    cases = [(verdict.counterexample, verdict.triage)]
    cases += [(verdict.severest, verdict.severest_triage)] if verdict.severest != verdict.counterexample else []
    for decision, triage in cases:
        lines += [f"  {decision_in_words(decision, statement)}"] if decision else []
        lines += [f"    {triage_in_words(triage)}"] if triage else []
    declared = [part for path in modules for part in ("--module", str(path))]
    lines += [f"  {shlex.join(['lemmafuzz', 'replay', f'{folder}/{name}', *declared])}" for name in verdict.counterexamples]
    inspecting = [shlex.join(["lemmafuzz", "inspect", f"{folder}/{name}", *declared]) for name in verdict.counterexamples[:1]]
    lines += [f"  inspect with {command}" for command in inspecting]
    return "\n".join(lines)


def looked_at_in_words(verdict: Verdict) -> list[str]:
    """Where not all indices of a claim were compared: `operator-norm: on 5 of 16 instances only at a = b`; empty where all were."""
    return [
        f"{verdict.id} ({verdict.architecture}): on {count} of {verdict.instances} instances only at {where}"
        for where, count in verdict.looked_at.items()
    ]


def extrapolated_in_words(run: CheckRun) -> list[str]:
    """What was tried only where the constants that the paper hides are as small as declared; one sentence, or none."""
    names = list(dict.fromkeys(one.id for one in run.verdicts if one.verdict == "EXTRAPOLATED"))
    return [f"no instance meets the assumptions with their hidden constants 1: {', '.join(names)}"] if names else []


def blind_in_words(run: CheckRun) -> list[str]:
    """Of which instances nothing could have been said, and why: one sentence each; empty where there are none."""
    blind, left_out = sum(one.blind for one in run.verdicts), sum(one.unaffordable for one in run.verdicts)
    lines = [f"{blind:,} decisions could have refuted nothing, had all of their trials failed"] if blind else []
    words = "a test that could refute takes more trials than this profile affords"
    were = "instance was" if left_out == 1 else "instances were"
    return lines + ([f"{left_out:,} {were} not decided: {words}"] if left_out else [])


def check_closing(run: CheckRun) -> str:
    """The last lines of a check: what came of it, how surely, where it did not look, and the seed that gives it again."""
    counts = count_verdicts(verdict.verdict for verdict in run.verdicts)
    why = [(one.id, one.withdrawn[0]) for one in run.verdicts if one.withdrawn]
    withdrawn = "".join(f"\n{name}: a refutation was withdrawn, {triage_in_words(found)}" for name, found in why)
    partial = "".join(f"\nnot every index of the claim: {line}" for one in run.verdicts for line in looked_at_in_words(one))
    blind = "".join(f"\n{line}" for line in (*extrapolated_in_words(run), *blind_in_words(run)))
    return (
        f"{counts}; the probability that a true statement is refuted is at most {number(run.alpha)}"
        f"{withdrawn}{partial}{blind}{_of_named(run)}{_at_a_glance(run)}\nprofile {run.profile}, seed {run.seed}, {_seconds(run)}"
    )


def _of_named(run: CheckRun) -> str:
    """Of statements that were asked for by name and not refuted: how near they came to it, what their grade says, and what more would
    cost and show."""
    kept = [one for one in run.verdicts if one.id in run.named and one.verdict != "REFUTED"]
    lines = [f"nearest to a refutation: {_nearest(one, one.nearest, several=len(kept) > 1)}" for one in kept if one.nearest]
    if any(one.grade == "exact" for one in kept):
        lines.append("exact: the supremum inside an instance is computed; the instances and networks that were tried are a sample")
    larger = [one.further for one in kept if one.further]
    if larger:
        lines.append(_more(larger, [one.detectable_rate for one in kept if one.further]))
    return "".join(f"\n{line}" for line in lines)


def _seconds(run: CheckRun) -> str:
    """What the run took, and the next larger profile would."""
    work = [(one.further.work, one.further.profile) for one in run.verdicts if one.further]
    most = run.seconds * max(work)[0] if work else 0.0
    larger = f"{number(most, 2)} s" if most < 120 else f"{number(most / 60, 2)} min"
    return f"{run.seconds:.1f} s" + (f"; {work[0][1]} takes about {larger}" if work else "")


def _more(larger: Sequence[Further], rates: Sequence[float]) -> str:
    """What the next larger profile costs and shows. rates: that this one would have noticed."""
    sizes = f"up to m = {number(max(one.width for one in larger))} and L = {number(max(one.depth for one in larger))}"
    return (
        f"--profile {larger[0].profile}, about {number(max(one.work for one in larger), 2)} times the work, would try"
        f" {_span([one.instances for one in larger])} instances, {sizes}, and notice a"
        f" failure rate of {_span([one.detectable_rate for one in larger])} in place of {_span(rates)}"
    )


def _nearest(verdict: Verdict, decision: Decision, several: bool) -> str:
    """The instance that came nearest, and what would have refuted."""
    form = registry.form(verdict.id, verdict.architecture) if registry.has_form(verdict.id, verdict.architecture) else None
    which = f"{verdict.id}, {verdict.architecture}, " if several else ""
    test = f"p-value {number(decision.p_value)}, {number(decision.alpha)} would refute"
    return f"{which}{decision_in_words(decision, form)}; {test}"


def _span(values: Sequence[float]) -> str:
    """`0.016`, or `0.016 to 0.08`."""
    return " to ".join(dict.fromkeys(number(one, 2) for one in (min(values), max(values))))


def _at_a_glance(run: CheckRun) -> str:
    """What a HOLDS of the first look is worth."""
    if run.profile != "glance":
        return ""
    return (
        f"\na glance at {len(run.verdicts)} of {len(registry.cells())} statements, on small instances: HOLDS says that a failure rate above"
        " the detectable one would have been seen there, and no more."
        "\n`lemmafuzz power --profile glance` shows that as quick a look refutes false variants; `lemmafuzz check` looks at all, and harder"
    )


def power_closing(run: PowerRun) -> str:
    """The last line of a power run, naming the false variants that survived."""
    survivors = [f"{one.id}: {one.variant}" for one in run.variants if one.verdict != "REFUTED"]
    refuted = len(run.variants) - len(survivors)
    labels = [one.triage.label for one in run.variants if one.triage]
    words = f"{refuted} of {len(run.variants)} false variants refuted"
    words += "".join(f", {labels.count(label)} {label}" for label in sorted(set(labels)))
    words += f"; not refuted: {'; '.join(survivors)}" if survivors else ""
    return f"{words}\nprofile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"


def certificate_table(found: Sequence[Certificate], statements: Mapping[str, Statement], style: str = "simple") -> str:
    """One line for each instance whose inequality is proved."""
    rows = [
        [one.id, one.source, one.outcome, one.grade or "-", sizes_in_words(one.sizes, statements[one.id]),
         f"[{number(one.low, 4)}, {number(one.high, 4)}]", str(one.bits), number(one.claimed)]
        for one in found
    ]  # fmt: skip
    return table(["statement", "paper", "outcome", "grade", "instance", "left - right in", "bits", "may fail with"], rows, style)


def certificate_closing(found: Sequence[Certificate], seed: int) -> str:
    """The last lines of a certification."""
    proved = sum(one.outcome == "HOLDS" for one in found)
    rest = [f"{one.id}: {'fails on this draw, as a draw may' if one.outcome == 'FAILS' else one.reason or 'undecided'}" for one in found
            if one.outcome != "HOLDS"]  # fmt: skip
    words = f"{proved} of {len(found)} instances proved, each for its own drawn weights and data" + (f"; {'; '.join(rest)}" if rest else "")
    partial = "".join(f"\nnot every index of the claim: {one.id} only at {one.looked_at}" for one in found if one.looked_at)
    return f"{words}{partial}\nseed {seed}"


def named(decision: Decision, again: Decision | None) -> Decision:
    """The decision of a file that was written before decisions had words for their place, with those of the decision made again there."""
    known = again is not None and not decision.at and again.place == decision.place
    return msgspec.structs.replace(decision, at=again.at) if again is not None and known else decision


def replay_in_words(found: Counterexample, result: Replay, statement: Statement | None) -> str:
    """What a replay found, beside what the file says."""
    variant = f", false variant {found.decision.variant!r}" if found.decision.variant else ""
    lines = [f"{result.status}  {found.decision.statement}{variant}: {result.reason}".rstrip(": ")]
    lines.append(f"  {'variant of' if variant else 'claim'}".ljust(14) + found.claim)
    lines.append(f"  the file    {decision_in_words(named(found.decision, result.decision), statement)}")
    if result.decision is not None and not result.identical:
        lines.append(f"  again       {decision_in_words(result.decision, statement)}")
    lines += [f"  triage      {triage_in_words(result.triage)}"] if result.triage else []
    lines.append(f"seed {found.seed}")
    return "\n".join(lines)

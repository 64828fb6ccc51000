"""Facts of a run in words: the sentences and tables that the terminal and REPORT.md share."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from tabulate import tabulate

from checkers.records import (
    Calibration,
    Certificate,
    CheckRun,
    Counterexample,
    Decision,
    Exponent,
    PowerRun,
    Replay,
    TrainingRun,
    Triage,
    Verdict,
)
from theorems.instance import QUANTITIES
from theorems.statement import Statement

WIDEST = 180  # of a padded Markdown table


def number(value: float | None, digits: int = 3) -> str:
    """A number as one would write it on a board: 12, 2,097,152, 0.0123, 1.2e-06."""
    if value is None or math.isnan(value):
        return "-"
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.{digits}g}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], style: str = "simple") -> str:
    """A table of text; style: a tablefmt of tabulate, "simple" for the terminal and "github" for Markdown."""
    cells = [[cell.replace("|", "\\|") for cell in row] if style == "github" else list(row) for row in rows]
    text = tabulate(cells, headers=list(headers), tablefmt=style, disable_numparse=True)
    if style == "github" and len(text.split("\n", 1)[0]) > WIDEST:
        text = re.sub(r"-{3,}", "---", re.sub(r" {2,}", " ", text))  # too wide to read as text: no padding
    return text


def sizes_in_words(sizes: Mapping[str, int | float | str], statement: Statement | None = None) -> str:
    """`m = 16, L = 2, data on an arc`: the quantities that the statement ranges over, or all of them."""
    shown = [name for name in QUANTITIES if name in sizes and (statement is None or name in statement.ranges)]
    words = [f"{QUANTITIES[name][0]} = {number(float(sizes[name]))}" for name in shown]
    if shown and "samples" in shown:
        words.append(f"data {sizes.get('data', '')}")
    return ", ".join(words)


def decision_in_words(decision: Decision, statement: Statement | None = None) -> str:
    """One decision: where it is, what failed there, and how badly."""
    place = ", ".join(f"{name} {index}" for name, index in decision.place.items())
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
    return ["statement", "paper", *middle, "verdict", "grade", "instances", "trials", "failures", "detectable rate", "worst ratio"]


def check_row(verdict: Verdict, architectures: bool) -> list[str]:
    middle = [verdict.architecture] if architectures else []
    counts = [f"{verdict.instances:,}", f"{verdict.trials:,}", f"{verdict.failures:,}"]
    measured = [number(verdict.detectable_rate, 2), number(verdict.worst_ratio)]
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
    order = ["HOLDS", "REFUTED", "VACUOUS", "UNDECIDED"]
    return ", ".join(f"{listed.count(name)} {name}" for name in order if name in listed) or "nothing"


def landmarks(steps: int) -> list[int]:
    """Steps to print of a run of that many: 0, 1, 2, 5, 10, 20, 50, ... and the last."""
    round_steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    return sorted({0, steps, *(step for step in round_steps if step < steps)})


def training_table(run: TrainingRun, style: str = "simple") -> str:
    recorded = run.recorded or list(range(len(run.loss)))
    places = dict.fromkeys(bisect.bisect_left(recorded, step) for step in landmarks(recorded[-1]))

    def row(place: int) -> list[str]:
        share = run.loss[place] / run.loss[0] if run.loss[0] > 0 else 0.0
        accuracy = f"{100 * run.accuracy[place]:.4g}%" if place < len(run.accuracy) else "-"
        return [f"{recorded[place]:,}", number(run.loss[place], 4), number(share, 3), accuracy, number(run.radius[place], 4)]

    return table(["step", "loss", "loss / initial", "accuracy", "‖W(t) - W(0)‖_F"], map(row, places), style)


def step_check_table(run: TrainingRun, style: str = "simple") -> str:
    outside = {identifier for one in run.outside for identifier in one.ids}
    rows = [
        [one.id, one.verdict, "outside" if one.id in outside else "inside", f"{one.steps:,}", number(one.worst_ratio),
         f"{one.worst_step:,}", number(one.median_ratio), "never" if one.first_failure < 0 else f"step {one.first_failure:,}"]
        for one in run.checks
    ]  # fmt: skip
    headers = ["checked along the run", "outcome", "sizes", "steps", "worst ratio", "at step", "median ratio", "first failure"]
    return table(headers, rows, style)


def prediction_in_words(run: TrainingRun) -> str:
    """The tangent kernel's prediction beside the network, in one sentence; empty where none was asked for."""
    found = run.prediction
    if found is None:
        return ""
    worst = max(range(len(found.gap)), key=found.gap.__getitem__)
    words = (
        f"Descent on the kernel of W(0) predicts the training outputs to within {number(found.gap[worst], 2)} of how far they moved"
        f" (worst at step {found.steps[worst]:,}; {number(found.gap[-1], 2)} at the end)"
    )
    if not found.held_out:
        return words + "."
    words += f", those of {found.held_out} held-out samples to within {number(max(found.held_out_gap), 2)}."
    if found.held_out_accuracy < 0:
        return words
    words += f" Held-out accuracy: network {100 * found.held_out_accuracy:.4g}%, its kernel's descent {100 * found.kernel_accuracy:.4g}%"
    if found.missing:
        return f"{words}. {found.missing}"
    return f"{words}, regression with the limit kernel {100 * found.regression_accuracy:.4g}%."


def memory_in_words(planned: int, of: str = "memory planned") -> str:
    """What a run may come to hold, or a file."""
    return f"{of}: {planned / 2**30:.2g} GiB" if planned >= 2**30 else f"{of}: {planned / 2**20:.3g} MiB"


def refutation_in_words(verdict: Verdict, statement: Statement, folder: str) -> str:
    """What refuted a statement, each instance with its own triage, and the files that hold it."""
    lines = [f"REFUTED  {statement.id}  ({statement.source}): {statement.claim}"]
    cases = [(verdict.counterexample, verdict.triage)]
    cases += [(verdict.severest, verdict.severest_triage)] if verdict.severest != verdict.counterexample else []
    for decision, triage in cases:
        lines += [f"  {decision_in_words(decision, statement)}"] if decision else []
        lines += [f"    {triage_in_words(triage)}"] if triage else []
    lines += [f"  lemmafuzz replay {folder}/{name}" for name in verdict.counterexamples]
    return "\n".join(lines)


def looked_at_in_words(verdict: Verdict) -> list[str]:
    """Where not all indices of a claim were compared: `operator-norm: on 5 of 16 instances only at a = b`; empty where all were."""
    return [
        f"{verdict.id} ({verdict.architecture}): on {count} of {verdict.instances} instances only at {where}"
        for where, count in verdict.looked_at.items()
    ]


def check_closing(run: CheckRun) -> str:
    """The last lines of a check: what came of it, how surely, where it did not look, and the seed that gives it again."""
    counts = count_verdicts(verdict.verdict for verdict in run.verdicts)
    why = [(one.id, one.withdrawn[0]) for one in run.verdicts if one.withdrawn]
    withdrawn = "".join(f"\n{name}: a refutation was withdrawn, {triage_in_words(found)}" for name, found in why)
    partial = "".join(f"\nnot every index of the claim: {line}" for one in run.verdicts for line in looked_at_in_words(one))
    return (
        f"{counts}; the probability that a true statement is refuted is at most {number(run.alpha)}"
        f"{withdrawn}{partial}\nprofile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"
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


def _exponent(value: float) -> str:
    return f"{value:.3f}".replace("-0.000", "0.000")


def _outcome(one: Exponent) -> str:
    if not one.consistent:
        return "GROWS BEYOND"
    return "consistent" if one.inside and len(one.values) > 3 else "shown, not decided"


def scaling_table(rows: Sequence[Exponent], style: str = "simple") -> str:
    """Claimed and measured exponents. Slack: how much less the measured side grows than the claim allows."""

    def row(one: Exponent) -> list[str]:
        shrinks = one.axis in ("separation", "radius")
        slack = (one.claimed - one.measured) * (1 if (one.direction == "at most") != shrinks else -1)
        fixed = {name: value for name, value in one.fixed.items() if name in ("depth", "width", "samples", "outputs", "separation")}
        shown = ", ".join(f"{QUANTITIES[name][0]} = {number(float(value))}" for name, value in fixed.items() if name in QUANTITIES)
        if one.radii:
            ends = dict.fromkeys(number(radius, 2) for radius in (one.radii[0], one.radii[-1]))
            shown += f", {QUANTITIES['radius'][0]} = {' to '.join(ends)}"
        return [
            one.id,
            QUANTITIES[one.axis][0],
            f"{number(one.values[0])} to {number(one.values[-1])}",
            f"{one.direction} {number(one.claimed)}",
            f"{_exponent(one.measured)} ± {_exponent(one.error)}",
            f"{_exponent(one.low)} to {_exponent(one.high)}",
            _outcome(one),
            _exponent(slack),
            shown + ("" if one.inside else " (beyond the regime)"),
        ]

    headers = ["statement", "in", "from, to", "claimed", "measured", "interval", "outcome", "slack", "at"]
    return table(headers, map(row, rows), style)


def scaling_closing(rows: Sequence[Exponent], statements: Sequence[Statement], profile: str, seed: int) -> str:
    """The last lines of a scaling run: what grows beyond its claim, what could not be measured, and the seed."""
    grown = [f"{one.id} in {QUANTITIES[one.axis][0]}" for one in rows if not one.consistent]
    seen = {(one.id, one.axis) for one in rows}
    missing = [f"{one.id} in {QUANTITIES[axis][0]}" for one in statements for axis in one.exponents if (one.id, axis) not in seen]
    words = f"{len(rows) - len(grown)} of {len(rows)} exponents consistent with the claim"
    words += f"; growth beyond it: {', '.join(grown)}" if grown else ""
    words += f"; no ladder within the ranges: {', '.join(missing)}" if missing else ""
    return f"{words}\nprofile {profile}, seed {seed}"


def calibration_table(found: Sequence[Calibration], style: str = "simple") -> str:
    rows = [
        [one.id, one.constant, number(one.value), number(one.needed), number(one.median), number(one.margin), f"{one.instances:,}",
         f"{one.trials:,}", one.adversary or "-", sizes_in_words(one.worst)]
        for one in found
    ]  # fmt: skip
    headers = ["statement", "constant", "value", "worst network", "half of its kind", "margin", "instances", "networks", "moved by"]
    return table([*headers, "worst instance"], rows, style)


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


def replay_in_words(found: Counterexample, result: Replay, statement: Statement | None) -> str:
    """What a replay found, beside what the file says."""
    variant = f", false variant {found.decision.variant!r}" if found.decision.variant else ""
    lines = [f"{result.status}  {found.decision.statement}{variant}: {result.reason}".rstrip(": ")]
    lines.append(f"  {'variant of' if variant else 'claim'}".ljust(14) + found.claim)
    lines.append(f"  the file    {decision_in_words(found.decision, statement)}")
    if result.decision is not None and not result.identical:
        lines.append(f"  again       {decision_in_words(result.decision, statement)}")
    lines += [f"  triage      {triage_in_words(result.triage)}"] if result.triage else []
    lines.append(f"seed {found.seed}")
    return "\n".join(lines)


def training_in_words(run: TrainingRun) -> str:
    """The facts of a training run that do not change from step to step."""
    algorithm = f"{run.algorithm}, {run.batch} samples a step" if run.batch else run.algorithm
    engine = f"{run.loss_function} loss, {run.weights} weights, step size {number(run.step_size, 4)}"
    network = "" if run.architecture == "fully connected" else f"{run.architecture} network, "
    return (
        f"{run.data}: n = {run.samples}, delta = {number(run.delta)}, labels {run.labels}"
        f"\n{network}m = {number(run.width)}, L = {run.depth}, d = {run.outputs}; {algorithm}, {engine}"
    )


def training_closing(run: TrainingRun) -> str:
    """The last lines of a training run: whether the goal was reached, what broke, and the seed."""
    goal = "goal reached" if run.reached else "goal not reached"
    failed = ", ".join(check.id for check in run.checks if check.verdict == "FAILED")
    if run.blame:
        checked = f"; what broke first: {run.blame}"
    elif failed:
        checked = f"; the conclusions held, though {failed} did not at every step"
    else:
        checked = "; every checked statement held at every step that was looked at"
    return f"{goal} after {run.steps:,} steps{checked if run.checks else ''}\nseed {run.seed}, {run.seconds:.1f} s"

"""The five lines at the top of REPORT.md: what was tried, how hard, what failed, what was only extrapolated, and how to do it again."""

from __future__ import annotations

from statistics import median

from checkers.records.report import Facts
from checkers.report.text import number
from checkers.report.training_findings import broken, outside, tally
from checkers.report.verdicts import count_verdicts
from theorems.language.instance import QUANTITIES


def counted(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def summary(facts: Facts) -> str:
    """What came of it, in one line."""
    refuted = sum(one.verdict == "REFUTED" for one in facts.power.variants)
    words = f"Statements: {count_verdicts(one.verdict for one in facts.check.verdicts)}. False variants: {refuted} of" \
            f" {len(facts.power.variants)} refuted."  # fmt: skip
    return words + (f" Training: {found}." if (found := tally(facts)) else "")


def verdict_lines(facts: Facts) -> list[str]:
    return [
        f"**Tried.** {_tried(facts)}",
        f"**How hard.** {_how_hard(facts)}",
        f"**What failed.** {_failed(facts)}",
        f"**Only extrapolated.** {_extrapolated(facts)}",
        f"**Again.** `{command(facts)}`, or `make report` in a fresh clone; the same seed and versions give the same numbers."
        + _beside(facts),
    ]


def _beside(facts: Facts) -> str:
    """What the command does not run."""
    runs = [name for name, found in (("mutants", facts.mutants), ("sharpen", facts.sharpened)) if found]
    words = " and ".join(f"`lemmafuzz {name}`" for name in runs)
    return f" What {words} found was put beside it." if runs else ""


def command(facts: Facts) -> str:
    """What made these facts."""
    modules = f" --module {facts.modules.replace(', ', ' --module ')}" if facts.modules else ""
    return f"lemmafuzz report{facts.asked} --profile {facts.check.profile} --seed {facts.check.seed}{modules}"


def _tried(facts: Facts) -> str:
    verdicts = facts.check.verdicts
    statements = len({one.id for one in verdicts})
    architectures = len({one.architecture for one in verdicts})
    instances, networks = sum(one.instances for one in verdicts), sum(one.trials for one in verdicts)
    parts = [f"{counted(statements, 'statement')} in {counted(len(verdicts), 'form')} on {counted(architectures, 'architecture')}"]
    parts.append(f"{counted(instances, 'instance')}, {counted(networks, 'random network')}")
    parts += [counted(len(facts.scaling), "exponent")] if facts.scaling else []
    parts += [counted(len(facts.trainings), "training run")] if facts.trainings else []
    return "; ".join(parts) + "."


def _how_hard(facts: Facts) -> str:
    held = [one for one in facts.check.verdicts if one.verdict in ("HOLDS", "EXTRAPOLATED")]
    refuted = sum(one.verdict == "REFUTED" for one in facts.power.variants)
    words = f"{refuted} of {len(facts.power.variants)} false variants are refuted with the same budget"
    if facts.mutants:
        refuted, missed = (sum(getattr(one, name) for one in facts.mutants.scores) for name in ("refuted", "missed"))
        run = f"{facts.mutants.profile}, seed {facts.mutants.seed}"
        words += f", and so are {refuted:,} of {refuted + missed:,} mutants that are false ({run})"
    if held:
        worst = max(held, key=lambda one: one.detectable_rate)
        words += (
            f"; a failure rate of {number(median(one.detectable_rate for one in held), 2)} would have been noticed in half of the forms,"
            f" of {number(worst.detectable_rate, 2)} in all ({worst.id}, {worst.architecture}, is the last)"
        )
    return f"{words}. A true statement is refuted with probability {number(facts.check.alpha)} at most."


def _failed(facts: Facts) -> str:
    refuted = [f"{one.id} on {one.architecture} networks" for one in facts.check.verdicts if one.verdict == "REFUTED"]
    parts = [f"REFUTED: {', '.join(refuted)}" if refuted else "No statement is refuted"]
    other = [f"{one.id} ({one.architecture}) {one.verdict}" for one in facts.check.verdicts if one.verdict in ("VACUOUS", "UNDECIDED")]
    parts += [f"not decided: {', '.join(other)}"] if other else []
    nights = [f"{one.id} ({one.architecture})" for one in (facts.nights.evidence if facts.nights else []) if one.refuted]
    parts += [f"refuted by the evidence of all nights: {', '.join(nights)}"] if nights else []
    withdrawn = [f"{one.id} ({one.architecture}), {one.withdrawn[0].label}" for one in facts.check.verdicts if one.withdrawn]
    parts += [f"withdrawn by triage: {', '.join(withdrawn)}"] if withdrawn else []
    grown = [f"{row.id} in {QUANTITIES[row.axis][0]}" for row in facts.scaling if not row.consistent]
    parts += [f"grows beyond its claim: {', '.join(grown)}"] if grown else []
    survivors = [f"{one.id}, '{one.variant}'" for one in facts.power.variants if one.verdict != "REFUTED"]
    parts += [f"false variants not refuted: {'; '.join(survivors)}"] if survivors else []
    unkept = [f"{row.what} at {number(row.alpha)}, {row.truth}" for row in facts.reliability if not row.as_promised]
    parts += [f"the checker did not keep its own promise: {'; '.join(unkept)}"] if unkept else []
    parts += [found] if (found := tally(facts)) else []
    return "; ".join(parts) + "." + _inside(facts)


def _inside(facts: Facts) -> str:
    """A statement that broke along training at sizes that it speaks of is the reader's first question."""
    found = dict.fromkeys(one.id for run in facts.trainings for one in broken(run) if not outside(run, one.id))
    return f" At sizes that they speak of: {', '.join(found)}, though the weights may have left the ball." if found else ""


def _extrapolated(facts: Facts) -> str:
    found: dict[str, list[str]] = {}
    for one in facts.check.verdicts:
        if one.verdict == "EXTRAPOLATED":
            found.setdefault(one.id, []).append(one.architecture)
    if not found:
        return "Nothing: every statement that holds was tried where its assumptions hold with all hidden constants 1."
    names = ", ".join(f"{name} ({', '.join(where)})" for name, where in found.items())
    forms = counted(sum(map(len, found.values())), "form")
    return f"{forms} hold, but were tried only at sizes smaller than the assumptions with hidden constants 1 allow: {names}."

"""A statement in words: what `list` and `show` print. Needs nothing heavier than the declarations themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from checkers.report import text
from checkers.report.attacked import is_attacked, share_in_words
from theorems.language.formula import Formula
from theorems.language.instance import QUANTITIES
from theorems.language.registry import Registry, registry
from theorems.language.statement import FIRST_THEORY, Assumption, Constant, Statement, Variant
from theorems.language.theory import theories

KINDS = {
    "identity": "identity: holds for every input, up to a stated rounding bound",
    "derived": "derived: constants and failure probability are explicit numbers with a derivation",
    "declared": "declared: the paper hides a constant; ours, and where it comes from, stand below",
}
PAGE = 100


def listed(statement: Statement) -> dict[str, Any]:
    """One entry of `list --json`."""
    return {
        "id": statement.id,
        "theory": statement.theory,
        "source": statement.source,
        "kind": statement.kind,
        "architectures": [form.architecture for form in registry.forms(statement.id)],
        "claimed_exponents": dict(statement.claimed_exponents),
        "false_variants": [variant.name for variant in statement.variants],
        "rests_on": list(statement.rests_on),
    }


def statement_table(statements: Sequence[Statement]) -> str:
    """One row a statement."""
    rows = [[one.id, one.source, one.kind, str(len(one.variants)), ", ".join(one.rests_on) or "-"] for one in statements]
    return text.table(["statement", "paper", "kind", "false variants", "rests on"], rows)


def _fraction(power: float) -> str:
    """0.6667 as {2/3}."""
    written = str(Fraction(power).limit_denominator(12))
    return f"{{{written}}}" if "/" in written else written


def _why(constant: Constant) -> str:
    return "" if constant.provenance == "false variant" else f", {constant.provenance}"


def change_in_words(variant: Variant) -> str:
    """What a false variant changes."""
    changes: list[str] = []
    for name, change in variant.changes.items():
        match name:
            case "variance":
                changes.append(f"entries of A and W_l drawn N(0, {text.number(change)}/m)")
            case "constants":
                changes.extend(f"{symbol} = {one}" + _why(one) for symbol, one in change.items())
            case "at_most" | "at_least":
                bounds = (change,) if isinstance(change, str) else change
                changes.append(f"{name.replace('_', ' ')} {', '.join(bounds)}")
            case "definitions":
                changes.extend(f"{symbol} = {formula}" for symbol, formula in change.items())
            case "failure":
                changes.append(f"failure probability {change.formula}")
            case "assumptions":
                changes.append("assumes only " + "; ".join(one.formula for one in change) if change else "assumes nothing")
            case "ranges":
                changes.append("tried on " + ranges_in_words(change))
            case "measure":
                changes.append("measured as its name says")
            case _:
                changes.append(f"{name}: {(', '.join(change) or 'none') if isinstance(change, tuple) else change}")
    return ", ".join(changes)


def interval(name: str, bounds: tuple[float, float]) -> str:
    """`m in [16, 1e+12]`, or `L = 1`."""
    if bounds[0] == bounds[1]:
        return f"{QUANTITIES[name][0]} = {text.number(bounds[0])}"
    return f"{QUANTITIES[name][0]} in [{text.number(bounds[0])}, {text.number(bounds[1])}]"


def ranges_in_words(ranges: Mapping[str, tuple[float, float]]) -> str:
    """`m in [16, 1e+12], L in [1, 64]`."""
    return ", ".join(interval(name, bounds) for name, bounds in ranges.items())


def grade_basis(statement: Statement) -> str:
    """Which grade a HOLDS of this statement can get, and why."""
    if is_attacked(statement):
        how = statement.attack or f"adversaries ({', '.join(statement.adversary)})"
        share = share_in_words(statement)
        return f"attacked: {how}; what is found bounds the supremum from below" + (f": {share}" if share else "")
    if statement.exact:
        return "exact: the measured left side is the supremum over all that the claim quantifies over inside one instance"
    return "sampled: the measured left side bounds the supremum from below"


def bounds_in_latex(statement: Statement) -> list[str]:
    """`C \\sqrt{L}`, of each part of the claim."""
    return [bound.latex() for bound in statement.bounds]


def assumptions_in_latex(statement: Statement) -> list[str]:
    """`m \\ge n L`, of each assumption that is a formula."""
    return [latex for one in statement.assumptions if (latex := one.latex())]


def formulas_in_latex(statement: Statement) -> list[str]:
    """One line for each formula: bounds, what the claim names beside them, assumptions, failure probability."""
    relation = r"\ge" if statement.direction == "at least" else r"\le"
    lines = [f"bound: {relation} {latex}" for latex in bounds_in_latex(statement)]
    lines += [f"where: {Formula(name).latex()} = {Formula(formula).latex()}" for name, formula in statement.definitions.items()]
    lines += [f"assuming: {latex}" for latex in assumptions_in_latex(statement)]
    return [*lines, *([rf"fails with probability: \le {latex}"] if (latex := statement.failure.latex()) else [])]


def _condition(assumption: Assumption) -> str:
    hidden = ", ".join(f"{name} = {text.number(value)}" for name, value in assumption.constants.items())
    return f"{assumption.formula}  ({hidden})" if hidden else assumption.formula


def _adversaries(statement: Statement) -> str:
    """Who moves the weights, from where."""
    names = ", ".join(statement.adversary) or "none: the weights stay at their initialization"
    names += f"; inside the measure, {statement.attack}" if statement.attack else ""
    return f"{names}; from a W~ that {' or '.join(statement.start)} chose in the ball" if statement.start else names


def _architectures(statement: Statement, registry: Registry) -> list[str]:
    """This one first, then the others, and why some have no form."""
    others = [form.architecture for form in registry.forms(statement.id) if form.architecture != statement.architecture]
    absent = [name for name in registry.architectures() if registry.explains(statement.id, name)]
    return [", ".join([statement.architecture, *others]), *(f"not {name}: {registry.reason(statement.id, name)}" for name in absent)]


def sections(statement: Statement, registry: Registry) -> list[tuple[str, list[str]]]:
    """All that is declared, to be read beside the paper, each thing under its name: what `lemmafuzz show` prints and its page says."""
    quantities = [f"{interval(name, bounds)}: {QUANTITIES[name][1]}" for name, bounds in statement.ranges.items()]
    outside = [f"{ranges_in_words(statement.beyond)}: beyond the regime, never as evidence"]
    powers = [f"{QUANTITIES[name][0]}^{_fraction(power)}" for name, power in statement.claimed_exponents.items()]
    above = [other.id for other in registry if statement.id in other.rests_on]
    found: list[tuple[str, list[str]]] = [
        ("claim", [statement.sentence]),
        *([("in LaTeX", latex)] if (latex := formulas_in_latex(statement)) else []),
        *([("theory", [theories()[statement.theory].paper])] if statement.theory != FIRST_THEORY else []),
        ("kind", [KINDS[statement.kind]]),
        ("for all", [*quantities, f"data: {', '.join(statement.data)}; labels: {', '.join(statement.labels)}"]),
        *([("also tried on", outside)] if statement.beyond else []),
        ("assuming", [_condition(one) for one in statement.assumptions] or ["nothing"]),
        *([("says nothing where", [f"the bound is {statement.reach} or more, the most that is measured"])] if statement.reach else []),
        ("fails with probability", [f"at most {statement.failure.formula}"]),
        ("constants", [f"{name} = {one}: {one.provenance}" for name, one in statement.constants.items()] or ["none"]),
        ("claimed exponents", powers or ["none"]),
        ("rests on", [", ".join(statement.rests_on) or "nothing else here"]),
        ("rests on it", [", ".join(above) or "nothing else here"]),
        ("architectures", _architectures(statement, registry)),
        ("engines", [", ".join(statement.engines)]),
        ("adversaries", [_adversaries(statement)]),
        ("grade of a HOLDS", [grade_basis(statement)]),
        ("false variants", [f"{one.name} ({one.kind}): {change_in_words(one)}" for one in statement.variants]),
    ]
    return [*found, *([("note", [statement.note])] if statement.note else [])]


def statement_in_words(statement: Statement, registry: Registry) -> str:
    """What `lemmafuzz show` prints."""
    shown = sections(statement, registry)
    indent = 2 + max(len(name) for name, _ in shown) + 2
    lines = [f"{statement.id}  ({statement.source})", ""]
    for name, entries in shown:
        for position, entry in enumerate(entries):
            label = f"  {name}" if position == 0 else ""
            hanging = " " * (indent + 2)
            lines += textwrap.wrap(entry, PAGE, initial_indent=label.ljust(indent), subsequent_indent=hanging, break_on_hyphens=False)
    return "\n".join(lines)

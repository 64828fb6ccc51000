"""A conjecture as a statement, and as the text of a module that declares it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from checkers.experiments.sharpening.frontier import exact
from checkers.records.experiments import Calibration
from checkers.records.sharpened import Frontier
from theorems.language.formula import Formula
from theorems.language.instance import QUANTITIES
from theorems.language.mutation import written
from theorems.language.statement import Constant, Statement

SUFFIX = "conjecture"
HEAD = '''"""Conjectures, no facts: the strongest exponents that measurements leave open, with constants calibrated anew.

Written by `lemmafuzz sharpen`, profile {profile}, seed {seed}; {checked}.
A conjecture that holds here was not refuted, at the sizes and on the seeds that were tried. Check them with

    lemmafuzz check {ids} --module {file}
"""

from dataclasses import replace

from lemmafuzz import registry
'''
FIRST_LINE = HEAD.split("\n", 1)[0]


def conjecture(statement: Statement, frontier: Sequence[Frontier]) -> Statement:
    """The statement with the conjectured exponents in the first term of its first bound; its constants are not calibrated for it yet."""
    changed = {one.axis: exact(one.conjectured) for one in frontier if one.conjectured != one.claimed and not one.note}
    shifts = {QUANTITIES[axis][0]: power - exact(statement.claimed_exponents[axis]) for axis, power in changed.items()}
    bounds = (shifted(statement.bounds[0], shifts).text, *(bound.text for bound in statement.bounds[1:]))
    words = " and ".join(f"{QUANTITIES[axis][0]}^({power})" for axis, power in changed.items())
    side: dict[str, Any] = {statement.direction.replace(" ", "_"): bounds}
    return dataclasses.replace(
        statement,
        id=f"{statement.id}-{SUFFIX}",
        source=f"conjectured: {statement.source} with {words}",
        kind="declared",
        exponents={**statement.exponents, **{axis: float(power) for axis, power in changed.items() if axis in statement.exponents}},
        sharp={},
        note=f"A conjecture about {statement.id}, no fact.",
        **side,
    )  # fmt: skip


def shifted(bound: Formula, shifts: Mapping[str, Fraction]) -> Formula:
    """The formula, its first term times these powers of symbols."""
    import sympy

    powers = (sympy.Symbol(name, positive=True) ** sympy.Rational(shift.numerator, shift.denominator) for name, shift in shifts.items())
    first, *others = bound.terms
    return written(sympy.powsimp(first * math.prod(powers)) + sum(others))


def with_constants(statement: Statement, found: Sequence[Calibration]) -> Statement:
    """The statement with constants as `calibrate` found them for it."""
    constants = dict(statement.constants)
    for one in found:
        values = tuple(band.value for band in one.bands)
        needed = ", ".join(f"{band.needed:g}" for band in one.bands)
        why = f"calibrated for this bound: {one.margin:g} away from {needed}, what the worst small network needs (seed {one.seed})"
        old = constants[one.constant]
        constants[one.constant] = Constant(values[-1], why, True, None, old.bands, values if old.bands else ())
    return dataclasses.replace(statement, constants=constants)


def text_of(base: Statement, sharper: Statement) -> str:
    """The declaration, in what a module of one's own imports."""
    side, bounds = sharper.direction.replace(" ", "_"), [_quoted(bound.text) for bound in sharper.bounds]
    changed = {name: one for name, one in sharper.constants.items() if one != base.constants[name]}
    lines = [
        "", "", f"base = registry[{_quoted(base.id)}]", "registry.add(", "    replace(", "        base,",
        f"        id={_quoted(sharper.id)},", f"        source={_quoted(sharper.source)},", f"        kind={_quoted(sharper.kind)},",
        f"        {side}=({', '.join(bounds)},),", "        constants={", "            **base.constants,",
    ]  # fmt: skip
    for name, one in changed.items():
        lines += [
            f"            {_quoted(name)}: replace(",
            f"                base.constants[{_quoted(name)}],",
            f"                value={one.value!r},",
            f"                values={one.values!r},",
            "                sharp=None,",
            f"                provenance={_quoted(one.provenance)},",
            "            ),",
        ]
    exponents = ", ".join(f"{_quoted(axis)}: {power!r}" for axis, power in sharper.exponents.items())
    lines += ["        },", f"        exponents={{{exponents}}},", "        sharp={},", f"        note={_quoted(sharper.note)},"]
    return "\n".join([*lines, "    )", ")", ""])


def _quoted(text: str) -> str:
    """A string as Python reads it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)

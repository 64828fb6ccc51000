"""Mutants of quantifiers: a theorist who looked only there.

"For the first layer alone" is no stronger claim, so what is measured is what the full quantifier is worth. Where there is more than one
layer (or sample) to speak of, the statement is searched with the restricted measure, and its bound gets the constant that this needs, times
the margin of every calibration: the claim of somebody who looked nowhere else. The check, with all its quantifiers, refutes it where it
finds ratios that the restricted measure does not know. A survivor within its bound on all that was seen is outside: what was left out
decides nothing there.

Looking at the first sample, output, neuron or position alone is no mutant: each of them has the law of every other, so over many
instances and networks it meets what all of them meet.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Final

import torch

from checkers.evidence.probe import axes_of
from checkers.evidence.profiles import LAW
from checkers.experiments.mutants.claims import statement_side
from checkers.experiments.mutants.mutant import Mutant
from checkers.networks.network import Network
from checkers.subjects.network import NetworkSubject
from theorems.language.statement import EXACT_LAW, Statement
from theorems.language.subject import Side

EXCHANGEABLE: Final = ("sample", "output", "neuron", "position")
PAIR: Final = ("i", "j")
CENTRE, ALONE = "centre", "one layer"
# What there must be two of.
SEVERAL: Final = {"layer": "depth", "interval": "depth", ALONE: "depth", ",".join(PAIR): "samples"}
NOTHING: Final = 1e-300  # of a ratio where the restricted measure is infinitely far from a lower bound
Measure = Callable[..., Side]


def quantifier_mutants(statement: Statement) -> tuple[list[Mutant], list[str]]:
    """The mutants, and in words the quantifiers that have none."""
    axes = _axes(statement)
    single = [axis for axis in axes if axis not in (*EXCHANGEABLE, *PAIR, "part")]
    targets = {axis: f"only the first {axis} looked at" for axis in single}
    targets |= {",".join(PAIR): "only the first pair, a sample with itself, looked at"} if set(PAIR) <= set(axes) else {}
    if statement.adversary:
        targets[CENTRE] = "W only at the ball's centre"
        targets[ALONE] = "the perturbation in one layer only"
    notes = [f"{axis}s are exchangeable" for axis in EXCHANGEABLE if axis in axes]
    found = [Mutant(name=name, kind="quantifier", claim=name, target=target) for target, name in targets.items()]
    return [one for one in found if where_several(statement, one.target) is not None], notes


def _axes(statement: Statement) -> tuple[str, ...]:
    for engine in sorted(statement.engines, key=lambda engine: engine == EXACT_LAW):
        try:
            return axes_of(statement, engine)
        except Exception:  # a measure may do anything, and the tiny instance need not meet the assumptions
            continue
    return ()


def where_several(statement: Statement, target: str) -> Statement | None:
    """The statement where there are at least two of what it quantifies over; None where its ranges have one."""
    if target not in SEVERAL:
        return statement
    name = SEVERAL[target]
    low, high = statement.ranges.get(name, (1, 1))
    if high < 2:
        return None
    engines = tuple(engine for engine in statement.engines if engine != EXACT_LAW or name not in LAW)
    return dataclasses.replace(statement, ranges={**statement.ranges, name: (max(low, 2), high)}, engines=engines)


def restricted(statement: Statement, target: str) -> Statement:
    """The statement measured with less than its quantifier."""
    if target == CENTRE:
        return dataclasses.replace(statement, adversary=(), start=())
    if target == ALONE:
        return dataclasses.replace(statement, measure=_one_layer_alone(statement.measure))
    return dataclasses.replace(statement, measure=_first_of(statement.measure, target.split(",")))


def with_constant(statement: Statement, factor: float) -> Statement:
    """The statement with its claimed side at the constant that a ratio of `factor` just meets; 0, no move at all, as next to 0, for a bound
    of 0 has no exponents."""
    factor = max(factor, NOTHING)
    digits, power = f"{factor if statement.at_most else 1 / factor:.5e}".split("e")  # which no formula has
    changes: dict[str, Any] = {
        statement_side(statement): tuple(f"{digits} 10^({int(power)}) ({one.text})" for one in statement.bounds)
    }
    return dataclasses.replace(statement, **changes)


def _first_of(measure: Measure, names: list[str]) -> Measure:
    """Index 0 of these axes in the place of every index."""

    @functools.wraps(measure)
    def first(subject: Any, **constants: float) -> Side:
        found = measure(subject, **constants)
        places = [1 + found.axes.index(name) for name in names]

        def only(one: torch.Tensor) -> torch.Tensor:
            for place in places:
                one = one.narrow(place, 0, 1).expand_as(one) if place < one.ndim else one
            return one

        return dataclasses.replace(found, values=only(found.values), given={name: only(one) for name, one in found.given.items()})

    return first


def _one_layer_alone(measure: Measure) -> Measure:
    """The largest over the layers of what a move in that layer alone does: of each move its part in that layer. A new axis after the
    trials."""

    @functools.wraps(measure)
    def alone(subject: Any, **constants: float) -> Side:
        layers = range(subject.instance.depth) if subject.origin is not subject else ()
        found = [measure(_moved_alone(subject, layer), **constants) for layer in layers] or [measure(subject, **constants)]
        given = {name: torch.stack([one.given[name] for one in found], 1) for name in found[0].given}
        return dataclasses.replace(
            found[0], values=torch.stack([one.values for one in found], 1), axes=("moved layer", *found[0].axes), given=given
        )

    return alone


def _moved_alone(subject: NetworkSubject, layer: int) -> NetworkSubject:
    moved, before = subject.network, subject.origin.network
    hidden = [*before.hidden]
    hidden[layer] = moved.hidden[layer]
    return subject.standing_in(Network(moved.architecture, moved.input_weights, hidden, moved.output))

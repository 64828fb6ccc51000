"""Mutants of passes: the subject answers from a pass that is wrong in one place, at the initialization and where weights moved alike.

A statement that does not notice on a small instance has no such mutant. A survivor whose worst ratio is not beyond the honest one, by the
factor that counts as a difference, is outside: no inequality can tell a pass that makes nothing worse.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Final

import torch

from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.probe import TRIALS, tiny_instance
from checkers.experiments.mutants.mutant import Mutant
from checkers.machine.threads import one_thread
from checkers.networks.network import ForwardPass
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Side

NETWORKS: Final[tuple[Engine, ...]] = ("dense", "revealed")  # what has passes


def _with_signs(record: ForwardPass, signs: tuple[torch.Tensor, ...]) -> ForwardPass:
    wrong = copy.copy(record)
    wrong.__dict__["signs"] = signs  # where the cached property keeps them
    return wrong


def without_last(record: ForwardPass) -> ForwardPass:
    """D_L is the identity in the backward pass."""
    return _with_signs(record, (*record.signs[:-1], torch.ones_like(record.signs[-1])))


def signs_below(record: ForwardPass) -> ForwardPass:
    """D_{l-1} in the place of D_l."""
    return _with_signs(record, (record.signs[0], *record.signs[:-1]))


def one_layer_late(record: ForwardPass) -> ForwardPass:
    """h_{l+1} in the place of h_l, below the last."""
    return dataclasses.replace(record, activations=(*record.activations[1:], record.activations[-1]))


SABOTAGES: Final[dict[str, Callable[[ForwardPass], ForwardPass]]] = {
    "backward pass without D_L": without_last,
    "backward pass with D_{l-1} for D_l": signs_below,
    "h_{l+1} in the place of h_l": one_layer_late,
}


def pass_mutants(statement: Statement) -> list[Mutant]:
    """Those that change what the statement measures."""
    return [
        Mutant(name=name, kind="pass", claim=f"the statement, measured on a {name}" if name.startswith("back") else name, target=name)
        for name in SABOTAGES
        if _noticed(statement, name)
    ]


def sabotaged(statement: Statement, target: str) -> Statement:
    """The statement measured on a wrong pass, by the engines that have one."""
    measure = statement.measure

    @functools.wraps(measure)
    def wrong(subject: Any, **constants: float) -> Side:
        found: Side = measure(_answering(subject, SABOTAGES[target]), **constants)
        return found

    engines = tuple(engine for engine in statement.engines if engine in NETWORKS)
    return dataclasses.replace(statement, measure=wrong, engines=engines)


def _answering(subject: NetworkSubject, sabotage: Callable[[ForwardPass], ForwardPass]) -> NetworkSubject:
    moved = subject.origin is not subject
    origin = _answering(subject.origin, sabotage) if moved else None
    return subject.standing_in(subject.network, sabotage(subject.record), origin)


def _noticed(statement: Statement, target: str) -> bool:
    """Whether the sides differ on a small instance, moved by the first adversary."""
    engine: Engine | None = next((engine for engine in NETWORKS if engine in statement.engines), None)
    if engine is None:
        return False
    few = dataclasses.replace(statement, adversary=statement.adversary[:1], start=())
    source = NormalSource(seed_sequence(0, "sabotage", *statement.stream, target))
    try:
        with one_thread():
            _, subject = next(drawn_subjects(few, tiny_instance(few, engine), engine, TRIALS, source, "cpu"))
            honest, wrong = few.sides(subject), sabotaged(few, target).sides(subject)
    except Exception:  # a measure may do anything, and the tiny instance need not meet the assumptions
        return False
    return not (torch.equal(honest.left, wrong.left) and torch.equal(honest.right, wrong.right))

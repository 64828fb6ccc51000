"""The attacks that a ladder is climbed under: such as its widest rung affords too, and of these such as nothing else replaces.

Revealed weights remember every direction that they were asked for, and compare each new one with all: an attack that another one outdoes
on every rung costs twice, by itself and by what the others pay for its questions, and changes no number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from checkers.adversaries import ASCENTS, COSTLY
from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.measured import measured
from checkers.evidence.profiles import Profile
from checkers.evidence.worst_case import Worst, worst_case
from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Comparison

NETWORKS: Final = 4  # on which attacks are compared, at each of three rungs: an eighth of those that are measured
ENOUGH: Final = 0.99  # of the strongest: along a ladder of a factor 3, the shortest, a lost per cent bends a slope by 0.01


def steady(statement: Statement) -> Statement:
    """The statement without the adversaries that the wide rungs of a ladder could not afford: an attack that changes along a ladder would
    bend it. What is left attains the known optima: alignments, targeted flips, pushes through zero. So would a constant that is a table: it
    has its value of large sizes everywhere."""
    kept = tuple(name for name in statement.adversary if name not in COSTLY | ASCENTS)
    constants = {name: dataclasses.replace(one, bands=None, values=(), finite=None) for name, one in statement.constants.items()}
    return dataclasses.replace(statement, adversary=kept, constants=constants)


def claim_parts(comparison: Comparison) -> list[Comparison]:
    """The inequalities of a claim that has several, each by itself: their bounds may have different exponents."""
    if "part" not in comparison.axes:
        return [comparison]
    place = 1 + comparison.axes.index("part")
    shape = np.broadcast_shapes(tuple(comparison.left.shape), tuple(comparison.right.shape))
    left, right = comparison.left.expand(shape), comparison.right.expand(shape)
    pairs = zip(left.unbind(place), right.unbind(place), strict=True)
    return [Comparison(one, other, tuple(a for a in comparison.axes if a != "part"), comparison.rounding) for one, other in pairs]


def cases(statement: Statement, instance: Instance, engine: Engine, trials: int, source: NormalSource, device: str) -> list[list[Worst]]:
    """For each adversary the worst case of each part of the claim. Moves are aimed at one sample, on all rungs and by either engine."""
    return [
        [worst_case(statement, part, name) for part in claim_parts(measured(statement, subject))]
        for name, subject in drawn_subjects(statement, instance, engine, trials, source, device, aims=1)
    ]


def contenders(statement: Statement, rungs: Sequence[Instance], profile: Profile, source: NormalSource, device: str) -> Statement:
    """The statement without those attacks whose loss is not felt: without them, in every part of the claim, what is left attains ENOUGH of
    the largest ratio on each of NETWORKS networks at both ends of the ladder and in its middle. source: of networks for this alone, so that
    which attacks are left does not depend on those that are measured."""
    if len(statement.adversary) * max(1, len(statement.start)) < 2:
        return statement
    with one_thread():
        found = [_ratios(statement, rung, profile, source, device) for rung in (rungs[0], rungs[len(rungs) // 2], rungs[-1])]
    for name in statement.start:
        fewer = dataclasses.replace(statement, start=tuple(one for one in statement.start if one != name))
        statement = fewer if fewer.start and all(_suffices(fewer, ratios) for ratios in found) else statement
    for name in statement.adversary:
        fewer = dataclasses.replace(statement, adversary=tuple(one for one in statement.adversary if one != name))
        statement = fewer if fewer.adversary and all(_suffices(fewer, ratios) for ratios in found) else statement
    return statement


def _ratios(statement: Statement, rung: Instance, profile: Profile, source: NormalSource, device: str) -> Mapping[str, Tensor]:
    """The largest ratio in each part of the claim, (parts, NETWORKS), under each attack by its name."""
    engine, _ = profile.plan(statement, rung)
    found: dict[str, list[Tensor]] = {}
    for network in range(NETWORKS):  # one by one, for under all attacks each holds many directions
        for parts in cases(statement, rung, engine, 1, source.spawn(network), device):
            found.setdefault(parts[0].adversary, []).append(torch.cat([one.ratio.detach().cpu() for one in parts]))
    return {name: torch.stack(ratios, -1) for name, ratios in found.items()}


def _suffices(statement: Statement, ratios: Mapping[str, Tensor]) -> bool:
    names = [f"{start}, then {name}" for start in statement.start for name in statement.adversary] or statement.adversary
    left = [ratios[name] for name in names if name in ratios]
    return bool(left) and bool((torch.stack(left).amax(0) >= ENOUGH * torch.stack([*ratios.values()]).amax(0)).all())

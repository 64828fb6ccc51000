"""One decision: draw networks for an instance, measure both sides, count failures, and compare the count with the claim."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack, affordable
from checkers.adversaries.attack import AIMS, REVEALED_AIMS
from checkers.architectures import architecture_for
from checkers.errors import InputError
from checkers.evidence import p_value
from checkers.measured import measured
from checkers.network import Network
from checkers.processes import one_thread
from checkers.randomness import NormalSource, seed_sequence
from checkers.records import Decision
from checkers.single_sample import ExactLawSubject
from checkers.subject import NetworkSubject, VectorSubject
from theorems.instance import Instance
from theorems.statement import Engine, Statement
from theorems.subject import Comparison, Subject


@dataclass(frozen=True)
class Worst:
    """Both sides at the largest ratio left/right of each trial, all of shape (trials,), and where that is."""

    ratio: Tensor
    left: Tensor
    right: Tensor
    index: Tensor
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    rounding: float
    adversary: str
    looked_at: str

    def place(self, trial: int) -> dict[str, int]:
        """The trial and, for each axis that the claim quantifies over, the index of the worst case in it."""
        place, flat = {"trial": trial}, int(self.index[trial])
        for axis, size in zip(reversed(self.axes), reversed(self.shape), strict=True):
            place[axis] = flat % size
            flat //= size
        return place


def worst_case(statement: Statement, comparison: Comparison, adversary: str = "") -> Worst:
    """Reduce a comparison to the largest ratio of every trial; 0/0 counts as 0, for 0 <= 0 holds, and 1/0 as infinity."""
    full = np.broadcast_shapes(tuple(comparison.left.shape), tuple(comparison.right.shape))
    left, right = comparison.left.detach().expand(full), comparison.right.detach().expand(full)
    shape = tuple(full[1:])
    left, right = left.reshape(left.shape[0], -1), right.reshape(left.shape[0], -1)
    # where the right side is not positive a ratio says nothing, and the claim itself decides
    ratio = torch.where(right > 0, left.clamp_min(0) / right, torch.where(left <= right, 0.0, torch.inf))
    if bool((left.isnan() | right.isnan() | ratio.isnan()).any()):
        raise InputError(f"statement {statement.id!r} measured a quantity that is not a number; its measure cannot be judged")
    top, index = ratio.max(dim=1)
    pick = index[:, None]
    left, right = left.gather(1, pick)[:, 0], right.gather(1, pick)[:, 0]
    return Worst(top, left, right, index, shape, comparison.axes, comparison.rounding, adversary, comparison.looked_at)


def draw_network(statement: Statement, instance: Instance, engine: Engine, trials: int, source: NormalSource, device: str) -> Network:
    """The random initialization of this instance."""
    return Network.draw(
        "revealed" if engine == "revealed" else "dense",
        instance.width, instance.depth, instance.inputs.shape[1], instance.outputs, trials, source, statement.variance, device=device,
        architecture=architecture_for(statement.architecture, instance, **statement.options),
    )  # fmt: skip


def subjects(
    statement: Statement, instance: Instance, engine: Engine, trials: int, source: NormalSource, device: str, aims: int | None = None
) -> Iterator[tuple[str, Subject]]:
    """The subjects to measure, each with the adversary that moved its weights: "" for none. aims: samples that moves are aimed at; None: as
    many as the engine affords."""
    if engine == "vectors":
        yield "", VectorSubject(instance, trials, source)
        return
    if engine == "exact law":
        yield "", ExactLawSubject(instance, trials, source, statement.variance)
        return
    network = draw_network(statement, instance, engine, trials, source, device)
    questions = source.spawn("questions")
    still = NetworkSubject(network, instance, questions)
    aims = aims or (AIMS if still.engine == "dense" else REVEALED_AIMS)
    if not statement.start:
        yield from _moved(statement, still, source, aims)
    for name in statement.start:
        # To W~, where in the ball this adversary would go from the untouched network.
        attack = _attack(statement, still, source.spawn(f"start {name}"), questions, aims)
        origin = NetworkSubject(ADVERSARIES[name](attack), instance, questions)
        for second, subject in _moved(statement, origin, source.spawn(f"from {name}"), aims):
            yield f"{name}, then {second}", subject
    yield "", still


def _moved(statement: Statement, origin: NetworkSubject, source: NormalSource, aims: int) -> Iterator[tuple[str, Subject]]:
    questions = source.spawn("questions")
    for name in statement.adversary:
        if origin.engine == "revealed" and not affordable(name, origin.network):
            continue
        moved = ADVERSARIES[name](_attack(statement, origin, source.spawn(name), questions, aims))
        yield name, NetworkSubject(moved, origin.instance, questions, origin)


def _attack(statement: Statement, origin: NetworkSubject, source: NormalSource, questions: NormalSource, aims: int) -> Attack:
    objective = partial(largest_ratio, statement, origin, questions)
    return Attack(origin.network, origin.instance, source, objective, origin.record, aims)


def largest_ratio(statement: Statement, origin: NetworkSubject, questions: NormalSource, network: Network) -> Tensor:
    """The statement's largest ratio left/right in each trial, (trials,), with its derivatives."""
    comparison = statement.sides(NetworkSubject(network, origin.instance, questions, origin))
    ratio = comparison.left / comparison.right
    return ratio.reshape(ratio.shape[0], -1).amax(1)


def decide(
    statement: Statement,
    instance: Instance,
    *,
    seed: int,
    engine: Engine,
    trials: int,
    alpha: float,
    stage: int = 1,
    device: str = "cpu",
) -> Decision:
    """The decision about one instance, at false-alarm probability alpha (0: count only); the same arguments give the same bits.

    The weights come from (seed, statement, instance, engine, stage) alone: nobody searches for a lucky draw.
    """
    with one_thread():
        return _decide(statement, instance, seed, engine, trials, alpha, stage, device)


def source_of(statement: Statement, instance: Instance, seed: int, engine: Engine, stage: int) -> NormalSource:
    """All randomness of a decision."""
    return NormalSource(seed_sequence(seed, *statement.stream, instance.key(), engine, stage))


def judged_cases(
    statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, stage: int, device: str
) -> list[tuple[Worst, Subject]]:
    """Every subject of a decision with its worst case."""
    source = source_of(statement, instance, seed, engine, stage)
    return [
        (worst_case(statement, measured(statement, subject), name), subject)
        for name, subject in subjects(statement, instance, engine, trials, source, device)
    ]


def _decide(
    statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, alpha: float, stage: int, device: str
) -> Decision:
    claimed = statement.failure_probability(instance)
    informative = statement.inside(instance) and claimed < 0.5
    cases = [case for case, _ in judged_cases(statement, instance, seed, engine, trials, stage, device)]
    ratios = torch.stack([case.ratio for case in cases])
    ratio, chosen = ratios.max(dim=0)
    rounding = max(case.rounding for case in cases)
    failures = int((ratio > 1 + rounding).sum())
    close = int(((ratio - 1).abs() <= rounding).sum())
    trial = int(ratio.argmax())
    case = cases[int(chosen[trial])]
    value = p_value(failures, trials, claimed)
    return Decision(
        statement=statement.id, variant=statement.variant_name, architecture=statement.architecture, engine=engine, sizes=instance.sizes(),
        trials=trials, failures=failures, within_rounding=close, claimed=claimed, p_value=value, alpha=alpha,
        refuted=informative and failures > 0 and alpha > 0 and value <= alpha, evidence=informative,
        ratio=_finite(case.ratio[trial]), left=_finite(case.left[trial]), right=_finite(case.right[trial]), place=case.place(trial),
        regime_depth=_finite(statement.regime_depth(instance)), stage=stage, adversary=case.adversary,
        looked_at=case.looked_at,
    )  # fmt: skip


def _finite(value: Tensor | float) -> float:
    """JSON has no infinity: the largest double stands for it."""
    number = float(value)
    return math.copysign(1.7976931348623157e308, number) if math.isinf(number) else number

"""One decision: draw networks for an instance, measure both sides, count failures, and compare the count with the claim."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.evidence.batches import batch_sizes, batch_source
from checkers.evidence.binomial import p_value
from checkers.evidence.drawing import drawn_subjects, source_of
from checkers.evidence.measured import measured
from checkers.evidence.worst_case import Worst, worst_case
from checkers.machine.threads import one_thread
from checkers.records.decisions import Decision
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Subject


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

    The weights come from (seed, statement, instance, engine, stage) alone: nobody searches for a lucky draw. However many trials, they are
    drawn in batches (batches.py).
    """
    with one_thread():
        return _decide(statement, instance, seed, engine, trials, alpha, stage, device)


def judged_cases(
    statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, stage: int, device: str, batch: int = 0
) -> Iterator[tuple[Worst, Subject]]:
    """Every subject of one batch of a decision with its worst case, one after the other; trials: of this batch."""
    source = batch_source(source_of(statement, instance, seed, engine, stage), batch)
    for name, subject in drawn_subjects(statement, instance, engine, trials, source, device):
        yield worst_case(statement, measured(statement, subject), name), subject


@dataclass(frozen=True)
class _Tally:
    """One batch: each trial's ratio under the strongest adversary, (trials,), and the case of the largest."""

    ratio: Tensor
    rounding: float
    case: Worst
    trial: int


def _tally(cases: list[Worst]) -> _Tally:
    ratio, chosen = torch.stack([case.ratio for case in cases]).max(dim=0)
    trial = int(ratio.argmax())
    return _Tally(ratio, max(case.rounding for case in cases), cases[int(chosen[trial])], trial)


def _decide(
    statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, alpha: float, stage: int, device: str
) -> Decision:
    claimed = statement.failure_probability(instance)
    informative = statement.inside(instance) and claimed < 0.5
    sizes = batch_sizes(statement, instance, engine, trials)
    tallies = [
        _tally([case for case, _ in judged_cases(statement, instance, seed, engine, size, stage, device, batch)])
        for batch, size in enumerate(sizes)
    ]
    ratio = torch.cat([tally.ratio for tally in tallies])
    rounding = max(tally.rounding for tally in tallies)
    failures = int((ratio > 1 + rounding).sum())
    close = int(((ratio - 1).abs() <= rounding).sum())
    worst = max(range(len(tallies)), key=lambda batch: float(tallies[batch].ratio.max()))
    case, trial = tallies[worst].case, tallies[worst].trial
    value = p_value(failures, trials, claimed)
    return Decision(
        statement=statement.id, variant=statement.variant_name, architecture=statement.architecture, engine=engine, sizes=instance.sizes(),
        trials=trials, failures=failures, within_rounding=close, claimed=claimed, p_value=value, alpha=alpha,
        refuted=informative and failures > 0 and alpha > 0 and value <= alpha, evidence=informative,
        ratio=_finite(case.ratio[trial]), left=_finite(case.left[trial]), right=_finite(case.right[trial]),
        place={**case.place(trial), "trial": sum(sizes[:worst]) + trial},
        regime_depth=_finite(statement.regime_depth(instance)), stage=stage, adversary=case.adversary,
        looked_at=case.looked_at, at=case.at(trial, statement, instance),
    )  # fmt: skip


def _finite(value: Tensor | float) -> float:
    """JSON has no infinity: the largest double stands for it."""
    number = float(value)
    return math.copysign(1.7976931348623157e308, number) if math.isinf(number) else number

"""By how much a mutant's bound is the stronger one, on the networks that its check looks at, with the numbers that the measure gave; and
whether it is stronger than what is proved."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import torch

from theorems.language.statement import Statement
from theorems.language.subject import Side


@dataclass
class Reach:
    """factor: the largest so far, over all networks and indices. beyond: the same of the statement's proved bounds, over the mutant's;
    nothing where one is missing."""

    factor: float = 1.0
    beyond: float | None = None


def watched(statement: Statement, mutated: Statement) -> tuple[Statement, Reach]:
    """The mutant, noting at each measurement how its bound differs from the statement's."""
    reach, measure, proved = Reach(), mutated.measure, _proved(statement, mutated)

    @functools.wraps(measure)
    def noting(subject: Any, **constants: float) -> Side:
        found: Side = measure(subject, **constants)
        if type(found.values) is torch.Tensor:  # triage asks again in balls
            other = _bound(mutated, found, subject).detach()
            reach.factor = max(reach.factor, _stronger(statement, found, subject, other))
            if proved is not None:
                reach.beyond = max(reach.beyond or 0.0, _stronger(proved, found, subject, other))
        return found

    return dataclasses.replace(mutated, measure=noting), reach


def _proved(statement: Statement, mutated: Statement) -> Statement | None:
    """The statement with what is proved in the place of the bounds that the mutant changes; None where something is not."""
    if not statement.proved_bounds or mutated.definitions != statement.definitions:
        return None
    pairs = zip(statement.bounds, mutated.bounds, statement.proved_bounds, strict=True)
    known = [own if own == other else proved for own, other, proved in pairs]
    texts = tuple(one.text for one in known if one)
    if len(texts) < len(known):
        return None
    return dataclasses.replace(statement, at_most=texts) if statement.at_most else dataclasses.replace(statement, at_least=texts)


def _stronger(statement: Statement, found: Side, subject: Any, other: torch.Tensor) -> float:
    """The largest factor by which the other bounds are stronger than the statement's."""
    own = _bound(statement, found, subject).detach()
    factor = own / other if statement.at_most else other / own
    seen = factor[factor.isfinite()]
    return float(seen.max()) if seen.numel() else 0.0


def _bound(statement: Statement, found: Side, subject: Any) -> torch.Tensor:
    compared = statement.against_bounds(found, subject.instance)
    return compared.right if statement.at_most else compared.left

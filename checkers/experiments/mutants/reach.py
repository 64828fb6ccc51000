"""By how much a mutant's bound is the stronger one, on the networks that its check looks at: with the numbers that the measure gave."""

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
    """factor: the largest so far, over all networks and indices."""

    factor: float = 1.0


def watched(statement: Statement, mutated: Statement) -> tuple[Statement, Reach]:
    """The mutant, noting at each measurement how its bound differs from the statement's."""
    reach, measure = Reach(), mutated.measure

    @functools.wraps(measure)
    def noting(subject: Any, **constants: float) -> Side:
        found: Side = measure(subject, **constants)
        if type(found.values) is torch.Tensor:  # triage asks again in balls
            own, other = (_bound(one, found, subject).detach() for one in (statement, mutated))
            factor = own / other if statement.at_most else other / own
            seen = factor[factor.isfinite()]
            reach.factor = max(reach.factor, float(seen.max())) if seen.numel() else reach.factor
        return found

    return dataclasses.replace(mutated, measure=noting), reach


def _bound(statement: Statement, found: Side, subject: Any) -> torch.Tensor:
    compared = statement.against_bounds(found, subject.instance)
    return compared.right if statement.at_most else compared.left

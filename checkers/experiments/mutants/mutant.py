"""A mutant of a statement: one change, in data that travel to where the work is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checkers.records.mutants import MutantKind


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """alternatives: fields of the statement that it replaces; several where it is not known which of them claims more, and then the mutant
    is killed with any of them. Empty where the change is in what is looked at (restricted.py, sabotage.py), which `target` names.

    claim: the changed formula, or in words. symbol, claimed, powers: of an exponent of the first bound, with the new one of each
    alternative; symbols: those in a logarithm of it.
    reach: the factor by which the changed bound is the stronger one, at the sizes `where`: of the corners of the ranges those where it is
    most; infinite where no formula says. alone: no number that a measure gives is needed to know it.
    """

    name: str
    kind: MutantKind
    claim: str
    alternatives: tuple[Mapping[str, Any], ...] = ()
    target: str = ""
    symbol: str = ""
    claimed: float = 0.0
    powers: tuple[float, ...] = ()
    symbols: tuple[str, ...] = ()
    reach: float = math.inf
    where: Mapping[str, float] = field(default_factory=dict)
    alone: bool = False

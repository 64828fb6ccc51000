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
    is refuted with any of them. Empty where the change is in what is looked at (restricted.py, sabotage.py), which `target` names.

    claim: the changed formula, or in words. part: the place of the bound that changed. symbol, claimed, power: of an exponent of it, where
    the bound as a whole has another power and nothing else is new; claimed is its old one. symbols: those in what changed otherwise, a
    logarithm or one term of several.
    reach: the factor by which the changed bound is the stronger one, at the sizes `where`: of the corners of the ranges those where it is
    most; infinite where no formula says. alone: no number that a measure gives is needed to know it.
    """

    name: str
    kind: MutantKind
    claim: str
    alternatives: tuple[Mapping[str, Any], ...] = ()
    target: str = ""
    part: int = 0
    symbol: str = ""
    claimed: float = 0.0
    power: float = 0.0
    symbols: tuple[str, ...] = ()
    reach: float = math.inf
    where: Mapping[str, float] = field(default_factory=dict)
    alone: bool = False

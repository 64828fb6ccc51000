"""A comparison reduced to the largest ratio of every trial, and where that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from checkers.errors import InputError
from theorems.language.indices import place_in_words
from theorems.language.instance import Instance
from theorems.language.statement import Statement
from theorems.language.subject import Comparison


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
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def place(self, trial: int) -> dict[str, int]:
        """The trial and, for each axis that the claim quantifies over, the index of the worst case in it."""
        indices = self._indices(trial)
        return {"trial": trial, **{axis: indices[k] for k, axis in reversed([*enumerate(self.axes)])}}

    def at(self, trial: int, statement: Statement, instance: Instance) -> str:
        """Where the worst case of the trial is, in the paper's notation."""
        return place_in_words(statement, instance, self.axes, self._indices(trial), self.shape, self.names)

    def _indices(self, trial: int) -> list[int]:
        return [int(one) for one in np.unravel_index(int(self.index[trial]), self.shape)] if self.shape else []


def ratios(left: Tensor, right: Tensor) -> Tensor:
    """left/right, entry by entry. Where the right side is not positive a ratio says nothing, and the claim itself decides."""
    return torch.where(right > 0, left.clamp_min(0) / right, torch.where(left <= right, 0.0, torch.inf))


def worst_case(statement: Statement, comparison: Comparison, adversary: str = "") -> Worst:
    """Reduce a comparison to the largest ratio of every trial; 0/0 counts as 0, for 0 <= 0 holds, and 1/0 as infinity."""
    full = np.broadcast_shapes(tuple(comparison.left.shape), tuple(comparison.right.shape))
    left, right = comparison.left.detach().expand(full), comparison.right.detach().expand(full)
    shape = tuple(full[1:])
    left, right = left.reshape(left.shape[0], -1), right.reshape(left.shape[0], -1)
    ratio = ratios(left, right)
    if bool((left.isnan() | right.isnan() | ratio.isnan()).any()):
        raise InputError(f"statement {statement.id!r} measured a quantity that is not a number; its measure cannot be judged")
    top, index = ratio.max(dim=1)
    pick = index[:, None]
    left, right = left.gather(1, pick)[:, 0], right.gather(1, pick)[:, 0]
    return Worst(
        top, left, right, index, shape, comparison.axes, comparison.rounding, adversary, comparison.looked_at, comparison.names
    )  # fmt: skip

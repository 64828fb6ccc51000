"""Norms of one sample by their exact law: no matrix, so width 10^12 costs what width 10 does.

Given h_{l-1}, the entries of g_l are independent N(0, (v/m) ‖h_{l-1}‖^2), v the variance parameter. K ~ Binomial(m, 1/2) of
them are nonnegative, and given the signs their squares are still squares of such Gaussians. So
‖h_l‖^2 = ‖h_{l-1}‖^2 (v/m) chi^2_K, independent over the layers, and the same from ‖x‖ = 1 to h_0. K = 0 gives 0 for good.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.randomness import Generator, NormalSource
from checkers.subject import PartialSubject
from theorems.instance import Instance

# A block of trials takes three arrays of this many numbers at a time, small enough for a core's cache.
_BLOCK = 1 << 14


def half_chi_squares(width: int, depth: int, trials: int, source: NormalSource) -> npt.NDArray[np.float64]:
    """chi^2_K/2 with K ~ Binomial(width, 1/2), independent: (depth + 1, trials). Widths up to 10^12."""
    if not 1 <= width <= 10**12:
        raise ValueError(f"width must lie between 1 and 10^12, not {width}")
    if depth < 0 or trials < 1:
        raise ValueError(f"depth must be at least 0 and trials at least 1, not {depth} and {trials}")
    drawn = np.empty((depth + 1, trials))

    def sample(generator: Generator, part: slice) -> None:
        for layer in range(depth + 1):
            active = generator.binomial(width, 0.5, part.stop - part.start)
            drawn[layer, part] = generator.standard_gamma(active / 2)  # chi^2_K = 2 Gamma(K/2)

    source.fill(trials, sample, _BLOCK)
    return drawn


def layer_norms(width: int, depth: int, trials: int, source: NormalSource, variance: float = 2.0) -> Tensor:
    """‖h_l‖ for l = 0..depth of one sample of unit norm: (trials, 1, depth + 1), float64. Widths up to 10^12."""
    squares = half_chi_squares(width, depth, trials, source)
    before: float | npt.NDArray[np.float64] = 1.0
    for layer in squares:
        layer *= before * (2 * variance / width)
        before = layer
    return torch.from_numpy(np.ascontiguousarray(np.sqrt(squares).T))[:, None]


class ExactLawSubject(PartialSubject):
    """Subject of one sample that answers `norms` only. Rounding: L + 1 products of a few operations each."""

    engine = "exact law"

    def __init__(self, instance: Instance, trials: int, source: NormalSource, variance: float = 2.0) -> None:
        if instance.samples != 1:
            raise ValueError(f"the exact law speaks of one sample, not of {instance.samples}")
        super().__init__(instance, trials, source)
        self.variance = variance
        self._norms = layer_norms(instance.width, instance.depth, trials, source.spawn("norms"), variance)

    @cached_property
    def half_chi_squares(self) -> npt.NDArray[np.float64]:
        """What the norms were made of: (depth + 1, trials)."""
        return half_chi_squares(self.instance.width, self.instance.depth, self.trials, self._source.spawn("norms"))

    @property
    def rounding(self) -> float:
        # Per layer: sampling chi^2 and three multiplications, each a few units in the last place.
        return 16 * (self.instance.depth + 1) * float(np.finfo(np.float64).eps)

    def norms(self) -> Tensor:
        return self._norms

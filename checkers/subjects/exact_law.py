"""Norms and tangent kernel of one sample by their exact law: no matrix, so width 10^12 costs what width 10 does.

Given h_{l-1}, the entries of g_l are independent N(0, (v/m) ‖h_{l-1}‖^2), v the variance parameter. K ~ Binomial(m, 1/2) of
them are nonnegative, and given the signs their squares are still squares of such Gaussians. So
‖h_l‖^2 = ‖h_{l-1}‖^2 (v/m) chi^2_K, independent over the layers, and the same from ‖x‖ = 1 to h_0. K = 0 gives 0 for good.

Backwards, one output: s_l = D_l Back_{l+1}^T, so that K_l = ‖h_{l-1}‖^2 ‖s_l‖^2 is layer l's part of the tangent kernel. First
s_L = D_L B^T: f = <h_L, s_L> is N(0, ‖h_L‖^2) and what is orthogonal to h_L is a chi-square of K - 1 neurons. Now given the forward
pass and s_{l+1}, W = W_{l+1} is known along h_l only, where W h_l = g_{l+1}. So W^T s_{l+1} has the part
<g_{l+1}, s_{l+1}>/‖h_l‖ = <h_{l+1}, s_{l+1}>/‖h_l‖ = f/‖h_l‖ along h_l, and fresh Gaussians of variance (v/m) ‖s_{l+1}‖^2 orthogonal to
it, of which D_l keeps K_l - 1 dimensions:

    <h_l, s_l> = f for all l,    ‖s_l‖^2 = f^2/‖h_l‖^2 + (v/m) ‖s_{l+1}‖^2 chi^2_{K_l - 1}.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.networks.randomness import Generator, NormalSource
from checkers.subjects.partial import PartialSubject
from theorems.language.instance import Instance

Array = npt.NDArray[np.float64]
Number: TypeAlias = Any  # an array over trials, or a ball

# A block of trials takes three arrays of this many numbers at a time, small enough for a core's cache.
_BLOCK = 1 << 14


def half_chi_squares(width: int, depth: int, trials: int, source: NormalSource) -> tuple[Array, Array]:
    """chi^2_K/2 with K ~ Binomial(width, 1/2), independent, and these K: (depth + 1, trials) both. Widths up to 10^12."""
    if not 1 <= width <= 10**12:
        raise ValueError(f"width must lie between 1 and 10^12, not {width}")
    if depth < 0 or trials < 1:
        raise ValueError(f"depth must be at least 0 and trials at least 1, not {depth} and {trials}")
    drawn, active = np.empty((depth + 1, trials)), np.empty((depth + 1, trials))

    def sample(generator: Generator, part: slice) -> None:
        for layer in range(depth + 1):
            active[layer, part] = generator.binomial(width, 0.5, part.stop - part.start)
            drawn[layer, part] = generator.standard_gamma(active[layer, part] / 2)  # chi^2_K = 2 Gamma(K/2)

    source.fill(trials, sample, _BLOCK)
    return drawn, active


def layer_norms(width: int, depth: int, trials: int, source: NormalSource, variance: float = 2.0) -> Tensor:
    """‖h_l‖ for l = 0..depth of one sample of unit norm: (trials, 1, depth + 1), float64. Widths up to 10^12."""
    squares, _ = half_chi_squares(width, depth, trials, source)
    before: float | Array = 1.0
    for layer in squares:
        layer *= before * (2 * variance / width)
        before = layer
    return torch.from_numpy(np.ascontiguousarray(np.sqrt(squares).T))[:, None]


def backward_chi_squares(active: Array, source: NormalSource) -> tuple[Array, Array]:
    """f/‖h_L‖, (trials,), and chi^2_{K_l - 1}/2 for l = L..1, (depth, trials), from the K of layers 0..depth."""
    depth, trials = active.shape[0] - 1, active.shape[1]
    along, drawn = np.empty(trials), np.empty((depth, trials))

    def sample(generator: Generator, part: slice) -> None:
        along[part] = generator.standard_normal(part.stop - part.start)
        for place, layer in enumerate(range(depth, 0, -1)):
            drawn[place, part] = generator.standard_gamma(np.maximum(active[layer, part] - 1, 0) / 2)

    source.fill(trials, sample, _BLOCK)
    return along, drawn


def layer_kernels(
    half_squares: Sequence[Number], along: Number, half_squares_back: Sequence[Number], width: int, variance: float
) -> list[Number]:
    """K_l = ‖h_{l-1}‖^2 ‖s_l‖^2 for l = 1..L, of a living sample, from what was drawn for it; on arrays or on balls.

    half_squares: chi^2/2 of layers 0..L; along: f/‖h_L‖; half_squares_back: of layers L..1.
    """
    squares: list[Number] = []  # ‖h_l‖^2
    for half in half_squares:
        squares.append((squares[-1] if squares else 1) * half * 2 * variance / width)
    product = along * along * squares[-1]  # f^2
    kernels: list[Number] = []
    before: Number | None = None
    for layer, half in zip(range(len(squares) - 1, 0, -1), half_squares_back, strict=True):
        fresh = half * 2 if before is None else before * half * 2 * variance / width
        before = product / squares[layer] + fresh
        kernels.append(squares[layer - 1] * before)
    return kernels[::-1]


class ExactLawSubject(PartialSubject):
    """Subject of one sample that answers `norms`, and `layer_kernel` for one output. Rounding: L + 1 products of a few operations each."""

    engine = "exact law"

    def __init__(self, instance: Instance, trials: int, source: NormalSource, variance: float = 2.0) -> None:
        if instance.samples != 1:
            raise ValueError(f"the exact law speaks of one sample, not of {instance.samples}")
        super().__init__(instance, trials, source)
        self.variance = variance

    @cached_property
    def half_chi_squares(self) -> tuple[Array, Array]:
        """What the norms were made of, and the K: (depth + 1, trials) both."""
        return half_chi_squares(self.instance.width, self.instance.depth, self.trials, self._source.spawn("norms"))

    @cached_property
    def backward_chi_squares(self) -> tuple[Array, Array]:
        """What the kernels are made of besides: (trials,) and (depth, trials)."""
        return backward_chi_squares(self.half_chi_squares[1], self._source.spawn("backward"))

    @property
    def rounding(self) -> float:
        # Per layer: sampling chi^2 and three multiplications, each a few units in the last place.
        return 16 * (self.instance.depth + 1) * float(np.finfo(np.float64).eps)

    def norms(self) -> Tensor:
        return self._norms

    @cached_property
    def _norms(self) -> Tensor:
        return layer_norms(self.instance.width, self.instance.depth, self.trials, self._source.spawn("norms"), self.variance)

    def layer_kernel(self, layer: int) -> Tensor:
        if self.instance.outputs != 1:
            self._refuse("layer_kernel of more than one output")
        return self._kernels[:, self._layer(layer, 1, self.instance.depth) - 1, None, None]

    @cached_property
    def _kernels(self) -> Tensor:
        """(trials, depth); where a layer died all are zero: above it h is zero, below it s."""
        (squares, active), (along, back) = self.half_chi_squares, self.backward_chi_squares
        dead = (active == 0).any(axis=0)
        squares = np.where(dead, 1.0, squares)
        kernels = np.stack(layer_kernels(list(squares), along, list(back), self.instance.width, self.variance), 1)
        return torch.from_numpy(np.where(dead[:, None], 0.0, kernels))

"""The gradient in one layer's weights, sum_i sum_r a_{i,r} b_{i,r}^T, from its factors; it is formed only where that takes less."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gradient:
    """left: a_{i,r}, (n, r, rows). right: b_{i,r}, (n, r, columns)."""

    left: Tensor
    right: Tensor

    @cached_property
    def _flat(self) -> tuple[Tensor, Tensor]:
        return self.left.flatten(0, 1), self.right.flatten(0, 1)

    @cached_property
    def _matrix(self) -> Tensor:
        left, right = self._flat
        return left.mT @ right

    @property
    def _small(self) -> bool:
        """Whether the matrix has fewer entries than the factors have inner products."""
        return self.left.shape[-1] * self.right.shape[-1] < (self.left.shape[0] * self.left.shape[1]) ** 2

    def own_squares(self) -> Tensor:
        """‖sum_r a_{i,r} b_{i,r}^T‖_F^2 of every sample: (n,)."""
        return ((self.left @ self.left.mT) * (self.right @ self.right.mT)).sum((-2, -1))

    def inner(self, other: Gradient) -> float:
        """The inner product with a gradient of the same right factors."""
        if self._small:
            return float((self._matrix * other._matrix).sum())
        (left, right), (others, _) = self._flat, other._flat
        return float(((right @ right.mT) * (left @ others.mT)).sum())

    def spectral_norm(self) -> float:
        """‖.‖_2: with left^T = Q R and right^T = P S it is that of R S^T."""
        left, right = self._flat
        if self._small:
            return float(torch.linalg.matrix_norm(self._matrix, ord=2))
        first, second = torch.linalg.qr(left.mT, mode="r").R, torch.linalg.qr(right.mT, mode="r").R
        return float(torch.linalg.matrix_norm(first @ second.mT, ord=2))

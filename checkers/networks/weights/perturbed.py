"""Weights moved by a low-rank perturbation, seen through the very matrix they were moved from."""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.networks.weights.protocol import Weights


class PerturbedWeights:
    """base + sum_k left_k right_k^T. left: (trials, k, rows), right: (trials, k, columns); differentiable in both.

    The base is shared, never changed and must not be changed by others: original and perturbed weights then put their questions to one
    matrix, also where that matrix is revealed by the questions. W(0), which the change is measured from, is the base.
    """

    def __init__(self, base: Weights, left: Tensor, right: Tensor) -> None:
        self.base, self.left, self.right = base, left, right

    @property
    def trials(self) -> int:
        return self.base.trials

    @property
    def rows(self) -> int:
        return self.base.rows

    @property
    def columns(self) -> int:
        return self.base.columns

    @property
    def bytes_held(self) -> int:
        return self.base.bytes_held + self.left.nbytes + self.right.nbytes

    def apply(self, x: Tensor) -> Tensor:
        return self.base.apply(x) + self.change(x)

    def apply_transpose(self, u: Tensor) -> Tensor:
        return self.base.apply_transpose(u) + (u @ self.left.mT) @ self.right

    def change(self, x: Tensor) -> Tensor:
        """(W - W(0)) x_k from the factors, without cancellation; (trials, k, columns) -> (trials, k, rows)."""
        return (x @ self.right.mT) @ self.left

    def add_outer(self, u: Tensor, v: Tensor) -> None:
        self.left, self.right = torch.cat([self.left, u], 1), torch.cat([self.right, v], 1)

    def change_norm(self) -> Tensor:
        return self._singular_values().square().sum(-1).sqrt()

    def change_spectral_norm(self) -> Tensor:
        return self._singular_values().amax(-1) if self.left.shape[1] else self.left.new_zeros(self.trials)

    def copy(self) -> PerturbedWeights:
        return PerturbedWeights(self.base, self.left, self.right)

    @torch.no_grad()
    def _singular_values(self) -> Tensor:
        """Of left^T right: with left^T = Q R and right^T = P S they are those of R S^T."""
        first, second = torch.linalg.qr(self.left.mT, mode="r").R, torch.linalg.qr(self.right.mT, mode="r").R
        values: Tensor = torch.linalg.svdvals(first @ second.mT)
        return values

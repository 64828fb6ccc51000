"""Weights stored as matrices."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from checkers.randomness import NormalSource


class DenseWeights:
    """Weights given by a tensor (trials, rows, columns), or (rows, columns) for one trial.

    `apply` and `apply_transpose` are differentiable in the matrix and in the vectors. The matrix that is handed over is
    never written to: the first change makes a new one, and the old one is what W(0) means from then on.
    """

    def __init__(self, matrix: Tensor) -> None:
        if matrix.ndim not in (2, 3):
            raise ValueError(f"a weight matrix has shape (trials, rows, columns) or (rows, columns), not {tuple(matrix.shape)}")
        self._initial = self._current = matrix if matrix.ndim == 3 else matrix[None]
        self._shared = True  # whether someone else may hold the tensor `_current`

    @classmethod
    def draw(
        cls,
        rows: int,
        columns: int,
        variance: float,
        trials: int,
        source: NormalSource,
        dtype: torch.dtype = torch.float64,
        device: str | torch.device = "cpu",
    ) -> DenseWeights:
        """Independent entries N(0, variance)."""
        return cls(source.normal((trials, rows, columns), sqrt(variance), dtype, device))

    @property
    def matrix(self) -> Tensor:
        """W, shape (trials, rows, columns); not to be written to."""
        return self._current

    @property
    def trials(self) -> int:
        return self._current.shape[0]

    @property
    def rows(self) -> int:
        return self._current.shape[1]

    @property
    def columns(self) -> int:
        return self._current.shape[2]

    @property
    def bytes_held(self) -> int:
        return self._current.nbytes + (self._initial.nbytes if self._initial is not self._current else 0)

    def apply(self, x: Tensor) -> Tensor:
        return x @ self._current.mT

    def apply_transpose(self, u: Tensor) -> Tensor:
        return u @ self._current

    def add_outer(self, u: Tensor, v: Tensor) -> None:
        if self._shared:
            self._current = torch.baddbmm(self._current, u.mT, v)
            self._shared = False
        else:
            self._current.baddbmm_(u.mT, v)

    def replace(self, matrix: Tensor) -> None:
        """Continue with another matrix as W, of the same shape; W(0) stays."""
        if matrix.shape != self._current.shape:
            raise ValueError(f"the matrix needs shape {tuple(self._current.shape)}, not {tuple(matrix.shape)}")
        self._current, self._shared = matrix, True

    def _change(self) -> Tensor:
        return self._current - self._initial

    def change_norm(self) -> Tensor:
        # float64 sums: a float32 sum over 10^7 squares is off by 1e-3.
        norm: Tensor = torch.linalg.vector_norm(self._change(), dim=(1, 2), dtype=torch.float64)
        return norm.to(self._current.dtype)

    def change_spectral_norm(self) -> Tensor:
        norm: Tensor = torch.linalg.matrix_norm(self._change(), ord=2)
        return norm

    def copy(self) -> DenseWeights:
        twin = DenseWeights(self._current)
        twin._initial = self._initial
        self._shared = True
        return twin

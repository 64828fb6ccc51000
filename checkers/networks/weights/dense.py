"""Weights stored as matrices."""

from __future__ import annotations

import copy
from math import sqrt

import torch
from torch import Tensor

from checkers.networks.randomness import NormalSource


class DenseWeights:
    """Weights given by a tensor (trials, rows, columns), or (rows, columns) for one trial.

    `apply` and `apply_transpose` are differentiable in the matrix and in the vectors. The matrix that is handed over is
    never written to: it is what W(0) means, and changes make a new one.

    Changes with few right vectors v_k are kept beside the matrix M, in W = M + sum_k left_k v_k^T, while the same ones come again, as a
    first layer's do in gradient descent: a change adds to `left` alone, and W v_k follows from the known M v_k and <v_j, v_k>, so that a
    step does no pass over a matrix. There M stays W(0).
    """

    def __init__(self, matrix: Tensor) -> None:
        if matrix.ndim not in (2, 3):
            raise ValueError(f"a weight matrix has shape (trials, rows, columns) or (rows, columns), not {tuple(matrix.shape)}")
        self._initial = self._current = matrix if matrix.ndim == 3 else matrix[None]
        self._shared = True  # whether someone else may hold the tensor `_current`
        self._right: Tensor | None = None  # the right vectors of the last change
        self._left: Tensor | None = None  # what they came with since the matrix was last written
        self._image: tuple[Tensor, Tensor] | None = None  # M v_k and <v_j, v_k>
        self._moved: Tensor | None = None  # what the change adds to it: sum_k <v_j, v_k> left_k
        self._norm: Tensor | None = None

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
        if self._left is None or self._right is None:
            return self._current
        return torch.baddbmm(self._current, self._left.mT, self._right)

    def state(self) -> dict[str, Tensor]:
        """All that the answers to come depend on, beside W(0): M, and the v_k and `left` where there are any; not to be written to."""
        parts = {"matrix": self._current, "left": self._left, "right": self._right}
        return {name: part for name, part in parts.items() if part is not None}

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
        small = (self._right, self._left, self._moved, *(self._image or ()))
        held: int = self._current.nbytes + sum(tensor.nbytes for tensor in small if tensor is not None)
        return held + (self._initial.nbytes if self._initial is not self._current else 0)

    def apply(self, x: Tensor) -> Tensor:
        if self._left is None or self._right is None:
            return x @ self._current.mT
        if not _same(x, self._right):
            return x @ self._current.mT + (x @ self._right.mT) @ self._left
        if self._image is None:
            self._image = self._right @ self._current.mT, self._right @ self._right.mT
        if self._moved is None:
            self._moved = self._image[1] @ self._left
        return self._image[0] + self._moved

    def apply_transpose(self, u: Tensor) -> Tensor:
        product = u @ self._current
        return product if self._left is None or self._right is None else product + (u @ self._left.mT) @ self._right

    def add_outer(self, u: Tensor, v: Tensor) -> None:
        self._norm = self._moved = None
        if self._right is not None and _same(v, self._right):
            self._left = u if self._left is None else self._left + u
            return
        if self._current is self._initial and self._left is None and _worth_keeping(v):
            self._left, self._right, self._image = u, v, None
            return
        if self._left is not None and self._right is not None:
            self._add(self._left, self._right)
        self._add(u, v)
        self._left, self._right, self._image = None, v if _worth_keeping(v) else None, None

    def _add(self, u: Tensor, v: Tensor) -> None:
        if self._shared:
            self._current = torch.baddbmm(self._current, u.mT, v)
            self._shared = False
        else:
            self._current.baddbmm_(u.mT, v)

    def resume(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state`; W(0) stays. Raises ValueError or KeyError if it is none of weights of this shape and precision."""
        matrix, left, right = (state[name] if name == "matrix" else state.get(name) for name in ("matrix", "left", "right"))
        assert matrix is not None
        if matrix.shape != self._current.shape or matrix.dtype != self._current.dtype:
            raise ValueError(f"the matrix needs shape {tuple(self._current.shape)}, not {tuple(matrix.shape)}")
        for part, length in ((left, self.rows), (right, self.columns)):
            if part is not None and (right is None or part.shape != (self.trials, right.shape[1], length)):
                raise ValueError("the factors of the change are not of these weights")
        matrix, left, right = (part if part is None else part.to(self._current) for part in (matrix, left, right))
        assert matrix is not None
        self._current = self._initial if torch.equal(matrix, self._initial) else matrix
        self._shared, self._image, self._moved, self._norm = True, None, None, None
        self._left, self._right = left, right

    def change_norm(self) -> Tensor:
        if self._norm is None:
            left, right = (self._left, self._right) if self._current is self._initial else (None, None)
            if left is not None and self._moved is not None and left.dtype == torch.float64:
                # sum_jk <v_j, v_k> <left_j, left_k> loses the digits that <v_j, v_k> has between its eigenvalues: too many of a float32
                self._norm = (left * self._moved).sum((1, 2)).clamp_min(0).sqrt()
            else:
                change = self.matrix - self._initial if left is None or right is None else left.mT @ right
                # float64 sums: a float32 sum over 10^7 squares is off by 1e-3.
                norm: Tensor = torch.linalg.vector_norm(change, dim=(1, 2), dtype=torch.float64)
                self._norm = norm.to(self._current.dtype)
        return self._norm

    def change_spectral_norm(self) -> Tensor:
        norm: Tensor = torch.linalg.matrix_norm(self.matrix - self._initial, ord=2)
        return norm

    def copy(self) -> DenseWeights:
        self._shared = True
        return copy.copy(self)


def _same(x: Tensor, y: Tensor) -> bool:
    """Whether both are the same numbers for certain; of balls that is not known."""
    return isinstance(x, Tensor) and isinstance(y, Tensor) and not x.requires_grad and torch.equal(x, y)


def _worth_keeping(v: Tensor) -> bool:
    """Fewer vectors than columns: <v_j, v_k> left_k costs less than W v_k, and the change of W nothing."""
    return isinstance(v, Tensor) and v.shape[1] <= v.shape[2] and not v.requires_grad

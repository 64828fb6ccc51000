"""What a network needs of a weight matrix: products, rank-one changes, and the size of the change."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Weights(Protocol):
    """A batch of independent random matrices W (trials, rows, columns), of which W(0) is the initial value. Vectors are rows."""

    @property
    def trials(self) -> int: ...

    @property
    def rows(self) -> int: ...

    @property
    def columns(self) -> int: ...

    @property
    def bytes_held(self) -> int:
        """Memory that this object keeps alive, in bytes."""
        ...

    def apply(self, x: Tensor) -> Tensor:
        """W x_k for each of the k vectors: (trials, k, columns) -> (trials, k, rows)."""
        ...

    def apply_transpose(self, u: Tensor) -> Tensor:
        """W^T u_k for each of the k vectors: (trials, k, rows) -> (trials, k, columns)."""
        ...

    def add_outer(self, u: Tensor, v: Tensor) -> None:
        """W += sum_k u_k v_k^T; u: (trials, k, rows), v: (trials, k, columns)."""
        ...

    def change_norm(self) -> Tensor:
        """‖W - W(0)‖_F, shape (trials,)."""
        ...

    def change_spectral_norm(self) -> Tensor:
        """‖W - W(0)‖_2, shape (trials,)."""
        ...

    def copy(self) -> Weights:
        """Weights that change independently of these from now on; W(0) is the same."""
        ...

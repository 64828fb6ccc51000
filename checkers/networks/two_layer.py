"""Two-layer ReLU networks f(x) = m^{-1/2} sum_r a_r relu(w_r . x) of which w_1..w_m are trained, in coordinates of the span of the data.

The inputs are X = F Q^T with orthonormal columns Q, (d, k), k = min(n, d): w_r acts through Q^T w_r ~ N(0, kappa^2 I_k) alone, and
gradients lie in the span, so that a network costs m (k + 1) numbers. Sums over neurons are taken a block at a time, and only of a network
of one block are pre-activations kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from math import sqrt
from operator import add

import numpy as np
import torch
from torch import Tensor

from checkers.networks.randomness import NormalSource
from theorems.language.instance import Array
from theorems.laws.gate_laws import correlations

BLOCK = 1 << 20  # neurons: 84 MB for ten inputs


@dataclass(frozen=True)
class TwoLayerNetwork:
    """rows: F, (n, k). gram: rho, (n, n). weights: Q^T w_r, (trials, m, k). signs: a_r, (trials, m)."""

    rows: Tensor
    gram: Tensor
    weights: Tensor
    signs: Tensor

    @classmethod
    def draw(
        cls, inputs: Array, width: int, trials: int, source: NormalSource, variance: float, *, fair: float = 1.0, device: str = "cpu"
    ) -> TwoLayerNetwork:
        """Entries of w_r ~ N(0, variance), a_r = +-1; fair: 0 for a_r = 1 always, a wrong initialization."""
        rows = torch.from_numpy(np.ascontiguousarray(np.linalg.qr(inputs.T)[1].T)).to(device)
        weights = source.spawn("weights").normal((trials, width, rows.shape[1]), sqrt(variance), device=device)
        coins = source.spawn("signs").integers((trials, width), 0, 1) if fair else torch.ones(trials, width, dtype=torch.int64)
        return cls(rows, torch.from_numpy(correlations(inputs)).to(device), weights, (2.0 * coins.double() - 1.0).to(device))

    @property
    def width(self) -> int:
        return self.weights.shape[1]

    @property
    def trials(self) -> int:
        return self.weights.shape[0]

    @cached_property
    def pre_activations(self) -> Tensor:
        """w_r . x_i, (trials, m, n)."""
        return self.weights @ self.rows.mT

    @cached_property
    def gates(self) -> Tensor:
        """D_ri = 1[w_r . x_i >= 0] as 0/1 floats, (trials, m, n)."""
        return (self.pre_activations >= 0).to(self.weights.dtype)

    def summed(self, of: Callable[[TwoLayerNetwork], Tensor]) -> Tensor:
        """The sum of what is asked of each block of neurons, as a network of its own."""
        if self.width <= BLOCK:
            return of(self)
        parts = (slice(start, start + BLOCK) for start in range(0, self.width, BLOCK))
        return reduce(add, (of(TwoLayerNetwork(self.rows, self.gram, self.weights[:, part], self.signs[:, part])) for part in parts))

    def outputs(self) -> Tensor:
        """f(x_i), (trials, n)."""
        return self.summed(lambda block: (block.signs[:, None] @ block.pre_activations.relu())[:, 0]) / sqrt(self.width)

    def kernel(self) -> Tensor:
        """H_ij = rho_ij (1/m) sum_r D_ri D_rj, (trials, n, n)."""
        return self.gram * self.summed(lambda block: squares(block.gates)) / self.width

    def push(self, residual: Tensor, gates: Tensor | None = None) -> Tensor:
        """Minus the gradient of 1/2 ‖residual‖^2 in w_r: m^{-1/2} a_r sum_i D_ri residual_i x_i, (trials, m, k)."""
        open_gates = self.gates if gates is None else gates
        return self.signs[..., None] / sqrt(self.width) * ((open_gates * residual[:, None]) @ self.rows)

    def at(self, change: Tensor) -> TwoLayerNetwork:
        """The network at W + change."""
        return TwoLayerNetwork(self.rows, self.gram, self.weights + change, self.signs)


def squares(gates: Tensor) -> Tensor:
    """sum_r D_ri D_rj, (trials, n, n), of gates (trials, m, n)."""
    return gates.mT @ gates

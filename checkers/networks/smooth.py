"""Smooth maps f_i(W) = sum_l v_l phi(w_l . x_i) of which W is trained, v fixed: linear maps (k = 1, phi linear), generalized linear models
(k = 1) and two-layer networks. Weights in coordinates of the span of the data, as in two_layer.py.

phi' = gamma + (Gamma - gamma) S(c z) with S from 0 to 1: a sigmoid (phi is of softplus type); a ramp (phi is piecewise quadratic, so that
phi' falls at its steepest over a whole interval); or a bump (phi' is small on both sides of where it is large).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from checkers.networks.randomness import NormalSource
from theorems.language.instance import Array

SIGMOID, RAMP, BUMP = 0, 1, 2
STEEPEST = (1 / 4, 1 / 4, 2 / (3 * math.sqrt(3)))  # max |S'|
WHERE = (0.0, 0.0, math.log(2 - math.sqrt(3)))  # it is attained; for a bump 4 s (1 - s) at s = 1/2 - 1/sqrt 12
FAR = 40.0  # where e^-u is below the rounding of u; torch takes 20, where the slope is off by 2e-9
GRID = 8  # gamma/Gamma is a multiple of 1/8, 0 and 1 among them
OCTAVES = 3  # of the steepness c, on either side of 1


@dataclass(frozen=True)
class Activation:
    """One activation for each trial; all tensors (trials,). low, high: gamma and Gamma. kind: SIGMOID, RAMP or BUMP."""

    low: Tensor
    high: Tensor
    steepness: Tensor
    kind: Tensor

    @classmethod
    def draw(cls, trials: int, source: NormalSource, *, linear: bool, device: str = "cpu") -> Activation:
        """gamma and c on grids, each kind equally often; linear: phi(z) = Gamma z."""
        high = 2.0 ** source.integers((trials,), -1, 1).double()
        share = torch.ones(trials, dtype=torch.float64) if linear else source.integers((trials,), 0, GRID).double() / GRID
        steepness = 2.0 ** source.integers((trials,), -OCTAVES, OCTAVES).double()
        kind = source.integers((trials,), SIGMOID, BUMP)
        return cls(*(one.to(device) for one in (share * high, high, steepness, kind)))

    @property
    def bend(self) -> Tensor:
        """max |phi''|, (trials,)."""
        return (self.high - self.low) * self.steepness * self.low.new_tensor(STEEPEST)[self.kind]

    @property
    def steepest(self) -> Tensor:
        """A z with |phi''(z)| = bend, (trials,)."""
        return self.low.new_tensor(WHERE)[self.kind] / self.steepness

    def __call__(self, z: Tensor) -> Tensor:
        """phi(z), z: (trials, k, n)."""
        u = self._wide(self.steepness) * z
        ramp = torch.where(u > 2, u, (u.clamp(-2, 2) + 2).square() / 8)
        parts = self._chosen(torch.nn.functional.softplus(u, threshold=FAR), ramp, 4 * torch.sigmoid(u))
        return self._wide(self.low) * z + self._wide((self.high - self.low) / self.steepness) * parts

    def slope(self, z: Tensor) -> Tensor:
        """phi'(z)."""
        u = self._wide(self.steepness) * z
        soft = torch.sigmoid(u)
        share = self._chosen(soft, (u.clamp(-2, 2) + 2) / 4, 4 * soft * (1 - soft))
        return self._wide(self.low) + self._wide(self.high - self.low) * share

    def _chosen(self, sigmoid: Tensor, ramp: Tensor, bump: Tensor) -> Tensor:
        kind = self._wide(self.kind)
        return torch.where(kind == SIGMOID, sigmoid, torch.where(kind == RAMP, ramp, bump))

    @staticmethod
    def _wide(one: Tensor) -> Tensor:
        return one[:, None, None]


@dataclass(frozen=True)
class SmoothNetwork:
    """rows: (n, r). weights: (trials, k, r). output: v, (trials, k)."""

    rows: Tensor
    weights: Tensor
    output: Tensor
    activation: Activation

    @classmethod
    def draw(
        cls, inputs: Array, width: int, trials: int, source: NormalSource, variance: float, *, linear: bool, device: str = "cpu"
    ) -> SmoothNetwork:
        """Entries of W ~ N(0, variance); v of norm 1, in every second trial with entries +-1/sqrt k, else along a Gaussian vector."""
        rows = torch.from_numpy(np.ascontiguousarray(np.linalg.qr(inputs.T)[1].T))
        weights = source.spawn("weights").normal((trials, width, rows.shape[1]), math.sqrt(variance))
        output = source.spawn("output").normal((trials, width), 1.0)
        output[::2] = output[::2].sign()
        output = output / torch.linalg.vector_norm(output, dim=-1, keepdim=True)
        activation = Activation.draw(trials, source.spawn("activation"), linear=linear, device=device)
        return cls(rows.to(device), weights.to(device), output.to(device), activation)

    @property
    def trials(self) -> int:
        return self.weights.shape[0]

    @cached_property
    def pre_activations(self) -> Tensor:
        """w_l . x_i, (trials, k, n)."""
        return self.weights @ self.rows.mT

    @cached_property
    def slopes(self) -> Tensor:
        """v_l phi'(w_l . x_i), (trials, k, n): the Jacobian is their product with x_i."""
        return self.output[..., None] * self.activation.slope(self.pre_activations)

    def outputs(self) -> Tensor:
        """f, (trials, n)."""
        return (self.output[:, None] @ self.activation(self.pre_activations))[:, 0]

    def gram(self, slopes: Tensor | None = None) -> Tensor:
        """J J^T, (trials, n, n), or that of other slopes, such as differences of them."""
        own = self.slopes if slopes is None else slopes
        return (own.mT @ own) * (self.rows @ self.rows.mT)

    def pull(self, residual: Tensor) -> Tensor:
        """J^T residual, (trials, k, r)."""
        return (self.slopes * residual[:, None]) @ self.rows

    def push(self, move: Tensor) -> Tensor:
        """J move, (trials, n), move: (trials, k, r)."""
        return (self.slopes * (move @ self.rows.mT)).sum(1)

    def at(self, change: Tensor) -> SmoothNetwork:
        """The network at W + change."""
        return SmoothNetwork(self.rows, self.weights + change, self.output, self.activation)

    def repeated(self, times: int) -> SmoothNetwork:
        """Every network so many times, one after the other."""
        activation = self.activation
        parts = (activation.low, activation.high, activation.steepness, activation.kind)
        again = Activation(*(one.repeat_interleave(times) for one in parts))
        weights, output = (one.repeat_interleave(times, 0) for one in (self.weights, self.output))
        return SmoothNetwork(self.rows, weights, output, again)

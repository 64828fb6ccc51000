"""What the limit kernel predicts of gradient descent: the step that is stable, and how many are needed.

Near initialization the residual f(x) - y moves by the tangent kernel K = (m/d) K_inf, one copy an output: along an eigenvector of
eigenvalue lambda it shrinks by 1 - eta lambda a step, and F by the square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.kernels import limit_kernel

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LimitDescent:
    """smallest, largest: eigenvalues of K_inf, so that those of K are m/d times them."""

    smallest: float
    largest: float

    @classmethod
    def of(cls, inputs: Array, depth: int) -> LimitDescent:
        """inputs: (samples, d_in), rows of unit norm."""
        needed = FullyConnected().limit_kernel_bytes(len(inputs), depth)
        refuse_beyond_memory(needed, free_bytes(), f"the limit kernel of {len(inputs)} samples", "take fewer samples")
        eigenvalues = np.linalg.eigvalsh(limit_kernel(inputs, depth))
        # eigvalsh is off by a few roundings of the largest eigenvalue, and a kernel has no negative one
        small = float(eigenvalues[0])
        return cls(small if small > 16 * len(inputs) * np.finfo(float).eps * float(eigenvalues[-1]) else 0.0, float(eigenvalues[-1]))

    def step_size(self, width: float, outputs: int, share: float) -> float:
        """share/lambda_max(K); below 2/lambda_max a fixed kernel is stable."""
        return share * outputs / (width * self.largest)

    def steps(self, goal: float, share: float) -> int | None:
        """The least t with max (1 - eta lambda)^(2t) <= goal over the eigenvalues: F(t) <= goal F(0) whatever the labels. None: never."""
        slowest = max(abs(1 - share * self.smallest / self.largest), abs(1 - share))
        if slowest >= 1:
            return None
        return max(1, math.ceil(math.log(1 / goal) / (-2 * math.log(slowest)))) if slowest > 0 else 1

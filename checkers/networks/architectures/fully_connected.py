"""The fully connected network h_0 = phi(A x), g_l = W_l h_{l-1}, h_l = phi(g_l) (the paper's Section 2)."""

from __future__ import annotations

from checkers.networks.architectures.architecture import Architecture
from theorems.laws import exact_laws
from theorems.laws.exact_laws import Array


class FullyConnected(Architecture):
    """All hidden matrices are m x m and stand alone: what every architecture is until it says otherwise."""

    name = "fully connected"

    def limit_kernel(self, inputs: Array, depth: int, width: int) -> Array:
        return exact_laws.limit_kernel(inputs, depth)

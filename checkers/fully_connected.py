"""The fully connected network h_0 = phi(A x), g_l = W_l h_{l-1}, h_l = phi(g_l): its passes, over any weights.

An activation is phi(g) = D g with D = diag(1[g >= 0]); tensors are (trials, samples, ..., width).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from checkers.weights import Weights


def _rows(x: Tensor) -> Tensor:
    return x.flatten(1, -2)


class FullyConnected:
    """Architecture "fully connected" (the paper's section 2). All hidden matrices are width x width."""

    name = "fully connected"

    def hidden_shape(self, width: int) -> tuple[int, int]:
        """Rows and columns of W_l; its entries have variance (variance / columns)."""
        return width, width

    def forward(self, input_weights: Weights, hidden: Sequence[Weights], x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Pre-activations g_0..g_L (g_0 = A x) and activations h_0..h_L, each (trials, samples, width); x: (trials, samples, d_in)."""
        pre_activations = [input_weights.apply(x)]
        activations = [torch.relu(pre_activations[0])]
        for weights in hidden:
            pre_activations.append(weights.apply(activations[-1]))
            activations.append(torch.relu(pre_activations[-1]))
        return pre_activations, activations

    def backward(self, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> list[Tensor]:
        """D_l Back_{l+1}^T v for l = 1..L from top = B^T v; all (trials, samples, vectors, width). signs: D_0..D_L."""
        factors = [signs[-1][:, :, None] * top]
        for weights, sign in zip(reversed(hidden[1:]), reversed(signs[1:-1]), strict=True):
            back = weights.apply_transpose(_rows(factors[-1])).view(top.shape)
            factors.append(sign[:, :, None] * back)
        return factors[::-1]

    def update(self, hidden: Sequence[Weights], activations: Sequence[Tensor], factors: Sequence[Tensor]) -> None:
        """W_l += sum over samples of factors_l h_{l-1}^T; factors: for l = 1..L, (trials, samples, width)."""
        for weights, factor, activation in zip(hidden, factors, activations[:-1], strict=True):
            weights.add_outer(factor, activation)

    def product(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, x: Tensor) -> Tensor:
        """W_b D_{b-1} ... D_a W_a x (a = first <= b = last), each sample with its own D; x: (trials, samples, width)."""
        for layer in range(first, last + 1):
            x = hidden[layer - 1].apply(x if layer == first else signs[layer - 1] * x)
        return x

    def product_transpose(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, u: Tensor) -> Tensor:
        """(W_b D_{b-1} ... D_a W_a)^T u; u: (trials, samples, width)."""
        for layer in range(last, first - 1, -1):
            u = hidden[layer - 1].apply_transpose(u if layer == last else signs[layer] * u)
        return u

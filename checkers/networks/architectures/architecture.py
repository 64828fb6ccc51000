"""What an architecture is: how a layer's pre-activations follow from its weights. All passes are derived from that, once.

A layer is g_l = skip_l h_{l-1} + scale_l join(W_l patches(h_{l-1})), h_l = phi(g_l) = D_l g_l with D_l = diag(1[g_l >= 0]). `patches` cuts
the neurons of a layer into the vectors that W_l is applied to, `join` puts the results in their places; both are linear, and `split`
and `scatter` are their transposes. So with u a vector over the neurons of layer l,

    <u, g_l> = skip_l <u, h_{l-1}> + scale_l sum_r split(u)_r^T W_l patches(h_{l-1})_r,

the derivative in W_l is scale_l sum_r split(u)_r patches(h)_r^T, of rank r at most, and the transposed layer is
u -> skip_l u + scale_l scatter(W_l^T split(u)). Tensors over neurons are (trials, vectors, neurons).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from checkers.networks.weights.protocol import Weights
from theorems.laws.exact_laws import Array

Apply = Callable[[Tensor], Tensor]


class Architecture:
    """A fully connected network unless a subclass says otherwise. width: m; layers count from 1 to depth = L."""

    name = ""

    def neurons(self, width: int) -> int:
        """Entries of an activation h_l."""
        return width

    def input_shape(self, width: int, input_dimension: int) -> tuple[int, int]:
        """Rows and columns of A; its entries have variance 2/m, that is (variance / m)."""
        return width, input_dimension

    def hidden_shape(self, width: int) -> tuple[int, int]:
        """Rows and columns of W_l; its entries have variance (variance / fan_in)."""
        return width, width

    def fan_in(self, width: int) -> float:
        """The number that the variance of the entries of W_l is divided by: its columns."""
        return self.hidden_shape(width)[1]

    def skip(self, layer: int, depth: int) -> float:
        """The multiple of h_{l-1} in g_l."""
        return 0.0

    def scale(self, layer: int, depth: int, width: int) -> float:
        """The factor in front of W_l."""
        return 1.0

    def cut_input(self, x: Tensor) -> Tensor:
        """The vectors that A is applied to: (..., d_in) -> (..., r, columns of A)."""
        return x[..., None, :]

    def patches(self, h: Tensor) -> Tensor:
        """The vectors that W_l is applied to: (..., neurons) -> (..., r, columns)."""
        return h[..., None, :]

    def scatter(self, vectors: Tensor) -> Tensor:
        """The transpose of `patches`: (..., r, columns) -> (..., neurons)."""
        return vectors[..., 0, :]

    def split(self, u: Tensor) -> Tensor:
        """What the results of the r products are for a vector over neurons: (..., neurons) -> (..., r, rows)."""
        return u[..., None, :]

    def join(self, vectors: Tensor) -> Tensor:
        """The transpose, and inverse, of `split`: (..., r, rows) -> (..., neurons)."""
        return vectors[..., 0, :]

    def limit_kernel(self, inputs: Array, depth: int, width: int) -> Array:
        """The limit of (d/m) K as the width grows, (n, n); width: for architectures whose layers depend on it. ValueError if unknown."""
        raise ValueError(f"the limit kernel of {self.name} networks is not known")

    def limit_kernel_bytes(self, samples: int, depth: int) -> int:
        """The most memory that `limit_kernel` takes: eight matrices (n, n) of doubles, unless it says otherwise."""
        return 8 * 8 * samples**2

    # From here on nothing is an architecture's own.

    def _product(self, apply: Apply, vectors: Tensor) -> Tensor:
        """apply on every one of (trials, k, r, dimension), asked for in one question."""
        found = apply(vectors.flatten(1, 2))
        return found.view(*vectors.shape[:3], found.shape[-1])

    def through(self, apply: Apply, layer: int, depth: int, width: int, h: Tensor) -> Tensor:
        """What W_l, or any matrix that `apply` multiplies with, contributes to g_l: scale_l join(W_l patches(h))."""
        return _times(self.scale(layer, depth, width), self.join(self._product(apply, self.patches(h))))

    def linear(self, weights: Weights, layer: int, depth: int, h: Tensor) -> Tensor:
        """g_l from h_{l-1}: (trials, k, neurons) -> (trials, k, neurons)."""
        return _plus(self.through(weights.apply, layer, depth, weights.rows, h), self.skip(layer, depth), h)

    def linear_transpose(self, weights: Weights, layer: int, depth: int, u: Tensor) -> Tensor:
        """The transpose of `linear`: (trials, k, neurons) -> (trials, k, neurons)."""
        back = self.scatter(self._product(weights.apply_transpose, self.split(u)))
        return _plus(_times(self.scale(layer, depth, weights.rows), back), self.skip(layer, depth), u)

    def left_vectors(self, layer: int, depth: int, width: int, u: Tensor) -> Tensor:
        """The left vectors of the derivative of <u, g_l> in W_l: (..., neurons) -> (..., r, rows)."""
        return _times(self.scale(layer, depth, width), self.split(u))

    def forward(
        self, input_weights: Weights, hidden: Sequence[Weights], x: Tensor, first: tuple[Tensor, Tensor] | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Pre-activations g_0..g_L (g_0 = A x) and activations h_0..h_L, each (trials, samples, neurons); x: (trials, samples, d_in).

        first: g_0 and h_0, where they are known.
        """
        pre_activations = [self.join(self._product(input_weights.apply, self.cut_input(x))) if first is None else first[0]]
        activations = [torch.relu(pre_activations[0]) if first is None else first[1]]
        for layer, weights in enumerate(hidden, start=1):
            pre_activations.append(self.linear(weights, layer, len(hidden), activations[-1]))
            activations.append(torch.relu(pre_activations[-1]))
        return pre_activations, activations

    def sweep(self, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> Iterator[tuple[int, Tensor]]:
        """(l, D_l Back_{l+1}^T v) for l = L..1 from top = B^T v; all (trials, samples, vectors, neurons). signs: D_0..D_L.

        Once l is there W_l was passed for the last time: it may change, while it is still in a cache.
        """
        factor = signs[-1][:, :, None] * top
        for layer in range(len(hidden), 0, -1):
            if layer == 1:
                yield layer, factor
                return
            back = self.linear_transpose(hidden[layer - 1], layer, len(hidden), factor.flatten(1, -2))
            yield layer, factor
            factor = signs[layer - 1][:, :, None] * back.view(*top.shape[:-1], back.shape[-1])

    def backward(self, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> list[Tensor]:
        """D_l Back_{l+1}^T v for l = 1..L from top = B^T v; all (trials, samples, vectors, neurons). signs: D_0..D_L."""
        return [factor for _, factor in self.sweep(hidden, signs, top)][::-1]

    def update(self, hidden: Sequence[Weights], layer: int, activation: Tensor, factor: Tensor) -> None:
        """W_l += the derivative of sum_i <factor_i, g_{l,i}> in W_l; activation: h_{l-1}; both (trials, samples, neurons)."""
        weights = hidden[layer - 1]
        left = self.left_vectors(layer, len(hidden), weights.rows, factor)
        weights.add_outer(left.flatten(1, 2), self.patches(activation).flatten(1, 2))

    def product(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, x: Tensor) -> Tensor:
        """T_b D_{b-1} ... D_a T_a x (a = first <= b = last), T_l the layer's linear map and each sample with its own D."""
        for layer in range(first, last + 1):
            x = self.linear(hidden[layer - 1], layer, len(hidden), x if layer == first else signs[layer - 1] * x)
        return x

    def product_transpose(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, u: Tensor) -> Tensor:
        """(T_b D_{b-1} ... D_a T_a)^T u; u: (trials, samples, neurons)."""
        for layer in range(last, first - 1, -1):
            u = self.linear_transpose(hidden[layer - 1], layer, len(hidden), u if layer == last else signs[layer] * u)
        return u


def _times(factor: float, x: Tensor) -> Tensor:
    return x if factor == 1.0 else factor * x


def _plus(x: Tensor, factor: float, y: Tensor) -> Tensor:
    return x if factor == 0.0 else x + _times(factor, y)

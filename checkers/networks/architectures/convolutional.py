"""The convolutional network on a circle: P positions, m channels, g_{l,p} = W_l (h_{l-1,p-k}, ..., h_{l-1,p+k}), q = 2k + 1, W_l shared.

f(x) = sum_p B_p h_{L,p}. Neurons are ordered by position, channels within: h_l has P m entries, and B = (B_1, ..., B_P) is d x Pm.
W_l is m x qm with entries N(0, 2/(qm)), so E ‖h_{l,p}‖^2 is the mean of ‖h_{l-1}‖^2 over the patch of p, and the sum over p is kept.

An input x in R^{d_in} of unit norm with last coordinate 1/sqrt 2 is dealt out to the positions: the other coordinates in P blocks of
equal length (zeros fill the last ones), and to each block the constant 1/sqrt(2P). The total norm stays 1, and so do all distances;
P = 1 is the input itself. With P = 64, an 8 x 8 image has one pixel at each position.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from checkers.networks.architectures.architecture import Architecture
from theorems.laws.exact_laws import Array
from theorems.laws.limit_kernels import convolutional_limit_kernel, convolutional_limit_kernel_bytes


class Convolutional(Architecture):
    """positions: P; patch: q, odd, at most P. shared_fan_in: False forgets the factor q in the variance of W_l."""

    name = "convolutional"

    def __init__(self, positions: int, patch: int, shared_fan_in: bool = True) -> None:
        if patch % 2 == 0 or not 1 <= patch <= positions:
            raise ValueError(f"patches need an odd size of at most {positions} positions, not {patch}")
        self._positions, self._patch, self._shared_fan_in = positions, patch, shared_fan_in

    def neurons(self, width: int) -> int:
        return self._positions * width

    def block(self, input_dimension: int) -> int:
        """Coordinates of the input at each position, the constant not counted."""
        return math.ceil((input_dimension - 1) / self._positions)

    def input_shape(self, width: int, input_dimension: int) -> tuple[int, int]:
        return width, self.block(input_dimension) + 1

    def hidden_shape(self, width: int) -> tuple[int, int]:
        return width, self._patch * width

    def fan_in(self, width: int) -> float:
        return self._patch * width if self._shared_fan_in else width

    def cut_input(self, x: Tensor) -> Tensor:
        positions, block = self._positions, self.block(x.shape[-1])
        padded = torch.nn.functional.pad(x[..., :-1], (0, positions * block - x.shape[-1] + 1))
        constant = (x[..., -1:] / math.sqrt(positions)).expand(*x.shape[:-1], positions)
        return torch.cat([padded.reshape(*x.shape[:-1], positions, block), constant[..., None]], -1)

    def offsets(self) -> list[int]:
        """The neighbours in a patch, from -k to k."""
        half = self._patch // 2
        return list(range(-half, half + 1))

    def patches(self, h: Tensor) -> Tensor:
        channels = self.split(h)
        return torch.cat([channels.roll(-offset, dims=-2) for offset in self.offsets()], dim=-1)

    def scatter(self, vectors: Tensor) -> Tensor:
        parts = vectors.chunk(self._patch, dim=-1)
        return self.join(torch.stack([part.roll(offset, dims=-2) for part, offset in zip(parts, self.offsets(), strict=True)]).sum(0))

    def split(self, u: Tensor) -> Tensor:
        return u.reshape(*u.shape[:-1], self._positions, u.shape[-1] // self._positions)

    def join(self, vectors: Tensor) -> Tensor:
        return vectors.flatten(-2)

    def limit_kernel(self, inputs: Array, depth: int, width: int) -> Array:
        if not self._shared_fan_in:
            raise ValueError("the limit kernel of convolutional networks without the factor q is not known")
        return convolutional_limit_kernel(inputs, depth, self._positions, self._patch)

    def limit_kernel_bytes(self, samples: int, depth: int) -> int:
        return convolutional_limit_kernel_bytes(samples, depth, self._positions)

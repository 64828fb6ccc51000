"""The residual network h_l = phi(h_{l-1} + tau W_l h_{l-1}) for l < L and h_L = phi(W_L h_{L-1}), tau = c/(L log m)."""

from __future__ import annotations

from checkers.errors import InputError
from checkers.networks.architectures.architecture import Architecture
from theorems.laws.exact_laws import Array
from theorems.laws.limit_kernels import LARGEST, residual_limit_kernel, residual_limit_kernel_bytes
from theorems.laws.norm_laws import step


class Residual(Architecture):
    """c: the constant of tau = c/(L log m). step: tau itself, where it is not to depend on L and m. identity: the multiple of h that is
    carried along, 1 in the paper; 0 drops the skip connection."""

    name = "residual"

    def __init__(self, c: float = 1.0, step: float | None = None, identity: float = 1.0) -> None:
        self._c, self._step, self._identity = c, step, identity

    def skip(self, layer: int, depth: int) -> float:
        return self._identity if layer < depth else 0.0

    def scale(self, layer: int, depth: int, width: int) -> float:
        if layer == depth:
            return 1.0
        return step(width, depth, self._c) if self._step is None else self._step

    def limit_kernel(self, inputs: Array, depth: int, width: int) -> Array:
        if self._identity != 1.0:
            raise ValueError("the limit kernel of residual networks without their skip connections is not known")
        if len(inputs) * depth > LARGEST:
            raise InputError(
                f"the limit kernel of residual networks takes at most {LARGEST} samples times layers, not {len(inputs)} times {depth}"
            )
        return residual_limit_kernel(inputs, depth, self.scale(1, depth, width) if depth > 1 else 0.0)

    def limit_kernel_bytes(self, samples: int, depth: int) -> int:
        return residual_limit_kernel_bytes(samples, depth)

"""The residual network h_l = phi(h_{l-1} + tau W_l h_{l-1}) for l < L and h_L = phi(W_L h_{L-1}), tau = c/(L log m)."""

from __future__ import annotations

import math

from checkers.architecture import Architecture


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
        return self._c / (depth * math.log(max(width, 3))) if self._step is None else self._step

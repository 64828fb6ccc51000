"""Smooth activations in balls: values, slopes, and the most that a slope changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flint import arb

from theorems.language.instance import Array


@dataclass(frozen=True)
class Smooth:
    """phi, phi' and the suprema of |phi''| and of |phi'|, rounded up."""

    value: Callable[[arb], arb]
    slope: Callable[[arb], arb]
    bend: float
    steep: float


def in_floats(function: Callable[[arb], arb], z: Array) -> tuple[Array, float]:
    """The numbers next to function(z), up to a rounding, and the largest radius of its balls at the present precision."""
    found = [function(arb(x)) for x in z.ravel().tolist()]
    return np.array([float(x.mid()) for x in found]).reshape(z.shape), max(float(x.rad().upper()) for x in found)


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _tanh_slope(x: arb) -> arb:
    return 1 - x.tanh() ** 2


def _sigmoid_slope(x: arb) -> arb:
    return _sigmoid(x) * (1 - _sigmoid(x))


def _silu_slope(x: arb) -> arb:
    return _sigmoid(x) * (1 + x * (1 - _sigmoid(x)))


def _gauss(x: arb) -> arb:
    """The normal distribution function."""
    return (1 + (x / arb(2).sqrt()).erf()) / 2


def _gelu_slope(x: arb) -> arb:
    return _gauss(x) + x * (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


SMOOTH = {
    "softplus": Smooth(lambda x: (1 + x.exp()).log(), _sigmoid, 0.25, 1.0),  # phi'' = s (1 - s), at 0
    "tanh": Smooth(lambda x: x.tanh(), _tanh_slope, 0.7699, 1.0),  # 4/(3 sqrt 3), where tanh = 1/sqrt 3
    "sigmoid": Smooth(_sigmoid, _sigmoid_slope, 0.09623, 0.25),  # 1/(6 sqrt 3)
    "silu": Smooth(lambda x: x * _sigmoid(x), _silu_slope, 0.5, 1.09985),  # s (1 - s) (2 + x (1 - 2 s)), at 0; phi' at 2.4
    "gelu": Smooth(lambda x: x * _gauss(x), _gelu_slope, 0.79789, 1.12891),  # (2 - x^2) e^{-x^2/2}/sqrt(2 pi), at 0; phi' at sqrt 2
}

"""The tangent kernel of wide convolutional networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL, NO_FAN_IN
from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.language.forms import at_least, form, wrong
from theorems.language.statement import Constant
from theorems.laws.limit_kernels import convolutional_limit_kernel

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.laws.exact_laws import Array

def _limit(instance: Instance) -> Array:
    return convolutional_limit_kernel(instance.inputs, instance.depth, instance.positions, instance.patch)


def _deviation(instance: Instance, C: float, p: float) -> float:
    """C q L^{5/2} (log(L/p)/m)^{1/4}."""
    return C * instance.patch * math.pow(instance.depth, 2.5) * math.pow(math.log(instance.depth / p) / instance.width, 0.25)


ONE_LAYER = {"depth": (1, 1), "width": (8192, 16384), "samples": (1, 1), "outputs": (1, 1)}
form(
    "kernel-limit", CONVOLUTIONAL,
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j)| <= C q L (L^6 log(L/p)/m)^{1/4} for all i, j, with probability at least 1 - p",
    ranges={"width": (64, 1024), "depth": (1, 2), "samples": (1, 3), "outputs": (1, 2), **CIRCLE},
    assumptions=(
        AT_MOST_ALL, at_least("width", "m >= L^6 log(L/p)", "width", lambda i: i.depth**6 * math.log(20 * i.depth)),
        at_least("pairs and outputs", "m >= n^2 d", "width", lambda i: i.samples**2 * i.outputs),
    ),
    constants={"C": Constant(1.5, "errors near q L m^{-1/2}, so the least width decides: four deviations of K_ii at m = 64")},
    exponents={"width": -0.25, "depth": 2.5, "patch": 1.0},
    measure=kernel_deviation(_limit, _deviation),
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent",
              measure=kernel_deviation(_limit, lambda i, C, p: _deviation(i, C, p) / i.width**0.75)),
        wrong("factor q missing in the limit", "implementation", measure=kernel_deviation(lambda i: _limit(i) / i.patch, _deviation),
              ranges=ONE_LAYER),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN,
              ranges={**ONE_LAYER, "depth": (2, 2)}),
    ),
    note="K_inf in closed form, theorems.laws.limit_kernels.",
)  # fmt: skip

"""The tangent kernel of wide convolutional networks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL, NO_FAN_IN
from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.allen_zhu.kernels import LINEAR, PAIRS, WIDE
from theorems.language.forms import form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant
from theorems.laws.limit_kernels import convolutional_limit_kernel

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.laws.exact_laws import Array

def _limit(instance: Instance) -> Array:
    return convolutional_limit_kernel(instance.inputs, instance.depth, instance.positions, instance.patch)


ONE_LAYER = {"depth": (1, 1), "width": (8192, 16384), "samples": (1, 1), "outputs": (1, 1)}
form(
    "kernel-limit", CONVOLUTIONAL, reach="q L",  # twice what K_ij is at most in the limit, as there
    at_most="C q L (L^6 log(L/p)/m)^(1/4)",
    scales=("width", "depth", "patch"),
    ranges={"width": (64, 1024), "depth": (1, 2), "samples": (1, 3), "outputs": (1, 2), **CIRCLE},
    assumptions=(AT_MOST_ALL, WIDE, PAIRS),
    constants={"C": Constant(1.5, "errors near q L m^{-1/2}, so the least width decides: four deviations of K_ii at m = 64")},
    measure=kernel_deviation(_limit),
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent", at_most="C q L (L^6 log(L/p))^(1/4)/m"),
        wrong("factor q missing in the limit", "implementation", measure=kernel_deviation(lambda i: _limit(i) / i.patch),
              ranges=ONE_LAYER),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={**ONE_LAYER, "depth": (2, 2)}),
    ),
    note="K_inf in closed form, theorems.laws.limit_kernels.",
)  # fmt: skip
form(
    "kernel-limit-sharp", CONVOLUTIONAL, reach="q L",
    at_most="C q sqrt(L (L + 1) (11 L + 4) log(n^2 d/p)/m)",
    scales=("width", "depth", "patch"),
    ranges={"width": (64, 1024), "depth": (1, 4), "samples": (1, 3), "outputs": (1, 2), **CIRCLE},
    assumptions=(AT_MOST_ALL, LINEAR),
    constants={"C": dataclasses.replace(
                   registry["kernel-limit-sharp"].constants["C"], calibrated=False,
                   provenance="as calibrated for fully connected networks: a mean over positions varies no more")},
    measure=kernel_deviation(_limit),
    variants=(
        wrong("m^{-5/6} in place of m^{-1/2}", "exponent", at_most="C q sqrt(L (L + 1) (11 L + 4) log(n^2 d/p)) m^(-5/6)"),
        wrong("factor q missing in the limit", "implementation", measure=kernel_deviation(lambda i: _limit(i) / i.patch)),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 4)}),
    ),
    note="Derived: q L/2 for the limit of K_ii, and the deviation of one position, q times, at most.",
)  # fmt: skip

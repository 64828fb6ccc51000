"""The tangent kernel of wide residual networks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.allen_zhu.kernels import PAIRS
from theorems.allen_zhu.residual.shared import RESIDUAL
from theorems.language.forms import assume, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant
from theorems.laws.limit_kernels import residual_limit_kernel
from theorems.laws.norm_laws import step

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.laws.exact_laws import Array

def _limit(instance: Instance) -> Array:
    return residual_limit_kernel(instance.inputs, instance.depth, step(instance.width, instance.depth))


ONE_LAYER = {"depth": (1, 1), "width": (8192, 16384), "samples": (1, 1), "outputs": (1, 1)}
form(
    "kernel-limit", RESIDUAL, reach="1",  # twice what K_ij is at most in the limit, as there
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j; tau)| <= {bound} for all i, j, with probability at least 1 - p",
    at_most="C (log(1/p)/m)^(1/4)",
    ranges={"width": (64, 8192), "depth": (1, 6)},
    assumptions=(PAIRS, assume("m >= log(20)", "that is log(1/p)")),
    constants={"C": Constant(2.0, "errors near m^{-1/2}, so the least width decides: three deviations of K_ii at m = 64 are 1.2")},
    measure=kernel_deviation(_limit),
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent", at_most="C log(1/p)^(1/4)/m"),
        wrong("kernel without its last layer", "implementation", measure=kernel_deviation(_limit, layers_left_out=1), ranges=ONE_LAYER),
        wrong("initialization variance 4/m", "initialization", variance=4.0, ranges=ONE_LAYER),
    ),
    note="K_inf by a recursion over the law of one neuron, theorems.laws.limit_kernels; its quadrature error is far below the bound.",
)  # fmt: skip
form(
    "kernel-limit-sharp", RESIDUAL, reach="1",
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j; tau)| <= {bound} for all i, j, with probability at least 1 - p",
    at_most="C sqrt(30 log(n^2 d/p)/m)",
    ranges={"width": (64, 8192), "depth": (1, 6)},
    assumptions=(assume("m >= C log(20 n^2 d)", "so that the error is small and of first order", C=4.0),),
    constants={"C": dataclasses.replace(
                   registry["kernel-limit-sharp"].constants["C"], calibrated=False,
                   provenance="as calibrated for fully connected networks: for L = 1 the two are the same network")},
    measure=kernel_deviation(_limit),
    variants=(
        wrong("m^{-5/6} in place of m^{-1/2}", "exponent", at_most="C sqrt(30 log(n^2 d/p)) m^(-5/6)"),
        wrong("kernel without its last layer", "implementation", measure=kernel_deviation(_limit, layers_left_out=1)),
        wrong("initialization variance 4/m", "initialization", variance=4.0),
    ),
    note="Derived. The last layer has nearly all of the kernel, 1/2, with a logarithm of variance about 10/m at every depth, 30/12 of its "
    "square, A and B being its two layers; the L - 1 others have tau^2 of that each, together less than 1/L of it, as tau L < 1.",
)  # fmt: skip

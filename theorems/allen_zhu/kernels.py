"""Tangent kernels of wide networks: how far a random initialization is from the limit (Arora et al. 2019)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.language.calibration import calibrated
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability, Variant
from theorems.language.subject import Comparison
from theorems.laws.exact_laws import Array, limit_kernel

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Subject

PROBABILITY = 0.05  # the p that is claimed: small enough to be refuted in few trials, large enough that the bound's log(1/p) is a number


def _error(instance: Instance, C: float, p: float) -> float:
    """C L (L^6 log(L/p)/m)^{1/4}."""
    return C * math.pow(instance.depth, 2.5) * math.pow(math.log(instance.depth / p) / instance.width, 0.25)


def _limit(instance: Instance) -> Array:
    return limit_kernel(instance.inputs, instance.depth)


_measure = kernel_deviation(_limit, _error)


# From here on the bound is below 0.45, and what is left of a kernel without its only layer is off by L/2 = 0.5.
ONE_LAYER = {"depth": (1, 1), "width": (16384, 131072), "samples": (1, 1), "outputs": (1, 1)}


@statement(
    id="kernel-limit",
    source="Arora et al. 2019, Theorem 3.1",
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j)| <= C L (L^6 log(L/p)/m)^{1/4} for all i, j, with probability at least 1 - p",
    kind="declared",
    ranges={
        "width": (64, 10**12), "depth": (1, 64), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 4), "separation": (1e-2, 1.0),
    },
    engines=("exact law", "dense", "revealed"),
    assumptions=(
        Assumption("width", "m >= L^6 log(L/p), where the bound is below C L", "width", ">=",
                   lambda i: i.depth**6 * math.log(i.depth / PROBABILITY)),
        Assumption("pairs and outputs", "m >= n^2 d, so that log m covers the union over them", "width", ">=",
                   lambda i: i.samples**2 * i.outputs),
    ),
    failure=FailureProbability("p", lambda i, C, p: p),
    constants={
        "C": calibrated("kernel-limit", "C", "measured errors fall like m^{-1/2}, the bound only like m^{-1/4}"),
        "p": Constant(PROBABILITY, "a choice, not a hidden constant: the p of the theorem"),
    },
    exponents={"width": -0.25, "depth": 2.5},
    rests_on=("forward-norm", "backward-norm"),
    exact=True,
    variants=(
        Variant(
            "1/m in place of m^{-1/4}",
            "exponent",
            {
                "measure": kernel_deviation(_limit, lambda i, C, p: _error(i, C, p) / i.width**0.75),
            },
        ),
        Variant(
            "kernel without its last layer",
            "implementation",
            {
                "measure": kernel_deviation(_limit, _error, layers_left_out=1),
                "ranges": ONE_LAYER,
            },
        ),
        Variant(
            "initialization variance 4/m", "initialization", {"variance": 4.0, "ranges": ONE_LAYER},
        ),
    ),
    note="K_inf in closed form, laws.exact_laws.limit_kernel; one output c at a time. The kernel of a single input and output is drawn "
    "by its exact law, so the width has no limit.",
)  # fmt: skip
def kernel_limit(subject: Subject, C: float, p: float) -> Comparison:
    """Largest deviation of a kernel entry from its limit against C L (L^6 log(L/p)/m)^{1/4}."""
    return _measure(subject, C, p)

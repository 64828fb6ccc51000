"""Tangent kernels of wide networks: how far a random initialization is from the limit (Arora et al. 2019)."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.language.calibration import approached, calibrated
from theorems.language.forms import assume, probability, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Bands, Constant
from theorems.laws.exact_laws import Array, limit_kernel

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Side, Subject

# The p that is claimed: small enough to be refuted in few trials, large enough that the bound's log(1/p) is a number.
PROBABILITY = 0.05
P = Constant(PROBABILITY, "a choice, not a hidden constant: the p of the theorem")
WIDE = assume("m >= L^6 log(20 L)", "that is L^6 log(L/p), where the bound is below C L")
PAIRS = assume("m >= n^2 d", "so that log m covers the union over them", name="pairs and outputs")
BY_WIDTH = Bands("m", (128.0, 256.0))


def _limit(instance: Instance) -> Array:
    return limit_kernel(instance.inputs, instance.depth)


def _doubled_off_diagonal(instance: Instance) -> Array:
    limit = _limit(instance)
    return 2 * limit - np.diag(np.diag(limit))


LIMIT: dict[str, Any] = {
    "claim": "|(d/m) K_ij(W(0)) - K_inf(x_i, x_j)| <= {bound} for all i, j, with probability at least 1 - p",
    "kind": "declared", "failure": probability("p"), "engines": ("exact law", "dense", "revealed"), "exact": True,
    "reach": "L",  # K_ij is L/2 at most in the limit: to be off by L a kernel must be three times as large, with probability far below p
    "ranges": {
        "width": (64, 10**12), "depth": (1, 64), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 4), "separation": (1e-2, 1.0),
    },
}  # fmt: skip


@statement(
    id="kernel-limit",
    source="Arora et al. 2019, Theorem 3.1",
    **LIMIT,
    at_most="C L (L^6 log(L/p)/m)^(1/4)",
    scales=("width", "depth"),
    assumptions=(WIDE, PAIRS),
    constants={"C": calibrated("kernel-limit", "C", "errors fall like m^{-1/2}, the bound only like m^{-1/4}", BY_WIDTH), "p": P},
    rests_on=("forward-norm", "backward-norm"),
    tight={"samples": 4, "outputs": 4, "width": 64},  # the bound has no union over pairs, and falls more slowly than errors
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent", at_most="C L (L^6 log(L/p))^(1/4)/m"),
        wrong("kernel without its last layer", "implementation", measure=kernel_deviation(_limit, layers_left_out=1)),
        wrong("initialization variance 4/m", "initialization", variance=4.0),
    ),
    note="K_inf in closed form, laws.exact_laws.limit_kernel; one output c at a time. The kernel of a single input and output is drawn "
    "by its exact law, so the width has no limit.",
)  # fmt: skip
def kernel_limit(subject: Subject) -> Side:
    """Deviation of every kernel entry from its limit: (trials, samples, samples, outputs)."""
    return kernel_deviation(_limit)(subject)


# 19 of 20 draws of a normal law stay below so many of its standard deviations, sqrt(L (L + 1) (11 L + 4)/(12 m)), in units of the bound.
NORMAL = NormalDist().inv_cdf(1 - PROBABILITY / 2) / math.sqrt(12 * math.log(1 / PROBABILITY))
LINEAR = assume("m >= C L log(20 n^2 d)", "so that the relative error is small and of first order", C=4.0)


@statement(
    id="kernel-limit-sharp",
    source="Arora et al. 2019, Theorem 3.1, sharpened",
    **LIMIT,
    at_most="C sqrt(L (L + 1) (11 L + 4) log(n^2 d/p)/m)",
    scales=("width", "depth"),
    assumptions=(LINEAR,),
    constants={
        "C": approached("kernel-limit-sharp", "C", NORMAL, "sqrt(L log(20 n^2 d)/m)", "1.96/sqrt(12 log 20) of a normal law, n = d = 1"),
        "p": P,
    },
    rests_on=("forward-norm", "backward-norm", "kernel-limit"),
    sharpens="kernel-limit",
    tight={"samples": 1, "outputs": 1},  # where there is no union, and the law is known
    variants=(
        wrong("m^{-2/3} in place of m^{-1/2}", "exponent", at_most="C sqrt(L (L + 1) (11 L + 4) log(n^2 d/p)) m^(-2/3)"),
        wrong("L^{1/3} in place of L", "exponent", at_most="C sqrt(L^(1/3) (L + 1) (11 L + 4) log(n^2 d/p)/m)"),
        wrong("kernel without its last layer", "implementation", measure=kernel_deviation(_limit, layers_left_out=1)),
        wrong("off-diagonal limit doubled", "claim", measure=kernel_deviation(_doubled_off_diagonal)),
        wrong("initialization variance 4/m", "initialization", variance=4.0),
    ),
    note="Derived; L^{3/2} for large L. K_ii is a sum over L layers of ‖h_{l-1}‖^2 ‖D_l Back_{l+1}‖^2 d/m with the limit 1/2 each. The "
    "logarithm of each has L + 1 factors: numbers of active neurons, of variance 1/m, which all layers share, and norms of variance 4/m, "
    "of which layers l and l' share all but |l - l'|, so their covariance is (5(L + 1) - 4|l - l'|)/m to first order, and the sum has the "
    "variance L (L + 1) (11 L + 4)/(12 m). Other entries vary no more. n^2 d pairs and outputs are covered by a union, each at p/(n^2 d), "
    "where a normal law has sqrt(2 log(n^2 d/p)) deviations at most. d has no other part in it: d K_ij of one output has the "
    "law of d = 1.",
)  # fmt: skip
def kernel_limit_sharp(subject: Subject) -> Side:
    """As kernel_limit."""
    return kernel_limit(subject)

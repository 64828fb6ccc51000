"""Tangent kernels of wide networks: how far a random initialization is from the limit (Arora et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.allen_zhu.kernel_deviation import kernel_deviation
from theorems.language.calibration import calibrated
from theorems.language.forms import assume, probability, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Constant
from theorems.laws.exact_laws import Array, limit_kernel

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Side, Subject

# The p that is claimed: small enough to be refuted in few trials, large enough that the bound's log(1/p) is a number.
P = Constant(0.05, "a choice, not a hidden constant: the p of the theorem")
WIDE = assume("m >= L^6 log(20 L)", "that is L^6 log(L/p), where the bound is below C L")
PAIRS = assume("m >= n^2 d", "so that log m covers the union over them", name="pairs and outputs")


def _limit(instance: Instance) -> Array:
    return limit_kernel(instance.inputs, instance.depth)



@statement(
    id="kernel-limit",
    source="Arora et al. 2019, Theorem 3.1",
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j)| <= {bound} for all i, j, with probability at least 1 - p",
    kind="declared",
    at_most="C L (L^6 log(L/p)/m)^(1/4)",
    scales=("width", "depth"),
    ranges={
        "width": (64, 10**12), "depth": (1, 64), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 4), "separation": (1e-2, 1.0),
    },
    engines=("exact law", "dense", "revealed"),
    assumptions=(WIDE, PAIRS),
    failure=probability("p"),
    constants={"C": calibrated("kernel-limit", "C", "measured errors fall like m^{-1/2}, the bound only like m^{-1/4}"), "p": P},
    rests_on=("forward-norm", "backward-norm"),
    exact=True,
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

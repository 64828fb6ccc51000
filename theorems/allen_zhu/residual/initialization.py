"""Residual networks at their random initialization: gradients, norms, sparse vectors, separation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theorems.allen_zhu.differences import difference_check
from theorems.allen_zhu.gradient_check import gradient_check, layer_gradient, without_last_sample
from theorems.allen_zhu.initialization import TOLERANCE_AT_MOST_ONE, informative_width
from theorems.allen_zhu.residual.shared import NO_SKIP, RESIDUAL, SEEN, TAU_ONE
from theorems.language.forms import FALSE, assume, form, probability, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant, FailureProbability
from theorems.laws.norm_laws import residual_failure_probability, step

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.allen_zhu.gradient_check import Activation
    from theorems.language.subject import Subject

def _written(subject: Subject, first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor, phi: Activation) -> Tensor:
    """f, layer by layer."""
    tau = step(first.shape[1], len(hidden))
    h = phi(x @ first.mT)
    for matrix in hidden[:-1]:
        h = phi(h + tau * (h @ matrix.mT))
    return phi(h @ hidden[-1].mT) @ last.mT


def _without_step(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The mistake of a false variant: grad_{W_l} without the factor tau."""
    divisor = step(subject.instance.width, subject.instance.depth) if layer < subject.instance.depth else 1.0
    return layer_gradient(subject, layer, loss, a, b) / divisor


form(
    "gradient-formula", RESIDUAL,
    claim="grad_{W_l} F = tau_l sum_i (D_{i,l} Back_{i,l+1}^T loss_i) h_{i,l-1}^T for every l, tau_l = tau for l < L and 1 for l = L",
    ranges={"depth": (2, 8)},
    measure=gradient_check(_written),
    variants=(
        wrong("tau left out of the gradient", "implementation", measure=gradient_check(_written, _without_step)),
        wrong("last sample left out", "claim", measure=gradient_check(_written, without_last_sample)),
    ),
    note="The right side is reverse-mode differentiation of a forward pass of its own.",
)  # fmt: skip

form(
    "difference-formula", RESIDUAL,
    claim="h_l(W~ + W') - h_l(W~) = sum_{a=1..l} (D~_l + D''_l) T~_l ... T~_{a+1} (D~_a + D''_a) tau_a W'_a h_{a-1}(W~ + W') for all W~, "
    "W', i and l, T_l = I + tau W_l and tau_l = tau for l < L, T_L = W_L and tau_L = 1, D'' as in relu-difference",
    ranges={"depth": (2, 6)},
    measure=difference_check(_written),
    variants=(
        wrong("h_{a-1} of W~ in place of W~ + W'", "claim", measure=difference_check(_written, later=False)),
        wrong("D'' left out", "implementation", measure=difference_check(_written, changed_signs=False)),
    ),
    note="The right side is a forward pass of its own.",
)  # fmt: skip

form(
    "forward-norm", RESIDUAL,
    ranges={"width": (32, 16384), "depth": (2, 128), "samples": (1, 4)},
    assumptions=(
        TOLERANCE_AT_MOST_ONE,
        assume("m >= 5 log(8 n)", "so that some eps <= 1 says something"),
        assume("eps >= sqrt(5 log(8 n)/m)", "where the failure probability is below 1/2", name="informative tolerance"),
    ),
    failure=FailureProbability(
        "n [ min_p (E Z^p)^2 (E R^p)^{L-1} (1+eps)^{-2p} + likewise below ], theorems.laws.norm_laws; e^{-Omega(m eps^2)}, with no L",
        lambda i: residual_failure_probability(i.width, i.depth, i.samples, i.tolerance),
    ),
    exponents={"width": -0.5, "depth": 0.0},
    variants=(
        wrong("tau = 1", "assumption", **TAU_ONE),
        wrong("skip connection dropped", "implementation", **NO_SKIP),
        wrong("initialization variance 2.2/m", "initialization", variance=2.2, ranges={"width": (2048, 16384), "depth": (2, 16)}),
    ),
)  # fmt: skip

OPERATORS = (assume("m >= n log(n L)"), informative_width("16 log(20 n L)"))
PER_WIDTH = probability("n L exp(-c m)")
EXPONENT = Constant(1 / 16, "the norms of two layers vary; log ‖h_L‖^2 has variance 10/m")

form(
    "operator-norm", RESIDUAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= {bound} for all 1 <= a <= b <= L and i, T_l = I + tau W_l for l < L and T_L = W_L",
    at_most="C",
    ranges={"width": (48, 1024), "depth": (1, 16), "samples": (1, 2)},
    assumptions=OPERATORS, failure=PER_WIDTH,
    constants={"C": Constant(5.0, "sharp edge 2 sqrt 2 of the last layer as m grows; 1.25 for the chain and 1.4 for widths near 48"),
               "c": EXPONENT},
    variants=(
        wrong("constant 2.8, just below the sharp edge", "constant", constants={"C": Constant(2.8, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", at_most="C/sqrt(L)", ranges={"depth": (4, 16), "width": (48, 256)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 8), "width": (48, 256)}),
    ),
)  # fmt: skip

FEW_OUTPUTS = assume("d <= c m", c=1 / 8)
SPARSE: dict[str, Any] = {
    "ranges": {"width": (192, 8192), "depth": (1, 6)},
    "assumptions": (
        assume("s <= c m/log(m)", c=0.04),
        assume("m >= 25 log(m)", "so that a single nonzero is sparse", name="sparsity of one"),
        informative_width("64 log(20 n L)"),
    ),
    "failure": PER_WIDTH,
}
SPARSE_EXPONENT = Constant(1 / 64, "as for fully connected networks, without 1/L")
form(
    "sparse-forward", RESIDUAL, **SPARSE,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a v‖ <= {bound} ‖v‖ for all v with ‖v‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log(m)",
    constants={"C": Constant(2.0, "as for fully connected networks; sharp for one nonzero and large m: sqrt 2 of the last layer"),
               "c": SPARSE_EXPONENT},
    variants=(
        wrong("1.4 in place of 2, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 6), "width": (192, 1024)}),
    ),
)  # fmt: skip
form(
    "sparse-backward", RESIDUAL, **SPARSE,
    claim="‖u^T T_b D_{i,b-1} ... D_{i,a} T_a‖ <= {bound} ‖u‖ for all u with ‖u‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log(m)",
    constants={"C": Constant(2.1, "sharp for one nonzero and large m: sqrt 2 of the last layer"), "c": SPARSE_EXPONENT},
    variants=(
        wrong("constant 1.4, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", at_most="C/sqrt(L)", ranges={"depth": (4, 8), "width": (192, 1024), "samples": (1, 1)}),
    ),
)  # fmt: skip
registry.leave_out("sparse-bilinear", RESIDUAL, "the skip connection contributes <u, v> to the bilinear form, which does not shrink with m")

form(
    "backward-norm", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 16), "samples": (1, 2)},
    assumptions=(FEW_OUTPUTS, *OPERATORS), failure=PER_WIDTH,
    constants={"C": Constant(3.0, "1 + sqrt(d/m) for B alone, at most 1.6; sqrt(2 * share of active neurons) for the chain"),
               "c": EXPONENT},
    variants=(
        wrong("constant 0.99, below the norm of B alone", "constant", constants={"C": Constant(0.99, FALSE)}),
        wrong("sqrt(m)/d in place of sqrt(m/d)", "exponent", at_most="C sqrt(m)/d", ranges={"outputs": (12, 32)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}),
    ),
)  # fmt: skip
form(
    "sparse-output", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 6), "outputs": (1, 8)},
    assumptions=(
        assume("m >= max(log(m), d)", name="wide enough for a sparse vector"),
        informative_width("20 n L"),
        assume("s <= m/log(m)"),
        assume("s >= d/log(m)", name="many nonzeros"),
    ),
    constants={"C": Constant(3.0, SEEN)},
    variants=(
        wrong("constant 0.9, below the largest entry", "constant", constants={"C": Constant(0.9, FALSE)},
              ranges={"sparsity": (1, 2), "outputs": (1, 2), "width": (64, 512)}),
        wrong("1/d in place of 1/sqrt(d)", "exponent", at_most="C sqrt(s log(m))/d", ranges={"outputs": (12, 16), "width": (64, 512)}),
    ),
)  # fmt: skip

form(
    "separation", RESIDUAL,
    ranges={"width": (64, 16384), "depth": (1, 32), "samples": (2, 4)},
    assumptions=(assume("delta <= c", "whatever L", c=0.5), informative_width("40 log(20 n^2 (L + 1))")),
    failure=probability("n^2 (L + 1) exp(-c m)"),
    constants={"c": Constant(1 / 40, "log-residuals vary by 10/(4m), as for L = 1; half of the fully connected exponent there")},
    variants=(
        wrong("separation 0.99 delta", "constant", at_least="0.99 delta"),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
        wrong("skip connection dropped", "assumption", **NO_SKIP, ranges={"depth": (2, 16)}),
    ),
)  # fmt: skip

"""Residual networks at their random initialization: gradients, norms, sparse vectors, separation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.gradient_check import gradient_check, layer_gradient, without_last_sample
from theorems.allen_zhu.initialization import TOLERANCE_AT_MOST_ONE, backward_matrix_norms, log_width, orthogonal_parts, product_norms
from theorems.allen_zhu.residual.shared import NO_SKIP, RESIDUAL, SEEN, TAU_ONE
from theorems.allen_zhu.sparsity import sparse_backward_norms, sparse_product_norms
from theorems.language.forms import FALSE, at_least, at_most, exponential, form, wrong
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
    "forward-norm", RESIDUAL,
    ranges={"width": (32, 16384), "depth": (2, 128), "samples": (1, 4)},
    assumptions=(
        TOLERANCE_AT_MOST_ONE,
        at_least("width", "m >= 5 log(8n), so that some eps <= 1 says something", "width", lambda i: 5 * math.log(8 * i.samples)),
        at_least("informative tolerance", "eps >= sqrt(5 log(8n)/m), where the failure probability is below 1/2", "tolerance",
                 lambda i: math.sqrt(5 * math.log(8 * i.samples) / i.width)),
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

SAYS = at_least("informative width", "m >= 48, where the failure probability is below 1/20", "width", lambda i: 16 * math.log(20))
OPERATORS = (at_least("width", "m >= n log(nL)", "width", lambda i: i.samples * math.log(max(i.samples * i.depth, 2))), SAYS)
PER_WIDTH = exponential("exp(-c m)", lambda i: i.width)
EXPONENT = Constant(1 / 16, "the norms of two layers vary; log ‖h_L‖^2 has variance 10/m")

form(
    "operator-norm", RESIDUAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= C for all 1 <= a <= b <= L and i, T_l = I + tau W_l for l < L and T_L = W_L",
    ranges={"width": (48, 1024), "depth": (1, 16), "samples": (1, 2)},
    assumptions=OPERATORS, failure=PER_WIDTH,
    constants={"C": Constant(5.0, "sharp edge 2 sqrt 2 of the last layer as m grows; 1.25 for the chain and 1.4 for widths near 48"),
    "c": EXPONENT},
    exponents={"depth": 0.0, "width": 0.0},
    measure=lambda subject, C, c: product_norms(subject, C, growth=0.0),
    variants=(
        wrong("constant 2.8, just below the sharp edge", "constant", constants={"C": Constant(2.8, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", measure=lambda subject, C, c: product_norms(subject, C, growth=-0.5),
              ranges={"depth": (4, 16), "width": (48, 256)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 8), "width": (48, 256)}),
    ),
)  # fmt: skip

SPARSE = (
    at_most("sparsity", "s <= c m/log m, c = 0.04", "sparsity", lambda i: 0.04 * i.width / log_width(i)),
    at_least("sparsity of one", "m >= log(m)/c, so that a single nonzero is sparse", "width", lambda i: 25 * log_width(i)),
    at_least("informative width", "m >= 192, where the failure probability is below 1/20", "width", lambda i: 64 * math.log(20)),
)
form(
    "sparse-forward", RESIDUAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a v‖ <= 2 ‖v‖ for all v with ‖v‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log m",
    ranges={"width": (192, 8192), "depth": (1, 6)}, assumptions=SPARSE, failure=PER_WIDTH,
    constants={"C": Constant(2.0, "as for fully connected networks; sharp for one nonzero and large m: sqrt 2 of the last layer"),
               "c": Constant(1 / 64, "as for fully connected networks, without 1/L")},
    variants=(
        wrong("1.4 in place of 2, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 6), "width": (192, 1024)}),
    ),
)  # fmt: skip
form(
    "sparse-backward", RESIDUAL,
    claim="‖u^T T_b D_{i,b-1} ... D_{i,a} T_a‖ <= C ‖u‖ for all u with ‖u‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log m",
    ranges={"width": (192, 8192), "depth": (1, 6)}, assumptions=SPARSE, failure=PER_WIDTH,
    constants={"C": Constant(2.1, "sharp for one nonzero and large m: sqrt 2 of the last layer"),
               "c": Constant(1 / 64, "as for fully connected networks, without 1/L")},
    variants=(
        wrong("constant 1.4, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", measure=lambda subject, C, c: sparse_product_norms(subject, C, left=True, depth_exponent=-0.5),
              ranges={"depth": (4, 8), "width": (192, 1024), "samples": (1, 1)}),
    ),
)  # fmt: skip
registry.leave_out("sparse-bilinear", RESIDUAL, "the skip connection contributes <u, v> to the bilinear form, which does not shrink with m")

form(
    "backward-norm", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 16), "samples": (1, 2)},
    assumptions=(at_most("outputs", "d <= m/log m", "outputs", lambda i: i.width / log_width(i)), *OPERATORS), failure=PER_WIDTH,
    constants={"C": Constant(3.0, "1 + sqrt(d/m) for B alone, at most 1.6; sqrt(2 * share of active neurons) for the chain"),
    "c": EXPONENT},
    variants=(
        wrong("constant 0.99, below the norm of B alone", "constant", constants={"C": Constant(0.99, FALSE)}),
        wrong("sqrt(m)/d in place of sqrt(m/d)", "exponent",
              measure=lambda subject, C, c: backward_matrix_norms(subject, C, outputs_exponent=1.0), ranges={"outputs": (12, 32)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}),
    ),
)  # fmt: skip
form(
    "sparse-output", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 6), "outputs": (1, 8)},
    assumptions=(
        at_least("wide enough for a sparse vector", "m >= log m max(1, d/log m)", "width", lambda i: max(log_width(i), i.outputs)),
        at_least("informative width", "m >= 20, where the failure probability is below 1/20", "width", lambda i: 20.0),
        at_most("sparsity", "s <= m/log m", "sparsity", lambda i: i.width / log_width(i)),
        at_least("many nonzeros", "s >= d/log m", "sparsity", lambda i: i.outputs / log_width(i)),
    ),
    constants={"C": Constant(3.0, SEEN)},
    variants=(
        wrong("constant 0.9, below the largest entry", "constant", constants={"C": Constant(0.9, FALSE)},
              ranges={"sparsity": (1, 2), "outputs": (1, 2), "width": (64, 512)}),
        wrong("1/d in place of 1/sqrt(d)", "exponent",
              measure=lambda subject, C, c: sparse_backward_norms(subject, C, outputs_exponent=-1.0),
              ranges={"outputs": (12, 16), "width": (64, 512)}),
    ),
)  # fmt: skip

form(
    "separation", RESIDUAL,
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= delta/2 for all i != j and l = 0..L, where delta <= c, whatever L",
    ranges={"width": (64, 16384), "depth": (1, 32), "samples": (2, 4)},
    assumptions=(
        at_most("separation", "delta <= c, c = 1/2", "separation", lambda i: 0.5),
        at_least("informative width", "m >= 40 log(20 n^2), where the failure probability is below 1/20", "width",
                 lambda i: 40 * math.log(20 * i.samples**2)),
    ),
    failure=FailureProbability("n^2 exp(-c m)", lambda i, c: i.samples**2 * math.exp(-c * i.width)),
    constants={"c": Constant(1 / 40, "log-residuals vary by 10/(4m), as for L = 1; half of the fully connected exponent there")},
    exponents={"separation": 1.0, "depth": 0.0},
    variants=(
        wrong("separation 0.99 delta", "constant", measure=lambda subject, c: orthogonal_parts(subject, 0.99)),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
        wrong("skip connection dropped", "assumption", **NO_SKIP, ranges={"depth": (2, 16)}),
    ),
)  # fmt: skip

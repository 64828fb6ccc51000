"""Convolutional networks at their random initialization: gradients, norms, separation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL, NO_FAN_IN
from theorems.allen_zhu.gradient_check import gradient_check, without_last_sample
from theorems.allen_zhu.initialization import WIDTH_FOR_OPERATORS, backward_matrix_norms, log_width, orthogonal_parts
from theorems.language.forms import FALSE, at_least, at_most, bounded, exponential, form, wrong
from theorems.language.registry import registry
from theorems.language.statement import Constant, FailureProbability
from theorems.laws.norm_laws import convolutional_failure_probability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.allen_zhu.gradient_check import Activation
    from theorems.language.subject import Subject

def _written(subject: Subject, first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor, phi: Activation) -> Tensor:
    """f, layer by layer, with W_l as the P m x P m matrix that it stands for: block (p, p') is the part of W_l for offset p' - p."""
    import torch

    P, q, m = subject.instance.positions, subject.instance.patch, subject.instance.width
    block = first.shape[2] - 1
    padded = torch.nn.functional.pad(x[..., :-1], (0, P * block - x.shape[-1] + 1)).reshape(*x.shape[:-1], P, block)
    constant = (x[..., -1:] / math.sqrt(P)).expand(*x.shape[:-1], P)
    h = phi((torch.cat([padded, constant[..., None]], -1) @ first[:, None].mT).flatten(-2))
    for matrix in hidden:
        parts = {offset: matrix[..., (offset + q // 2) * m : (offset + q // 2 + 1) * m] for offset in range(-(q // 2), q // 2 + 1)}
        zero = torch.zeros_like(parts[0])
        rows = []
        for p in range(P):
            blocks = [zero] * P
            for offset, part in parts.items():
                blocks[(p + offset) % P] = part
            rows.append(torch.cat(blocks, -1))
        h = phi(h @ torch.cat(rows, -2).mT)
    return h @ last.mT


def _one_position(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The mistake of a false variant: a gradient of rank one, from the first position alone, as if weights were not shared."""
    left = (loss[..., None, None] * a).sum(2)[:, :, 0]
    return left.mT @ b[:, :, 0]


form(
    "gradient-formula", CONVOLUTIONAL,
    claim="grad_{W_l} F = sum_i sum_p (D_{i,l} Back_{i,l+1}^T loss_i)_p patch_p(h_{i,l-1})^T for every l: of rank at most P a sample",
    ranges={"width": (2, 16), "depth": (1, 4), "samples": (1, 4), **CIRCLE},
    assumptions=(AT_MOST_ALL,),
    measure=gradient_check(_written),
    variants=(
        wrong("positions not shared: the first one's outer product alone", "implementation",
              measure=gradient_check(_written, _one_position)),
        wrong("last sample left out", "claim", measure=gradient_check(_written, without_last_sample)),
    ),
    note="The right side is reverse-mode differentiation of a forward pass of its own, through block circulant matrices.",
)  # fmt: skip

form(
    "forward-norm", CONVOLUTIONAL,
    claim="the total norm ‖h_{i,l}‖ over all positions lies in [1 - eps, 1 + eps] for all i, l = 0..L",
    ranges={"width": (32, 2048), "depth": (1, 16), "samples": (1, 3), **CIRCLE},
    assumptions=(AT_MOST_ALL, *registry["forward-norm"].assumptions),
    failure=FailureProbability(
        "as for fully connected networks: by Jensen a convolutional layer is never more spread out, theorems.laws.norm_laws",
        lambda i: convolutional_failure_probability(i.width, i.depth, i.samples, i.positions, i.tolerance),
    ),
    variants=(
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN),
        wrong("initialization variance 2.8/(qm)", "initialization", variance=2.8),
        wrong("a tolerance without 1/sqrt m: half of the width's own scale", "claim", ranges={"depth": (8, 16), "width": (32, 512)},
              measure=bounded(registry["forward-norm"].measure, lambda i: 0.05)),
    ),
    note="The total ‖h_l‖^2 is a martingale of mean one; decorrelated positions make it more concentrated than this bound.",
)  # fmt: skip

SAYS = at_least("informative width", "m >= 48 L, where the failure probability is below 1/20", "width",
lambda i: 16 * math.log(20) * i.depth)
OPERATORS = (AT_MOST_ALL, WIDTH_FOR_OPERATORS, SAYS)
PER_WIDTH = exponential("exp(-c m/L)", lambda i: i.width / i.depth)
EXPONENT = Constant(1 / 16, "as for fully connected networks")
form(
    "operator-norm", CONVOLUTIONAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= C sqrt L for all 1 <= a <= b <= L and i, T_l the map from h_{l-1} to g_l",
    ranges={"width": (48, 256), "depth": (1, 4), "samples": (1, 2), **CIRCLE}, assumptions=OPERATORS, failure=PER_WIDTH,
    constants={"C": Constant(5.5, "the fully connected 5.0; the largest of P/2 + 1 frequencies' blocks takes 10% more"), "c": EXPONENT},
    variants=(
        wrong("constant 2.75, below the sharp edge", "constant", constants={"C": Constant(2.75, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 4)}),
    ),
)  # fmt: skip
for _identifier in ("sparse-forward", "sparse-backward", "sparse-bilinear", "sparse-output"):
    registry.leave_out(
        _identifier, CONVOLUTIONAL,
        "the union over supports counts independent columns, and the columns of one channel at P positions are shifts of each other: the "
        "claim needs a count of its own, which is not made here",
    )  # fmt: skip
form(
    "backward-norm", CONVOLUTIONAL,
    claim="‖v^T Back_{i,a}‖ <= C sqrt(P m/d) ‖v‖ for all v in R^d, 1 <= a <= L + 1 and i",
    ranges={"width": (48, 1024), "depth": (1, 4), "samples": (1, 2), "outputs": (1, 4), **CIRCLE},
    assumptions=(at_most("outputs", "d <= m/(L log m)", "outputs", lambda i: i.width / (i.depth * log_width(i))), *OPERATORS),
    failure=PER_WIDTH,
    constants={"C": Constant(3.0, "as for fully connected networks, the squared norm being P times as large"), "c": EXPONENT},
    exponents={"width": 0.5, "outputs": -0.5, "depth": 0.0, "positions": 0.5},
    measure=bounded(lambda subject, C, c: backward_matrix_norms(subject, C), lambda i: math.sqrt(i.positions)),
    variants=(
        wrong("constant 0.9, below the norm of B alone", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("sqrt(P) missing, C = 1.3", "exponent", constants={"C": Constant(1.3, FALSE)},
              measure=lambda subject, C, c: backward_matrix_norms(subject, C)),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (3, 4)}),
    ),
)  # fmt: skip
form(
    "separation", CONVOLUTIONAL,
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= delta/2 for all i != j and l = 0..L, h over all positions, delta <= "
    "c/(L sqrt P)",
    ranges={"width": (128, 4096), "depth": (1, 6), "samples": (2, 3), "separation": (1e-3, 0.5), **CIRCLE},
    assumptions=(
        AT_MOST_ALL,
        at_most("separation", "delta <= c/(L sqrt P): two inputs may differ at one position only", "separation",
                lambda i: 1 / (i.depth * math.sqrt(i.positions))),
        at_least("informative width", "m >= 40 (L+1) log(20 n^2)", "width", lambda i: 40 * (i.depth + 1) * math.log(20 * i.samples**2)),
    ),
    failure=FailureProbability("n^2 exp(-c m/(L+1))", lambda i, c: i.samples**2 * math.exp(-c * i.width / (i.depth + 1))),
    constants={"c": Constant(1 / 40, "half of the fully connected exponent")},
    variants=(
        wrong("separation 0.99 delta", "constant", measure=lambda subject, c: orthogonal_parts(subject, 0.99)),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
    ),
)  # fmt: skip

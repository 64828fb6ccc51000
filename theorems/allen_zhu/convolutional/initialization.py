"""Convolutional networks at their random initialization: gradients, norms, separation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CIRCLE, CONVOLUTIONAL, NO_FAN_IN
from theorems.allen_zhu.differences import difference_check
from theorems.allen_zhu.gradient_check import gradient_check, without_last_sample
from theorems.allen_zhu.initialization import FEW_OUTPUTS, WIDE_FOR_NORMS, WIDTH_FOR_OPERATORS, informative_width
from theorems.language.forms import FALSE, assume, form, wrong
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
    "difference-formula", CONVOLUTIONAL,
    claim="h_l(W~ + W') - h_l(W~) = sum_{a=1..l} (D~_l + D''_l) T~_l ... T~_{a+1} (D~_a + D''_a) T'_a h_{a-1}(W~ + W') for all W~, W', i "
    "and l, T_l the map from h_{l-1} to g_l, T' its change, D'' as in relu-difference",
    ranges={"width": (2, 16), "depth": (1, 4), "samples": (1, 3), **CIRCLE},
    assumptions=(AT_MOST_ALL,),
    measure=difference_check(_written),
    variants=(
        wrong("h_{a-1} of W~ in place of W~ + W'", "claim", measure=difference_check(_written, later=False), ranges={"depth": (2, 4)}),
        wrong("D'' left out", "implementation", measure=difference_check(_written, changed_signs=False)),
    ),
    note="The right side is a forward pass of its own, through block circulant matrices.",
)  # fmt: skip

form(
    "forward-norm", CONVOLUTIONAL,
    claim="| ‖h_{i,l}‖ - 1 | <= {bound} for all i, l = 0..L, ‖h‖ the total norm over all positions",
    ranges={"width": (32, 2048), "depth": (1, 16), "samples": (1, 3), **CIRCLE},
    assumptions=(AT_MOST_ALL, *registry["forward-norm"].assumptions),
    failure=FailureProbability(
        "as for fully connected networks: by Jensen a convolutional layer is never more spread out, theorems.laws.norm_laws",
        lambda i: convolutional_failure_probability(i.width, i.depth, i.samples, i.positions, i.tolerance),
    ),
    variants=(
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN),
        wrong("initialization variance 2.8/(qm)", "initialization", variance=2.8),
        wrong("a tolerance without 1/sqrt m: half of the width's own scale", "claim", at_most="eps/20",
              ranges={"depth": (8, 16), "width": (32, 512)}),
    ),
    note="The total ‖h_l‖^2 is a martingale of mean one; decorrelated positions make it more concentrated than this bound.",
)  # fmt: skip

OPERATORS = (AT_MOST_ALL, WIDTH_FOR_OPERATORS, WIDE_FOR_NORMS)
EXPONENT = Constant(1 / 16, "as for fully connected networks")
form(
    "operator-norm", CONVOLUTIONAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= {bound} for all 1 <= a <= b <= L and i, T_l the map from h_{l-1} to g_l",
    ranges={"width": (48, 256), "depth": (1, 4), "samples": (1, 2), **CIRCLE}, assumptions=OPERATORS,
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
    at_most="C sqrt(P m/d)",
    scales=("width", "outputs", "depth", "positions"),
    ranges={"width": (48, 1024), "depth": (1, 4), "samples": (1, 2), "outputs": (1, 4), **CIRCLE},
    assumptions=(FEW_OUTPUTS, *OPERATORS),
    constants={"C": Constant(3.0, "as for fully connected networks, the squared norm being P times as large"), "c": EXPONENT},
    variants=(
        wrong("constant 0.9, below the norm of B alone", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("sqrt(P) missing, C = 1.3", "exponent", at_most="C sqrt(m/d)", constants={"C": Constant(1.3, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (3, 4)}),
    ),
)  # fmt: skip
form(
    "separation", CONVOLUTIONAL,
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= {bound} for all i != j and l = 0..L, h over all positions, where "
    "delta <= c/(L sqrt(P))",
    ranges={"width": (128, 4096), "depth": (1, 6), "samples": (2, 3), "separation": (1e-3, 0.5), **CIRCLE},
    assumptions=(
        AT_MOST_ALL,
        assume("delta <= c/(L sqrt(P))", "as two inputs may differ at one position only"),
        informative_width("40 (L + 1) log(20 n^2 (L + 1))"),
    ),
    constants={"c": Constant(1 / 40, "half of the fully connected exponent")},
    variants=(
        wrong("separation 0.99 delta", "constant", at_least="0.99 delta"),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
    ),
)  # fmt: skip

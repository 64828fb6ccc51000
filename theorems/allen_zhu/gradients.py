"""Gradient bounds near the initialization: Theorem 3 of the paper."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.allen_zhu.initialization import FEW_OUTPUTS
from theorems.language.calibration import approached
from theorems.language.forms import FALSE, assume, probability, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Constant
from theorems.language.subject import Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

ASSUMPTIONS = (
    assume("delta <= c/L"),
    assume("m >= 3 n^3 L^3 log(m)^2/delta", "where the failure probability can be below 1/20"),
    assume("omega <= c delta^(3/2)/(n^(9/2) L^6 log(m)^3)"),
    assume("omega >= (3/(m L))^(3/2)", "where the failure probability is below 1/20", name="informative radius"),
)


@statement(
    id="gradient-upper",
    source="Theorem 3, upper bounds",
    claim="‖grad_{W_l} F_i‖_F^2/F_i <= {bound} and ‖grad_{W_l} F‖_F^2/F <= {bound} for all W with ‖W - W(0)‖_2 <= omega, l, i and all "
    "labels",
    kind="declared",
    ranges={
        "width": (256, 131072), "depth": (1, 5), "samples": (1, 12), "input_dimension": INPUTS, "outputs": (1, 16),
        "separation": (0.1, 1.0), "radius": (1e-9, 1e-2),
    },
    assumptions=(FEW_OUTPUTS, *ASSUMPTIONS),
    at_most=("C m/d", "C n m/d"),
    failure=probability("exp(-c m omega^(2/3) L)"),
    constants={
        "C": approached("gradient-upper", "C", 1.0, "sqrt(d L/m) + L^2 omega^(2/3)", "of 2‖D Back‖^2 ‖h‖^2 d/m"),
        "c": Constant(1.0, "the norms behind it fail with e^{-Omega(m/L)}, and omega^{2/3} L^2 is far below 1 in this regime"),
    },
    scales=("width", "outputs", "depth"),
    exponents={"samples": 1.0},  # of the second bound
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "backward-norm"),
    adversary=("random", "rank-one alignment", "switching on"),
    exact=True,
    variants=(
        wrong("constant 0.9, below the limit", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("m^(5/6) in place of m", "exponent", at_most=("C m^(5/6)/d", "C n m^(5/6)/d")),
        wrong("factor n dropped", "exponent", at_most=("C m/d", "C m/d")),
        wrong("initialization variance 4/m", "initialization", variance=4.0),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
def gradient_upper(subject: Subject, tau: float = 1.0) -> Side:
    """Parts: max ‖grad_{W_l} F_i‖_F^2/F_i over samples and labels, and max ‖grad_{W_l} F‖_F^2/F over labels: (trials, layers, 2).

    tau: the factor of every layer but the last, where the architecture has one; given to the bound as tau_l.
    """
    import torch

    instance = subject.instance
    n, d = instance.samples, instance.outputs
    sides = []
    for layer in range(1, instance.depth + 1):
        # grad_{W_l} F = sum_{i,c} loss_{i,c} (row (i, c) of the left factors) h_{l-1}^T: ‖.‖_F^2 = loss^T K loss, F = ‖loss‖^2/2
        kernel = subject.layer_kernel(layer)
        own = torch.stack([kernel[:, i * d : (i + 1) * d, i * d : (i + 1) * d] for i in range(n)], dim=1)
        single = 2 * torch.linalg.eigvalsh(own)[..., -1].amax(dim=1)
        together = 2 * torch.linalg.eigvalsh(kernel)[..., -1]
        sides.append(torch.stack([single, together], dim=-1))
    values = torch.stack(sides, dim=1)
    factors = values.new_tensor([[tau] * (instance.depth - 1) + [1.0]])
    names = {"part": ("‖grad_{W_l} F_i‖_F^2/F_i", "‖grad_{W_l} F‖_F^2/F")}
    return Side(values, axes=("layer", "part"), rounding=4 * subject.rounding, given={"tau_l": factors}, names=names)


def _least_quadratic_form(kernel: Tensor, samples: int) -> Tensor:
    """min of v^T K v over v with max_i ‖v_i‖ = 1, v_i the blocks of the samples: (trials,).

    With ‖v_i‖ = 1 for one i and the other blocks free, the minimum is the least eigenvalue of the Schur complement, which is the
    inverse of block (i, i) of K^{-1}. A free block that came out longer than 1 would, once rescaled, give a smaller value for its own i.
    """
    import torch

    outputs = kernel.shape[-1] // samples
    values, vectors = torch.linalg.eigh(kernel)
    # A singular kernel has a v with v^T K v = 0: 1e-300 in place of an eigenvalue lost in rounding makes the answer zero as well.
    blocks = vectors.unflatten(1, (samples, outputs)) / values.clamp_min(1e-300).sqrt()[:, None, None]
    largest: Tensor = torch.linalg.eigvalsh(blocks @ blocks.mT)[..., -1].amax(dim=1)
    return 1 / largest


def least_gradient(subject: Subject, derivative: bool = True) -> Side:
    """min over all labels of ‖grad_{W_L} F‖_F^2, where max_i F_i = 1: (trials,). derivative=False: D_L left out, a false variant."""
    instance = subject.instance
    n, d, depth = instance.samples, instance.outputs, instance.depth
    if derivative:
        kernel = subject.layer_kernel(depth)
    else:
        h, back = subject.activations(depth - 1), subject.backward(depth + 1).flatten(1, 2)
        kernel = (h @ h.mT).repeat_interleave(d, 1).repeat_interleave(d, 2) * (back @ back.mT)
    least = 2 * _least_quadratic_form(kernel, n)  # F_i = ‖v_i‖^2/2
    # entries of the kernel are off by `rounding` of m/d, its least eigenvalue by n times that, and it is as small as delta m/(d n)
    return Side(least, rounding=4 * subject.rounding * n**2 / instance.separation, given={"F": least.new_tensor([1.0])})


@statement(
    id="gradient-lower",
    source="Theorem 3, lower bound",
    claim="‖grad_{W_L}(F_1 + ... + F_n)‖_F^2 >= {bound}, F = max_i F_i, for all W with ‖W - W(0)‖_2 <= omega and all labels",
    kind="declared",
    ranges={
        "width": (256, 2**23), "depth": (1, 5), "samples": (1, 8), "input_dimension": INPUTS, "outputs": (1, 8),
        "separation": (0.01, 1.0), "radius": (1e-11, 1e-2),
    },
    assumptions=ASSUMPTIONS,
    at_least="c (delta m/(d n)) F",
    failure=probability("exp(-C m omega^(2/3) L)"),
    constants={
        # m delta/pi neurons tell two samples apart, and norms vary over L layers
        "c": approached("gradient-lower", "c", 3 / math.pi, "sqrt(d L/(m delta))", "of three samples on an arc as delta -> 0", lower=True),
        "C": Constant(1.0, "as for gradient-upper"),
    },
    scales=("width", "outputs", "separation", "samples", "depth"),
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "backward-norm", "separation"),
    adversary=("random", "rank-one alignment", "switching off"),
    exact=True,
    # so close that the limit of close samples is near, and so far that the regime has L = 3 at widths that can be drawn
    tight={"samples": 3, "depth": 1, "outputs": 1, "separation": 0.1, "width": 2**23, "data": "arc"},
    variants=(
        wrong("delta^(5/6) in place of delta", "exponent", at_least="c (delta^(5/6) m/(d n)) F"),
        wrong("n^(5/6) in place of n", "exponent", at_least="c (delta m/(d n^(5/6))) F"),
        wrong("constant 4/pi, that of two samples, not of three", "constant", constants={"c": Constant(4 / math.pi, FALSE)}),
        wrong("a pair of equal inputs", "assumption", data=("duplicate rows",)),
        wrong("last layer's backward pass without D", "implementation", measure=partial(least_gradient, derivative=False)),
    ),
    note="A quadratic form in the loss vector, so the worst labels are an eigenvector: 'for all labels' is exact. As m grows and delta "
    "shrinks, ‖grad‖^2 n d/(m delta F) has the limit 4/pi for two samples, 3/pi for three on an arc, where one lies between the others, "
    "and n/pi for more in a row; it is 1 for one sample.",
)  # fmt: skip
def gradient_lower(subject: Subject) -> Side:
    """The least gradient of the last layer over all labels."""
    return least_gradient(subject)

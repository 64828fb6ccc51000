"""Gradient bounds near the initialization: Theorem 3 of the paper."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from theorems.language import along_training
from theorems.language.calibration import calibrated
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability, Variant
from theorems.language.subject import Comparison

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.language.subject import Subject


def gradient_radius(instance: Instance) -> float:
    """delta^{3/2}/(n^{9/2} L^6 log^3 m): the ball in which Theorem 3 speaks, hidden constant 1."""
    polynomial = math.pow(instance.samples, 4.5) * math.pow(instance.depth, 6)
    return math.pow(instance.separation, 1.5) / (polynomial * math.log(instance.width) ** 3)


def _failure(instance: Instance, C: float, c: float) -> float:
    return math.exp(-c * instance.width * instance.radius ** (2 / 3) * instance.depth)


def _least_width(instance: Instance) -> float:
    """The width from which m omega^{2/3} L >= 1 for the largest omega allowed: m >= n^3 L^3 log^2 m/delta, solved for m."""
    return _solved(instance.samples**3 * instance.depth**3 / instance.separation)


@lru_cache(maxsize=65536)
def _solved(factor: float) -> float:
    width = 16.0
    for _ in range(60):  # a contraction for every factor >= 1: the derivative of factor log^2 m at the fixed point is 2/log m
        width = max(16.0, factor * math.log(width) ** 2)
    return width


def largest_gradients(subject: Subject, C: float, samples_exponent: float = 1.0, width_exponent: float = 1.0) -> Comparison:
    """Parts: max ‖grad_{W_l} F_i‖_F^2/F_i over samples and labels against C m^width_exponent/d, and max ‖grad_{W_l} F‖_F^2/F over labels
    against n^samples_exponent times that: (trials, layers, 2)."""
    import torch

    instance = subject.instance
    n, d = instance.samples, instance.outputs
    scale = C * instance.width**width_exponent / d
    bounds = torch.tensor([scale, scale * n**samples_exponent], dtype=torch.float64)
    sides = []
    for layer in range(1, instance.depth + 1):
        # grad_{W_l} F = sum_{i,c} loss_{i,c} (row (i, c) of the left factors) h_{l-1}^T: ‖.‖_F^2 = loss^T K loss, F = ‖loss‖^2/2
        kernel = subject.layer_kernel(layer)
        own = torch.stack([kernel[:, i * d : (i + 1) * d, i * d : (i + 1) * d] for i in range(n)], dim=1)
        single = 2 * torch.linalg.eigvalsh(own)[..., -1].amax(dim=1)
        together = 2 * torch.linalg.eigvalsh(kernel)[..., -1]
        sides.append(torch.stack([single, together], dim=-1))
    left = torch.stack(sides, dim=1)
    return Comparison(left, bounds.to(left).expand_as(left), axes=("layer", "part"), rounding=4 * subject.rounding)


ASSUMPTIONS = (
    Assumption("separation", "delta <= c/L", "separation", "<=", lambda i: 1 / i.depth),
    Assumption("width", "m >= n^3 L^3 log^2 m/delta, where the failure probability can be below 1/2", "width", ">=", _least_width),
    Assumption("radius", "omega <= c delta^{3/2}/(n^{9/2} L^6 log^3 m)", "radius", "<=", gradient_radius),
    Assumption(
        "informative radius", "omega >= (m L)^{-3/2}, where the failure probability is below 1/2", "radius", ">=",
        lambda i: (0.7 / (i.width * i.depth)) ** 1.5,
    ),
)  # fmt: skip


@statement(
    id="gradient-upper",
    source="Theorem 3, upper bounds",
    claim="‖grad_{W_l} F_i‖_F^2 <= C m F_i/d and ‖grad_{W_l} F‖_F^2 <= C n m F/d for all W with ‖W - W(0)‖_2 <= omega, l, i and all labels",
    kind="declared",
    ranges={
        "width": (256, 131072), "depth": (1, 5), "samples": (1, 6), "input_dimension": INPUTS, "outputs": (1, 4),
        "separation": (0.1, 1.0), "radius": (1e-9, 1e-2),
    },
    assumptions=ASSUMPTIONS,
    failure=FailureProbability("exp(-c m omega^{2/3} L)", _failure),
    constants={
        "C": calibrated("gradient-upper", "C", "sharp at large width: 1, the limit of 2‖D Back‖^2 ‖h‖^2 d/m"),
        "c": Constant(1.0, "the norms behind it fail with e^{-Omega(m/L)}, and omega^{2/3} L^2 is far below 1 in this regime"),
    },
    exponents={"width": 1.0, "outputs": -1.0, "samples": 1.0, "depth": 0.0},
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "backward-norm"),
    adversary=("random", "rank-one alignment", "switching on"),
    exact=True,
    variants=(
        Variant("constant 0.9, below the limit", "constant", {"constants": {"C": Constant(0.9, "false variant")}}),
        Variant(
            "sqrt(m) in place of m",
            "exponent",
            {"measure": lambda subject, C, c: largest_gradients(subject, C, width_exponent=0.5)},
        ),
        Variant(
            "factor n dropped on nearly equal inputs",
            "exponent",
            {
                "measure": lambda subject, C, c: largest_gradients(subject, C, samples_exponent=0.0),
                "data": ("arc",),
                "ranges": {"samples": (8, 16), "separation": (1e-3, 1e-2), "width": (256, 1024)},
                "assumptions": (),
                "failure": FailureProbability("exp(-m/(100 L))", lambda i, C, c: math.exp(-i.width / (100 * i.depth))),
            },
        ),
        Variant("initialization variance 4/m", "initialization", {"variance": 4.0, "constants": {"C": Constant(3.0, "false variant")}}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
    along=along_training.gradient_upper,
)  # fmt: skip
def gradient_upper(subject: Subject, C: float, c: float) -> Comparison:
    """Largest eigenvalues of the layer kernel and of its diagonal blocks against C n m/(2d) and C m/(2d)."""
    return largest_gradients(subject, C)


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


def least_gradient(subject: Subject, c: float, separation_exponent: float = 1.0, derivative: bool = True) -> Comparison:
    """c delta^separation_exponent m/(d n) against min over all labels of ‖grad_{W_L} F‖_F^2 / max_i F_i: (trials,).

    derivative=False: D_L left out, a false variant.
    """
    import torch

    instance = subject.instance
    n, d, depth = instance.samples, instance.outputs, instance.depth
    if derivative:
        kernel = subject.layer_kernel(depth)
    else:
        h, back = subject.activations(depth - 1), subject.backward(depth + 1).flatten(1, 2)
        kernel = (h @ h.mT).repeat_interleave(d, 1).repeat_interleave(d, 2) * (back @ back.mT)
    right = 2 * _least_quadratic_form(kernel, n)  # F_i = ‖v_i‖^2/2
    left = c * instance.separation**separation_exponent * instance.width / (d * n)
    # entries of the kernel are off by `rounding` of m/d, its least eigenvalue by n times that, and it is as small as delta m/(d n)
    return Comparison(torch.full_like(right, left), right, rounding=4 * subject.rounding * n**2 / instance.separation)


@statement(
    id="gradient-lower",
    source="Theorem 3, lower bound",
    claim="‖grad_{W_L} F‖_F^2 >= c (delta m/(d n)) max_i F_i for all W with ‖W - W(0)‖_2 <= omega and all labels",
    kind="declared",
    ranges={
        "width": (256, 131072), "depth": (1, 5), "samples": (1, 8), "input_dimension": INPUTS, "outputs": (1, 4),
        "separation": (0.01, 1.0), "radius": (1e-10, 1e-2),
    },
    assumptions=ASSUMPTIONS,
    failure=FailureProbability("exp(-C m omega^{2/3} L)", lambda i, c, C: _failure(i, c, C)),
    constants={
        "c": calibrated("gradient-lower", "c", "two samples at distance delta, large m: 4/pi as delta -> 0, after n = 2 is divided out"),
        "C": Constant(1.0, "as for gradient-upper"),
    },
    exponents={"width": 1.0, "outputs": -1.0, "separation": 1.0, "samples": -1.0, "depth": 0.0},
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "backward-norm", "separation"),
    adversary=("random", "rank-one alignment", "switching off"),
    exact=True,
    variants=(
        Variant(
            "delta dropped",
            "exponent",
            {
                "measure": lambda subject, c, C: least_gradient(subject, c, separation_exponent=0.0),
                "data": ("pairs",),
                "ranges": {"samples": (2, 2), "separation": (0.05, 0.15), "depth": (1, 1)},
                "adversary": (),
            },
        ),
        Variant(
            "constant 1.4, above the limit for two close samples",
            "constant",
            {"constants": {"c": Constant(1.4, "false variant")}, "data": ("pairs",), "ranges": {"samples": (2, 2), "depth": (1, 1)}},
        ),
        Variant("a pair of equal inputs", "assumption", {"data": ("duplicate rows",), "ranges": {"samples": (2, 2), "depth": (1, 1)}}),
        Variant(
            "last layer's backward pass without D",
            "implementation",
            {
                "measure": lambda subject, c, C: least_gradient(subject, c, derivative=False),
                "data": ("pairs",),
                "ranges": {"samples": (2, 2), "separation": (0.05, 0.06), "depth": (1, 1)},
                "adversary": (),
            },
        ),
    ),
    note="A quadratic form in the loss vector, so the worst labels are an eigenvector: 'for all labels' is exact.",
    along=along_training.gradient_lower,
)  # fmt: skip
def gradient_lower(subject: Subject, c: float, C: float) -> Comparison:
    """c delta m/(d n) against the least ‖grad_{W_L} F‖_F^2 / max_i F_i over all labels."""
    return least_gradient(subject, c)

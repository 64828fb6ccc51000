"""The loss is almost convex and semi-smooth near the initialization: Section 11 and Theorems 4 and 5."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.calculus import loss_vectors
from theorems.allen_zhu.stability import FLIP_FAILURE, NETWORKS, SHARP_C, SMALL_RADIUS, VARIANT, informative_radius, relative_rounding
from theorems.language.calibration import calibrated, too_small
from theorems.language.registry import statement
from theorems.language.statement import Assumption, Constant, Variant
from theorems.language.subject import Comparison, Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

OUTPUT_ADVERSARIES = ("random", "hidden alignment", "output alignment", "weighted sign flips", "pushes through zero", "spectral ascent")
KERNEL_RADIUS = Assumption(
    "radius", "omega <= c/(L^9 log^{3/2} m)", "radius", "<=", lambda i: 1 / (math.pow(i.depth, 9) * math.log(i.width) ** 1.5)
)
# Beyond omega = 1/100 the claimed probability e^{-Omega(m omega^{2/3} L)} outdoes the e^{-Omega(m/L)} of the norms themselves.
KERNEL_NETWORKS = {**NETWORKS, "depth": (1, 8), "radius": (1e-12, 1e-2)}


def _first_order(subject: Subject) -> Tensor:
    """<grad f_c(x_i), W'> at the origin, over all layers: (trials, samples, outputs)."""
    import torch

    origin = subject.origin
    parts = []
    for layer in range(1, subject.instance.depth + 1):
        change = subject.displacement(layer, origin.activations(layer - 1))
        parts.append((origin.masked_backward(layer) @ change[..., None])[..., 0])
    return torch.stack(parts).sum(0)


def output_changes(subject: Subject, C: float, depth: float = 0.0, outputs_exponent: float = 0.5) -> Comparison:
    """Parts: ‖h_l(W~ + W') - h_l(W~)‖ against C L^{3/2} ‖W'‖_2, and the same of the outputs, in the last layer, against
    C L sqrt(m)/d^outputs_exponent ‖W'‖_2: (trials, samples, layers, 2). depth: how much the exponents of L are lowered."""
    import torch

    instance, origin = subject.instance, subject.origin
    size = subject.displacement_norm()[:, None, None]
    bound = C * instance.depth ** (1.5 - depth) * size
    at_output = C * instance.depth ** (1 - depth) * math.sqrt(instance.width) / instance.outputs**outputs_exponent * size
    hidden = [(subject.activations(k) - origin.activations(k)).norm(dim=-1) for k in range(1, instance.depth + 1)]
    # B (h~ - h) from W' and the difference of h: no product with B loses the digits that the difference has
    output = (subject.network_outputs() - origin.network_outputs()).norm(dim=-1)
    outputs = [torch.zeros_like(output)] * (instance.depth - 1) + [output]  # the second claim speaks of the last layer only
    left = torch.stack([torch.stack(hidden, -1), torch.stack(outputs, -1)], -1)
    right = torch.stack([bound, at_output], -1)
    right = torch.where(size[..., None] > 0, right, 1.0)  # where nothing moved both sides are zero: what rounding leaves is no failure
    return Comparison(left, right, axes=("sample", "layer", "part"), rounding=relative_rounding(subject))


@statement(
    id="output-stability",
    source="Claim 11.2",
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= C L^{3/2} ‖W'‖_2 and ‖B(h_L(W~ + W') - h_L(W~))‖ <= C L sqrt(m/d) ‖W'‖_2 for all W~ in the ball "
    "and ‖W'‖_2 <= omega",
    kind="declared",
    ranges=NETWORKS,
    assumptions=(SMALL_RADIUS, informative_radius(4.0)),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("output-stability", "C", "sharp for one layer and large m: 1, in both claims"),
        "c": SHARP_C,
    },
    exponents={"radius": 1.0, "depth": 1.5, "width": 0.5, "outputs": -0.5},
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "operator-norm", "backward-norm", "forward-stability", "operator-stability"),
    start=("hidden alignment", "switching on"),
    passes=8,
    adversary=("random", "hidden alignment", "output alignment", "spectral ascent"),
    variants=(
        Variant("constant 0.9, below what one layer attains", "constant",
                {"constants": {"C": Constant(0.9, VARIANT)}, "ranges": {"depth": (1, 1)}, "adversary": ("hidden alignment",)}),
        Variant(
            "L^{3/2} and L dropped", "exponent",
            {
                "measure": lambda subject, C, c: output_changes(subject, C, depth=1.0),
                "ranges": {"depth": (4, 6), "width": (512, 4096), "radius": (1e-9, 1e-4)},
                "assumptions": (informative_radius(4.0),), "adversary": ("hidden alignment",),
            },
        ),
    ),
)  # fmt: skip
def output_stability(subject: Subject, C: float, c: float) -> Comparison:
    """Moves of h_l and of the outputs against C L^{3/2} ‖W'‖ and C L sqrt(m/d) ‖W'‖."""
    return output_changes(subject, C)


def loss_beyond_linear_part(subject: Subject) -> Side:
    """F(W~ + W') - F(W~) - <grad F(W~), W'>: (trials,)."""
    instance, origin = subject.instance, subject.origin
    before = loss_vectors(origin)
    change = subject.network_outputs() - origin.network_outputs()
    loss = before.square().sum((1, 2)) / 2
    # F(W~ + W') - F(W~) = <loss, change> + ‖change‖^2/2, and <grad F, W'> = <loss, first order>
    left = (before * (change - _first_order(subject))).sum((1, 2)) + change.square().sum((1, 2)) / 2
    size = subject.displacement_norm().clamp_min(1e-150)
    # the change is a difference of outputs of size one; the bound is at least sqrt(n F) omega^{4/3} sqrt(m)
    smallest = instance.radius ** (4 / 3) * math.sqrt(instance.width)
    return Side(left, rounding=subject.rounding / max(smallest, 1e-300), given={"F": loss, "size": size})


LARGE_ENOUGH = Assumption(
    "least radius", "omega >= d^{3/2}/(m L log m)^{3/2}", "radius", ">=",
    lambda i: (i.outputs / (i.width * i.depth * math.log(i.width))) ** 1.5,
)  # fmt: skip


@statement(
    id="semi-smoothness",
    source="Theorem 4",
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + C sqrt(n F(W~)) omega^{1/3} L^2 sqrt(m log m/d) ‖W'‖_2 + C n L^2 (m/d) ‖W'‖_2^2 "
    "for all W~ in the ball and ‖W'‖_2 <= omega",
    kind="declared",
    ranges={**NETWORKS, "depth": (1, 16)},  # deeper, what is left beyond the linear part, omega^{4/3} sqrt(m), is below rounding
    assumptions=(LARGE_ENOUGH, SMALL_RADIUS, informative_radius(4.0)),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("semi-smoothness", "C", "for one layer and large m the quadratic term alone needs ‖B D‖^2 d/(2m) = 1/4"),
        "c": SHARP_C,
    },
    exponents={"radius": 1 / 3, "depth": 2.0, "width": 0.5, "outputs": -0.5},
    ladders={"outputs": (1, 8)},
    rests_on=("output-stability", "backward-stability", "gradient-upper"),
    labels=("random", "signs"),
    start=("hidden alignment", "to the brink"),
    passes=8,
    adversary=OUTPUT_ADVERSARIES,
    at_most="C sqrt(n F) omega^(1/3) L^2 sqrt(m log(m)/d) size + C n L^2 m/d size^2",
    variants=(
        Variant(
            "constant short of the sharp one", "constant",
            {"constants": {"C": too_small("semi-smoothness", "C")}, "ranges": {"width": (64, 256), "depth": (1, 1)}},
        ),
        Variant(
            "both error terms without m", "exponent",
            {
                "at_most": "C sqrt(n F) omega^(1/3) L^2 sqrt(log(m)/d) size + C n L^2 sqrt(m)/d size^2",
                "adversary": ("output alignment", "hidden alignment", "weighted sign flips"),
                "ranges": {"width": (1024, 16384)},
            },
        ),
    ),
)  # fmt: skip
def semi_smoothness(subject: Subject) -> Side:
    """The loss beyond its linear part."""
    return loss_beyond_linear_part(subject)


def gradient_changes(subject: Subject, C: float, radius_exponent: float = 1 / 3) -> Comparison:
    """‖grad f_c(W) - grad f_c(W(0))‖_F over all layers against C sqrt(log m) omega^radius_exponent L^3 ‖grad f_c(W(0))‖_F:
    (trials, samples, outputs)."""
    import torch

    instance, origin = subject.instance, subject.origin
    drift, size = [], []
    for layer in range(1, instance.depth + 1):
        (a, b), (moved_a, moved_b) = origin.gradient_factors(layer), subject.gradient_factors(layer)
        b, moved_b = b[:, :, None], moved_b[:, :, None]  # the same for every output
        da, db = moved_a - a, moved_b - b

        def inner(u: Tensor, v: Tensor, u2: Tensor, v2: Tensor) -> Tensor:
            """<sum_r u_r v_r^T, sum_r u2_r v2_r^T>: (trials, samples, outputs)."""
            return ((u @ u2.mT) * (v @ v2.mT)).sum((-2, -1))

        # a~ b~^T - a b^T = da b~^T + a db^T, where db = 0 below the first layer that moves
        drift.append(inner(da, moved_b, da, moved_b) + inner(a, db, a, db) + 2 * inner(da, moved_b, a, db))
        size.append(inner(a, b, a, b))
    total = torch.stack(size).sum(0).sqrt()
    left = torch.stack(drift).sum(0).clamp_min(torch.finfo(total.dtype).tiny).sqrt()
    right = C * math.sqrt(math.log(instance.width)) * instance.radius**radius_exponent * instance.depth**3 * total
    return Comparison(left, right, axes=("sample", "output"), rounding=relative_rounding(subject))


@statement(
    id="gradient-drift",
    source="Theorem 5a",
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= C sqrt(log m) omega^{1/3} L^3 ‖grad f_c(W(0))‖_F for all ‖W - W(0)‖_2 <= omega, i and c",
    kind="declared",
    ranges=KERNEL_NETWORKS,
    assumptions=(KERNEL_RADIUS, informative_radius(4.0)),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("gradient-drift", "C", "largest at small widths, where the whole gradient may be small"),
        "c": SHARP_C,
    },
    exponents={"radius": 1 / 3, "depth": 3.0, "width": 0.0},
    rests_on=("sign-flips", "forward-stability", "backward-stability"),
    adversary=("random", "targeted sign flips", "weighted sign flips", "output alignment", "spectral ascent"),
    passes=8,
    variants=(
        Variant(
            "omega^{2/3} in place of omega^{1/3}", "exponent",
            {"measure": lambda subject, C, c: gradient_changes(subject, C, radius_exponent=2 / 3), "adversary": ("weighted sign flips",)},
        ),
        Variant(
            "constant short of the sharp one", "constant",
            {"constants": {"C": too_small("gradient-drift", "C")}, "ranges": {"width": (64, 256), "depth": (1, 1)}},
        ),
    ),
)  # fmt: skip
def gradient_drift(subject: Subject, C: float, c: float) -> Comparison:
    """Change of the gradient of each output, relative to its size, over all layers."""
    return gradient_changes(subject, C)


def outputs_beyond_linear_part(subject: Subject, C: float, radius_exponent: float = 4 / 3) -> Comparison:
    """|f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>| against C L^3 omega^radius_exponent sqrt(m log m/d):
    (trials, samples, outputs)."""
    import torch

    instance, origin = subject.instance, subject.origin
    left = (subject.network_outputs() - origin.network_outputs() - _first_order(subject)).abs()
    scale = math.sqrt(instance.width * math.log(instance.width) / instance.outputs)
    right = C * instance.depth**3 * instance.radius**radius_exponent * scale
    smallest = instance.radius ** (4 / 3) * math.sqrt(instance.width)
    return Comparison(left, torch.full_like(left, right), axes=("sample", "output"), rounding=subject.rounding / max(smallest, 1e-300))


@statement(
    id="linearization",
    source="Theorem 5b",
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= C L^3 omega^{4/3} sqrt(m log m/d) for all ‖W'‖_2 <= omega, i and c",
    kind="declared",
    ranges=KERNEL_NETWORKS,
    assumptions=(KERNEL_RADIUS, informative_radius(4.0)),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("linearization", "C", "largest in one layer of small width"),
        "c": SHARP_C,
    },
    exponents={"radius": 4 / 3, "width": 0.5, "outputs": -0.5, "depth": 3.0},
    ladders={"outputs": (1, 8)},
    rests_on=("gradient-drift", "output-stability"),
    adversary=OUTPUT_ADVERSARIES,
    passes=8,
    variants=(
        Variant(
            "omega^2 in place of omega^{4/3}", "exponent",
            {"measure": lambda subject, C, c: outputs_beyond_linear_part(subject, C, radius_exponent=2.0)},
        ),
        Variant(
            "constant short of the sharp one", "constant",
            {"constants": {"C": too_small("linearization", "C")}, "ranges": {"width": (64, 256), "depth": (1, 1)}},
        ),
    ),
)  # fmt: skip
def linearization(subject: Subject, C: float, c: float) -> Comparison:
    """The outputs' distance from their linear part at the initialization."""
    return outputs_beyond_linear_part(subject, C)


def _kernel(subject: Subject) -> Tensor:
    """K_ij of every output c: (trials, outputs, samples, samples)."""
    import torch

    instance = subject.instance
    n, d = instance.samples, instance.outputs
    whole = torch.stack([subject.layer_kernel(layer) for layer in range(1, instance.depth + 1)]).sum(0)
    return whole.view(-1, n, d, n, d).diagonal(dim1=2, dim2=4).permute(0, 3, 1, 2)


def kernel_changes(subject: Subject) -> Side:
    """|K_ij(W) - K_ij(W(0))|/sqrt(K_ii K_jj) of every output: (trials, outputs, samples, samples)."""
    before, after = _kernel(subject.origin), _kernel(subject)
    own = before.diagonal(dim1=2, dim2=3).sqrt()
    left = (after - before).abs() / (own[..., :, None] * own[..., None, :])
    return Side(left, axes=("output", "i", "j"), rounding=relative_rounding(subject))


@statement(
    id="kernel-stability",
    source="Theorem 5c",
    claim="abs(K_ij(W) - K_ij(W(0))) <= C sqrt(log m) omega^{1/3} L^3 sqrt(K_ii K_jj) for all ‖W - W(0)‖_2 <= omega and pairs i, j",
    kind="declared",
    ranges={**KERNEL_NETWORKS, "samples": (1, 4)},
    assumptions=(KERNEL_RADIUS, informative_radius(4.0)),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("kernel-stability", "C", "largest in one layer of small width"), "c": SHARP_C,
    },
    exponents={"radius": 1 / 3, "depth": 3.0, "width": 0.0},
    rests_on=("gradient-drift",),
    adversary=("random", "switching on", "switching off", "hidden alignment", "spectral ascent"),
    passes=8,
    at_most="C sqrt(log(m)) omega^(1/3) L^3",
    variants=(
        Variant(
            "omega in place of omega^{1/3}", "exponent",
            {"at_most": "C sqrt(log(m)) omega L^3", "adversary": ("switching on",)},
        ),
        Variant(
            "constant short of the sharp one", "constant",
            {"constants": {"C": too_small("kernel-stability", "C")}, "ranges": {"width": (64, 256), "depth": (1, 1)}},
        ),
    ),
)  # fmt: skip
def kernel_stability(subject: Subject) -> Side:
    """Change of the tangent kernel's entries, relative to the diagonal."""
    return kernel_changes(subject)

"""The loss is almost convex and semi-smooth near the initialization: Section 11 and Theorems 4 and 5."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.calculus import loss_vectors
from theorems.allen_zhu.initialization import FEW_OUTPUTS
from theorems.allen_zhu.stability import BY_FLIPS, FLIP_FAILURE, FLIPS, MORE, NETWORKS, SHARP_C, SMALL_RADIUS, relative_rounding
from theorems.language.calibration import approached, calibrated, too_small
from theorems.language.forms import FALSE, assume, wrong
from theorems.language.registry import statement
from theorems.language.statement import Constant
from theorems.language.subject import Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

OUTPUT_ADVERSARIES = ("random", "hidden alignment", "output alignment", "weighted sign flips", "joint pushes", "spectral ascent")
KERNEL_RADIUS = assume("omega <= c/(L^9 log(m)^(3/2))")
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


def _size(subject: Subject) -> Tensor:
    """max_l ‖W'_l‖_2, which bounds are proportional to: (trials,). 1 where nothing moved: there what rounding leaves is no failure."""
    import torch

    size = subject.displacement_norm()
    return torch.where(size > 0, size, 1.0)


def _second_order_rounding(subject: Subject) -> float:
    """What is left beyond the linear part is a difference of outputs of size one; its bounds are at least omega^{4/3} sqrt(m)."""
    smallest = math.pow(subject.instance.radius, 4 / 3) * math.sqrt(subject.instance.width)
    return subject.rounding / max(smallest, 1e-300)


@statement(
    id="output-stability",
    source="Claim 11.2",
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= {bound} and ‖B(h_L(W~ + W') - h_L(W~))‖ <= {bound}, size = max_l ‖W'_l‖_2, for all W~ in the ball "
    "and ‖W'‖_2 <= omega",
    kind="declared",
    at_most=("C L^(3/2) size", "C L sqrt(m/d) size"),
    scales=("depth",),
    exponents={"radius": 1.0, "width": 0.5, "outputs": -0.5},  # of size, and of the second bound
    ranges={**NETWORKS, "outputs": (1, 64)},
    assumptions=(FEW_OUTPUTS, SMALL_RADIUS, MORE),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("output-stability", "C", "sharp for one layer and large m: 1, in both claims"),
        "c": SHARP_C,
    },
    ladders={"outputs": (1, 8)},
    rests_on=("forward-norm", "operator-norm", "backward-norm", "forward-stability", "operator-stability"),
    start=("hidden alignment", "switching on"),
    passes=8,
    adversary=("random", "hidden alignment", "output alignment", "spectral ascent"),
    variants=(
        wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)}),
        # where it costs little; the statement's own ranges refute it too
        wrong("L^{3/2} and L dropped", "exponent", at_most=("C size", "C sqrt(m/d) size"),
              ranges={"depth": (4, 6), "width": (512, 4096), "radius": (1e-9, 1e-4)}, assumptions=(MORE,)),
    ),
)  # fmt: skip
def output_stability(subject: Subject) -> Side:
    """Parts: ‖h_l(W~ + W') - h_l(W~)‖, and the same of the outputs, in the last layer: (trials, samples, layers, 2)."""
    import torch

    depth, origin = subject.instance.depth, subject.origin
    hidden = [(subject.activations(k) - origin.activations(k)).norm(dim=-1) for k in range(1, depth + 1)]
    # B (h~ - h) from W' and the difference of h: no product with B loses the digits that the difference has
    output = (subject.network_outputs() - origin.network_outputs()).norm(dim=-1)
    outputs = [torch.zeros_like(output)] * (depth - 1) + [output]  # the second claim speaks of the last layer only
    moved = torch.stack([torch.stack(hidden, -1), torch.stack(outputs, -1)], -1)
    names = {"part": ("‖h_l(W~ + W') - h_l(W~)‖", "‖B(h_L(W~ + W') - h_L(W~))‖")}
    given = {"size": _size(subject)}
    return Side(moved, axes=("sample", "layer", "part"), rounding=relative_rounding(subject), given=given, names=names)


# (3/32) 16^{2/3} (A/2)^{1/3} with A = E|N(0, 1)|^3/sqrt(pi), over the sqrt(log m) of the smallest width, 64.
CURVED = 3 / 32 * 16 ** (2 / 3) * (math.sqrt(2) / math.pi) ** (1 / 3) / math.sqrt(math.log(64))
LARGE_ENOUGH = assume("omega >= (d/(m L log(m)))^(3/2)", name="least radius")


@statement(
    id="semi-smoothness",
    source="Theorem 4",
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + {bound}, F = F(W~) and size = max_l ‖W'_l‖_2, for all W~ in the ball and "
    "‖W'‖_2 <= omega",
    kind="declared",
    at_most="C sqrt(n F) omega^(1/3) L^2 sqrt(m log(m)/d) size + C n L^2 (m/d) size^2",
    scales=("radius", "depth", "width", "outputs"),
    # n is in the bound; deeper, what is left beyond the linear part, omega^{4/3} sqrt(m), is below rounding
    ranges={**NETWORKS, "depth": (1, 16), "samples": (1, 8)},
    assumptions=(FEW_OUTPUTS, LARGE_ENOUGH, SMALL_RADIUS, MORE),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("semi-smoothness", "C", "for one layer and large m the quadratic term alone needs ‖B D‖^2 d/(2m) = 1/4", BY_FLIPS),
        "c": SHARP_C,
    },
    ladders={"outputs": (1, 8)},
    rests_on=("output-stability", "backward-stability", "gradient-upper"),
    labels=("random", "signs", "fitted"),
    # all samples move alike, and the loss has no part in it: n L^2 (m/d) size^2 is what happens
    tight={"samples": 8, "width": 1024, "separation": 0.02, "data": "arc", "labels": "fitted"},
    start=("hidden alignment", "jointly to the brink"),
    passes=8,
    adversary=OUTPUT_ADVERSARIES,
    variants=(
        wrong("constant short of the sharp one", "constant", constants={"C": too_small("semi-smoothness", "C", bands=BY_FLIPS)}),
        wrong("both error terms without m", "exponent",
              at_most="C sqrt(n F) omega^(1/3) L^2 sqrt(log(m)/d) size + C n L^2/d size^2"),
    ),
)  # fmt: skip
def semi_smoothness(subject: Subject) -> Side:
    """F(W~ + W') - F(W~) - <grad F(W~), W'>: (trials,)."""
    origin = subject.origin
    before = loss_vectors(origin)
    change = subject.network_outputs() - origin.network_outputs()
    # F(W~ + W') - F(W~) = <loss, change> + ‖change‖^2/2, and <grad F, W'> = <loss, first order>
    beyond = (before * (change - _first_order(subject))).sum((1, 2)) + change.square().sum((1, 2)) / 2
    given = {"F": before.square().sum((1, 2)) / 2, "size": _size(subject)}
    return Side(beyond, rounding=_second_order_rounding(subject), given=given)


@statement(
    id="gradient-drift",
    source="Theorem 5a",
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= {bound}, gradient = ‖grad f_c(W(0))‖_F, for all ‖W - W(0)‖_2 <= omega, i and c",
    kind="declared",
    at_most="C sqrt(log(m)) omega^(1/3) L^3 gradient",
    scales=("radius", "depth", "width"),
    ranges=KERNEL_NETWORKS,
    assumptions=(KERNEL_RADIUS, MORE),
    failure=FLIP_FAILURE,
    constants={
        "C": calibrated("gradient-drift", "C", "largest at small widths, where the whole gradient may be small", BY_FLIPS),
        "c": SHARP_C,
    },
    rests_on=("sign-flips", "forward-stability", "backward-stability"),
    adversary=("random", "weighted sign flips", "joint weighted flips", "output alignment", "spectral ascent"),
    passes=8,
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", at_most="C sqrt(log(m)) omega^(2/3) L^3 gradient"),
        wrong("constant short of the sharp one", "constant", constants={"C": too_small("gradient-drift", "C", bands=BY_FLIPS)}),
    ),
)  # fmt: skip
def gradient_drift(subject: Subject) -> Side:
    """‖grad f_c(W) - grad f_c(W(0))‖_F over all layers: (trials, samples, outputs)."""
    import torch

    origin = subject.origin
    drift, size = [], []
    for layer in range(1, subject.instance.depth + 1):
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
    moved = torch.stack(drift).sum(0).clamp_min(torch.finfo(total.dtype).tiny).sqrt()
    return Side(moved, axes=("sample", "output"), rounding=relative_rounding(subject), given={"gradient": total})


@statement(
    id="linearization",
    source="Theorem 5b",
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= {bound} for all ‖W'‖_2 <= omega, i and c",
    kind="declared",
    at_most="C L^3 omega^(4/3) sqrt(m log(m)/d)",
    scales=("radius", "width", "outputs", "depth"),
    ranges={**KERNEL_NETWORKS, "outputs": (1, 32)},
    assumptions=(KERNEL_RADIUS, MORE),
    failure=FLIP_FAILURE,
    constants={
        "C": approached("linearization", "C", CURVED, f"1/({FLIPS})", "of one layer with many flips, 0.456/sqrt(log 64)"),
        "c": SHARP_C,
    },
    rests_on=("gradient-drift", "output-stability"),
    # wider, log m costs more than further flips bring
    tight={"samples": 1, "depth": 1, "outputs": 1, "radius": 1e-2, "width": 8192},
    adversary=OUTPUT_ADVERSARIES,
    passes=8,
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", at_most="C L^3 omega^2 sqrt(m log(m)/d)"),
        wrong("constant 0.9 of the sharp one", "constant", constants={"C": Constant(0.9 * CURVED, FALSE)}),
    ),
    note="For one layer and many flips the supremum is 0.456 sqrt(m/d) omega^{4/3}: neuron k gains |b_k| (t_k - |g_k|) where the move "
    "takes it t_k - |g_k| beyond its kink, one of the two signs of b_k counts, and with a multiplier for sum t_k^2 = omega^2 this is "
    "(3/32) 16^{2/3} (A/2)^{1/3} sqrt(m/d) omega^{4/3}, A = E|N(0, 1)|^3/sqrt(pi), as g has the density sqrt(m/(4 pi)) at 0. It has no "
    "logarithm.",
)
def linearization(subject: Subject) -> Side:
    """The outputs' distance from their linear part at the initialization: (trials, samples, outputs)."""
    beyond = subject.network_outputs() - subject.origin.network_outputs() - _first_order(subject)
    return Side(beyond.abs(), axes=("sample", "output"), rounding=_second_order_rounding(subject))


def _kernel(subject: Subject) -> Tensor:
    """K_ij of every output c: (trials, outputs, samples, samples)."""
    import torch

    instance = subject.instance
    n, d = instance.samples, instance.outputs
    whole = torch.stack([subject.layer_kernel(layer) for layer in range(1, instance.depth + 1)]).sum(0)
    return whole.view(-1, n, d, n, d).diagonal(dim1=2, dim2=4).permute(0, 3, 1, 2)


@statement(
    id="kernel-stability",
    source="Theorem 5c",
    claim="abs(K_ij(W) - K_ij(W(0)))/sqrt(K_ii K_jj) <= {bound} for all ‖W - W(0)‖_2 <= omega and pairs i, j",
    kind="declared",
    at_most="C sqrt(log(m)) omega^(1/3) L^3",
    scales=("radius", "depth", "width"),
    ranges={**KERNEL_NETWORKS, "samples": (1, 4)},
    assumptions=(KERNEL_RADIUS, MORE),
    failure=FLIP_FAILURE,
    constants={"C": calibrated("kernel-stability", "C", "largest in one layer of small width", BY_FLIPS), "c": SHARP_C},
    rests_on=("gradient-drift",),
    adversary=("random", "switching on", "switching off", "joint switching", "hidden alignment", "spectral ascent"),
    passes=8,
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", at_most="C sqrt(log(m)) omega L^3"),
        wrong("constant short of the sharp one", "constant", constants={"C": too_small("kernel-stability", "C", bands=BY_FLIPS)}),
    ),
)
def kernel_stability(subject: Subject) -> Side:
    """abs(K_ij(W) - K_ij(W(0)))/sqrt(K_ii K_jj) of every output: (trials, outputs, samples, samples)."""
    before, after = _kernel(subject.origin), _kernel(subject)
    own = before.diagonal(dim1=2, dim2=3).sqrt()
    drift = (after - before).abs() / (own[..., :, None] * own[..., None, :])
    return Side(drift, axes=("output", "i", "j"), rounding=relative_rounding(subject))

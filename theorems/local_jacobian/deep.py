"""The first paper's networks: how far the Jacobian of all trained layers can be from that of the start, over a ball, from above.

Row (i, c) of J is sum_l a_l h_{l-1}^T with a_l = D_l u_l, u_l = (B D_L W_L ... D_{l+1} W_{l+1})^T e_c. Where every ‖W'_l‖_2 <= s,
    ‖g'_l - g_l‖ <= ‖W_l‖ e_{l-1} + s (‖h_{l-1}‖ + e_{l-1}), the most that e_l = ‖h'_l - h_l‖ can be too, e_0 = 0.
Neurons that flip have g_k^2 that sum to the square of that at most, so ‖(D'_l - D_l) u_l‖ is at most kappa_l: its square the value of the
linear relaxation of a knapsack of that room with weights g_k^2 and worths u_k^2. Going down,
    ‖a'_l - a_l‖ <= q_l + kappa_l = p_l, q_l = ‖u'_l - u_l‖ <= (‖W_{l+1}‖ + s) p_{l+1} + s ‖a_{l+1}‖, q_L = 0,
and a layer's part of row (i, c) changes by (‖a_l‖ + p_l) e_{l-1} + p_l ‖h_{l-1}‖ at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS
from theorems.language.subject import Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject


def jacobian_change(subject: Subject) -> Tensor:
    """‖J(W') - J(W)‖_2 of a moved subject and its origin, (trials,): differences of products as a'(b' - b)^T + (a' - a) b^T, without the
    cancellation of a difference of kernels."""
    import torch

    origin, total = subject.origin, None
    for layer in range(1, subject.instance.depth + 1):
        (left, right), (left_0, right_0) = subject.gradient_factors(layer), origin.gradient_factors(layer)
        one = torch.cat([left, left - left_0], 3)
        other = torch.cat([right - right_0, right_0], 2)
        products = torch.einsum("ticrm,tjesm->ticrjes", one, one)
        found = torch.einsum("ticrjes,tirk,tjsk->ticje", products, other, other).flatten(3, 4).flatten(1, 2)
        total = found if total is None else total + found
    assert total is not None
    norm: Tensor = torch.linalg.eigvalsh(total)[..., -1].clamp_min(0).sqrt()
    return norm


def knapsack_bound(weight: Tensor, worth: Tensor, room: Tensor) -> Tensor:
    """The linear relaxation of a knapsack: at least what any items of total weight `room` are worth. weight, worth: (..., items), not
    negative; room: (...)."""
    import torch

    order = (worth / weight.clamp_min(1e-300)).argsort(dim=-1, descending=True)
    filled = weight.gather(-1, order).cumsum(-1)
    prize = worth.gather(-1, order)
    share = ((room[..., None] - filled) / weight.gather(-1, order).clamp_min(1e-300) + 1).clamp(0, 1)
    found: Tensor = (share * prize).sum(-1)
    return torch.where(room > 0, found, 0.0)


def change_bound(subject: Subject, size: Tensor, *, flips: bool = True, norms: Sequence[Tensor] | None = None) -> Tensor:
    """An upper bound of ‖J(W') - J(W)‖_F, W the origin's weights, where every ‖W'_l‖_2 <= size: (trials,) both. flips: whether neurons may
    flip at all, which a false variant denies. norms: ‖W_l‖_2, (trials, 1) each, where they are known."""
    import torch

    origin, depth = subject.origin, subject.instance.depth
    norms = norms or [torch.linalg.matrix_norm(matrix, 2)[:, None] for matrix in origin.weights()[1]]
    s = size[:, None]
    lengths = origin.norms()  # (trials, samples, depth + 1)
    moved = [torch.zeros_like(lengths[..., 0])]  # e_l
    for layer in range(1, depth + 1):
        moved.append(norms[layer - 1] * moved[-1] + s * (lengths[..., layer - 1] + moved[-1]))
    total, above = torch.zeros_like(size), None
    for layer in range(depth, 0, -1):
        before = origin.backward(layer + 1)  # u_l, (trials, samples, outputs, m)
        weight = origin.pre_activations(layer).square()[:, :, None].expand_as(before)
        room = moved[layer].square()[..., None].expand(before.shape[:-1])
        changed = knapsack_bound(weight, before.square(), room).sqrt() * flips
        if above is not None:
            p, a = above
            changed = changed + (norms[layer] + s)[..., None] * p + s[..., None] * a
        after = origin.masked_backward(layer).norm(dim=-1)
        part = (after + changed) * moved[layer - 1][..., None] + changed * lengths[..., layer - 1, None]
        total, above = total + part.square().sum((1, 2)), (changed, after)
    return total.sqrt()


def _measure(subject: Subject, *, power: float = 1.0, flips: bool = True) -> Side:
    import torch

    size = subject.displacement_norm()
    bound = change_bound(subject, torch.where(size > 0, size, subject.instance.radius) ** power, flips=flips)
    # differences of size about omega of what has size one; where no neuron flips and nothing is above, they are exactly 0
    return Side(jacobian_change(subject), given={"bound": bound}, rounding=subject.rounding / subject.instance.radius)


@statement(
    id="os-deep",
    theory="local-jacobian",
    source="derived",
    claim="‖J(W + W') - J(W)‖_2 <= {bound}, the bound from the forward and backward pass at W, where every ‖W'_l‖_2 <= omega, J of all"
    " trained layers",
    kind="derived",
    at_most="1.001 bound",
    ranges={
        "width": (16, 128), "depth": (1, 3), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 2), "separation": (0.1, 1.0),
        "radius": (1e-5, 0.3),
    },
    engines=("dense",),
    passes=4,
    adversary=("random", "hidden alignment", "weighted sign flips", "heavy sign flips", "joint weighted flips", "joint heavy flips"),
    variants=(
        wrong("no neuron flips", "assumption", measure=partial(_measure, flips=False)),
        wrong("omega^2", "exponent", measure=partial(_measure, power=2.0)),
        wrong("0.5 of it, for one layer", "constant", at_most="0.5 bound", ranges={"depth": (1, 1), "samples": (1, 1), "outputs": (1, 1)}),
    ),
    note="With it os-flow speaks of these networks: alpha_0^2 = lambda_min of the tangent kernel, and the most residual that is promised to"
    " vanish is the largest integral of alpha_0 - bound. Nearly attained for one layer and one sample.",
)  # fmt: skip
def deep(subject: Subject) -> Side:
    return _measure(subject)

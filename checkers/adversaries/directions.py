"""Moves of rank one: a random one, and those whose effects on later layers add up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, unit
from checkers.networks.network import Network

# Singular values below this share of the largest are rounding: products of 10^3 terms of size one, squared by nothing.
RANK_FLOOR = 1e-9
# Rounds of z -> P P^T z; the spectra meant here fall off slowly near the edge, and any direction close to it is as good.
POWER_ROUNDS = 6


def random_direction(attack: Attack) -> Network:
    """The baseline: W'_l = radius u v^T with u, v uniform on the sphere."""
    like = attack.origin.output

    def draw(name: str, size: int) -> Tensor:
        return unit(attack.source.spawn(name).normal((attack.origin.trials, 1, size), 1.0, like.dtype, like.device))

    sides = [(f"left {k}", f"right {k}", weights) for k, weights in enumerate(attack.origin.hidden)]
    return attack.move([(attack.radius * draw(u, weights.rows), draw(v, weights.columns)) for u, v, weights in sides])


def random_matrix(attack: Attack) -> Network:
    """The baseline that is felt in every direction: W'_l = radius G/‖G‖_2 with G a Gaussian matrix. Stores the matrix."""
    like = attack.origin.output
    pairs = []
    for layer, weights in enumerate(attack.origin.hidden):
        shape = (attack.origin.trials, weights.columns, weights.rows)
        gaussian = attack.source.spawn(f"matrix {layer}").normal(shape, 1.0, like.dtype, like.device)
        size = torch.linalg.matrix_norm(gaussian, ord=2)[:, None, None]
        pairs.append((attack.radius * gaussian / size, torch.eye(weights.columns).to(like).expand(shape[0], -1, -1)))
    return attack.move(pairs)


def steepest(attack: Attack, layer: int, u: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """The W'_l in the ball with the largest <u, change of g_l> at h: radius times the polar factor of the derivative, as its factors.

    u, h: (trials, 1, neurons). In fully connected layers the derivative is u h^T, and its polar factor (u/‖u‖) (h/‖h‖)^T.
    """
    architecture = attack.origin.architecture
    left, right = architecture.split(u)[:, 0], architecture.patches(h)[:, 0]
    if left.shape[1] == 1:
        return attack.radius * unit(left), unit(right)
    first, second = torch.linalg.qr(left.mT), torch.linalg.qr(right.mT)
    rotation, values, other = torch.linalg.svd(first.R @ second.R.mT, full_matrices=False)
    kept = (values > RANK_FLOOR * values[:, :1]).to(u.dtype)
    return attack.radius * kept[..., None] * (first.Q @ rotation).mT, other @ second.Q.mT


@torch.no_grad()
def lengthening(attack: Attack) -> list[Network]:
    """At each sample, of all moves of layer l the one that lengthens g_l most: radius (g_l/‖g_l‖) (h_{l-1}/‖h_{l-1}‖)^T in
    fully connected layers."""
    return _steepest_at_each(attack, attack.aims.pre_activations[1:])


def _steepest_at_each(attack: Attack, left: Sequence[Tensor]) -> list[Network]:
    """For each sample W'_l steepest for u_l at h_{l-1}; left: u_1..u_L, each (trials, samples, neurons)."""
    pairs = list(enumerate(zip(left, attack.aims.activations[:-1], strict=True), start=1))
    return [
        attack.move([steepest(attack, layer, u[:, i : i + 1], h[:, i : i + 1]) for layer, (u, h) in pairs]) for i in range(left[0].shape[1])
    ]


def _aligned(attack: Attack, top: Tensor) -> list[Network]:
    """For each sample W'_l steepest for u_l = (D_L W_L ... D_l)^T top at h_{l-1}: to first order every layer moves <top, h_L> by the most
    it can, and all in one direction. top: (trials, samples, neurons)."""
    left = attack.origin.architecture.backward(attack.origin.hidden, attack.aims.signs, top[:, :, None])
    return _steepest_at_each(attack, [u[:, :, 0] for u in left])


@torch.no_grad()
def hidden_alignment(attack: Attack) -> list[Network]:
    """Towards the top left direction of D_L W_L ... D_1, by power iteration: moves h_L at each sample as far as rank one can."""
    origin, signs, h = attack.origin, attack.aims.signs, attack.aims.activations[-1]
    start = attack.source.spawn("top").normal((h.shape[0], 1, h.shape[2]), 1.0, origin.output.dtype, origin.output.device)
    top = h if origin.depth == 1 else start.expand_as(h)  # one start for all samples, whatever their order
    for _ in range(POWER_ROUNDS if origin.depth > 1 else 0):
        back = origin.architecture.backward(origin.hidden, signs, unit(top)[:, :, None])[0][:, :, 0]
        top = signs[-1] * origin.architecture.product(origin.hidden, signs, 2, origin.depth, back)
    return _aligned(attack, top)


@torch.no_grad()
def output_alignment(attack: Attack) -> list[Network]:
    """Towards B^T z, z the top left direction of Back_1 = B D_L W_L ... D_1 W_1 without its last factor: moves the outputs at each sample
    most; of z and -z the one along which the loss grows."""
    origin, signs = attack.origin, attack.aims.signs
    identity = torch.eye(origin.outputs).to(origin.output).expand(*attack.aims.outputs.shape, -1)
    rows = origin.architecture.backward(origin.hidden, signs, identity @ origin.output[:, None])[0]  # (trials, samples, d, m)
    z = torch.linalg.eigh(rows @ rows.mT).eigenvectors[..., -1]
    grows = (z * attack.losses).sum(-1, keepdim=True) >= 0
    return _aligned(attack, torch.where(grows, z, -z) @ origin.output)

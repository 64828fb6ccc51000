"""Diagonal changes D'': a few entries of every D_l altered at will, where they are felt most.

A bilinear form sum_k D''_k p_k q_k under |D''_k| <= size with s nonzeros is largest for D''_k = size sign(p_k q_k) on the s largest
|p_k q_k|: exact. Products of several factors are attacked by alternation: with left and right vectors that attain the norm as
it stands, p and q are what reaches layer l from either side. What is found is a lower bound of the supremum, so a refutation is sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from checkers.networks.network import Network
from checkers.subjects.suprema.singular_values import largest_singular_pair

ROUNDS = 3  # the first from the greedy choice; later ones gain a few per cent (tests/checkers/subjects/suprema/test_diagonal.py)


def largest_diagonal(scores: Tensor, nonzeros: int, size: float) -> Tensor:
    """The D'' in [-size, size] with at most `nonzeros` nonzeros that maximizes sum_k D''_k scores_k; scores: (..., width)."""
    top = scores.abs().topk(min(nonzeros, scores.shape[-1]), dim=-1).indices
    return torch.zeros_like(scores).scatter(-1, top, size * scores.gather(-1, top).sign())


@torch.no_grad()
def changed_products(
    network: Network, signs: Sequence[Tensor], first: int, last: int, nonzeros: int, start: Tensor, steps: int
) -> list[tuple[Tensor, list[Tensor], Tensor]]:
    """What the search for the norm of W_b (D_{b-1} + D'') ... W_a, |D''| <= 1, looked at: norms (trials, samples), the diagonals
    D_0 + D'', D_1 + D'', ... and the right vectors that attain them. steps: of Lanczos."""
    hidden, architecture = network.hidden, network.architecture
    changed = list(signs)

    def apply(x: Tensor) -> Tensor:
        return architecture.product(hidden, changed, first, last, x)

    def apply_transpose(u: Tensor) -> Tensor:
        return architecture.product_transpose(hidden, changed, first, last, u)

    norm, right = largest_singular_pair(apply, apply_transpose, start, steps)
    found = [(norm, list(signs), right)]
    if first == last or nonzeros < 1:
        return found
    left = apply(right)
    scores = []
    for layer in range(first, last):
        q = architecture.product(hidden, changed, first, layer, right)
        p = architecture.product_transpose(hidden, changed, layer + 1, last, left)
        scores.append(p * q)
    for layer, score in zip(range(first, last), scores, strict=True):
        changed[layer] = signs[layer] + largest_diagonal(score, nonzeros, 1.0)
    # the top vector of before is a good start: a quarter of the steps
    norm, right = largest_singular_pair(apply, apply_transpose, right, -(-steps // 4))
    return [*found, (norm, changed, right)]


@torch.no_grad()
def backward_changes(
    network: Network, signs: Sequence[Tensor], back: Sequence[Tensor], nonzeros: int, size: float, whole: bool = False
) -> list[list[Tensor]]:
    """The diagonals D_1 + D'', ..., D_L + D'' of every round; back: the origin's Back_1..Back_{L+1}. whole: for the norms of Back~_a
    themselves, not of their distances from Back_a."""
    if nonzeros < 1:
        return [list(signs[1:])]
    # Greedy: where the column of Back_{l+1} is largest.
    changes = [largest_diagonal(back[layer].square().sum(-2), nonzeros, size) for layer in range(1, network.depth + 1)]
    rounds = []
    for round_ in range(ROUNDS):
        rounds.append([sign + change for sign, change in zip(signs[1:], changes, strict=True)])
        if round_ + 1 < ROUNDS:
            moved = backward_through(network, rounds[-1])[0]
            gap = moved if whole else moved - back[0]
            changes = _alternate(network, signs, changes, back, gap, nonzeros, size)
    return rounds


def backward_gap(network: Network, diagonals: Sequence[Tensor], back: Sequence[Tensor]) -> Tensor:
    """‖Back~_a - Back_a‖ for a = 1..L with these diagonals D_1 + D'', ...: (trials, samples, L). Differentiable in the weights, so that W'
    can answer to D''."""
    moved = backward_through(network, diagonals)
    return torch.stack([rows_norm(after - before) for after, before in zip(moved, back[:-1], strict=True)], -1)


def rows_norm(rows: Tensor) -> Tensor:
    """Largest singular value of (..., few, many)."""
    values: Tensor = torch.linalg.eigvalsh(rows @ rows.mT)[..., -1]
    return values.clamp_min(0).sqrt()


def backward_through(network: Network, diagonals: Sequence[Tensor]) -> list[Tensor]:
    """B D_L W_L ... D_a W_a for a = 1..L and any diagonals D_1..D_L, (trials, samples, outputs, neurons)."""
    trials, samples, neurons = diagonals[0].shape
    rows = network.output[:, None].expand(trials, samples, -1, neurons)
    result = []
    for layer in range(network.depth, 0, -1):
        masked = (diagonals[layer - 1][:, :, None] * rows).flatten(1, 2)
        rows = network.architecture.linear_transpose(network.hidden[layer - 1], layer, network.depth, masked).view(rows.shape)
        result.append(rows)
    return result[::-1]


def _alternate(
    network: Network, signs: Sequence[Tensor], changes: Sequence[Tensor], back: Sequence[Tensor], gap: Tensor, nonzeros: int, size: float
) -> list[Tensor]:
    """The best changes for the vectors z, v that attain ‖gap‖ = z^T gap v, layer by layer, later layers unchanged to first order."""
    z = torch.linalg.eigh(gap @ gap.mT).eigenvectors[..., -1]
    v = (z[..., None, :] @ gap)[..., 0, :]
    result = []
    for layer, (weights, sign, change) in enumerate(zip(network.hidden, signs[1:], changes, strict=True), start=1):
        q = network.architecture.linear(weights, layer, network.depth, v)
        p = (z[..., None, :] @ back[layer])[..., 0, :]
        result.append(largest_diagonal(p * q, nonzeros, size))
        v = (sign + change) * q
    return result

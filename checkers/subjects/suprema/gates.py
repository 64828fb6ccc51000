"""The worst kernel of a two-layer network when every w_r may move by R: for each neuron the best gate pattern that it can reach.

H(W) = (1/m) sum_r of rho_ij D_ri D_rj, and neurons move independently: given a unit vector v, the W with the largest v^T H(W) v has for
each r the reachable pattern with the largest sum_ij v_i v_j rho_ij D_ri D_rj = ‖sum_i D_ri v_i x_i‖^2. That alternates with the extreme
eigenvector v of H(W) - H(0); each half step can only gain.

Reachable: to put w_r on the hyperplanes of a set F of inputs takes a move of length sqrt(z_F^T rho_FF^{-1} z_F), z = w_r . x. The nearest
point with a given pattern lies on the hyperplanes of some such F and strictly beyond the others', so the patterns seen at the least moves
onto every F, a hair to one side or the other of each, are all that can be reached. Sets F are enumerated among the MOST inputs nearest to
their gates, of up to FEW inputs with both sides, else with the far sides alone; of larger sets the prefixes in that order are tried, with
the whole of R towards all their gates.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from checkers.networks.two_layer import TwoLayerNetwork

MOST = 6  # near gates of a neuron whose subsets are enumerated, 63 of them
FEW = 4  # up to which an input of F may also stay on its own side: 65 moves
ROUNDS = 3  # of alternation
STARTS = 8  # at most: the eigenvectors to begin with, and single samples
BEYOND = 1e-9  # how far beyond a gate a move ends, of the radius: above rounding, far below what any statement can tell
BLOCK = 1 << 17  # entries of a table of patterns: 1 MB of doubles, which stays in a core's cache from one operation to the next


def reachable(network: TwoLayerNetwork, radius: float) -> tuple[Tensor, Tensor, Tensor]:
    """Patterns that neurons with a near gate can reach, by no more than `radius`: gates (touched, patterns, n) as booleans, which of them
    are within reach (touched, patterns), and the neurons as (touched, 2) indices (trial, r). The first pattern is the present one."""
    z, gram = network.pre_activations, network.gram
    near = z.abs() <= radius
    place = near.any(-1).nonzero()
    z = z[place[:, 0], place[:, 1]]
    present = z >= 0
    few = z.shape[1] <= MOST  # then all are enumerated, and neurons share rho_FF
    slots = min(MOST, z.shape[1])
    order = torch.arange(slots, device=z.device)[None] if few else z.abs().topk(slots, dim=1, largest=False).indices
    patterns, within = [present], [torch.ones_like(present[:, 0])]
    goal = z if few else z.gather(1, order)
    hair = torch.where(goal >= 0, BEYOND * radius, -BEYOND * radius)
    for count in range(1, slots + 1):
        for chosen in itertools.combinations(range(slots), count):
            columns = order[:, list(chosen)]  # (touched or 1, count)
            rho = gram[columns[:, :, None], columns[:, None, :]]
            inverse = torch.linalg.pinv(rho, hermitian=True)
            for sides in _sides(count, slots):
                wanted = goal[:, list(chosen)] + hair[:, list(chosen)] * sides.to(hair)  # what has to go
                weights = (inverse @ wanted[..., None])[..., 0]
                squared = (weights[:, None] @ rho @ weights[..., None])[:, 0, 0]
                moved = z - (weights[:, None] @ gram[columns])[:, 0]
                patterns.append(moved >= 0)
                within.append(squared <= radius**2)
    ranked = z.abs().argsort(1)
    for count in range(1 if slots == 1 else 2, z.shape[1] + 1):
        first = ranked[:, :count]
        towards = torch.zeros_like(z).scatter_(1, first, -z.gather(1, first).sign())  # of sum_i towards_i x_i
        image = towards @ gram
        length = (image * towards).sum(1, keepdim=True).clamp_min(0).sqrt()
        patterns.append(z + radius * (1 - BEYOND) * torch.where(length > BEYOND, image / length.clamp_min(BEYOND), 0) >= 0)
        within.append(within[0])
    return torch.stack(patterns, 1), torch.stack(within, 1), place


def _sides(count: int, slots: int) -> list[Tensor]:
    """Which gates of a set change, +1, and which stay, -1; at least one changes."""
    every = itertools.product((1.0, -1.0), repeat=count) if slots <= FEW else [(1.0,) * count]
    return [torch.tensor(sides, dtype=torch.float64) for sides in every if max(sides) > 0]


def kernel_change(network: TwoLayerNetwork, radius: float, *, top: bool, amplitude: float = 0.0) -> Tensor:
    """H(W, a) - H(0) at the worst W found, (trials, n, n): with the largest top eigenvalue, or the least bottom one.

    amplitude: by how much |a_r| may differ from 1; all of them are at the end of their range that helps.
    """
    patterns, within, place = reachable(network, radius)
    owner = within.nonzero()[:, 0]  # only what can be reached is weighed: the rows of one neuron after those of another
    patterns = patterns[within]
    width, gram, before = network.width, network.gram, network.kernel()
    factor = (1 + amplitude) ** 2 if top else (1 - amplitude) ** 2
    sign = 1.0 if top else -1.0
    best: Tensor | None = None
    for start in range(min(STARTS, len(network.gram) + 4)):
        v = _start(network, start)
        for _ in range(ROUNDS):
            chosen = _choose(patterns, owner, gram, v[place[:, 0]], sign)
            change = factor * (before + _difference(patterns[chosen], place, network)) - before
            values, vectors = torch.linalg.eigh(change)
            v = vectors[..., -1 if top else 0]
        value = sign * values[:, -1 if top else 0]
        if best is None:
            best, reached = change, value
        else:
            better = value > reached
            best, reached = torch.where(better[:, None, None], change, best), torch.maximum(value, reached)
    assert best is not None
    assert best.shape[0] * width >= place.shape[0]
    return best


def _start(network: TwoLayerNetwork, number: int) -> Tensor:
    """Unit vectors (trials, n) to begin with: both extreme eigenvectors of H(0) and of rho, then one sample after the other. The change may
    be largest where H(0) is least: closed gates take away from the sum of two samples and thereby add to their difference."""
    if number < 4:
        vectors: Tensor = torch.linalg.eigh(network.kernel() if number < 2 else network.gram)[1][..., -1 if number % 2 == 0 else 0]
        return vectors.expand(network.trials, -1)
    return torch.eye(len(network.gram), dtype=network.gram.dtype, device=network.gram.device)[number - 4].expand(network.trials, -1)


def _choose(patterns: Tensor, owner: Tensor, gram: Tensor, v: Tensor, sign: float) -> Tensor:
    """For each neuron the row of `patterns`, (rows, n), with the largest sign * sum_ij v_i v_j rho_ij D_i D_j among its own, the first of
    equals: (touched,). owner: of each row, ascending; v: of each neuron, (touched, n)."""
    values, size = [v.new_empty(0)], max(1, BLOCK // v.shape[1])
    for part, whose in zip(torch.split(patterns, size), torch.split(owner, size), strict=True):
        weighted = part.to(v.dtype) * v[whose]
        values.append(sign * ((weighted @ gram) * weighted).sum(-1))
    value, rows = torch.cat(values), torch.arange(len(owner), device=owner.device)
    best = value.new_full((len(v),), -torch.inf).scatter_reduce(0, owner, value, "amax")
    return rows.new_full((len(v),), len(rows)).scatter_reduce(0, owner, torch.where(value == best[owner], rows, len(rows)), "amin")


def _difference(chosen: Tensor, place: Tensor, network: TwoLayerNetwork) -> Tensor:
    """rho_ij (1/m) sum_r (D'_ri D'_rj - D_ri D_rj), (trials, n, n), D' the patterns of the touched neurons; in order, so that the sums are
    the same on every machine."""
    gates = network.gates.clone()
    gates[place[:, 0], place[:, 1]] = chosen.to(gates.dtype)
    return network.gram * (gates.mT @ gates - network.gates.mT @ network.gates) / network.width

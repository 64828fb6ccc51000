"""Spectral steepest ascent: W' becomes radius times the polar factor of the gradient of the statement's ratio, layer by layer.

Of all W' with ‖W'‖_2 <= radius the one with the largest <G, W'> is radius U V^T, where G = U S V^T. Taking it whole at every step
never loses where the objective is convex in W', and needs no step size.

The gradient G of one layer is never formed. It is a sum of one outer product for every product with W_l or its transpose that the
objective asks for, so its rank is at most their number r. Perturb W_l by sum_k e_k q_k^T at e = 0: the derivative in e_k
is G q_k. With r random q's this spans the range of G; with an orthonormal basis p_k of the range on the left, the
derivatives of sum_k p_k e_k^T are G^T p_k, and the small matrix of these has the singular values and vectors of G.
"""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, factors
from checkers.adversaries.directions import RANK_FLOOR, hidden_alignment, output_alignment
from checkers.adversaries.flips import weighted_flips
from checkers.adversaries.pushes import pushes
from checkers.networks.network import Network

STEPS = 3  # the ratio settles within a few full steps: measured in benchmarks/attack.md
GROWTH = 4.0  # factor between the radii of a continuation
STAGES = 3


def _derivatives(attack: Attack, network: Network, probes: list[Tensor], side: str) -> tuple[Tensor, list[Tensor]]:
    """The objective at `network`, and for each layer G q_k (side "right") or G^T q_k (side "left") for the rows q_k of the probe."""
    sizes = [weights.rows if side == "right" else weights.columns for weights in network.hidden]
    zeros = [probe.new_zeros(*probe.shape[:2], size).requires_grad_() for probe, size in zip(probes, sizes, strict=True)]
    pairs = []
    with torch.enable_grad():  # whatever the caller does with what is found
        for (left, right), probe, zero in zip(factors(network), probes, zeros, strict=True):
            new = (zero, probe) if side == "right" else (probe, zero)
            pairs.append((torch.cat([left, new[0]], 1), torch.cat([right, new[1]], 1)))
        value = attack.objective(attack.move(pairs))
        found = torch.autograd.grad(value.sum(), zeros, allow_unused=True) if value.requires_grad else [None] * len(zeros)
    # A trial whose ratio has no derivative where it stands is given none.
    return value.detach(), [torch.zeros_like(z) if g is None else g.nan_to_num(0, 0, 0) for g, z in zip(found, zeros, strict=True)]


def _step(attack: Attack, network: Network, round_: int) -> tuple[Tensor, Network]:
    """The objective at `network`, and the network whose W' is radius times the polar factor of the gradient there."""
    instance, origin = attack.instance, attack.origin
    # Forward, n vectors; backward, n d; the perturbation's own action on the activations, n; each in as many parts as there are patches.
    rank = min(origin.width, instance.samples * instance.positions * (2 + instance.outputs))
    source = attack.source.spawn(f"probe {round_}")
    like = origin.output
    probes = [source.spawn(k).normal((origin.trials, rank, w.columns), 1.0, like.dtype, like.device) for k, w in enumerate(origin.hidden)]
    value, images = _derivatives(attack, network, probes, "right")
    bases = [torch.linalg.qr(image.mT).Q.mT for image in images]
    _, small = _derivatives(attack, network, bases, "left")
    pairs = []
    for basis, matrix in zip(bases, small, strict=True):
        u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
        kept = (s > RANK_FLOOR * s[:, :1]).to(s.dtype)
        pairs.append((attack.radius * kept[..., None] * (u.mT @ basis), vh))
    return value, attack.move(pairs)


def ascend(attack: Attack, start: Network, steps: int = STEPS) -> Network:
    """The best network met on the way from `start`, in each trial."""
    met, values = [], []
    network = start
    for step in range(steps):
        value, following = _step(attack, network, step)
        met.append(network)
        values.append(value)
        network = following
    met.append(network)
    with torch.no_grad():
        values.append(attack.objective(network))
    return attack.select(met, torch.stack(values).nan_to_num(nan=-torch.inf).argmax(0))


def spectral_ascent(attack: Attack) -> Network:
    """From the best of several starts, those of the other adversaries whose moves are felt at the outputs."""
    starts = (output_alignment, weighted_flips, hidden_alignment, pushes)
    return ascend(attack, attack.best([network for start in starts for network in start(attack)]))


def ascent_from_alignment(attack: Attack) -> Network:
    """One step from the move that shifts the outputs most. Where the objective has a search inside, as for diagonal changes, the step is
    the best answer to what the search found, and what the search finds next is its answer to the step."""
    return ascend(attack, attack.best(output_alignment(attack)), steps=1)


def scaled(attack: Attack, network: Network, factor: float) -> Network:
    """The same direction, W' times a factor."""
    return attack.move([(factor * left, right) for left, right in factors(network)])


def continuation(attack: Attack) -> Network:
    """Ascent at a small radius, its findings carried to larger ones: there is one basin where the loss is still nearly linear."""
    import dataclasses

    network = attack.best(output_alignment(attack))
    for stage in range(STAGES, -1, -1):
        share = GROWTH**-stage
        inner = dataclasses.replace(attack.instance, radius=attack.radius * share)
        smaller = dataclasses.replace(attack, instance=inner)
        start = scaled(attack, network, share if stage == STAGES else GROWTH)
        network = ascend(smaller, start, steps=1)
    return network

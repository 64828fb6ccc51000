"""Targeted sign flips: the most neurons that a move of given size can switch, layer after layer.

In one layer, W' = u h^T/‖h‖^2 turns g = W h into g + u and has norm ‖u‖/‖h‖. Switching neuron k costs u_k = -g_k, so within
‖u‖ <= radius ‖h‖ the most switches are those of the smallest |g_k|: sort, and stop where the sum of squares exceeds the budget.
No other W' does better: it moves g by W' h, at most radius ‖h‖ long. Where switches have values w_k, the best
order is that of g_k^2/w_k (the knapsack's greedy order, optimal up to the last item).
"""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, factors
from checkers.adversaries.directions import hidden_alignment
from checkers.adversaries.longest_part import longest_part
from checkers.network import Network
from checkers.perturbed import PerturbedWeights

# Neurons are carried past zero by this share of their distance, so that rounding does not put them back; it costs twice this
# share of the budget.
OVERSHOOT = 1e-6


def cheapest_flips(pre_activation: Tensor, wanted: Tensor, budget: Tensor, value: Tensor | None = None) -> Tensor:
    """u of norm at most `budget` that brings the most (or most valuable) neurons of g + u to the side `wanted`.

    pre_activation: (trials, width); wanted: boolean, True for g + u >= 0; budget: (trials,); value: weights of the neurons, >= 0.
    Neurons that are there already cost nothing and are left alone.
    """
    cost = torch.where((pre_activation >= 0) == wanted, 0, pre_activation.abs() * (1 + OVERSHOOT))
    # A neuron at exactly zero counts as switched on; nothing needs to move it there, and any push switches it off.
    cost = torch.where((pre_activation == 0) & ~wanted, torch.finfo(cost.dtype).tiny, cost)
    rank = cost if value is None else cost.square() / value.clamp_min(torch.finfo(cost.dtype).tiny)
    order = rank.argsort(dim=-1, stable=True)
    spent = cost.gather(-1, order).square().cumsum(-1)
    affordable = torch.zeros_like(wanted).scatter(-1, order, spent <= budget[:, None] ** 2)
    return torch.where(affordable & (cost > 0), torch.where(wanted, cost, -cost), 0)


def _flips(attack: Attack, weighted: bool, towards: bool | None = None) -> Network:
    """towards: switch neurons on only (True), off only (False), or each to its other side (None)."""
    origin, architecture = attack.origin, attack.origin.architecture
    record = origin.forward(attack.instance.inputs)
    values: list[Tensor | None] = [None] * origin.depth
    if weighted:
        identity = torch.eye(origin.outputs).to(origin.output).expand(origin.trials, 1, -1, -1)
        top = identity @ origin.output[:, None]
        for layer in range(origin.depth, 0, -1):  # the columns of Back_{l+1}: what neuron k of layer l is worth to the outputs
            values[layer - 1] = top[:, 0].square().sum(1)
            masked = (record.signs[layer][:, :1, None] * top)[:, 0]
            top = architecture.linear_transpose(origin.hidden[layer - 1], layer, origin.depth, masked)[:, None]
    pairs = []
    h = record.activations[0][:, :1]
    for layer, weights in enumerate(origin.hidden, start=1):
        g = architecture.linear(weights, layer, origin.depth, h)
        off = record.signs[layer][:, 0] == 0
        wanted = off if towards is None else torch.full_like(off, towards)
        part, value = longest_part(attack, layer, h), values[layer - 1]
        u = cheapest_flips(part.seen(g[:, 0]), part.seen(wanted), part.budget, None if value is None else part.seen(value))
        left, right = part.move(u)
        pairs.append((left, right))
        moved = PerturbedWeights(weights, left, right).change
        h = torch.relu(g + architecture.through(moved, layer, origin.depth, origin.width, h))
    return attack.move(pairs)


@torch.no_grad()
def targeted_flips(attack: Attack) -> Network:
    """The most sign flips in every layer, each against the earlier layers' new values; first sample."""
    return _flips(attack, weighted=False)


@torch.no_grad()
def weighted_flips(attack: Attack) -> Network:
    """The flips that change the backward pass most: neurons weighed by the squared norm of their column of Back; first sample."""
    return _flips(attack, weighted=True)


@torch.no_grad()
def switching_on(attack: Attack) -> Network:
    """The neurons worth most to the outputs are switched on, none off: gradients grow; first sample."""
    return _flips(attack, weighted=True, towards=True)


@torch.no_grad()
def switching_off(attack: Attack) -> Network:
    """The neurons worth most to the outputs are switched off, none on: gradients shrink; first sample."""
    return _flips(attack, weighted=True, towards=False)


@torch.no_grad()
def flips_on_top(attack: Attack) -> Network:
    """The earlier layers push the last one's input as far as it goes; the last layer flips. A flip costs what is left to go."""
    moved = hidden_alignment(attack)
    before, after = attack.origin.forward(attack.instance.inputs), moved.forward(attack.instance.inputs)
    h = after.activations[-2][:, :1]
    origin, depth = attack.origin, attack.origin.depth
    g = origin.architecture.linear(origin.hidden[-1], depth, depth, h)[:, 0]
    part = longest_part(attack, depth, h)
    u = cheapest_flips(part.seen(g), part.seen(before.signs[-1][:, 0] == 0), part.budget)
    return attack.move([*factors(moved)[:-1], part.move(u)])

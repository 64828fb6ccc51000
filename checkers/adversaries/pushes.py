"""Pushes through zero: the moves that bend a network away from its linear part the most.

In one layer, W' = u h^T/‖h‖^2 turns g into g + u. A neuron that u carries through zero, to t beyond, adds t to phi(g + u) - D(g + u);
one that stays on its side adds nothing. With weights b_k > 0 of the neurons, on a set S of them the sum of b_k t_k under ‖u‖ <= budget
is largest for |u_k| = lambda b_k with lambda = budget/‖b_S‖ (Cauchy-Schwarz), and is budget ‖b_S‖ - sum of b_k |g_k|: some
sqrt(m) omega^{4/3}. At the optimum a neuron is worth its place if |g_k|/b_k lies below lambda/2, so S is a first part of the order of
|g_k|/b_k; which one is tried out. Where S is a handful of neurons the order is a knapsack's greedy one: good, not always best.
"""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack
from checkers.adversaries.longest_part import longest_part
from checkers.network import Network
from checkers.perturbed import PerturbedWeights


def largest_push(distance: Tensor, away: Tensor, value: Tensor, budget: Tensor) -> Tensor:
    """u of norm at most `budget` for which the sum over k of value_k (|u_k| - distance_k)_+ is large, pointing to the side `away`.

    distance: (trials, width), >= 0, how far a neuron is from zero; away: +1 or -1, where zero lies; value: (trials, width), those that are
    not positive are left alone; budget: (trials,).
    """
    useful = value > 0
    weight = torch.where(useful, value, 0)
    order = torch.where(useful, distance / torch.where(useful, value, 1), torch.inf).argsort(dim=-1, stable=True)
    norm = weight.square().gather(-1, order).cumsum(-1).sqrt()
    gain = budget[:, None] * norm - (weight * distance).gather(-1, order).cumsum(-1)
    best, last = gain.max(dim=-1, keepdim=True)
    chosen = torch.zeros_like(useful).scatter(-1, order, torch.arange(order.shape[-1], device=order.device) <= last)
    scale = budget[:, None] / norm.gather(-1, last).clamp_min(torch.finfo(value.dtype).tiny)
    return torch.where(chosen & useful & (best > 0), away * scale * value, 0)


def _pushed(attack: Attack, direction: float) -> Network:
    origin, architecture = attack.origin, attack.origin.architecture
    record = origin.forward(attack.instance.inputs)
    top = direction * origin.output[:, None, :1].expand(-1, record.signs[0].shape[1], -1, -1)
    factors = architecture.backward(origin.hidden, record.signs, top)  # D_l Back_{l+1}^T e_1: known where the neuron is on
    values = [top[:, 0, 0]]
    for layer in range(origin.depth, 1, -1):
        values.append(architecture.linear_transpose(origin.hidden[layer - 1], layer, origin.depth, factors[layer - 1][:, 0])[:, 0])
    pairs = []
    h = record.activations[0][:, :1]
    for layer, (weights, value) in enumerate(zip(origin.hidden, values[::-1], strict=True), start=1):
        g, on = architecture.linear(weights, layer, origin.depth, h), record.signs[layer][:, 0] > 0
        part = longest_part(attack, layer, h)
        distance, away = torch.where((g[:, 0] >= 0) == on, g[:, 0].abs(), 0), torch.where(on, -1.0, 1.0).to(g)
        left, right = part.move(largest_push(part.seen(distance), part.seen(away), part.seen(value), part.budget))
        pairs.append((left, right))
        moved = PerturbedWeights(weights, left, right).change
        h = torch.relu(g + architecture.through(moved, layer, origin.depth, origin.width, h))
    return attack.move(pairs)


@torch.no_grad()
def pushes(attack: Attack) -> Network:
    """Pushes in every layer that bend the first output at the first sample upwards, or downwards where that is stronger."""
    return attack.best([_pushed(attack, 1.0), _pushed(attack, -1.0)])

"""Targeted sign flips: the most neurons that a move of given size can switch, layer after layer.

In one layer, W' = u v^T with v = h/‖h‖ turns g = W h into g + ‖h‖ u and has norm ‖u‖. Switching neuron k costs u_k = -g_k/‖h‖, so within
‖u‖ <= radius the most switches are those of the smallest |g_k|: sort, and stop where the sum of squares exceeds the budget.
No other W' does better: it moves g by W' h, at most radius ‖h‖ long. Where switches have values, it is a knapsack: weights g_k^2.

Where a layer's weights are applied to several parts (the positions of a convolution), u_k carries neuron k of every part along; how far
it should go is the step that buys most for its square.

What the flipped neurons carried: ‖(D~ - D) g‖^2 = sum of g_k^2 over the flipped k. A neuron flips only if g~_k - g_k is larger than
|g_k|, so this is at most ‖g~ - g‖^2; in one layer at most (radius ‖h‖)^2. There weight and value of the knapsack are both g_k^2: the
largest sum of squares that fits, and the bound is sharp where many fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, factors
from checkers.adversaries.directions import hidden_alignment
from checkers.adversaries.knapsack import knapsack
from checkers.adversaries.lines import Line, lines
from checkers.networks.network import Network

# Neurons are carried past zero by this share of their distance, so that rounding does not put them back; it costs twice this
# share of the budget.
OVERSHOOT = 1e-6


def best_steps(g: Tensor, wanted: Tensor, reach: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """For every row k of W' the step u_k that brings most value for its square to the side `wanted`, and that value; (..., rows) both.

    g, wanted (True for g >= 0), value (not negative): (..., r, rows); reach: (..., r). u_k moves g_{r,k} by reach_r u_k. What it carries
    away from where it is wanted is subtracted; a step that brings nothing is zero.
    """
    on = g >= 0
    distance = torch.where(reach[..., None] > 0, g.abs() * (1 + OVERSHOOT) / reach[..., None], torch.inf)
    # A neuron at exactly zero counts as switched on; any push switches it off.
    distance = torch.where(g == 0, torch.finfo(g.dtype).tiny, distance)
    gain = torch.where(on == wanted, -value, value)
    if g.shape[-2] == 1:  # nothing is carried along: a row has one step, to the other side
        step, value = torch.where(on, -distance, distance)[..., 0, :], gain[..., 0, :]
        useful = (value > 0) & step.isfinite() & (step.square() / value).isfinite()
        return torch.where(useful, step, 0), torch.where(useful, value, 0)
    steps, values, prices = [], [], []
    for side, crosses in ((1.0, ~on), (-1.0, on)):
        step, order = torch.where(crosses, distance, torch.inf).sort(dim=-2)
        bought = torch.where(crosses, gain, 0).gather(-2, order).cumsum(-2)
        price = torch.where((bought > 0) & step.isfinite(), step.square() / bought, torch.inf)
        best = price.argmin(dim=-2, keepdim=True)
        steps.append(side * step.gather(-2, best)[..., 0, :])
        values.append(bought.gather(-2, best)[..., 0, :])
        prices.append(price.gather(-2, best)[..., 0, :])
    useful, first = torch.minimum(*prices).isfinite(), prices[0] <= prices[1]
    step, value = torch.where(first, steps[0], steps[1]), torch.where(first, values[0], values[1])
    return torch.where(useful, step, 0), torch.where(useful, value, 0)


def cheapest_flips(g: Tensor, wanted: Tensor, reach: Tensor, radius: float | Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """u of norm at most `radius` that brings the most valuable neurons to the side `wanted`, (..., rows), and their value together, (...).

    Neurons that are there already cost nothing and are left alone. radius: one for all, or (...,); the rest as for best_steps.
    """
    step, worth = best_steps(g, wanted, reach, value)
    chosen = knapsack(step.square(), worth, (step.new_ones(step.shape[:-1]) * radius).square())
    return torch.where(chosen, step, 0), torch.where(chosen, worth, 0).sum(-1)


def _flips_of_layer(attack: Attack, layer: int, g: Tensor, h: Tensor, wanted: Tensor, value: Tensor) -> tuple[Line, Tensor]:
    """The line and the u of the best flips of one layer, for each sample; g, h, wanted, value: (trials, samples, neurons)."""

    def best_along(line: Line) -> tuple[Line, Tensor, Tensor]:
        return (line, *cheapest_flips(line.split(g), line.split(wanted), line.reach, attack.radius, line.split(value)))

    (line, u, total), *others = (best_along(line) for line in lines(attack, layer, h))
    for other, other_u, other_total in others:
        better = (other_total > total)[..., None]
        line, u, total = line.where(~better, other), torch.where(better, other_u, u), torch.maximum(total, other_total)
    return line, u


def _output_values(attack: Attack) -> list[Tensor]:
    """What neuron k of layer l is worth to the outputs at each sample: the squared norm of its column of Back_{l+1}."""
    origin, record = attack.origin, attack.aims
    values = []
    top = origin.output[:, None].expand(*record.outputs.shape, -1)
    for layer in range(origin.depth, 0, -1):
        values.append(top.square().sum(-2))
        masked = (record.signs[layer][:, :, None] * top).flatten(1, 2)
        top = origin.architecture.linear_transpose(origin.hidden[layer - 1], layer, origin.depth, masked).view(top.shape)
    return values[::-1]


def most_valuable_flips(
    attack: Attack, values: Sequence[Tensor], towards: bool | None = None, start: Sequence[Network] = ()
) -> list[Network]:
    """For each sample the flips of most value, each layer's against the earlier layers' new pre-activations.

    values: of layers 1..L, (trials, samples, neurons). towards: switch neurons on only (True), off only (False), or each to its other side
    (None). start: for each sample a move whose layers 1..L-1 are kept, so that only the last one flips.
    """
    origin, record = attack.origin, attack.aims
    samples = range(record.outputs.shape[1])
    kept = [factors(network)[:-1] for network in start]
    pairs: list[list[tuple[Tensor, Tensor]]] = [list(kept[i]) if kept else [] for i in samples]
    h = record.activations[0]
    if kept:
        h = torch.cat([network.forward(record.inputs[:, i : i + 1]).activations[-2] for i, network in enumerate(start)], 1)
    for layer in range(origin.depth if kept else 1, origin.depth + 1):
        g = origin.architecture.linear(origin.hidden[layer - 1], layer, origin.depth, h)
        off = record.signs[layer] == 0
        wanted = off if towards is None else torch.full_like(off, towards)
        line, u = _flips_of_layer(attack, layer, g, h, wanted, values[layer - 1])
        for i in samples:
            pairs[i].append(line.move(u, i))
        h = torch.relu(g + line.change(u))
    return [attack.move(one) for one in pairs]


def counts(attack: Attack) -> list[Tensor]:
    """Every flip is worth the same."""
    return [torch.ones_like(g) for g in attack.aims.pre_activations[1:]]


def carried(attack: Attack) -> list[Tensor]:
    """A flip is worth what its neuron carried, squared."""
    return [g.square() for g in attack.aims.pre_activations[1:]]


@torch.no_grad()
def targeted_flips(attack: Attack) -> list[Network]:
    """The most sign flips in every layer, each against the earlier layers' new values."""
    return most_valuable_flips(attack, counts(attack))


@torch.no_grad()
def heavy_flips(attack: Attack) -> list[Network]:
    """The flips in every layer whose neurons carried most: ‖(D~_l - D_l) g_l‖."""
    return most_valuable_flips(attack, carried(attack))


@torch.no_grad()
def weighted_flips(attack: Attack) -> list[Network]:
    """The flips that change the backward pass most: neurons weighed by the squared norm of their column of Back."""
    return most_valuable_flips(attack, _output_values(attack))


@torch.no_grad()
def switching_on(attack: Attack) -> list[Network]:
    """The neurons worth most to the outputs are switched on, none off: gradients grow."""
    return most_valuable_flips(attack, _output_values(attack), towards=True)


@torch.no_grad()
def switching_off(attack: Attack) -> list[Network]:
    """The neurons worth most to the outputs are switched off, none on: gradients shrink."""
    return most_valuable_flips(attack, _output_values(attack), towards=False)


@torch.no_grad()
def flips_on_top(attack: Attack) -> list[Network]:
    """The earlier layers push the last one's input as far as it goes; the last layer flips. A flip costs what is left to go."""
    return most_valuable_flips(attack, counts(attack), start=hidden_alignment(attack))


@torch.no_grad()
def heavy_flips_on_top(attack: Attack) -> list[Network]:
    """As flips_on_top, with the flips whose neurons carried most."""
    return most_valuable_flips(attack, carried(attack), start=hidden_alignment(attack))

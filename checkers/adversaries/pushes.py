"""Pushes through zero: the moves that bend a network away from its linear part the most.

In one layer, W' = u v^T with v = h/‖h‖ turns g into g + ‖h‖ u. A neuron that it carries through zero, to t beyond, adds t to
phi(g + ‖h‖ u) - D (g + ‖h‖ u); one that stays on its side adds nothing. With weights b_k > 0 of the neurons, on a set S of them the sum
of b_k t_k under ‖u‖ <= radius is largest for |u_k| = lambda b_k with lambda = radius/‖b_S‖ (Cauchy-Schwarz), and is
radius ‖h‖ ‖b_S‖ - sum of b_k |g_k|: some sqrt(m) omega^{4/3}. A neuron with |g_k| >= radius ‖h‖ is in no best set, for it adds nothing
there. Where many are left a neuron is worth its place if |g_k|/b_k lies below lambda ‖h‖/2, so S is a first part of the order of |g_k|/b_k;
which one is tried out. Where S is a handful it is a knapsack: the best neuron alone may do better, and from the better of the two single
neurons are taken in or out while that gains.

Two moves do twice as well: W~ brings neurons to the brink, for sum of g_k^2 <= (radius ‖h‖)^2, and W' has all of its radius to push them
through, which adds radius ‖h‖ ‖b_S‖. S is a knapsack again, of weights g_k^2 and values b_k^2. With density rho of g at zero and equal
weights, the first push alone gains 3/2^{7/3} = 0.60 rho^{1/3} (radius ‖h‖)^{4/3}, the two together 3^{1/6} = 1.20 of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack
from checkers.adversaries.flips import cheapest_flips
from checkers.adversaries.lines import Line, longest_part
from checkers.networks.network import Network

# Neurons taken in or out of the set one by one: tests/checkers/adversaries/test_pushes.py holds what is found against all sets.
EXCHANGES = 8
# Of the pushes of single outputs, up or down, at all samples, those whose predicted bends are largest are measured.
MEASURED = 2


def largest_push(distance: Tensor, away: Tensor, value: Tensor, budget: Tensor) -> Tensor:
    """u of norm at most `budget` for which the sum over k of value_k (|u_k| - distance_k)_+ is large, pointing to the side `away`.

    distance: (..., width), >= 0, how far a neuron is from zero; away: +1 or -1, where zero lies; value: (..., width), those that are
    not positive are left alone; budget: (...,).
    """
    room = budget[..., None]
    useful = (value > 0) & (distance < room)
    weight, loss = torch.where(useful, value, 0), torch.where(useful, value * distance, 0)
    order = torch.where(useful, distance / torch.where(useful, value, 1), torch.inf).argsort(dim=-1, stable=True)
    norm = weight.square().gather(-1, order).cumsum(-1).sqrt()
    gain = room * norm - loss.gather(-1, order).cumsum(-1)
    most, last = gain.max(dim=-1, keepdim=True)
    alone, single = (room * weight - loss).max(dim=-1, keepdim=True)
    first = torch.zeros_like(useful).scatter(-1, order, torch.arange(order.shape[-1], device=order.device) <= last)
    chosen = useful & torch.where(alone > most, torch.zeros_like(useful).scatter(-1, single, True), first)
    for _ in range(EXCHANGES):
        square = torch.where(chosen, weight.square(), 0).sum(-1, keepdim=True)
        sign = torch.where(chosen, -1.0, 1.0).to(value)
        change = room * ((square + sign * weight.square()).clamp_min(0).sqrt() - square.sqrt()) - sign * loss
        best, which = torch.where(useful, change, 0).max(dim=-1, keepdim=True)
        better = best > torch.finfo(value.dtype).eps * room * square.sqrt()
        if not bool(better.any()):
            break
        chosen = chosen ^ (torch.zeros_like(chosen).scatter(-1, which, True) & better)
    scale = room / torch.where(chosen, weight, 0).norm(dim=-1, keepdim=True).clamp_min(torch.finfo(value.dtype).tiny)
    return torch.where(chosen, away * scale * value, 0)


@dataclass(frozen=True)
class _Bends:
    """Moves that bend <z, f(x_i)>, one for each sample and z. lefts, rights: of the layers, (trials, candidates, rows or columns);
    predicted: the bend to first order, (trials, candidates)."""

    attack: Attack
    lefts: list[Tensor]
    rights: list[Tensor]
    predicted: Tensor

    def chosen(self, which: Tensor) -> Network:
        """The move with this number in each trial, (trials,)."""

        def pick(x: Tensor) -> Tensor:
            return x.gather(1, which[:, None, None].expand(-1, 1, x.shape[-1]))

        return self.attack.move([(pick(left), pick(right)) for left, right in zip(self.lefts, self.rights, strict=True)])


def single_outputs(attack: Attack) -> Tensor:
    """z = e_c and -e_c for every output: (trials, samples, 2d, d)."""
    identity = torch.eye(attack.origin.outputs).to(attack.origin.output)
    return torch.cat([identity, -identity]).expand(*attack.aims.outputs.shape[:2], -1, -1)


def along_loss(attack: Attack) -> Tensor:
    """z = f(x_i) - y_i: (trials, samples, 1, d). F grows with the bend of <z, f(x_i)>."""
    return attack.losses[:, :, None]


def through_zero(line: Line, g: Tensor, on: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """u of norm at most the radius whose push bends the most, and how far, to first order. g; on: whether the neuron was, before any move;
    value: of a bend of one; all (trials, candidates, neurons)."""
    value, reach = line.nearest(value), line.reach.amax(-1)
    distance, away = line.nearest(torch.where((g >= 0) == on, g.abs(), 0)), line.nearest(torch.where(on, -1.0, 1.0).to(g))
    pushed = largest_push(distance, away, value, line.attack.radius * reach)
    gain = torch.where(pushed != 0, value * (pushed.abs() - distance), 0).sum(-1)
    return torch.where(reach[..., None] > 0, pushed / reach[..., None], 0), gain


def to_zero(line: Line, g: Tensor, on: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """u of norm at most the radius that brings the neurons to zero from where as large a push again bends the most, and how far."""
    value, reach, radius = line.nearest(value), line.reach.amax(-1), line.attack.radius
    near, wanted = line.nearest(g)[..., None, :], line.nearest(~on)[..., None, :]
    u, _ = cheapest_flips(near, wanted, reach[..., None], radius, value[..., None, :].clamp_min(0).square())
    return u, radius * reach * torch.where(u != 0, value, 0).norm(dim=-1)


def _bends(attack: Attack, z: Tensor, brink: bool = False) -> _Bends:
    """z: (trials, samples, directions, d). brink: bring neurons to zero, from where a second move can push them."""
    origin, architecture, record = attack.origin, attack.origin.architecture, attack.aims
    many = z.shape[2]

    def each(x: Tensor) -> Tensor:
        """The same for all directions: (trials, samples, neurons) -> (trials, samples * directions, neurons)."""
        return x.repeat_interleave(many, dim=1)

    top = origin.output[:, None].expand(*record.outputs.shape, -1)
    factors = architecture.backward(origin.hidden, record.signs, top)  # D_l Back_{l+1}^T e_c: known where the neuron is on
    backs = [top]
    for layer in range(origin.depth, 1, -1):
        rows = factors[layer - 1]
        backs.append(architecture.linear_transpose(origin.hidden[layer - 1], layer, origin.depth, rows.flatten(1, 2)).view(rows.shape))
    lefts, rights = [], []
    predicted = torch.zeros_like(z[..., 0]).flatten(1)
    h = each(record.activations[0])
    for layer, (weights, back) in enumerate(zip(origin.hidden, backs[::-1], strict=True), start=1):
        g, on = architecture.linear(weights, layer, origin.depth, h), each(record.signs[layer]) > 0
        line = longest_part(attack, layer, h)
        value = (z @ back).flatten(1, 2)
        u, gain = to_zero(line, g, on, value) if brink else through_zero(line, g, on, value)
        predicted = predicted + gain
        lefts.append(u)
        rights.append(line.v)
        h = torch.relu(g + line.change(u))
    return _Bends(attack, lefts, rights, predicted)


@torch.no_grad()
def pushes(attack: Attack) -> list[Network]:
    """Pushes in every layer that bend an output at a sample upwards or downwards, those of the largest predicted bends; and one that
    bends the outputs at a sample along their loss."""
    single = _bends(attack, single_outputs(attack))
    found = [single.chosen(which) for which in single.predicted.topk(MEASURED, dim=1).indices.unbind(1)]
    if single.predicted.shape[1] == MEASURED:
        return found
    loss = _bends(attack, along_loss(attack))
    return [*found, loss.chosen(loss.predicted.argmax(1))]


@torch.no_grad()
def to_the_brink(attack: Attack) -> list[Network]:
    """W~ from which pushes along the loss go furthest: in every layer the neurons worth most to it are brought to zero."""
    found = _bends(attack, along_loss(attack), brink=True)
    return [found.chosen(found.predicted.argmax(1))]

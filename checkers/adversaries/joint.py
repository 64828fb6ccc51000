"""Joint moves: every layer works for one set of neurons of the last one.

Let t be a change of g_L. W'_l = radius u_l h_{l-1}^T/(‖u_l‖ ‖h_{l-1}‖) with u_l = D_l W_{l+1}^T ... W_L^T t moves <t, g_L> to first order
by radius ‖h_{l-1}‖ ‖u_l‖, the most that layer l can, and the layers add up. Where ‖u_l‖ is about ‖t‖, as in wide fully connected networks,
g_L goes L radius along t/‖t‖, and what u_l moves elsewhere is spread over all neurons. So the sets that one layer can flip or push
through zero within its radius (flips.py, pushes.py) are chosen for L of them: the flips are some m (L omega)^{2/3}.

How far the layers go along t is asked of a first t, chosen for L times what the last layer alone can; then t is chosen for that. All
layers but the last move first, and the last one answers to where they brought it. In one layer these are the moves of flips and pushes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, factors
from checkers.adversaries.directions import steepest
from checkers.adversaries.flips import carried, cheapest_flips, counts, most_valuable_flips
from checkers.adversaries.lines import longest_part
from checkers.adversaries.pushes import MEASURED, along_loss, largest_push, single_outputs, through_zero, to_zero
from checkers.networks.network import Network

Move = list[tuple[Tensor, Tensor]]
# The change of g_L that is wanted at each sample of layers that can go so far together: (trials, samples) -> (trials, samples, neurons).
Wanted = Callable[[Tensor], Tensor]


def _towards(attack: Attack, t: Tensor) -> tuple[list[Move], Tensor]:
    """For each sample the W' of all layers that moves <t, g_L> most, and how far along t/‖t‖ it goes to first order, (trials, samples)."""
    origin, record = attack.origin, attack.aims
    signs = [*record.signs[:-1], torch.ones_like(t)]
    left = origin.architecture.backward(origin.hidden, signs, t[:, :, None])
    moves: list[Move] = [[] for _ in range(t.shape[1])]
    gain = torch.zeros_like(t[..., 0])
    for layer, (u, h) in enumerate(zip(left, record.activations[:-1], strict=True), start=1):
        derivative = origin.architecture.left_vectors(layer, origin.depth, origin.width, u[:, :, 0]), origin.architecture.patches(h)
        for i, move in enumerate(moves):
            move.append(steepest(attack, layer, u[:, i], h[:, i : i + 1]))
            sides = [x[:, i] @ side.mT for x, side in zip(derivative, move[-1], strict=True)]
            gain[:, i] += (sides[0] * sides[1]).sum((1, 2))
    return moves, gain / t.norm(dim=-1).clamp_min(torch.finfo(t.dtype).tiny)


def _first_reach(attack: Attack) -> Tensor:
    """L times what the last layer alone can move g_L at one of its parts: (trials, samples)."""
    depth = attack.origin.depth
    return depth * attack.radius * longest_part(attack, depth, attack.aims.activations[-2]).reach.amax(-1)


def _below(attack: Attack, wanted: Wanted) -> list[Network]:
    """For each sample the network whose layers 1..L-1 have moved for the wanted change of g_L; its layer L is still."""
    if attack.origin.depth == 1:
        return [attack.still()] * attack.aims.outputs.shape[1]
    _, reach = _towards(attack, wanted(_first_reach(attack)))
    moves, _ = _towards(attack, wanted(reach))
    return [attack.move([*move[:-1], (0 * move[-1][0], move[-1][1])]) for move in moves]


def _joint_flips(attack: Attack, value: Tensor, towards: bool | None = None) -> list[Network]:
    """For each sample the flips of most value in the last layer, (trials, samples, neurons); towards: as for most_valuable_flips."""
    g, on = attack.aims.pre_activations[-1], attack.aims.signs[-1] > 0
    sides = ~on if towards is None else torch.full_like(on, towards)

    def wanted(reach: Tensor) -> Tensor:
        return cheapest_flips(g[..., None, :], sides[..., None, :], torch.ones_like(reach)[..., None], reach, value[..., None, :])[0]

    return most_valuable_flips(attack, [value] * attack.origin.depth, towards, _below(attack, wanted))


@torch.no_grad()
def joint_flips(attack: Attack) -> list[Network]:
    """The most sign flips in the last layer, which all layers work for."""
    return _joint_flips(attack, counts(attack)[-1])


@torch.no_grad()
def joint_neuron(attack: Attack) -> list[Network]:
    """All layers push one neuron of the last layer through zero, the nearest to it: at each sample the longest change of one entry of g_L,
    and the longest g~_L of a neuron that flips."""
    g = attack.aims.pre_activations[-1]
    nearest = torch.zeros_like(g).scatter(-1, g.abs().argmin(-1, keepdim=True), 1.0)
    moves, _ = _towards(attack, torch.where(g >= 0, -nearest, nearest))
    return [attack.move(move) for move in moves]


@torch.no_grad()
def joint_heavy_flips(attack: Attack) -> list[Network]:
    """As joint_flips, with the flips whose neurons carried most."""
    return _joint_flips(attack, carried(attack)[-1])


def _worth(attack: Attack) -> list[Tensor]:
    """What the neurons of the last layer are worth to all outputs together, ‖B_k‖^2, and, where several aims can be afforded, to each
    alone: (trials, samples, neurons) each."""
    squares = attack.origin.output.square()
    alone = squares.unbind(1) if squares.shape[1] > 1 and attack.most_aims > 1 else ()
    return [one[:, None].expand_as(attack.aims.pre_activations[-1]) for one in (squares.sum(1), *alone)]


@torch.no_grad()
def joint_weighted_flips(attack: Attack) -> list[Network]:
    """As joint_flips, with neurons weighed by what they are worth to the outputs, or to one."""
    return [network for value in _worth(attack) for network in _joint_flips(attack, value)]


@torch.no_grad()
def joint_switching(attack: Attack) -> list[Network]:
    """As joint_weighted_flips, but neurons are switched on only, or off only: gradients grow, or shrink."""
    return [network for value in _worth(attack) for towards in (True, False) for network in _joint_flips(attack, value, towards)]


def _joint_bends(attack: Attack, z: Tensor, most: int, brink: bool = False) -> list[Network]:
    """Of the directions z at all samples, (trials, samples, directions, d), the `most` whose predicted bends of <z, f(x_i)> are largest."""
    origin, many = attack.origin, z.shape[2]

    def bent(task: Attack, value: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
        """The change of g_L wanted for these values, (trials, candidates, neurons), and the bend to first order."""
        g, on = task.aims.pre_activations[-1], task.aims.signs[-1] > 0
        away = torch.where(on, -1.0, 1.0).to(g)
        if not brink:
            t = largest_push(g.abs(), away, value, reach)
            return t, torch.where(t != 0, value * (t.abs() - g.abs()), 0).sum(-1)
        squares = value.clamp_min(0).square()[..., None, :]
        t, _ = cheapest_flips(g[..., None, :], ~on[..., None, :], torch.ones_like(reach)[..., None], reach, squares)
        return t, reach * torch.where(t != 0, value, 0).norm(dim=-1)

    everywhere = torch.arange(z.shape[1], device=z.device).repeat_interleave(many).expand(z.shape[0], -1)
    values = (z @ origin.output[:, None]).flatten(1, 2)
    _, predicted = bent(attack.aimed_at(everywhere), values, _first_reach(attack).repeat_interleave(many, dim=1))
    chosen = predicted.topk(min(most, predicted.shape[1]), dim=1).indices
    task, value = attack.aimed_at(chosen // many), values.gather(1, chosen[..., None].expand(-1, -1, values.shape[-1]))
    found = []
    for i, network in enumerate(_below(task, lambda reach: bent(task, value, reach)[0])):
        h = network.forward(task.aims.inputs[:, i : i + 1]).activations[-2]
        g = origin.architecture.linear(origin.hidden[-1], origin.depth, origin.depth, h)
        line = longest_part(task, origin.depth, h)
        last = to_zero if brink else through_zero
        u, _ = last(line, g, task.aims.signs[-1][:, i : i + 1] > 0, value[:, i : i + 1])
        found.append(task.move([*factors(network)[:-1], line.move(u, 0)]))
    return found


@torch.no_grad()
def joint_pushes(attack: Attack) -> list[Network]:
    """Pushes through zero in the last layer, which all layers work for: of single outputs up or down, and along the loss."""
    found = _joint_bends(attack, single_outputs(attack), MEASURED)
    return [*found, *_joint_bends(attack, along_loss(attack), 1)]


@torch.no_grad()
def jointly_to_the_brink(attack: Attack) -> list[Network]:
    """W~ from which pushes along the loss in the last layer go furthest: all layers bring its neurons to zero."""
    return _joint_bends(attack, along_loss(attack), 1, brink=True)

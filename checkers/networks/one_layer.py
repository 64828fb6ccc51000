"""Gradient descent of a network with one trained layer, without its matrix: exact, and a run costs little more than its first pass.

h_0 never changes, so neuron r has g_{i,r} = <w_r, h_{i,0}> and W' = -sum_i a_i h_{i,0}^T with a_{i,r} = eta sum_t D_{i,r}(t) <b_r, u_i(t)>,
u = f - y: with H the inner products of the h_{i,0}, g_i moves by -sum_j H_ij a_j. So |g_{i,r}(t) - g_{i,r}(0)| <= ‖b_r‖ sum_j |H_ij| U_j,
U_j = eta sum_t ‖u_j(t)‖. Neurons that lie farther from zero than this for every sample keep their signs, and all of them together are one
linear map of sum_t u(t). Only the others, few at large width, are followed one by one. U is guessed, and checked afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.network import ForwardPass, Network
from theorems.language.subject import Descent, Trajectory

GUESS: Final = 2.0  # times the U of the linear descent with the initial kernel
AGAIN: Final = 4.0  # times what turned out to be too little
NEURONS: Final = 2**18  # looked at together


def answers(network: Network, descent: Descent) -> bool:
    """Whether such a run can be had this way; in balls, where the bound on who moves may be undecided, it cannot."""
    one_layer = network.depth == 1 and type(network.architecture) is FullyConnected and isinstance(network.output, Tensor)
    return one_layer and descent.loss == "squared" and not (descent.batch or descent.gradients or descent.never >= 0)


@torch.no_grad()
def train_one_layer(
    network: Network, record: ForwardPass, targets: Tensor, step_size: float | Tensor, steps: int, recorded: Sequence[int],
    distances: bool = True,
) -> Trajectory:  # fmt: skip
    """The trajectory of gradient descent on F. record: of the initial weights; recorded: steps, ascending, from 0 to `steps`; distances: as
    for gradient_descent."""
    return train_from(Start.of(network.output, record, targets, step_size), step_size, steps, recorded, distances)


@torch.no_grad()
def train_from(start: Start, step_size: float | Tensor, steps: int, recorded: Sequence[int], distances: bool = True) -> Trajectory:
    """As train_one_layer, where the network is needed no more: g and B are all that a run goes on from."""
    travelled = GUESS * start.linear(steps)
    while True:
        moving = start.moving(travelled)
        losses, distance, path = start.follow(moving, steps, recorded, distances)
        if moving.shape[-1] == start.g.shape[-1] or bool((path <= travelled).all()):
            break
        travelled = AGAIN * torch.maximum(path, travelled)
    empty = losses.new_zeros(0)
    return Trajectory(losses.sum(-1), distance if distances else empty, step_size, losses.amax(-1), empty, tuple(recorded))


@dataclass(frozen=True)
class Start:
    """Where the runs begin. gram: H, (trials, n, n); g: (trials, n, m); output: B, (trials, d, m); u: (trials, n, d); kernel: of all
    neurons without H, (trials, n d, n d); eta: (trials, 1, 1)."""

    gram: Tensor
    g: Tensor
    output: Tensor
    u: Tensor
    kernel: Tensor
    eta: Tensor

    @classmethod
    def of(cls, output: Tensor, record: ForwardPass, targets: Tensor, step_size: float | Tensor) -> Start:
        h, g = record.activations[0], record.pre_activations[1]
        eta = torch.as_tensor(step_size, dtype=g.dtype, device=g.device).expand(len(g))[:, None, None]
        u = record.outputs - targets.to(g)
        return cls(h @ h.mT, g, output, u, _without_gram(g, output), eta)

    def weighted(self, kernel: Tensor) -> Tensor:
        """The tangent kernel of neurons whose kernel without H is this one."""
        d = self.output.shape[1]
        return self.gram.repeat_interleave(d, 1).repeat_interleave(d, 2) * kernel

    def linear(self, steps: int) -> Tensor:
        """U, (trials, n), if the kernel stayed as it is."""
        kernel, u, path = self.weighted(self.kernel), self.u, self.u.new_zeros(self.u.shape[:2])
        for _ in range(steps):
            path = path + self.eta[..., 0] * u.norm(dim=-1)
            u = u - self.eta * (kernel @ u.flatten(1)[..., None]).view(u.shape)
        return path

    def moving(self, travelled: Tensor) -> Tensor:
        """The neurons that may change a sign while U <= travelled, (trials, k), in every trial as many as in the worst; all where U has no
        bound."""
        width = self.g.shape[-1]
        reach = self.gram.abs() @ travelled[..., None]
        if not bool(reach.isfinite().all()):
            return torch.arange(width, device=self.g.device).expand(len(self.g), width)
        room = (self.g.abs() / reach).amin(1) - self.output.norm(dim=1)  # in units of ‖b_r‖; negative: not enough
        most = int((room <= 0).sum(-1).max())
        nearest: Tensor = room.topk(max(1, most), dim=-1, largest=False).indices
        return nearest

    def follow(self, moving: Tensor, steps: int, recorded: Sequence[int], distances: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        """F_i, (trials, recorded, n), and where asked for the distance, (trials, recorded), if no neuron but these changes a sign; and U,
        (trials, n)."""
        g, b = _taken(self.g, moving), _taken(self.output, moving)
        still = self.weighted(self.kernel - _without_gram(g, b))
        outputs = self.u - torch.relu(g) @ b.mT  # of the still ones, less the targets
        pushed, carried = torch.zeros_like(self.u), torch.zeros_like(g)  # eta sum_t u(t), and the a of the moving ones
        path = self.u.new_zeros(self.u.shape[:2])
        # All that outlives a step is there before the first: small tensors would lie in the holes that large ones leave, which then fit no
        # more, and memory would grow by some with every step.
        places = {step: place for place, step in enumerate(recorded)}
        losses, distance = self.u.new_empty(len(g), len(places), self.u.shape[1]), self.u.new_empty(len(g), len(places))
        active, move = torch.empty_like(g), torch.empty_like(g)
        for step in range(steps + 1):
            drift = (still @ pushed.flatten(1)[..., None]).view(pushed.shape)
            u = outputs - drift + torch.clamp(g, min=0, out=active) @ b.mT
            if step in places:
                losses[:, places[step]] = u.square().sum(-1) / 2
            if step in places and distances:
                square = (pushed * drift).sum((1, 2)) + (self.gram * (carried @ carried.mT)).sum((1, 2))
                distance[:, places[step]] = square.clamp_min(0).sqrt()
            if step < steps:
                push = self.eta * u
                torch.bmm(push, b, out=move).mul_(torch.ge(g, 0, out=active))
                g.baddbmm_(self.gram, move, alpha=-1)
                carried += move
                pushed, path = pushed + push, path + push.norm(dim=-1)
        return losses, distance, path


def _taken(vectors: Tensor, neurons: Tensor) -> Tensor:
    """Of (trials, k, m) the chosen neurons."""
    return vectors.gather(-1, neurons[:, None].expand(-1, vectors.shape[1], -1))


def _without_gram(g: Tensor, output: Tensor) -> Tensor:
    """sum_r D_{i,r} D_{j,r} b_{c,r} b_{c',r}, (trials, n d, n d), sample-major; some neurons at a time, for the D_{i,r} b_{c,r} of all take
    as much memory as all else."""
    size = g.shape[1] * output.shape[1]
    kernel = g.new_zeros(len(g), size, size)
    for part, b in zip(torch.split(g, NEURONS, -1), torch.split(output, NEURONS, -1), strict=True):
        rows = ((part >= 0)[:, :, None] * b[:, None]).flatten(1, 2)
        kernel.baddbmm_(rows, rows.mT)
    return kernel

"""A lower bound on the Rademacher complexity of two-layer networks near W(0): for every sign vector e the best W that an ascent finds.

sum_i e_i f(x_i) is linear in W while no gate changes; the best move is then along its gradient P, V_r = min(R, t ‖P_r‖) P_r/‖P_r‖ with
the t that makes ‖V‖_F = B. Again with the gates found there; the best of all is kept.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from checkers.networks.two_layer import TwoLayerNetwork

ROUNDS = 3  # of ascent; the first is the linear optimum
HALVINGS = 60  # of the interval for t: to a rounding


def complexity(network: TwoLayerNetwork, radius: float, budget: float) -> Tensor:
    """(1/n) E_e sup sum_i e_i (f_W(x_i) - f_W(0)(x_i)), ‖w_r - w_r(0)‖ <= radius, ‖W - W(0)‖_F <= budget: (trials,)."""
    samples = len(network.rows)
    start, total = network.outputs(), network.weights.new_zeros(network.trials)
    every = list(itertools.product((1.0, -1.0), repeat=samples))
    for signs in every:
        e = torch.tensor(signs, dtype=start.dtype, device=start.device).expand(network.trials, -1)
        best, moved = torch.zeros_like(total), network
        for _ in range(ROUNDS):
            moved = network.at(_farthest(network.push(e, moved.gates), radius, budget))
            best = torch.maximum(best, (e * (moved.outputs() - start)).sum(-1))
        total = total + best
    return total / (samples * len(every))


def _farthest(push: Tensor, radius: float, budget: float) -> Tensor:
    """The V with the largest <push, V>, (trials, m, k), in both balls."""
    sizes = torch.linalg.vector_norm(push, dim=-1)
    least = sizes.new_zeros(len(sizes), 1)
    # at this t even the shortest push that is not zero goes all the way
    most = radius / torch.where(sizes > 0, sizes, torch.inf).amin(-1, keepdim=True)
    most = torch.where(most > 0, most, 1.0)
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        fits = torch.linalg.vector_norm((middle * sizes).clamp_max(radius), dim=-1, keepdim=True) <= budget
        least, most = torch.where(fits, middle, least), torch.where(fits, most, middle)
    lengths = (least * sizes).clamp_max(radius)
    return torch.where(sizes > 0, lengths / torch.where(sizes > 0, sizes, 1.0), 0.0)[..., None] * push

"""What an adversary is given, and how the findings of several are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.network import Network
from checkers.perturbed import PerturbedWeights
from checkers.randomness import NormalSource
from theorems.instance import Instance

Objective = Callable[[Network], Tensor]


@dataclass(frozen=True)
class Attack:
    """One search for W' in the ball. origin: the networks to be moved. source: the only randomness.

    objective: the statement's largest ratio left/right in each trial, (trials,); differentiable where the statement's measure is.
    """

    origin: Network
    instance: Instance
    source: NormalSource
    objective: Objective

    @property
    def radius(self) -> float:
        """The bound on ‖W'_l‖_2 of every layer."""
        return self.instance.radius

    def still(self) -> Network:
        """The origin as a network that can be moved: W' = 0."""
        return self.origin.perturbed()

    def move(self, factors: Sequence[tuple[Tensor, Tensor]]) -> Network:
        """W'_l = sum_k left_k right_k^T; one pair (trials, k, rows), (trials, k, columns) for each of the layers 1..L."""
        hidden = [PerturbedWeights(base, *pair) for base, pair in zip(self.origin.hidden, factors, strict=True)]
        return Network(self.origin.architecture, self.origin.input_weights, hidden, self.origin.output)

    @torch.no_grad()
    def best(self, found: Sequence[Network]) -> Network:
        """In each trial the move with the largest objective; the first of equals."""
        chosen = torch.stack([self.objective(network) for network in found]).nan_to_num(nan=-torch.inf).argmax(0)
        return self.select(found, chosen)

    def select(self, found: Sequence[Network], chosen: Tensor) -> Network:
        """Trial t of the move found[chosen[t]]."""
        moves = [factors(network) for network in found]
        trials = torch.arange(chosen.shape[0], device=chosen.device)
        pairs = []
        for layer in range(self.origin.depth):
            rank = max(move[layer][0].shape[1] for move in moves)
            sides = []
            for side in (0, 1):
                padded = [torch.nn.functional.pad(move[layer][side], (0, 0, 0, rank - move[layer][side].shape[1])) for move in moves]
                sides.append(torch.stack(padded)[chosen, trials])
            pairs.append((sides[0], sides[1]))
        return self.move(pairs)


Adversary = Callable[[Attack], Network]


def factors(network: Network) -> list[tuple[Tensor, Tensor]]:
    """(left, right) of the perturbation of every layer of a network that an attack has moved."""
    found = [(weights.left, weights.right) for weights in network.hidden if isinstance(weights, PerturbedWeights)]
    if len(found) != network.depth:
        raise ValueError("these weights were not moved by an adversary")
    return found


def unit(vectors: Tensor) -> Tensor:
    """Rows scaled to norm 1; a zero row (a dead layer) stays zero."""
    norm = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(norm > 0, vectors / torch.where(norm > 0, norm, 1), 0)

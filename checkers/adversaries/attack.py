"""What an adversary is given, and how the findings of several are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps

import torch
from torch import Tensor

from checkers.networks.network import ForwardPass, Network, taken
from checkers.networks.randomness import NormalSource
from checkers.networks.weights.perturbed import PerturbedWeights
from theorems.language.instance import Instance

Objective = Callable[[Network], Tensor]

# Samples that moves are aimed at, one at a time, and each costs one more measure. Statements about perturbed weights have one or two;
# those about gradients, with up to eight, cost little. Revealed weights keep every direction that they were ever asked for, and compare
# each new one with all: there one sample must do. Widths are large there, and samples alike.
AIMS = 4
REVEALED_AIMS = 1


@dataclass(frozen=True)
class Attack:
    """One search for W' in the ball. origin: the networks to be moved. source: the only randomness.

    objective: the statement's largest ratio left/right in each trial, (trials,); differentiable where the statement's measure is.
    record: the origin's forward pass on the instance's inputs, where it is known already. most_aims: samples to aim at.
    """

    origin: Network
    instance: Instance
    source: NormalSource
    objective: Objective
    record: ForwardPass | None = None
    most_aims: int = AIMS

    @property
    def radius(self) -> float:
        """The bound on ‖W'_l‖_2 of every layer."""
        return self.instance.radius

    @cached_property
    def _before(self) -> ForwardPass:
        with torch.no_grad():
            return self.origin.forward(self.instance.inputs) if self.record is None else self.record

    @cached_property
    def aims(self) -> ForwardPass:
        """The origin's forward pass at the samples that moves are aimed at: all or, in each trial, the `most_aims` with the
        longest h_L, where moves are felt most. The order of the samples plays no part."""
        record = self._before
        inputs, *pre_activations = (self._aimed_at(x) for x in (record.inputs, *record.pre_activations))
        return ForwardPass.of(inputs, pre_activations, self.origin.output)

    @cached_property
    def losses(self) -> Tensor:
        """f(x_i) - y_i at `aims`, y = 0 where there are no labels: (trials, samples, outputs)."""
        outputs = self._before.outputs
        return self._aimed_at(outputs - torch.as_tensor(self.instance.targets).to(outputs) if self.instance.targets.size else outputs)

    def _aimed_at(self, x: Tensor) -> Tensor:
        record = self._before
        if record.outputs.shape[1] <= self.most_aims:
            return x
        chosen = torch.linalg.vector_norm(record.activations[-1], dim=-1).topk(self.most_aims, dim=-1).indices
        return taken(x, chosen)

    def aimed_at(self, samples: Tensor) -> Attack:
        """This attack with moves aimed at these samples, another selection in each trial: (trials, aims)."""
        inputs, *pre_activations = (taken(x, samples) for x in (self.aims.inputs, *self.aims.pre_activations))
        return replace(self, record=ForwardPass.of(inputs, pre_activations, self.origin.output), most_aims=samples.shape[1])

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
        if len(found) == 1:
            return found[0]
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
Candidates = Callable[[Attack], list[Network]]


def strongest(candidates: Candidates) -> Adversary:
    """The adversary that tries all of these moves, one for each sample and the like, and takes the best in each trial."""

    @wraps(candidates)
    def adversary(attack: Attack) -> Network:
        return attack.best(candidates(attack))

    return adversary


def factors(network: Network) -> list[tuple[Tensor, Tensor]]:
    """(left, right) of the perturbation of every layer of a network that an attack has moved."""
    found = [(weights.left, weights.right) for weights in network.hidden if isinstance(weights, PerturbedWeights)]
    if len(found) != network.depth:
        raise ValueError("these weights were not moved by an adversary")
    return found


def unit(vectors: Tensor) -> Tensor:
    """Rows scaled to norm 1; a zero row (a dead layer) stays zero."""
    norm = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return vectors / torch.where(norm > 0, norm, torch.inf)

"""What an adversary did to one network: singular values and energy of its change layer by layer, and the signs that it flipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.records.autopsies import Move, MovedLayer
from checkers.subjects.network import NetworkSubject
from theorems.language.subject import Subject

SHOWN: Final = 6  # singular values, and flipped neurons
NOTHING: Final = 1e-12  # of the largest singular value: below, rounding


def moves_of(subject: Subject, adversary: str, trial: int, sample: int) -> list[Move]:
    """The moves that led to a subject, the first one first; none where the weights are those that were drawn."""
    if not isinstance(subject, NetworkSubject) or subject.origin is subject:
        return []
    names = adversary.split(", then ")
    last = _move(subject, subject.origin, names[-1], trial, sample)
    start = _drawn(subject.origin)
    return [last] if start is None else [_move(subject.origin, start, names[0], trial, sample), last]


def _drawn(subject: NetworkSubject) -> NetworkSubject | None:
    """The subject of the weights that a moved one was moved from; None where it was not."""
    hidden = subject.network.hidden
    if not any(isinstance(weights, PerturbedWeights) for weights in hidden):
        return None
    bases = [weights.base if isinstance(weights, PerturbedWeights) else weights for weights in hidden]
    network = type(subject.network)(subject.network.architecture, subject.network.input_weights, bases, subject.network.output)
    return subject.standing_in(network)


def _move(moved: NetworkSubject, before: NetworkSubject, adversary: str, trial: int, sample: int) -> Move:
    values = [_singular_values(after, was, trial) for after, was in zip(moved.network.hidden, before.network.hidden, strict=True)]
    energies = [float(one.square().sum()) for one in values]
    whole = sum(energies) or 1.0
    return Move(
        adversary=adversary, radius=moved.instance.radius, size=max((float(one.max()) for one in values if len(one)), default=0.0),
        layers=[
            _layer(moved, before, layer, one, energy / whole, trial, sample)
            for layer, (one, energy) in enumerate(zip(values, energies, strict=True), start=1)
        ],
    )  # fmt: skip


def _singular_values(after: object, before: object, trial: int) -> Tensor:
    """Of the change of one layer in one trial, the largest first; none where it is the same."""
    if after is before or not isinstance(after, PerturbedWeights) or not after.left.shape[1]:
        return torch.zeros(0, dtype=torch.float64)
    first, second = (torch.linalg.qr(side[trial].mT, mode="r").R for side in (after.left.detach(), after.right.detach()))
    found: Tensor = torch.linalg.svdvals(first @ second.mT).cpu()
    return found


def _layer(
    moved: NetworkSubject, before: NetworkSubject, layer: int, values: Tensor, energy: float, trial: int, sample: int
) -> MovedLayer:
    flipped = moved.signs(layer)[trial] != before.signs(layer)[trial]
    size = before.pre_activations(layer)[trial, sample].detach().abs() * flipped[sample]
    order: Sequence[int] = size.argsort(descending=True, stable=True)[: int(flipped[sample].sum())].tolist()
    known = values[values > NOTHING * values.max()] if len(values) else values
    return MovedLayer(
        layer=layer, singular_values=known[:SHOWN].tolist(), rank=len(known), energy=energy, flips=int(flipped.sum()),
        flipped=[neuron + 1 for neuron in order[:SHOWN]], pushed=float(size.max()),
    )  # fmt: skip

"""Subjects of the theory of two-layer networks (theorems.two_layer.subject.TwoLayer): drawn networks, and the exact law of their gates."""

from __future__ import annotations

from functools import cached_property
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from checkers.networks.randomness import Generator, NormalSource
from checkers.networks.two_layer import TwoLayerNetwork, squares
from checkers.subjects.partial import PartialSubject
from checkers.subjects.suprema.gates import kernel_change
from checkers.subjects.suprema.rademacher import complexity
from theorems.language.instance import Instance
from theorems.laws.gate_laws import correlations, gate_patterns, near_probability
from theorems.two_layer.subject import Path

EPS = float(np.finfo(np.float64).eps)
LAW_BLOCK = 1 << 14


class TwoLayerSubject(PartialSubject):
    """A batch of drawn networks: a table of gates, and weights in coordinates of the span of the data."""

    engine = "gates"

    def __init__(self, network: TwoLayerNetwork, instance: Instance, source: NormalSource) -> None:
        super().__init__(instance, network.trials, source)
        self.network = network

    @property
    def rounding(self) -> float:
        """A sum over m neurons of products of k terms: a few eps sqrt(m) relative to its result, as roundings have random signs."""
        return 16 * EPS * sqrt(self.instance.width * self.network.rows.shape[1])

    def outputs(self) -> Tensor:
        return self.network.outputs()

    @cached_property
    def _kernel(self) -> Tensor:
        return self.network.kernel()

    def kernel(self) -> Tensor:
        return self._kernel

    def jacobian_gram(self) -> Tensor:
        weights = self.network.weights.detach().clone().requires_grad_()
        outputs = (self.network.signs[:, None] @ (weights @ self.network.rows.mT).relu())[:, 0] / sqrt(self.network.width)
        rows = [torch.autograd.grad(one.sum(), weights, retain_graph=True)[0].flatten(1) for one in outputs.unbind(1)]
        jacobian = torch.stack(rows, 1)
        return jacobian @ jacobian.mT

    def near(self, radius: float) -> Tensor:
        return self.network.summed(lambda block: (block.pre_activations.abs() <= radius).sum(1)).double()

    def gate_costs(self) -> Tensor:
        return self._gate_costs

    @cached_property
    def _gate_costs(self) -> Tensor:
        return self.network.pre_activations.mT.square().sort(-1).values.cumsum(-1)

    def flip_bound(self, radius: float) -> Tensor:
        def unsure(block: TwoLayerNetwork) -> Tensor:
            """Both can be open, being open or near, but for those where both surely are, not near, which cannot change."""
            z = block.pre_activations
            return squares((z >= -radius).double()) - squares((z > radius).double())

        return self.network.gram.abs() * self.network.summed(unsure) / self.network.width

    def kernel_change(self, radius: float, top: bool, amplitude: float = 0.0) -> Tensor:
        return kernel_change(self.network, radius, top=top, amplitude=amplitude)

    def complexity(self, radius: float, budget: float) -> Tensor:
        return complexity(self.network, radius, budget)

    def descend(self, residual: Tensor, step_size: Tensor, steps: int, frozen: bool = False) -> Path:
        start, now = self.network, self.network
        labels, change = start.outputs() + residual, torch.zeros_like(start.weights)
        r = residual
        records = [_record(start, change, r, r.new_zeros(self.trials))]
        for _ in range(steps):
            push = start.push(r, now.gates)
            change = change + step_size[:, None, None] * push
            if frozen:
                r = r - step_size[:, None] * (self._kernel @ r[..., None])[..., 0]
            else:
                now = start.at(change)
                r = labels - now.outputs()
            records.append(_record(now, change, r, r.new_zeros(self.trials)))
        return _path(records)

    def flow(self, residual: Tensor, horizon: Tensor, steps: int) -> Path:
        start, now = self.network, self.network
        labels, change = start.outputs() + residual, torch.zeros_like(start.weights)
        r, error, step = residual, residual.new_zeros(self.trials), horizon / steps
        records = [_record(now, change, r, error)]
        for _ in range(steps):
            values, vectors = torch.linalg.eigh(now.kernel())
            parts = (vectors.mT @ r[..., None])[..., 0]
            decay = torch.exp(-values * step[:, None])
            # int_0^h e^{-lambda s} ds, where lambda may be 0
            lasting = torch.where(values.abs() * step[:, None] > 1e-12, (1 - decay) / values, step[:, None])
            change = change + start.push((vectors @ (lasting * parts)[..., None])[..., 0], now.gates)
            predicted = (vectors @ (decay * parts)[..., None])[..., 0]
            now = start.at(change)
            r = labels - now.outputs()
            error = error + torch.linalg.vector_norm(r - predicted, dim=-1)
            records.append(_record(now, change, r, error))
        return _path(records)

    def pushed(self, residual: Tensor, length: float) -> TwoLayerSubject:
        push = self.network.push(residual)
        norm = torch.linalg.vector_norm(push, dim=-1, keepdim=True)
        change = torch.where(norm > 0, length * push / torch.where(norm > 0, norm, 1), 0)
        return TwoLayerSubject(self.network.at(change), self.instance, self._source)


Record = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def _record(network: TwoLayerNetwork, change: Tensor, residual: Tensor, error: Tensor) -> Record:
    floor = torch.linalg.eigvalsh(network.kernel())[..., 0]
    lengths = torch.linalg.vector_norm(change, dim=-1)
    return residual, lengths.amax(-1), torch.linalg.vector_norm(lengths, dim=-1), floor, error


def _path(records: list[Record]) -> Path:
    return Path(*(torch.stack(parts, 1) for parts in zip(*records, strict=True)))


class GateLawSubject(PartialSubject):
    """Up to three inputs by the exact law of their gate patterns: no neuron is drawn, so width 10^12 costs what width 10 does."""

    engine = "gate law"

    def __init__(self, instance: Instance, trials: int, source: NormalSource, variance: float) -> None:
        super().__init__(instance, trials, source)
        self.variance = variance

    @property
    def rounding(self) -> float:
        # A dozen operations, and probabilities of patterns that are right to as many units in the last place.
        return 64 * EPS

    @cached_property
    def _counts(self) -> tuple[Tensor, Tensor]:
        """Patterns (2^n, n), and how many neurons have each, (trials, 2^n)."""
        patterns, probability = gate_patterns(self.instance.inputs)
        counts = np.empty((self.trials, len(patterns)))

        def sample(generator: Generator, part: slice) -> None:
            counts[part] = generator.multinomial(self.instance.width, probability, part.stop - part.start)

        self._source.spawn("patterns").fill(self.trials, sample, LAW_BLOCK)
        return torch.from_numpy(patterns), torch.from_numpy(counts)

    def kernel(self) -> Tensor:
        patterns, counts = self._counts
        both = patterns[:, :, None] * patterns[:, None, :]
        shares = (counts / self.instance.width) @ both.flatten(1)
        return torch.from_numpy(correlations(self.instance.inputs)) * shares.view(-1, *both.shape[1:])

    def outputs(self) -> Tensor:
        """Of one input: u | K ~ N(0, kappa^2 K/m), K the open gates."""
        if self.instance.samples != 1:
            self._refuse("outputs of more than one sample")
        shares = self._counts[1][:, 1:] / self.instance.width
        return (self.variance * shares).sqrt() * self._source.spawn("outputs").normal((self.trials, 1), 1.0)

    def near(self, radius: float) -> Tensor:
        """Of one input: Binomial(m, p_R)."""
        if self.instance.samples != 1:
            self._refuse("near gates of more than one sample")
        found = np.empty((self.trials, 1))
        probability = near_probability(radius, sqrt(self.variance))

        def sample(generator: Generator, part: slice) -> None:
            found[part, 0] = generator.binomial(self.instance.width, probability, part.stop - part.start)

        self._source.spawn("near").fill(self.trials, sample, LAW_BLOCK)
        return torch.from_numpy(found)

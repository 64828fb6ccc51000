"""Revealed weights have the law of dense ones, jointly over everything that training asks; and the comparison can fail.

Every comparison is a two-sample Kolmogorov-Smirnov test with p-value bound 1e-6, its false-alarm rate.
"""

from __future__ import annotations

import copy
from math import sqrt

import pytest
import torch
from scipy import stats
from torch import Tensor

from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.kernels import gradient_norms
from checkers.networks.network import Network
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.known_side import KnownSide
from checkers.networks.weights.protocol import Weights
from checkers.networks.weights.revealed import RevealedWeights
from tests.helpers import sources

TRIALS, SAMPLES, DEPTH, STEPS = 3000, 3, 2, 6
INPUTS = torch.tensor([[0.6, 0.8], [1.0, 0.0], [-0.6, 0.8]], dtype=torch.float64)
TARGETS = torch.tensor([[1.0], [-1.0], [0.5]], dtype=torch.float64)
ALARM = 1e-6


class ForgetsLeftPart(RevealedWeights):
    """Draws images that ignore what left questions have already fixed, U^T (V q)."""

    def _known(self, other: KnownSide, fresh: Tensor) -> Tensor:
        return torch.zeros_like(super()._known(other, fresh))


class ForgetsProjection(RevealedWeights):
    """Adds a whole Gaussian g to the known part, not (I - U^T U) g."""

    def _overlap(self, other: KnownSide, g: Tensor) -> Tensor:
        return torch.zeros_like(super()._overlap(other, g))


class ForgetsChange(RevealedWeights):
    """Answers left questions as if there had been no gradient step."""

    def _change(self, transposed: bool) -> Tensor:
        change = super()._change(transposed)
        return torch.zeros_like(change) if transposed else change

source = sources(11, "revealed law")


def revealed_network(kind: type[RevealedWeights], width: int, trials: int, name: str) -> Network:
    base = Network.draw("revealed", width, DEPTH, 2, 1, trials, source(name, width))
    hidden = [kind(width, width, 2 / width, trials, source(name, width, layer)) for layer in range(DEPTH)]
    return Network(FullyConnected(), base.input_weights, hidden, base.output)


def trained_statistics(network: Network) -> dict[str, Tensor]:
    """What gradient descent with many more questions than directions leaves behind, one number per trial."""
    for _ in range(STEPS):
        record = network.forward(INPUTS)
        network.step(record, record.outputs - TARGETS, 0.5 / network.width)
    record = network.forward(INPUTS)
    loss = record.outputs - TARGETS
    last = record.activations[-1]
    norm = last.norm(dim=-1)
    factors = network.backward(record, torch.ones_like(loss)[..., None])[-1][:, :, 0]
    back = network.hidden[-1].apply_transpose(factors)
    return {
        "norm": norm[:, 0],
        "inner product": (last[:, 0] * last[:, 1]).sum(-1),
        "angle": (last[:, 0] * last[:, 2]).sum(-1) / (norm[:, 0] * norm[:, 2]).clamp(min=1e-300),
        "output": record.outputs[:, 0, 0],
        "output by the backward pass": (back * record.activations[-2]).sum(-1)[:, 0],
        "gradient norm": gradient_norms(network, record, loss)[:, -1],
        "first layer's gradient norm": gradient_norms(network, record, loss)[:, 0],
        "distance": network.distance(),
        "loss": loss.square().sum((1, 2)),
    }


def p_values(left: dict[str, Tensor], right: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(stats.ks_2samp(left[name].numpy(), right[name].numpy()).pvalue) for name in left}


@pytest.mark.parametrize(("width", "trials"), [(4, 12_000), (8, 4000), (16, 3000), (64, 1500)])  # enough to refute each wrong law
def test_training_has_the_law_of_dense_weights(width: int, trials: int) -> None:
    dense = trained_statistics(Network.draw("dense", width, DEPTH, 2, 1, trials, source("dense", width)))
    network = revealed_network(RevealedWeights, width, trials, "revealed")
    exact = p_values(dense, trained_statistics(network))
    assert min(exact.values()) > ALARM, exact
    last = network.hidden[-1]
    assert isinstance(last, RevealedWeights)
    assert (last.directions[0] >= width) == (width <= 16)  # saturated: more questions than directions
    for kind in (ForgetsLeftPart, ForgetsProjection, ForgetsChange):
        wrong = p_values(dense, trained_statistics(revealed_network(kind, width, trials, "wrong")))
        assert min(wrong.values()) < ALARM, (kind.__name__, wrong)


def power_iteration(weights: Weights, dimension: int) -> Tensor:
    """‖W x‖ after alternating questions, each the normalized answer to the last one: as adaptive as questions can be."""
    x = torch.ones(TRIALS, 1, dimension, dtype=torch.float64) / sqrt(dimension)
    for _ in range(3):
        u = weights.apply(x)
        back = weights.apply_transpose(u)
        x = back / back.norm(dim=-1, keepdim=True).clamp(min=1e-300)  # a wrong law may answer zero
    norms: Tensor = u.norm(dim=-1)[:, 0]
    return norms


@pytest.mark.parametrize("dimension", [2, 4, 8, 64])
def test_adaptive_questions_have_the_law_of_dense_weights(dimension: int) -> None:
    def revealed(kind: type[RevealedWeights]) -> Tensor:
        return power_iteration(kind(dimension, dimension, 1.0, TRIALS, source("power", dimension)), dimension)

    dense = power_iteration(DenseWeights.draw(dimension, dimension, 1.0, TRIALS, source("matrix", dimension)), dimension)
    assert stats.ks_2samp(dense, revealed(RevealedWeights)).pvalue > ALARM
    for kind in (ForgetsLeftPart, ForgetsProjection):
        assert stats.ks_2samp(dense, revealed(kind)).pvalue < ALARM, kind.__name__


@pytest.mark.parametrize("dimension", [1, 3, 5])
def test_a_matrix_revealed_from_both_sides_has_independent_gaussian_entries(dimension: int) -> None:
    def squared_norm(kind: type[RevealedWeights]) -> Tensor:
        weights = kind(dimension, dimension, 1.0, TRIALS, source("entries", dimension))
        for k in range(dimension):  # the k-th right question is the answer to the one before
            u = weights.apply(torch.eye(dimension, dtype=torch.float64)[k : k + 1].expand(TRIALS, -1, -1))
            weights.apply_transpose(u)
        matrix = weights.apply(torch.eye(dimension, dtype=torch.float64).expand(TRIALS, -1, -1))
        return matrix.square().sum((1, 2))

    law = stats.chi2(dimension**2)
    assert stats.kstest(squared_norm(RevealedWeights), law.cdf).pvalue > ALARM
    if dimension > 1:  # in one dimension the first question reveals everything
        assert stats.kstest(squared_norm(ForgetsProjection), law.cdf).pvalue < ALARM


class DrawsApart(RevealedWeights):
    """Copies that each draw what was not asked before, so that they have no W(0) in common."""

    def copy(self) -> RevealedWeights:
        twin = super().copy()
        twin._source = self._source.spawn("twin")
        twin._right, twin._left = copy.deepcopy(self._right), copy.deepcopy(self._left)
        return twin


@pytest.mark.parametrize("dimension", [2, 4, 8, 64])
def test_copies_have_the_law_of_one_matrix(dimension: int) -> None:
    """A copy is asked for what the original answered, and turns into another matrix by a change of its own; both answers have the joint
    law of copies of dense weights, where <u, W x> and <W^T u, x> of the two agree."""

    def across(weights: Weights) -> Tensor:
        twin = weights.copy()
        x = torch.ones(TRIALS, 1, dimension, dtype=torch.float64) / sqrt(dimension)
        u = weights.apply(x)
        twin.add_outer(u, x)
        back = twin.apply_transpose(u)
        norms: Tensor = weights.apply(back).norm(dim=-1)[:, 0]
        return norms

    dense = across(DenseWeights.draw(dimension, dimension, 1.0, TRIALS, source("one matrix", dimension)))
    assert stats.ks_2samp(dense, across(RevealedWeights(dimension, dimension, 1.0, TRIALS, source("copies", dimension)))).pvalue > ALARM
    assert stats.ks_2samp(dense, across(DrawsApart(dimension, dimension, 1.0, TRIALS, source("apart", dimension)))).pvalue < ALARM


def test_a_copy_answers_the_same_questions_alike() -> None:
    """Up to rounding: what the original asked is known to the copy, and need not be drawn."""
    network = Network.draw("revealed", 8, DEPTH, 2, 1, 5, source("copy"))
    network.forward(INPUTS)
    twin = network.copy()
    for each in (network, twin):
        record = each.forward(INPUTS)
        each.step(record, record.outputs - TARGETS, 0.1)
    expected = network.forward(INPUTS).outputs
    directions = [weights.directions for weights in network.hidden if isinstance(weights, RevealedWeights)]
    found = twin.forward(INPUTS).outputs
    assert float((found - expected).abs().max()) < 1e-12  # some 100 roundings of numbers of size one
    assert [weights.directions for weights in twin.hidden if isinstance(weights, RevealedWeights)] == directions

"""The first paper's networks: the bound of how far their Jacobian moves, in its parts and against moves written out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from checkers.networks.network import Network
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.local_jacobian.deep import change_bound, jacobian_change, knapsack_bound

source = sources(8, "deep")


def test_the_relaxed_knapsack_is_worth_no_less_than_the_best_items() -> None:
    weight, worth = (source(name).normal((20, 8), 1.0).square() for name in ("weight", "worth"))
    room = torch.linspace(0.1, 6, 20, dtype=torch.float64)
    chosen = torch.tensor(list(itertools.product((0.0, 1.0), repeat=8)), dtype=torch.float64)
    best = torch.where(weight @ chosen.mT <= room[:, None], worth @ chosen.mT, 0.0).amax(-1)
    relaxed = knapsack_bound(weight, worth, room)
    assert bool((relaxed >= best - 1e-12).all())
    assert bool((relaxed <= best + worth.amax(-1)).all()), "it splits one item at most"
    torch.testing.assert_close(knapsack_bound(weight, worth, torch.full((20,), 1e9, dtype=torch.float64)), worth.sum(-1))
    assert knapsack_bound(weight, worth, torch.zeros(20, dtype=torch.float64)).tolist() == [0.0] * 20


@pytest.mark.parametrize(("depth", "size"), [(1, 0.05), (2, 0.05), (3, 1e-3)])
def test_the_jacobian_moves_no_farther(depth: int, size: float) -> None:
    """J by reverse-mode differentiation of W_1..W_L written out, at W and at a random W + W' of spectral norms `size`."""
    of = instance_from_sizes(None, {"width": 24, "depth": depth, "samples": 2, "outputs": 2, "separation": 0.3, "radius": size})
    network = Network.draw("dense", 24, depth, of.inputs.shape[1], 2, 3, source("network", depth))
    hidden = []
    for layer, weights in enumerate(network.hidden):
        left, right = (source("move", depth, layer, side).normal((3, 5, 24), 1.0) for side in ("left", "right"))
        norm = torch.linalg.matrix_norm(left.mT @ right, 2)[:, None, None]
        hidden.append(PerturbedWeights(weights, left * size / norm, right))
    origin = NetworkSubject(network, of, source("questions"))
    moved = origin.standing_in(Network(network.architecture, network.input_weights, hidden, network.output), origin=origin)
    found = jacobian_change(moved)
    first, matrices, output = origin.weights()
    rows = [_jacobian(first, layers, output, torch.from_numpy(of.inputs)) for layers in (matrices, moved.weights()[1])]
    torch.testing.assert_close(found, torch.linalg.matrix_norm(rows[1] - rows[0], 2), rtol=1e-8, atol=1e-10)
    bound = change_bound(origin, torch.full((3,), size, dtype=torch.float64))
    assert bool((found <= bound).all())


def _jacobian(first: Tensor, layers: Sequence[Tensor], output: Tensor, inputs: Tensor) -> Tensor:
    """(trials, samples * outputs, all entries of all layers)."""
    weights = [one.detach().clone().requires_grad_() for one in layers]
    h = (first @ inputs.mT).relu()
    for matrix in weights:
        h = (matrix @ h).relu()
    values = (output @ h).mT  # (trials, samples, outputs)
    rows = [
        torch.cat([one.flatten(1) for one in torch.autograd.grad(values[:, i, c].sum(), weights, retain_graph=True)], 1)
        for i, c in itertools.product(range(values.shape[1]), range(values.shape[2]))
    ]
    return torch.stack(rows, 1)

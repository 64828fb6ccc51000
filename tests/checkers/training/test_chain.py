"""The chain of lemmas along a run: its numbers from matrices and automatic gradients, and the blame it leads to."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from checkers.data.training_data import TrainingData
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.training.chain import Chain, examined_steps
from checkers.training.conclusions import tally
from checkers.training.explanation import explain
from strategies import instance_from_sizes
from tests.helpers import train_on
from theorems import registry
from theorems.laws.losses import losses

SIZES: dict[str, Any] = {"width": 48, "depth": 3, "samples": 4, "outputs": 2, "data": "random", "labels": "random"}
INSTANCE = instance_from_sizes(None, SIZES)
ETA = 1e-3


def dense() -> tuple[Network, list[torch.Tensor]]:
    source = NormalSource(seed_sequence(2, "trajectory"))
    network = Network.draw("dense", INSTANCE.width, INSTANCE.depth, INSTANCE.input_dimension, INSTANCE.outputs, 1, source)
    eye = torch.eye(INSTANCE.width, dtype=torch.float64)[None]
    return network, [weights.apply(eye)[0].mT.clone().requires_grad_() for weights in network.hidden]


def _outputs(network: Network, hidden: list[torch.Tensor]) -> torch.Tensor:
    h = network.input_weights.apply(network.inputs(INSTANCE.inputs))[0].relu()
    for matrix in hidden:
        h = (h @ matrix.mT).relu()
    return h @ network.output[0].mT


def test_every_number_of_the_chain_is_what_matrices_give() -> None:
    network, hidden = dense()
    x, y = torch.as_tensor(INSTANCE.inputs), torch.as_tensor(INSTANCE.targets)
    record = network.forward(x)
    outputs = _outputs(network, hidden)
    each = (outputs - y).square().sum(-1) / 2
    gradients = torch.autograd.grad(each.sum(), hidden, retain_graph=True)
    own = [[float(g.square().sum()) for g in torch.autograd.grad(each[i], hidden, retain_graph=True)] for i in range(4)]
    loss = losses["squared"]
    chain = Chain(INSTANCE, loss, ETA)
    vectors = loss.gradient(record.outputs, y)
    each = each.detach()
    with torch.no_grad():
        chain.examine(0, network, record, vectors, vectors, float(each.sum()))
    n, d, m = 4, 2, INSTANCE.width
    single = max(own[i][layer] / float(each[i]) for i in range(4) for layer in range(3))
    together = max(float(g.square().sum()) for g in gradients) / (n * float(each.sum()))
    bound = registry["gradient-upper"].claimed(INSTANCE, omega=0.0)[0]
    left, right = chain.rows["gradient-upper"][0][1:]
    assert left / right == pytest.approx(max(single, together) / bound, rel=1e-10)
    c = registry["gradient-lower"].constant_values(INSTANCE)["c"]
    left, right = chain.rows["gradient-lower"][0][1:]
    assert left == pytest.approx(c * INSTANCE.separation * m / (d * n) * float(each.max()), rel=1e-10)
    assert right == pytest.approx(float(gradients[-1].square().sum()), rel=1e-10)
    total = sum(float(g.square().sum()) for g in gradients)
    assert chain.squares[0][1] == pytest.approx(total, rel=1e-10)
    outputs = _outputs(network, hidden)
    jacobian = [torch.cat([g.flatten() for g in torch.autograd.grad(outputs[i, 0], hidden, retain_graph=True)]) for i in range(4)]
    eigenvalues = torch.linalg.eigvalsh(torch.stack(jacobian) @ torch.stack(jacobian).mT)
    assert chain.kernel[0][1:] == pytest.approx((float(eigenvalues[0]), float(eigenvalues[-1])), rel=1e-9)
    assert chain.pending is not None
    assert chain.pending["promised"] == pytest.approx(ETA * total, rel=1e-10)
    spectral = ETA * max(float(torch.linalg.matrix_norm(g, ord=2)) for g in gradients)
    assert chain.pending["size"] == pytest.approx(spectral, rel=1e-9)
    chain.finish_step(1, 0.75 * float(each.sum()))
    step, promised, fell = chain.descent[0]
    assert step == 0
    assert (promised, fell) == pytest.approx((ETA * total, 0.25 * float(each.sum())))
    C = registry["semi-smoothness"].constant_values(INSTANCE, omega=spectral)["C"]
    flips = math.sqrt(n * float(each.sum())) * spectral ** (1 / 3) * 9 * math.sqrt(m * math.log(m) / d)
    expected = (promised - fell, C * (flips * spectral + n * 9 * m / d * spectral**2))
    assert chain.rows["semi-smoothness"][0][1:] == pytest.approx(expected, rel=1e-9)


def test_the_direction_of_a_minibatch_is_told_from_the_gradient() -> None:
    network, _ = dense()
    record, y = network.forward(INSTANCE.inputs), torch.as_tensor(INSTANCE.targets)
    vectors = losses["squared"].gradient(record.outputs, y)
    moving = 4 * vectors * torch.tensor([1.0, 0, 0, 0])[:, None]
    chain = Chain(INSTANCE, losses["squared"], ETA)
    chain.examine(0, network, record, vectors, moving, 1.0)
    before = network.copy()
    network.step(record, moving, 1e-8)
    fell = 0.5 * (vectors.square().sum() - (network.forward(INSTANCE.inputs).outputs - y).square().sum())
    assert chain.pending is not None
    assert chain.pending["promised"] == pytest.approx(ETA * float(fell) / 1e-8, rel=1e-4)  # a difference of step 1e-8, rounded at 1e-16
    assert float(before.distance()) == 0


def test_the_first_steps_are_examined_and_then_ever_fewer() -> None:
    chosen = sorted(examined_steps(5000))
    assert chosen[:21] == list(range(21))
    assert chosen[-1] == 5000
    assert len(chosen) < 150
    assert all(later <= 1.06 * earlier + 1 for earlier, later in pairwise(chosen[20:]))
    assert examined_steps(3) == frozenset(range(4))


def test_a_tally_knows_the_worst_the_median_and_the_first_failure() -> None:
    found = tally("gd-rate", [(1, 1.0, 2.0), (2, 3.0, 2.0), (3, 0.0, 0.0), (4, 8.0, 2.0), (5, -1.0, 1.0)])
    assert (found.verdict, found.first_failure, found.worst_step, found.worst_ratio, found.median_ratio) == ("FAILED", 2, 4, 4.0, 0.5)
    assert tally("gd-rate", [(1, math.nan, 1.0)]).verdict == "FAILED"


DISTINCT = np.array([[0.6, 0.8, 1], [1, 0, 1], [0, 1, 1]]) / math.sqrt(2)
TARGETS = np.array([[1.0, 0], [0, 1], [1, 0]])
DATA = TrainingData(DISTINCT, TARGETS, TARGETS.argmax(1))
EQUAL = replace(DATA, inputs=DISTINCT[[0, 1, 1]])
short = partial(train_on, width=256, steps=200, goal=1e-2)


def test_equal_inputs_with_different_labels_are_blamed_on_the_separation() -> None:
    assert short(EQUAL, steps=2000).blame == "separation"
    assert short(DATA, steps=2000).blame == ""


@pytest.mark.parametrize(
    ("options", "blamed"),
    [
        ({"batch": 2}, "sgd-convergence"),
        ({"batch": 2, "loss": "huber"}, "sgd-convergence"),
        ({"loss": "huber"}, "other-losses"),
        ({}, "gd-rate"),
    ],
)
def test_a_step_far_too_large_breaks_the_conclusion_and_nothing_before_it(options: dict[str, Any], blamed: str) -> None:
    stable = short(DATA, steps=1, **options).stable
    assert short(DATA, step_size=50 * stable, **options).blame == blamed


def test_few_or_tiny_steps_are_no_failure() -> None:
    assert short(DATA, steps=1).blame == ""
    assert short(DATA, steps=30, step_size="paper").blame == ""


def test_a_network_too_narrow_is_blamed_on_what_its_initialization_breaks() -> None:
    result = short(DATA, width=3, depth=6, step_size=0.05, steps=400, seed=4)
    assert not result.reached
    order = [statement.id for statement in registry.foundations("gd-rate")]
    assert result.blame in order


@pytest.mark.parametrize("name", list(losses))
@pytest.mark.parametrize("batch", [0, 2])
def test_every_loss_trains_and_its_conclusion_is_checked(name: str, batch: int) -> None:
    result = short(DATA, loss=name, batch=batch, goal=0.05, steps=600)
    assert (result.loss_function, result.batch, result.blame) == (name, batch, "")
    assert result.loss[-1] < 0.2 * result.loss[0]
    assert result.accuracy[-1] == 1
    checked = {check.id: check.verdict for check in result.checks}
    assert set(checked.values()) == {"HOLDS"}
    if name != "squared" and not batch:
        assert "other-losses" in checked
    assert ("classification" in checked) == (name == "cross-entropy" and not batch)


def test_a_run_explains_itself() -> None:
    result = short(DATA)
    assert explain(result, [(0, 2.0, 1.9), (1, 1.0, 0.2), (2, 1.0, 0.8)]) != result.explanation
    text = " ".join(result.explanation)
    assert "0.75 of the largest that the initial kernel allows" in text
    assert "drives the descent" in text
    assert "gradient-lower asks for" in text
    assert "least eigenvalue went from" in text
    assert "The run left the ball" in text
    large = short(DATA, step_size=3 * result.stable)
    assert large.blame == "gd-rate"
    assert "3 of the largest" in large.explanation[0]

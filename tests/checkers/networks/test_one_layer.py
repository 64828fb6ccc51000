"""Descent on one layer without its matrix is the descent with it: trial by trial, whatever the step sizes and however many signs change."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from checkers.networks import one_layer
from checkers.networks.descent import follow
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from theorems.language.subject import Descent

ORDER = np.random.SeedSequence(1)
TRIALS = 3
# samples, outputs, width, separation and eta lambda_max of the limit, about; the last leaves no sign unchanged.
CASES = [(1, 1, 64, 1.0, 0.6), (2, 1, 256, 0.1, 1.5), (4, 2, 200, 0.3, 1.0), (2, 2, 128, 0.5, 40.0)]


def subject(samples: int, outputs: int, width: int, separation: float) -> NetworkSubject:
    sizes = {"width": width, "samples": samples, "outputs": outputs, "separation": separation, "data_seed": 1}
    instance = instance_from_sizes(None, {**sizes, "data": "pairs", "labels": "random"})
    source = NormalSource(seed_sequence(1, "one layer", samples, outputs, width))
    network = Network.draw("dense", width, 1, instance.inputs.shape[1], outputs, TRIALS, source)
    return NetworkSubject(network, instance, source.spawn("questions"))


@pytest.mark.parametrize(("samples", "outputs", "width", "separation", "step"), CASES)
def test_the_curves_are_those_of_the_descent_with_the_matrix(
    samples: int, outputs: int, width: int, separation: float, step: float
) -> None:
    question = subject(samples, outputs, width, separation)
    sizes = 2 * step * outputs / (width * samples) * torch.tensor([1.0, 0.5, 0.1], dtype=torch.float64)
    descent = Descent(every=4)
    ours = question.train(sizes, 10, descent)
    plain = follow(question.network.copy(), question.instance.inputs, question.instance.targets, sizes, 10, descent, ORDER)
    assert ours.steps == plain.steps == (0, 4, 8, 10)
    for name in ("loss", "distance", "worst"):
        # twelve digits of what is not yet learned
        assert torch.allclose(getattr(ours, name), getattr(plain, name), rtol=1e-9, atol=1e-12 * float(plain.loss[:, 0].max())), name
    assert float((plain.loss[0] / plain.loss[1] - 1).abs().max()) > 1e-3, "each trial has its own step size"


def test_distances_are_left_out_where_nobody_asks_for_them() -> None:
    question = subject(2, 1, 256, 0.1)
    asked, alone = question.train(0.01, 8), question.train(0.01, 8, Descent(distances=False))
    assert torch.equal(alone.loss, asked.loss)
    assert (alone.distance.numel(), asked.distance.shape) == (0, (TRIALS, 9))


def test_a_guess_that_is_too_small_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    question = subject(2, 1, 256, 0.1)
    right = question.train(0.01, 8)
    monkeypatch.setattr(one_layer, "GUESS", 1e-3)
    assert torch.allclose(question.train(0.01, 8).loss, right.loss, rtol=1e-12)


def test_only_neurons_near_zero_are_followed() -> None:
    question = subject(1, 1, 4096, 1.0)
    start = one_layer.Start.of(question.network.output, question.record, torch.tensor(question.instance.targets), 1e-4)
    assert start.moving(2 * start.linear(20)).shape[1] < 4096 / 4


def test_other_losses_and_deeper_networks_go_the_usual_way() -> None:
    question = subject(2, 1, 64, 0.5)
    assert one_layer.answers(question.network, Descent())
    for other in (Descent(loss="logistic"), Descent(batch=1), Descent(gradients=True), Descent(never=0)):
        assert not one_layer.answers(question.network, other)
    deep = Network.draw("dense", 8, 2, 2, 1, 1, NormalSource(seed_sequence(1, "deep")))
    assert not one_layer.answers(deep, Descent())

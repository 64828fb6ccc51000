"""Runs beside their certificates: the word is kept, and a false one is caught."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from checkers.certification.training_certificate import certificate
from checkers.experiments.width.certified_width import drawn_network
from checkers.networks.two_layer_descent import descend_two_layer, in_blocks, train_two_layer
from checkers.records.training_certificates import TrainingCertificate
from checkers.training.certified_run import Wrong, descending, kept_word
from strategies.data import data_set
from theorems.language.instance import Array


def problem(samples: int, width: int, seed: int, shape: str = "orthonormal") -> tuple[Array, Array, Array, Array]:
    generator = np.random.default_rng([samples, width, seed])
    inputs = data_set(shape, generator, samples, samples + 1, 0.7)
    return *drawn_network(inputs, width, seed), generator.choice([-1.0, 1.0], samples)


@pytest.mark.parametrize(("samples", "width", "shape"), [(1, 200, "orthonormal"), (4, 1500, "orthonormal"), (3, 30_000, "sphere")])
@pytest.mark.parametrize("seed", range(3))
def test_a_certified_run_keeps_its_word(samples: int, width: int, shape: str, seed: int) -> None:
    weights, output, inputs, labels = problem(samples, width, seed, shape)
    found = certificate(weights, output, inputs, labels)
    assert found.certified
    run = kept_word(descending(weights, output, inputs, labels, found), labels, found, goal=1e-4, steps=500)
    assert run.reached
    assert run.broken == -1
    assert 0 < run.residual_ratio <= 1 + 1e-9
    assert 0 < run.distance_ratio <= 1
    assert len(run.residual) == len(run.allowed) == len(run.farthest) == run.steps + 1


@pytest.fixture(scope="module")
def one_input() -> tuple[tuple[Array, Array, Array, Array], TrainingCertificate]:
    """A million neurons, and a step of 0.1/lambda_max: displacement and rate are within a few per cent of what is promised."""
    network = problem(1, 10**6, 1)
    return network, certificate(*network, shares=(0.1,))


@pytest.mark.parametrize("wrong", [Wrong(distance=0.8), Wrong(rate=1.2), Wrong(step_size=30)], ids=lambda wrong: str(wrong))
def test_a_false_promise_is_caught_by_the_run(
    wrong: Wrong, one_input: tuple[tuple[Array, Array, Array, Array], TrainingCertificate]
) -> None:
    (weights, output, inputs, labels), found = one_input
    descend = descending(weights, output, inputs, labels, found)
    kept = kept_word(descend, labels, found, steps=60)
    assert kept.broken == -1
    assert 0.95 < kept.distance_ratio <= 1
    run = kept_word(descend, labels, found, steps=60, wrong=wrong)
    assert 0 < run.broken <= 30
    assert run.steps == run.broken
    assert max(run.residual_ratio, run.distance_ratio) > 1.001


def test_descent_by_moving_neurons_is_that_of_all_weights() -> None:
    """Also when most neurons move, and for outputs of any sizes."""
    weights, output, inputs, labels = problem(5, 2000, 3, "cluster")
    output = output * np.random.default_rng(0).uniform(0, 2, len(output))
    rows, v, y = map(torch.from_numpy, (inputs, output, labels))
    for travel in (4.0, 40.0):
        now = torch.from_numpy(weights).clone()
        for stand in descend_two_layer(in_blocks(weights, output), rows, y, travel, 0.3, 25):
            z = now @ rows.mT
            residual = y - z.clamp_min(0).mT @ v
            moved = float(((now - torch.from_numpy(weights)).norm(dim=1) / v.abs()).max())
            if stand.trusted:
                torch.testing.assert_close(stand.residual, residual)
                assert stand.farthest == pytest.approx(moved, rel=1e-9, abs=1e-9)
            else:
                assert stand.farthest > travel
            now += 0.3 * v[:, None] * (((z >= 0) * residual) @ rows)
        assert stand.trusted == (travel == 40.0)


def test_a_run_without_a_promise_to_keep_is_not_begun() -> None:
    weights, output, inputs, labels = problem(3, 20, 1)
    found = certificate(weights, output, inputs, labels)
    assert not found.certified
    with pytest.raises(ValueError, match="not certified"):
        kept_word(descending(weights, output, inputs, labels, found), labels, found)


@pytest.mark.parametrize("share", [0.9, 1.8])
def test_how_far_neurons_go_is_found_out(share: float) -> None:
    """From a guess that is too small where H(0) is close to singular, and of steps that the certificate does not speak of."""
    weights, output, inputs, labels = problem(6, 300, 2, "cluster")
    rows, v, y = map(torch.from_numpy, (inputs, output, labels))
    step_size, run = train_two_layer(in_blocks(weights, output), rows, y, share, 60)
    now = torch.from_numpy(weights).clone()
    gates = (now @ rows.mT >= 0).double()
    assert step_size == pytest.approx(share * 300 / float(torch.linalg.eigvalsh(rows @ rows.mT * (gates.mT @ gates))[-1]))
    for stand in run:
        z = now @ rows.mT
        torch.testing.assert_close(stand.residual, y - z.clamp_min(0).mT @ v)
        now += step_size * v[:, None] * (((z >= 0) * stand.residual) @ rows)
    assert run[-1].trusted

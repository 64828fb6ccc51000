"""Stochastic gradient descent: which samples a step sees, and that it is the paper's step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from checkers.networks.descent import gradient_descent
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems.laws.losses import losses

TRIALS, STEPS = 3, 9
INSTANCE = instance_from_sizes(None, {"width": 64, "depth": 2, "samples": 5, "outputs": 2, "data": "random", "labels": "one-hot"})
ETA = 2e-3
SEED = seed_sequence(3, "order")


def drawn(engine: Engine = "dense") -> Network:
    source = NormalSource(seed_sequence(1, "minibatches"))
    return Network.draw(engine, INSTANCE.width, INSTANCE.depth, INSTANCE.input_dimension, INSTANCE.outputs, TRIALS, source)


def test_a_minibatch_is_a_uniform_subset() -> None:
    batches = Minibatches(2, 4, 3000, SEED)
    chosen = batches.indices(7)
    assert chosen.shape == (3000, 2)
    assert bool((chosen[:, 0] < chosen[:, 1]).all())
    counts = np.unique((4 * chosen[:, 0] + chosen[:, 1]).numpy(), return_counts=True)[1]
    assert len(counts) == 6
    assert chisquare(counts).pvalue > 1e-6


def test_its_order_is_a_function_of_seed_and_step() -> None:
    batches, twin = Minibatches(2, 5, 4, SEED), Minibatches(2, 5, 4, SEED)
    later = batches.indices(5)
    assert torch.equal(later, twin.indices(5))
    assert not torch.equal(later, twin.indices(6))
    assert not torch.equal(later, Minibatches(2, 5, 4, seed_sequence(4, "order")).indices(5))


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_sample_that_is_never_seen_is_never_seen(size: int) -> None:
    batches = Minibatches(size, 5, 50, SEED, never=2)
    assert all(2 not in batches.indices(step).flatten().tolist() for step in range(20))


@pytest.mark.parametrize("size", [0, 6])
def test_a_minibatch_of_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 5"):
        Minibatches(size, 5, 1, SEED)


@pytest.mark.parametrize("name", list(losses))
@pytest.mark.parametrize("size", [1, 2, 5])
def test_it_is_the_plain_loop_over_automatic_gradients(size: int, name: str) -> None:
    """W -= eta (n/b) sum_{i in S} grad F_i; two orders of summation agree to some hundred roundings."""
    batches, loss = Minibatches(size, 5, TRIALS, SEED), losses[name]
    run = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS, loss=loss, batches=batches)
    start = drawn()
    first = start.input_weights.apply(torch.eye(INSTANCE.input_dimension, dtype=torch.float64).expand(TRIALS, -1, -1)).mT
    eye = torch.eye(INSTANCE.width, dtype=torch.float64).expand(TRIALS, -1, -1)
    hidden = [weights.apply(eye).mT.clone() for weights in start.hidden]
    x, y = torch.as_tensor(INSTANCE.inputs), torch.as_tensor(INSTANCE.targets)
    values = []
    for step in range(STEPS + 1):
        free = [matrix.detach().requires_grad_() for matrix in hidden]
        h = (x @ first.mT).relu()
        for matrix in free:
            h = (h @ matrix.mT).relu()
        each = loss.value(h @ start.output.mT, y)
        values.append(each.detach().sum(1))
        sampled = 5 / size * each.gather(1, batches.indices(step)).sum()
        hidden = [matrix - ETA * gradient for matrix, gradient in zip(hidden, torch.autograd.grad(sampled, free), strict=True)]
    torch.testing.assert_close(run.loss, torch.stack(values, 1), rtol=1e-10, atol=0)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_what_is_recorded_changes_no_step(engine: Engine) -> None:
    """Steps that nobody looks at pass over the minibatch alone; revealed weights are then asked other questions."""
    batches = Minibatches(2, 5, TRIALS, SEED)
    every = gradient_descent(drawn(engine), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS, batches=batches)
    rarely = gradient_descent(
        drawn(engine), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS, batches=batches, recorded=lambda step: step % 4 == 0, gradients=True
    )
    assert rarely.steps == (0, 4, 8, 9)
    assert rarely.gradient.shape == rarely.worst.shape == (TRIALS, 4)
    if engine == "dense":
        torch.testing.assert_close(rarely.loss, every.loss[:, list(rarely.steps)], rtol=1e-10, atol=0)
    else:
        assert bool((rarely.loss[:, -1] < rarely.loss[:, 0]).all())


def test_a_batch_of_all_is_gradient_descent() -> None:
    whole = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
    batch = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS, batches=Minibatches(5, 5, TRIALS, SEED))
    torch.testing.assert_close(batch.loss, whole.loss, rtol=1e-12, atol=0)


def test_gradient_norms_are_those_of_the_step() -> None:
    run = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, 1, gradients=True)
    torch.testing.assert_close(run.gradient[:, 0].sqrt() * ETA, run.distance[:, 1], rtol=1e-10, atol=0)

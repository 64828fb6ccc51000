"""The trainer core: gradient descent as section 1 of the paper writes it, on all trials at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.networks.descent import descend, gradient_descent
from checkers.networks.kernels import limit_kernel
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems.language.instance import Instance

TRIALS, STEPS = 3, 12
INSTANCE = instance_from_sizes(None, {"width": 64, "depth": 3, "samples": 4, "outputs": 2, "data": "random", "labels": "random"})


def drawn(engine: Engine = "dense", seed: int = 1, instance: Instance = INSTANCE, trials: int = TRIALS) -> Network:
    source = NormalSource(seed_sequence(seed, "trainer"))
    return Network.draw(engine, instance.width, instance.depth, instance.input_dimension, instance.outputs, trials, source)


def matrices(network: Network) -> tuple[Tensor, list[Tensor], Tensor]:
    """A, [W_1..W_L], B, each (trials, rows, columns), as the images of the coordinate vectors."""

    def matrix(columns: int) -> Tensor:
        return torch.eye(columns, dtype=torch.float64).expand(network.trials, -1, -1)

    first = network.input_weights.apply(matrix(network.input_weights.columns)).mT
    return first, [weights.apply(matrix(network.width)).mT.clone() for weights in network.hidden], network.output


def plain_descent(network: Network, step_size: float, steps: int) -> tuple[Tensor, Tensor]:
    """F(t) and ‖W(t) - W(0)‖_F by reverse-mode differentiation and a plain loop."""
    first, start, last = matrices(network)
    hidden = [matrix.clone() for matrix in start]
    inputs, targets = torch.as_tensor(INSTANCE.inputs), torch.as_tensor(INSTANCE.targets)
    losses, distances = [], []
    for _ in range(steps + 1):
        free = [matrix.detach().requires_grad_() for matrix in hidden]
        h = (inputs @ first.mT).relu()
        for matrix in free:
            h = (h @ matrix.mT).relu()
        loss = 0.5 * (h @ last.mT - targets).square().sum((1, 2))
        gradients = torch.autograd.grad(loss.sum(), free)
        losses.append(loss.detach())
        distances.append(torch.stack([(now - then).square().sum((1, 2)) for now, then in zip(hidden, start, strict=True)]).sum(0).sqrt())
        hidden = [matrix - step_size * gradient for matrix, gradient in zip(hidden, gradients, strict=True)]
    return torch.stack(losses, 1), torch.stack(distances, 1)


# 1/lambda_max of the kernel's limit: stable with a factor of two to spare
ETA = INSTANCE.outputs / (INSTANCE.width * float(np.linalg.eigvalsh(limit_kernel(INSTANCE.inputs, INSTANCE.depth))[-1]))


def test_it_is_the_plain_loop_over_automatic_gradients() -> None:
    """A stable step does not magnify rounding: after 12 steps two orders of summation differ by some 100 eps, 1e-10 at the very most."""
    trajectory = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
    losses, distances = plain_descent(drawn(), ETA, STEPS)
    torch.testing.assert_close(trajectory.loss, losses, rtol=1e-10, atol=0)
    torch.testing.assert_close(trajectory.distance, distances, rtol=1e-10, atol=1e-13)
    assert trajectory.loss.shape == trajectory.distance.shape == (TRIALS, STEPS + 1)
    assert trajectory.step_size == ETA


def test_the_comparison_would_see_a_wrong_step_size() -> None:
    trajectory = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA * (1 + 1e-8), STEPS)
    losses, _ = plain_descent(drawn(), ETA, STEPS)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(trajectory.loss, losses, rtol=1e-10, atol=0)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_the_loss_falls_at_every_step_of_a_stable_size(engine: Engine) -> None:
    """Half of the stable size: at width 64 the kernel itself is up to twice its limit."""
    trajectory = gradient_descent(drawn(engine), INSTANCE.inputs, INSTANCE.targets, ETA / 2, STEPS)
    assert (trajectory.loss[:, 1:] < trajectory.loss[:, :-1]).all()
    assert (trajectory.distance[:, 1:] > 0).all()
    assert not trajectory.distance[:, 0].any()


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_and_rises_far_beyond_it(engine: Engine) -> None:
    trajectory = gradient_descent(drawn(engine), INSTANCE.inputs, INSTANCE.targets, 50 * ETA, 2)
    assert (trajectory.loss[:, -1] > trajectory.loss[:, 0]).all()


def test_trials_do_not_know_of_each_other() -> None:
    together = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
    first, hidden, last = matrices(drawn())
    for trial in range(TRIALS):
        alone = Network.from_matrices(first[trial], [matrix[trial] for matrix in hidden], last[trial])
        trajectory = gradient_descent(alone, INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
        torch.testing.assert_close(trajectory.loss[0], together.loss[trial], rtol=1e-10, atol=0)


def test_every_trial_may_have_labels_of_its_own() -> None:
    targets = torch.stack([torch.as_tensor(INSTANCE.targets) * factor for factor in (1.0, -1.0, 2.0)])
    own = gradient_descent(drawn(), INSTANCE.inputs, targets, ETA, STEPS)
    shared = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
    torch.testing.assert_close(own.loss[0], shared.loss[0], rtol=1e-10, atol=0)
    assert (own.loss[1:] != shared.loss[1:]).all()


def test_no_steps_measure_the_initialization_and_move_nothing() -> None:
    network = drawn()
    trajectory = gradient_descent(network, INSTANCE.inputs, INSTANCE.targets, ETA, 0)
    assert trajectory.loss.shape == (TRIALS, 1)
    assert not network.distance().any()


def test_who_iterates_sees_every_step_before_the_weights_move_and_can_stop() -> None:
    seen: list[tuple[int, Tensor]] = []
    network = drawn()

    for stand in descend(network, INSTANCE.inputs, INSTANCE.targets, ETA, STEPS):
        residual = network.forward(INSTANCE.inputs).outputs - torch.as_tensor(INSTANCE.targets)
        torch.testing.assert_close(0.5 * residual.square().sum((1, 2)), stand.loss)
        assert torch.equal(stand.record.outputs, network.forward(INSTANCE.inputs).outputs)
        seen.append((stand.step, stand.loss))
        if stand.step == 4:
            break
    trajectory = gradient_descent(drawn(), INSTANCE.inputs, INSTANCE.targets, ETA, 4)
    assert [step for step, _ in seen] == [0, 1, 2, 3, 4]
    assert trajectory.loss.shape == (TRIALS, 5)
    assert torch.equal(torch.stack([loss for _, loss in seen], 1), trajectory.loss)
    assert torch.equal(network.distance(), trajectory.distance[:, -1]), "the stop comes before the step"


def test_only_the_hidden_weights_are_trained() -> None:
    network = drawn()
    (first, _, last), before = matrices(network), network.output.clone()
    gradient_descent(network, INSTANCE.inputs, INSTANCE.targets, ETA, STEPS)
    assert torch.equal(matrices(network)[0], first)
    assert torch.equal(network.output, before)
    assert torch.equal(last, before)
    assert network.distance().all()

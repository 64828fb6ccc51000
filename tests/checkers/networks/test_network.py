"""Passes, steps and subjects against torch's autograd, and single against double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.networks.network import Network
from checkers.networks.weights.protocol import Weights
from checkers.networks.weights.revealed import RevealedWeights
from checkers.subjects.network import NetworkSubject
from checkers.subjects.partial import VectorSubject
from tests.helpers import sources
from theorems.language.instance import Instance

TRIALS, WIDTH, DEPTH, SAMPLES, INPUTS, OUTPUTS = 2, 7, 3, 4, 3, 2
ROUNDING = 1e-12  # ~10^3 operations on numbers below 10^2, at 2e-16 each

source = sources(5, "network")


def draw(engine: str, trials: int = TRIALS, width: int = WIDTH, dtype: torch.dtype = torch.float64) -> Network:
    return Network.draw(engine, width, DEPTH, INPUTS, OUTPUTS, trials, source("W"), dtype=dtype)  # type: ignore[arg-type]


def data() -> tuple[Tensor, Tensor]:
    x = source("x").normal((SAMPLES, INPUTS), 1.0)
    return x / x.norm(dim=-1, keepdim=True), source("y").normal((SAMPLES, OUTPUTS), 1.0)


def instance(width: int = WIDTH) -> Instance:
    x, y = data()
    return Instance(
        width=width,
        depth=DEPTH,
        samples=SAMPLES,
        input_dimension=INPUTS,
        outputs=OUTPUTS,
        inputs=x.numpy(),
        targets=y.numpy(),
    )


def subject(network: Network) -> NetworkSubject:
    return NetworkSubject(network, instance(network.width), source("subject"))


def autograd_outputs(matrices: list[Tensor], x: Tensor) -> Tensor:
    for matrix in matrices[:-1]:
        x = torch.relu(x @ matrix.mT)
    return x @ matrices[-1].mT


def matrices_of(network: Network) -> list[Tensor]:
    first, hidden, last = subject(network).weights()
    return [matrix.clone().requires_grad_() for matrix in (first, *hidden, last)]


def test_forward_pass_is_the_composition_of_its_layers() -> None:
    network, (x, _) = draw("dense"), data()
    record = network.forward(x)
    torch.testing.assert_close(record.outputs, autograd_outputs(matrices_of(network), x), rtol=ROUNDING, atol=ROUNDING)
    assert len(record.pre_activations) == len(record.activations) == len(record.signs) == DEPTH + 1
    for g, h, sign in zip(record.pre_activations, record.activations, record.signs, strict=True):
        assert torch.equal(h, sign * g)
    frozen = x.numpy()
    frozen.flags.writeable = False
    assert torch.equal(network.forward(frozen).outputs, record.outputs)
    per_trial = network.forward(x.expand(TRIALS, -1, -1)).outputs
    assert torch.equal(per_trial, record.outputs)


def test_backward_rows_are_the_gradients_of_the_outputs() -> None:
    """grad_{W_l} f_c(x_i) = (D_l Back_{l+1}^T e_c) h_{l-1}^T for every layer, sample, output and trial."""
    network, (x, _) = draw("dense"), data()
    question = subject(network)
    matrices = matrices_of(network)
    outputs = autograd_outputs(matrices, x)
    for sample in range(SAMPLES):
        for output in range(OUTPUTS):
            gradients = torch.autograd.grad(outputs[:, sample, output].sum(), matrices[1:-1], retain_graph=True)
            for layer, gradient in enumerate(gradients, start=1):
                factor = question.masked_backward(layer)[:, sample, output]
                formula = factor[:, :, None] * question.activations(layer - 1)[:, sample, None]
                torch.testing.assert_close(formula, gradient, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_every_back_matrix_continues_to_the_same_output(engine: str) -> None:
    """f(x) = Back_l h_{l-1}, for l = 1..L+1, whatever holds the weights."""
    question = subject(draw(engine))
    for layer in range(1, DEPTH + 2):
        outputs = (question.backward(layer) @ question.activations(layer - 1)[..., None])[..., 0]
        torch.testing.assert_close(outputs, question.network_outputs(), rtol=ROUNDING, atol=ROUNDING)


def test_a_step_is_gradient_descent() -> None:
    network, (x, y) = draw("dense"), data()
    matrices = matrices_of(network)
    loss = (autograd_outputs(matrices, x) - y).square().sum() / 2
    gradients = torch.autograd.grad(loss, matrices[1:-1])
    before, twin = network.copy(), network.copy()
    record = network.forward(x)
    network.step(record, record.outputs - y, 0.1)
    for weights, old, gradient in zip(subject(network).weights()[1], matrices[1:-1], gradients, strict=True):
        torch.testing.assert_close(weights, old - 0.1 * gradient, rtol=ROUNDING, atol=ROUNDING)
    expected = 0.1 * torch.stack([g.square().sum((1, 2)) for g in gradients]).sum(0).sqrt()
    torch.testing.assert_close(network.distance(), expected, rtol=ROUNDING, atol=ROUNDING)
    assert torch.equal(before.forward(x).outputs, twin.forward(x).outputs)
    assert float(twin.distance().max()) == 0.0


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_training_a_subject_leaves_it_unchanged(engine: str) -> None:
    network, (x, y) = draw(engine), data()
    question = subject(network)
    run = question.train(0.05, 3)
    assert run.loss.shape == run.distance.shape == (TRIALS, 4)
    assert float(network.distance().max()) == 0.0
    losses = []
    for _ in range(4):
        record = network.forward(x)
        losses.append((record.outputs - y).square().sum((1, 2)) / 2)
        network.step(record, record.outputs - y, 0.05)
    torch.testing.assert_close(run.loss, torch.stack(losses, -1), rtol=ROUNDING, atol=ROUNDING)


def _change(weights: Weights) -> Tensor:
    """W(t) - W(0) of revealed weights: U^T M Q + E^T Q."""
    assert isinstance(weights, RevealedWeights)
    right, left, beside = weights._right.directions.rows, weights._left.directions.rows, weights._beside.rows
    return (left.mT @ weights._change(False).mT + torch.nn.functional.pad(beside, (0, 0, 0, right.shape[1] - beside.shape[1])).mT) @ right


def test_revealed_networks_train_like_the_dense_network_they_turn_out_to_be() -> None:
    """Train revealed weights, read off W(0) = W(t) - change by asking for everything, train it densely: the same run."""
    network, (x, y) = draw("revealed"), data()
    start = network.copy()
    losses = []
    for _ in range(4):
        record = network.forward(x)
        losses.append(record.outputs - y)
        network.step(record, losses[-1], 0.05)
    eye = torch.eye(WIDTH, dtype=torch.float64).expand(TRIALS, -1, -1)
    # W(0) = W(t) - (W(t) - W(0)), the latter from the coefficients that are kept of it
    hidden = [weights.apply(eye).mT - _change(weights) for weights in network.hidden]
    first = start.input_weights.apply(torch.eye(INPUTS, dtype=torch.float64).expand(TRIALS, -1, -1)).mT
    dense = Network.from_matrices(first, hidden, network.output)
    for loss in losses:
        record = dense.forward(x)
        torch.testing.assert_close(record.outputs - y, loss, rtol=1e3 * ROUNDING, atol=1e3 * ROUNDING)  # four steps amplify
        dense.step(record, record.outputs - y, 0.05)
    torch.testing.assert_close(dense.distance(), network.distance(), rtol=1e3 * ROUNDING, atol=0.0)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_layer_kernel_and_norms(engine: str) -> None:
    question = subject(draw(engine))
    norms = question.norms()
    assert norms.shape == (TRIALS, SAMPLES, DEPTH + 1)
    for layer in range(1, DEPTH + 1):
        h, s = question.activations(layer - 1), question.masked_backward(layer)
        gradients = (s[..., :, None] * h[:, :, None, None, :]).flatten(1, 2).flatten(2)
        torch.testing.assert_close(question.layer_kernel(layer), gradients @ gradients.mT, rtol=ROUNDING, atol=ROUNDING)
        torch.testing.assert_close(norms[..., layer], question.activations(layer).norm(dim=-1))
        assert set(question.signs(layer).flatten().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 3), (2, 3)])
def test_product_norm_is_the_largest_singular_value(first: int, last: int) -> None:
    question = subject(draw("dense"))
    _, hidden, _ = question.weights()
    product = torch.eye(WIDTH, dtype=torch.float64).expand(TRIALS, SAMPLES, -1, -1)
    for layer in range(first, last + 1):
        product = hidden[layer - 1][:, None] @ (product if layer == first else question.signs(layer - 1)[..., None] * product)
    torch.testing.assert_close(question.product_norm(first, last), torch.linalg.matrix_norm(product, ord=2), rtol=ROUNDING, atol=0.0)


@pytest.mark.parametrize("width", [16, 256, 1024])
def test_rounding_covers_the_distance_between_single_and_double_precision(width: int) -> None:
    """The same weights in float32: their draws are rounded float64 draws, so all that differs is arithmetic."""
    double, single = subject(draw("dense", width=width)), subject(draw("dense", width=width, dtype=torch.float32))
    assert single.rounding < 0.02  # or it would excuse everything
    pairs = [(double.norms(), single.norms())]
    pairs += [(double.masked_backward(layer).norm(dim=-1), single.masked_backward(layer).norm(dim=-1)) for layer in (1, DEPTH)]
    for exact, rounded in pairs:
        assert float(((rounded.double() - exact).abs() / exact).max()) <= single.rounding


def test_draws_have_the_declared_variances() -> None:
    network = Network.draw("dense", 100, 2, 50, 4, 3, source("variance"), variance=2.2)
    first, hidden, last = (network.input_weights.matrix, network.hidden[1].matrix, network.output)  # type: ignore[attr-defined]
    for matrix, variance in ((first, 0.022), (hidden, 0.022), (last, 0.25)):
        # The mean of N squares has relative standard deviation sqrt(2/N); 5 of them: false-alarm rate 6e-7.
        assert abs(float(matrix.square().mean()) / variance - 1) < 5 * (2 / matrix.numel()) ** 0.5
    assert not torch.equal(network.hidden[0].matrix, hidden)  # type: ignore[attr-defined]


def test_partial_subjects_refuse_what_they_cannot_know() -> None:
    vectors = VectorSubject(instance(), 5, source("vectors"))
    numbers = vectors.integers((2, 3), -1, 1)
    assert (numbers.shape, numbers.dtype, vectors.rounding) == ((5, 2, 3), torch.float64, 0.0)
    assert not torch.equal(numbers, vectors.integers((2, 3), -1, 1))
    for question in (vectors.norms, vectors.network_outputs, vectors.weights):
        with pytest.raises(ValueError, match="cannot answer"):
            question()
    with pytest.raises(ValueError, match="'revealed' cannot answer weights"):
        subject(draw("revealed")).weights()


def test_bad_input_gets_one_sentence() -> None:
    network = draw("dense")
    with pytest.raises(ValueError, match=r"inputs need shape \(n, 3\)"):
        network.forward(np.zeros((4, 5)))
    with pytest.raises(ValueError, match="width must be at least 1"):
        Network.draw("dense", 0, 1, 1, 1, 1, source("bad"))
    with pytest.raises(ValueError, match="engine must be"):
        draw("sparse")
    with pytest.raises(ValueError, match="layer must lie in"):
        subject(network).backward(DEPTH + 2)
    with pytest.raises(ValueError, match="not the instance's"):
        NetworkSubject(network, instance(WIDTH + 1), source("bad"))

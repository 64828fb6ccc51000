"""The tangent kernel's prediction: exact for a linear model, and ever closer to wider networks."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from checkers.data.training_data import HeldOut, TrainingData
from checkers.errors import InputError
from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.kernels import limit_kernel
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.training import Prediction, TrainingRun
from checkers.report.training import prediction_in_words
from checkers.training import kernel_prediction
from checkers.training.kernel_prediction import KernelPrediction
from strategies import instance_from_sizes
from tests.helpers import train_on
from theorems.laws.losses import losses

TRAINED = instance_from_sizes(None, {"width": 64, "depth": 2, "samples": 6, "outputs": 2, "data": "random", "labels": "one-hot"})
ORDER = [2, 0, 1, 4, 3]  # of the coordinates before the last: other unit rows of the paper's form
HELD_OUT = HeldOut(TRAINED.inputs[:3][:, [*ORDER[: TRAINED.inputs.shape[1] - 1], TRAINED.inputs.shape[1] - 1]], np.array([0, 1, 0]))
DATA = TrainingData(TRAINED.inputs, TRAINED.targets, TRAINED.targets.argmax(1))


def run(width: int, seed: int) -> TrainingRun:
    return train_on(DATA, width=width, steps=40, goal=0.0, held_out=HELD_OUT, seed=seed)


def predicted(width: int, seed: int) -> Prediction:
    found = run(width, seed).prediction
    assert found is not None
    return found


@pytest.mark.parametrize("name", list(losses))
def test_it_is_descent_on_the_linear_part(name: str) -> None:
    """f(W(0)) + <grad f(W(0)), W - W(0)> trained by gradient descent in the parameters, by automatic differentiation."""
    network = Network.draw("dense", 64, 2, TRAINED.input_dimension, 2, 1, NormalSource(seed_sequence(1, "prediction")))
    descent = KernelPrediction(network, TRAINED, losses[name], 1e-3, HELD_OUT)
    x = torch.as_tensor(np.concatenate([TRAINED.inputs, HELD_OUT.inputs]))
    matrices = [weights.apply(torch.eye(64, dtype=torch.float64)[None])[0].mT for weights in network.hidden]

    def outputs(*hidden: torch.Tensor) -> torch.Tensor:
        h = network.input_weights.apply(x[None])[0].relu()
        for matrix in hidden:
            h = (h @ matrix.mT).relu()
        return h @ network.output[0].mT

    jacobian = torch.autograd.functional.jacobian(outputs, tuple(matrices))  # type: ignore[no-untyped-call]
    start, move = outputs(*matrices), [torch.zeros_like(matrix) for matrix in matrices]
    for step in range(5):
        now = start + sum((j * w).sum((-1, -2)) for j, w in zip(jacobian, move, strict=True))
        torch.testing.assert_close(descent.advance(step), now, rtol=1e-10, atol=1e-12)
        vectors = losses[name].gradient(now[:6], torch.as_tensor(TRAINED.targets))
        move = [w - 1e-3 * torch.einsum("ic,icab->ab", vectors, j[:6]) for w, j in zip(move, jacobian, strict=True)]


def test_the_gap_shrinks_with_the_width_like_its_square_root() -> None:
    """The kernel's relative change is of order m^{-1/2} where eta m is fixed. Medians of 7 networks, widths 32 and 512: the ratio over a
    factor 16 would be 4, and between 2 and 8 says that the exponent lies between -1/4 and -3/4."""
    found = {width: [predicted(width, seed) for seed in range(7)] for width in (32, 512)}
    for name in ("gap", "held_out_gap"):
        narrow, wide = (float(np.median([max(getattr(one, name)) for one in found[width]])) for width in found)
        assert 2 < narrow / wide < 8


def test_accuracies_are_of_the_held_out_samples() -> None:
    found = predicted(64, 1)
    kernel = limit_kernel(np.concatenate([TRAINED.inputs, HELD_OUT.inputs]), 2)
    regression = kernel[6:, :6] @ np.linalg.inv(kernel[:6, :6]) @ TRAINED.targets
    assert found.regression_accuracy == float((regression.argmax(1) == HELD_OUT.classes).mean())
    assert {found.held_out_accuracy, found.kernel_accuracy} <= {0.0, 1 / 3, 2 / 3, 1.0}
    assert found.steps[0] == 0
    assert found.gap[0] == 0.0
    assert len(found.gap) == len(found.held_out_gap) == len(found.steps)


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    r"the limit kernel of 9 samples may need 0\.0 GiB and 0\.0 GiB are free: hold out fewer samples":
        lambda patch: patch.setattr(kernel_prediction, "free_bytes", lambda: 1000),
    "Unable to allocate 19.5 GiB":
        lambda patch: patch.setattr(kernel_prediction, "limit_kernel", failing(MemoryError("Unable to allocate 19.5 GiB"))),
    "too little memory": lambda patch: patch.setattr(kernel_prediction, "limit_kernel", failing(MemoryError())),
    "not known": lambda patch: patch.setattr(FullyConnected, "limit_kernel", Architecture.limit_kernel),
    "Singular matrix": lambda patch: patch.setattr(kernel_prediction, "limit_kernel", lambda *_: np.zeros((9, 9))),
}  # fmt: skip


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("said", FAULTS)
def test_what_comes_last_and_fails_loses_nothing_of_the_run(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression with the limit kernel is not needed for anything else: one sentence says that it is missing, and why."""
    expected = run(64, 1)
    FAULTS[said](monkeypatch)
    found = run(64, 1)
    assert found.prediction is not None
    assert re.fullmatch(rf"Regression with the limit kernel is missing: [^\n]*{said}[^\n]*\.", found.prediction.missing)
    assert prediction_in_words(found).endswith(f"%. {found.prediction.missing}")
    assert expected.prediction is not None
    whole = replace(found.prediction, missing="", regression_accuracy=expected.prediction.regression_accuracy)
    assert replace(found, prediction=whole, seconds=expected.seconds) == expected


def test_nothing_need_be_held_out() -> None:
    found = train_on(DATA, depth=1, steps=5, held_out=HeldOut(TRAINED.inputs[:0])).prediction
    assert found is not None
    assert found.held_out_gap == []
    assert max(found.gap) > 0


def test_a_kernel_that_is_too_large_is_refused() -> None:
    network = Network.draw("dense", 8, 1, TRAINED.input_dimension, 2, 1, NormalSource(seed_sequence(1)))
    with pytest.raises(InputError, match="hold out fewer samples"):
        KernelPrediction(network, TRAINED, losses["squared"], 1e-3, HeldOut(np.repeat(TRAINED.inputs, 600, axis=0)))

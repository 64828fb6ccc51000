"""Training with the theory checked at every step, and blame for what broke first."""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest

from checkers.data.training_data import HeldOut, TrainingData, load_training_data
from checkers.errors import InputError
from checkers.networks.architectures.residual import Residual
from checkers.networks.kernels import limit_kernel
from checkers.records.training import TrainingRun
from checkers.training import training_setup
from checkers.training.chain import examined_steps
from checkers.training.run import train
from checkers.training.training_setup import MemoryPlan
from tests.held_memory import HeldMemory
from tests.helpers import setup_on, train_on
from theorems import registry
from theorems.language.instance import Instance
from theorems.laws.losses import losses

WIDTH, DEPTH = 256, 2
CHAIN = ("gradient-upper", "gradient-lower", "semi-smoothness", "kernel-stability")


def digits(samples: int) -> TrainingData:
    return load_training_data("digits", samples=samples, labels="random", seed=1)


run = partial(train_on, width=WIDTH)


def eta(data: TrainingData, factor: float = 1.0, width: int = WIDTH) -> float:
    """A multiple of 1/lambda_max of the kernel's limit."""
    largest = float(np.linalg.eigvalsh(limit_kernel(data.inputs, DEPTH))[-1])
    return float(factor * data.targets.shape[1] / (width * largest))


@pytest.fixture(scope="module")
def short() -> TrainingRun:
    """30 steps on 10 real images with random labels."""
    return run(digits(10))


def verdicts(result: TrainingRun) -> dict[str, str]:
    return {check.id: check.verdict for check in result.checks}


def test_random_labels_of_real_images_are_learned_to_the_goal() -> None:
    result = run(digits(10), steps=3000)
    assert result.reached
    assert result.loss[-1] <= 1e-3 * result.loss[0] < result.loss[-2]
    assert result.accuracy[-1] == 1.0
    assert verdicts(result) == dict.fromkeys((*CHAIN, "gd-rate", "gd-radius", "gd-convergence"), "HOLDS")
    assert result.blame == ""
    assert result.steps == len(result.loss) - 1 < 3000


def test_the_same_on_weights_that_are_never_stored() -> None:
    result = run(digits(4), weights="revealed", width=20_000, depth=1, steps=200, goal=0.1)
    assert result.reached
    assert result.weights == "revealed"
    assert verdicts(result) == dict.fromkeys((*CHAIN, "gd-rate", "gd-radius", "gd-convergence"), "HOLDS")


def test_every_step_is_recorded_and_checked(short: TrainingRun) -> None:
    assert len(short.loss) == len(short.radius) == len(short.accuracy) == 31
    assert short.recorded == list(range(31))
    looked = len(examined_steps(30))
    counts = {"gd-rate": 30, "gd-radius": 31, "gradient-upper": looked, "gradient-lower": looked, "kernel-stability": looked - 1}
    # the rate and the kernel's drift speak of t >= 1, semi-smoothness of steps that are taken: none from the last
    assert {check.id: check.steps for check in short.checks} == counts | {"semi-smoothness": looked - 1}
    assert short.radius[0] == 0
    assert all(later < earlier for earlier, later in zip(short.loss, short.loss[1:], strict=False))
    assert msgspec.json.decode(msgspec.json.encode(short), type=TrainingRun) == short


def test_the_checks_are_the_statements_sides(short: TrainingRun) -> None:
    """The worst ratios, from the recorded curves and the declared constants alone."""
    data = digits(10)
    instance = Instance(width=WIDTH, depth=DEPTH, samples=10, outputs=10, separation=min(short.delta, 1 / DEPTH))
    factor = 1 - registry["gd-rate"].constant_values()["c"] * short.step_size * instance.separation * WIDTH / (10 * 10**2)
    rates = [loss / (factor**step * short.loss[0]) for step, loss in enumerate(short.loss)][1:]
    reach = registry["gd-radius"].constant_values()["C"] * 10**3.5 * math.log(WIDTH) / (instance.separation * math.sqrt(WIDTH))
    by_id = {check.id: check for check in short.checks}
    assert by_id["gd-rate"].worst_ratio == pytest.approx(max(rates), rel=1e-12)
    assert by_id["gd-rate"].worst_step == 1 + int(np.argmax(rates))
    assert by_id["gd-radius"].worst_ratio == pytest.approx(max(short.radius) / reach, rel=1e-12)
    distances = np.linalg.norm(data.inputs[:, None] - data.inputs, axis=-1)[np.triu_indices(10, k=1)]
    assert short.delta == pytest.approx(distances.min())
    assert eta(data, 0.5) < short.step_size < eta(data, 1.5)  # 1.5/lambda_max of the finite network, which is the larger one


def test_the_same_seed_trains_the_same_network(short: TrainingRun) -> None:
    again, other = run(digits(10)), run(digits(10), seed=2)
    assert again.loss == short.loss
    assert other.loss != short.loss


@pytest.mark.parametrize("engine", ["dense", "revealed"])
@pytest.mark.parametrize("factor", [10.0, 1e4])
def test_a_far_too_large_step_fails_the_rate_and_the_rate_is_blamed(engine: str, factor: float) -> None:
    """The network was sound; the weights that the step threw far away say nothing about it."""
    data = digits(6)
    result = run(data, weights=engine, step_size=eta(data, factor))
    assert verdicts(result)["gd-rate"] == "FAILED"
    assert result.blame == "gd-rate"
    assert next(check for check in result.checks if check.id == "gd-rate").first_failure == 1


def test_a_diverging_run_stops_and_stays_finite_in_json() -> None:
    data = digits(6)
    result = run(data, step_size=eta(data, 1e8), steps=200)
    assert result.steps < 200
    assert not result.reached
    assert all(np.isfinite(value) for value in (*result.loss, *result.radius))
    assert all(np.isfinite(check.worst_ratio) for check in result.checks)


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_a_wrong_initialization_is_blamed_on_the_forward_norm(engine: str) -> None:
    """Variance 4/m doubles every ‖h_l‖^2: ‖h_2‖ = 2^(3/2), and the kernel outgrows the step. The earliest broken statement is named."""
    result = run(digits(10), variance=4.0, weights=engine, step_size=eta(digits(10)))
    assert verdicts(result)["gd-rate"] == "FAILED"
    assert result.blame == "forward-norm"


def test_a_network_that_died_is_blamed_on_the_forward_norm() -> None:
    """Width 2 and depth 24: a layer is dead with probability 1/4 at each input, so nothing moves and the loss does not fall."""
    data = digits(4)
    result = run(data, width=2, depth=24, step_size=0.1)
    assert result.loss[-1] == result.loss[0]
    assert verdicts(result)["gd-rate"] == "FAILED"
    assert result.blame == "forward-norm"


def test_one_sample_is_enough() -> None:
    result = run(digits(1), steps=100)
    assert result.reached
    assert result.delta == 1.0
    assert result.blame == ""


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_a_run_that_does_not_fit_into_memory_is_refused_before_it_starts(engine: str) -> None:
    with pytest.raises(InputError, match=r"^this run may need [\d.]+ GiB and [\d.]+ GiB are free: take fewer [^\n]*$"):
        run(digits(4), width=10**10, weights=engine)


def test_the_plan_knows_of_the_kernels() -> None:
    """400 samples and 10 outputs: the limit kernel decides the step size; four samples: the network's own kernel does."""

    def plan(samples: int, **asked: Any) -> MemoryPlan:
        return setup_on(digits(samples), architecture="residual", depth=4, **asked).memory

    limit = Residual().limit_kernel_bytes(400, 4)
    assert plan(400).kernels == limit > 2**28
    assert plan(4).kernels == 0
    assert plan(4, weights="revealed").kernels > 0
    apart = HeldOut(digits(100).inputs, np.zeros(100, dtype=np.int64))
    assert plan(400, held_out=apart).kernels > 8 * 5000 * 4000, "the prediction's kernel"
    assert plan(400, held_out=apart).regression == Residual().limit_kernel_bytes(500, 4)
    assert plan(400, held_out=HeldOut(apart.inputs)).regression is None
    whole = setup_on(digits(4), width=8)
    assert run(digits(4), width=8).planned_bytes == whole.memory.whole == whole.memory.state


# Vectors as long as those in reach, which lie in blocks of their own: below 2^16 neurons directions share blocks of 32.
@pytest.mark.parametrize(
    ("samples", "sizes"),
    [
        (2, {"width": 2**17, "depth": 1, "weights": "revealed", "steps": 5}),
        (1, {"width": 2**17, "depth": 2, "weights": "revealed", "steps": 12}),
        (20, {"width": 1024, "depth": 3, "steps": 3}),
    ],
)
def test_a_run_holds_what_was_planned_to_a_fifth(samples: int, sizes: dict[str, Any]) -> None:
    setup = setup_on(digits(samples), **sizes, goal=1e-9)
    with HeldMemory() as held:
        train(setup)
    assert 0.8 <= setup.memory.whole / held.peak <= 1.2


def test_a_limit_kernel_that_does_not_fit_is_refused_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Residual, "limit_kernel", begun)
    monkeypatch.setattr(training_setup, "free_bytes", lambda _: 2**25)
    with pytest.raises(InputError, match=r"^this run may need 0\.\d GiB and 0\.0 GiB are free: take fewer [^\n]*$"):
        run(digits(400), architecture="residual", width=8)


def test_planned_memory_grows_as_matrices_do_or_as_directions_do() -> None:
    def planned(weights: str, **change: Any) -> MemoryPlan:
        data = TrainingData(digits(10).inputs, np.eye(2)[[0, 1] * 5])
        return setup_on(data, **{"width": 10**5, "depth": 3, "steps": 100, "weights": weights, **change}).memory

    def growth(weights: str, **change: Any) -> float:
        return planned(weights, **change).state / planned(weights).state

    assert growth("dense", width=10**6) == pytest.approx(100, rel=0.01)
    assert growth("revealed", width=10**6) == pytest.approx(10, rel=0.01)
    assert growth("dense", steps=200) == 1
    assert growth("revealed", steps=200) == pytest.approx(2, rel=0.05)  # the passes themselves do not grow
    assert growth("dense", dtype="float32") == growth("revealed", dtype="float32") == 0.5
    assert planned("dense", depth=1).state >= 2 * 8 * 10**10, "the weights, and what they were"
    assert planned("dense", depth=1).checkpoint == 8 * 10**10
    assert planned("revealed").checkpoint == planned("revealed").state


BAD: list[tuple[dict[str, Any], str]] = [
    ({"width": 0}, "width must be at least 1, not 0"),
    ({"steps": 0}, "steps must be at least 1, not 0"),
    ({"seed": -1}, "seed must be at least 0, not -1"),
    ({"weights": "sparse"}, "weights must be dense or revealed, not 'sparse'"),
    ({"dtype": "float16"}, "dtype must be float64 or float32, not 'float16'"),
    ({"loss": "cross-entrpy"}, "there is no loss 'cross-entrpy'; did you mean 'cross-entropy'?"),
    ({"batch": 5}, "--batch 5 asks for more than the 4 samples"),
    ({"batch": 2, "held_out": HeldOut(np.zeros((0, 65)))}, "--held-out compares with the kernel's gradient descent"),
    ({"step_size": 0.0}, "step_size must be a positive number, 'paper' or None, not 0.0"),
    ({"step_size": float("nan")}, "step_size must be a positive number, 'paper' or None, not nan"),
    ({"step_size": "large"}, "step_size must be a positive number, 'paper' or None, not 'large'"),
    ({"goal": float("nan")}, "goal is a share of the first loss, from 0 to 1, not nan"),
    ({"architecture": "recurrent"}, "there is no architecture 'recurrent'"),
    ({"architecture": "convolutional", "positions": 3, "patch": 2}, "--patch must be odd and at most the number of positions, 3, not 2"),
    ({"positions": 3}, "positions are for convolutional networks, not for fully connected ones"),
]


@pytest.mark.parametrize(("asked", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_what_cannot_be_is_refused_before_anything_is_drawn(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        setup_on(digits(4), **asked)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_inputs_and_targets_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match=r"^training data need a row of targets for each row of inputs, not \(4, 10\) for \(5, 65\)$"):
        setup_on(TrainingData(digits(5).inputs, digits(4).targets))


def test_a_loss_that_breaks_its_declaration_trains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(losses, "squared", dataclasses.replace(losses["squared"], smoothness=0.5))
    with pytest.raises(InputError, match=r"^loss 'squared' does not keep its declaration: its gradient changes faster"):
        run(digits(4))

"""Training with the theory checked at every step, and blame for what broke first."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from checkers.data.training_data import TrainingData, load_training_data
from checkers.errors import InputError
from checkers.networks.architectures.residual import Residual
from checkers.networks.kernels import limit_kernel
from checkers.records.training import TrainingRun
from checkers.training import run as training
from checkers.training.chain import examined_steps
from checkers.training.run import planned_bytes, planned_kernel_bytes, train
from theorems import registry
from theorems.allen_zhu.convergence import radius, rate
from theorems.language.instance import Instance

WIDTH, DEPTH = 256, 2
CHAIN = ("gradient-upper", "gradient-lower", "semi-smoothness", "kernel-stability")


def digits(samples: int) -> TrainingData:
    return load_training_data("digits", label_column=None, samples=samples, labels="random", outputs=None, seed=1)


def run(data: TrainingData, **options: Any) -> TrainingRun:
    settings = {"width": WIDTH, "depth": DEPTH, "seed": 1, "engine": "dense", "steps": 30, **options}
    return train(inputs=data.inputs, targets=data.targets, classes=data.classes, **settings)


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
    result = run(digits(4), engine="revealed", width=20_000, depth=1, steps=200, goal=0.1)
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
    factor = rate(instance, short.step_size, registry["gd-rate"].constant_values()["c"])
    rates = [loss / (factor**step * short.loss[0]) for step, loss in enumerate(short.loss)][1:]
    reach = radius(instance, registry["gd-radius"].constant_values()["C"])
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
    result = run(data, engine=engine, step_size=eta(data, factor))
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
    result = run(digits(10), variance=4.0, engine=engine, step_size=eta(digits(10)))
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
        run(digits(4), width=10**10, engine=engine)


def test_the_plan_knows_of_the_kernels() -> None:
    """400 samples and 10 outputs: the limit kernel decides the step size; four samples: the network's own kernel does."""
    sizes: dict[str, Any] = {"width": 64, "depth": 4, "outputs": 10, "itemsize": 8}
    limit = Residual().limit_kernel_bytes(400, 4)
    assert planned_kernel_bytes(Residual(), "dense", samples=400, held_out=None, **sizes) == limit > 2**28
    assert planned_kernel_bytes(Residual(), "dense", samples=4, held_out=None, **sizes) == 0
    assert planned_kernel_bytes(Residual(), "revealed", samples=4, held_out=None, **sizes) > 0
    predicted = planned_kernel_bytes(Residual(), "dense", samples=400, held_out=100, **sizes)
    assert predicted > 8 * 5000 * 4000, "the prediction's kernel"
    assert run(digits(4), width=8).planned_bytes == planned_bytes("dense", 8, DEPTH, 4, 10, 30, 8)


def test_a_limit_kernel_that_does_not_fit_is_refused_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Residual, "limit_kernel", begun)
    monkeypatch.setattr(training, "free_bytes", lambda _: 2**25)
    with pytest.raises(InputError, match=r"^this run may need 0\.\d GiB and 0\.0 GiB are free: take fewer [^\n]*$"):
        run(digits(400), architecture="residual", width=8)


def test_planned_memory_grows_as_matrices_do_or_as_directions_do() -> None:
    def growth(engine: str, **change: int) -> float:
        sizes = {"width": 10**5, "depth": 3, "samples": 10, "outputs": 2, "steps": 100, "itemsize": 8}
        return planned_bytes(engine, **{**sizes, **change}) / planned_bytes(engine, **sizes)

    assert growth("dense", width=10**6) == pytest.approx(100, rel=0.01)
    assert growth("revealed", width=10**6) == pytest.approx(10, rel=0.01)
    assert growth("dense", steps=200) == 1
    assert growth("revealed", steps=200) == pytest.approx(2, rel=0.05)  # the passes themselves do not grow
    assert growth("dense", itemsize=4) == growth("revealed", itemsize=4) == 0.5
    assert planned_bytes("dense", 10**5, 1, 1, 1, 1, 8) >= 2 * 8 * 10**10, "the weights, and what they were"

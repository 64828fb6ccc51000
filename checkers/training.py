"""A training run that checks the theory at every step, and names what broke first where it fails."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.architectures import architecture_for
from checkers.decide import worst_case
from checkers.dense import DenseWeights
from checkers.errors import InputError
from checkers.kernels import limit_kernel
from checkers.network import Network, Record
from checkers.randomness import NormalSource, seed_sequence
from checkers.records import StepCheck, TrainingRun
from checkers.subject import NetworkSubject
from checkers.trainer import gradient_descent
from strategies.data import separation
from theorems import registry
from theorems.convergence import radius, rate
from theorems.instance import Instance
from theorems.statement import FULLY_CONNECTED

Array = npt.NDArray[np.float64]
# Called with (step, steps, loss relative to the initial one).
Progress = Callable[[int, int, float], None]

# Norms within [1/2, 3/2] are what the later lemmas use of Lemma 7.1.
BLAME_TOLERANCE = 0.5
LARGEST_KERNEL = 3000  # rows of a kernel whose eigenvalues take seconds
MEMORY = 0.75  # share of the machine's free memory that a run may plan to use


@dataclass
class _PerStep:
    """The worst ratio of one statement's two sides along the run."""

    id: str
    worst_ratio: float = 0.0
    worst_step: int = 0
    first_failure: int = -1
    steps: int = 0

    def see(self, step: int, left: float, right: float) -> None:
        ratio = left / right if right > 0 else (float("inf") if left > 0 else 0.0)
        self.steps += 1
        if not ratio <= self.worst_ratio:
            self.worst_ratio, self.worst_step = min(ratio, 1e300), step
        if not ratio <= 1 and self.first_failure < 0:
            self.first_failure = step

    def result(self) -> StepCheck:
        return StepCheck(
            id=self.id, verdict="HOLDS" if self.first_failure < 0 else "FAILED", steps=self.steps,
            first_failure=self.first_failure, worst_ratio=self.worst_ratio, worst_step=self.worst_step,
        )  # fmt: skip


def stable_step_size(network: Network, instance: Instance) -> float:
    """1.5/lambda_max of the tangent kernel, three quarters of what a fixed kernel allows; the rest is for its drift in training.

    The kernel is that of the initial network where it is small enough to form; else its limit, whose largest eigenvalue a network's
    exceeds by five standard deviations at most: one is below 3 sqrt(L/m) (6% for L = 1 and 11% for L = 8 at m = 2048).
    """
    exact = isinstance(network.hidden[0], DenseWeights) and instance.samples * instance.outputs <= LARGEST_KERNEL
    if exact:
        subject = NetworkSubject(network, instance, NormalSource(seed_sequence(0)))
        layers = torch.stack([subject.layer_kernel(layer) for layer in range(1, instance.depth + 1)])
        return 1.5 / float(torch.linalg.eigvalsh(layers.sum(0)).max())
    kernel = limit_kernel(instance.inputs, instance.depth, network.architecture, instance.width)
    limit = float(np.linalg.eigvalsh(kernel)[-1]) * instance.width / instance.outputs
    return 1.5 / (limit * (1 + 15 * math.sqrt(instance.depth / instance.width)))


def broken(network: Network, instance: Instance, identifiers: list[str], source: NormalSource) -> list[str]:
    """Which of the statements this very network violates, in the order given; one that the engine cannot answer is passed over.

    They speak of W(0) or of a ball around it that training soon leaves, so the network to ask is the initial one.
    """
    found = []
    for identifier in identifiers:
        if not registry.has_form(identifier, network.architecture.name):
            continue
        statement = registry.form(identifier, network.architecture.name)
        subject = NetworkSubject(network, instance, source)
        if subject.engine not in statement.engines or (identifier == "separation" and instance.samples < 2):
            continue
        if "radius" in statement.exponents:  # a bound that vanishes with the perturbation says nothing of a network that has not moved
            continue
        case = worst_case(statement, statement.measure(subject, **statement.constant_values()))
        if float(case.ratio.max()) > 1 + case.rounding:
            found.append(identifier)
    return found


@dataclass
class _Observer:
    """Evaluates gd-rate and gd-radius at every step, and remembers the accuracy."""

    instance: Instance
    network: Network
    classes: npt.NDArray[np.int64] | None
    step_size: float
    goal: float
    steps: int
    progress: Progress | None
    source: NormalSource
    initial: float = 0.0
    untrained: Network | None = None
    accuracy: list[float] = field(default_factory=list)
    gd_rate: _PerStep = field(default_factory=lambda: _PerStep("gd-rate"))
    gd_radius: _PerStep = field(default_factory=lambda: _PerStep("gd-radius"))
    blame: str = ""

    def __call__(self, step: int, record: Record, loss: Tensor) -> bool:
        value = float(loss[0])
        if step == 0:
            self.initial = value
            # Shares the matrices of dense weights. Revealed ones know their answers to this first forward pass; what they are
            # asked beyond it follows the exact law given those.
            self.untrained = self.network.copy()
        constants = registry["gd-rate"].constant_values()
        if step:
            self.gd_rate.see(step, value, max(rate(self.instance, self.step_size, constants["c"]), 0.0) ** step * self.initial)
        reach = radius(self.instance, registry["gd-radius"].constant_values()["C"])
        self.gd_radius.see(step, float(self.network.distance()[0]), reach)
        if self.classes is not None:
            right = record.outputs[0].argmax(-1).cpu().numpy() == self.classes
            self.accuracy.append(float(right.mean()))
        for check in (self.gd_rate, self.gd_radius):
            if check.first_failure == step and not self.blame and self.untrained is not None:
                earlier = [statement.id for statement in registry.foundations(check.id) if not statement.id.startswith("gd-")]
                self.blame = next(iter(broken(self.untrained, self.instance, earlier, self.source)), check.id)
        if self.progress is not None:
            self.progress(step, self.steps, value / self.initial if self.initial else 0.0)
        diverged = not np.isfinite(value) or value > 1e6 * max(self.initial, 1e-300)
        return diverged or value <= self.goal * self.initial


def planned_bytes(engine: str, width: int, depth: int, samples: int, outputs: int, steps: int, itemsize: int) -> int:
    """Memory that a run may come to hold: matrices twice, or directions with their images, all layers; passes included."""
    passes = (4 * depth + 4) * samples * width * (1 + outputs // 2)
    if engine == "dense":
        return itemsize * (2 * depth * width**2 + passes)
    # per right direction Q, Y and the change, per left direction U and V; the first layer's inputs never change; arrays double as they grow
    directions = min(width, samples * (steps + 1))
    return itemsize * (width * (3 * samples + 2 * 5 * (depth - 1) * directions) + passes)


def _check_memory(needed: int) -> None:
    import os

    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    if needed > MEMORY * available:
        raise InputError(
            f"this run may need {needed / 2**30:.1f} GiB and {available / 2**30:.1f} GiB are free: "
            "take fewer steps, samples or layers, or a smaller width"
        )


def train(
    *,
    inputs: Array,
    targets: Array,
    width: int,
    depth: int,
    seed: int,
    engine: Literal["dense", "revealed"],
    steps: int,
    step_size: float | None = None,
    goal: float = 1e-3,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    data: str = "",
    labels: str = "",
    classes: npt.NDArray[np.int64] | None = None,
    architecture: str = FULLY_CONNECTED,
    positions: int = 1,
    patch: int = 1,
    variance: float = 2.0,
    progress: Progress | None = None,
) -> TrainingRun:
    """Gradient descent from the random initialization until F <= goal F(0) or `steps` steps.

    architecture: a name of checkers.architectures; positions, patch: for the convolutional one. inputs: (samples, d_in) unit rows;
    targets: (samples, outputs); classes: (samples,) for the training accuracy; step_size None: the largest one sure to be stable. gd-rate
    and gd-radius are checked at every step with the step size actually taken.
    """
    samples, outputs = targets.shape
    delta = separation(inputs) if samples > 1 else 1.0
    _check_memory(planned_bytes(engine, positions * width, depth, samples, outputs, steps, torch.empty(0, dtype=dtype).itemsize))
    instance = Instance(
        width=width, depth=depth, samples=samples, input_dimension=inputs.shape[1], outputs=outputs,
        separation=min(delta, 1 / depth), tolerance=BLAME_TOLERANCE, data=data, labels=labels, inputs=inputs, targets=targets,
        positions=positions, patch=patch,
    )  # fmt: skip
    source = NormalSource(seed_sequence(seed, "train", engine, width, depth, samples))
    chosen_architecture = architecture_for(architecture, instance)
    network = Network.draw(
        engine, width, depth, inputs.shape[1], outputs, 1, source, variance, dtype, device, architecture=chosen_architecture
    )  # fmt: skip
    eta = stable_step_size(network, instance) if step_size is None else step_size
    observer = _Observer(instance, network, classes, eta, goal, steps, progress, source.spawn("blame"))
    start = time.monotonic()
    trajectory: Any = gradient_descent(network, inputs, targets, eta, steps, observer)
    loss = trajectory.loss[0].tolist()
    return TrainingRun(
        seed=seed, width=width, depth=depth, samples=samples, outputs=outputs, delta=delta, architecture=architecture,
        algorithm="gradient descent", step_size=eta, weights=engine,
        loss=[_json(value) for value in loss], radius=[_json(value) for value in trajectory.distance[0].tolist()],
        accuracy=observer.accuracy,
        checks=[observer.gd_rate.result(), observer.gd_radius.result()], blame=observer.blame, data=data, labels=labels,
        steps=len(loss) - 1, reached=loss[-1] <= goal * loss[0], seconds=time.monotonic() - start,
        regime_depth=registry["gd-rate"].regime_depth(instance),
        constants={f"{name}.{key}": v for name in ("gd-rate", "gd-radius") for key, v in registry[name].constant_values().items()},
    )  # fmt: skip


def _json(value: float) -> float:
    """JSON has neither infinity nor NaN; a diverged loss is written as the largest double."""
    return value if np.isfinite(value) else 1.7976931348623157e308

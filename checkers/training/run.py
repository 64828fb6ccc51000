"""A training run that checks the theory along the way, explains itself, and names what broke first where it fails."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.descent import gradient_descent
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.training import TrainingRun
from checkers.training import checkpoint
from checkers.training.blame import blame, lemma_radii
from checkers.training.chain import Chain, examined_steps, left_out
from checkers.training.conclusions import conclusions, tally
from checkers.training.explanation import explain
from checkers.training.kernel_prediction import HeldOut, KernelPrediction
from checkers.training.kernel_prediction import planned_bytes as prediction_bytes
from checkers.training.outside_regime import outside_regime
from checkers.training.recorder import DIVERGED, Recorder, StepProgress
from checkers.training.step_size import paper_step_size, promised_separation, stable_step_size, takes_limit_kernel
from strategies.data import separation
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED
from theorems.language.subject import Trajectory
from theorems.laws.losses import losses

Array = npt.NDArray[np.float64]
# Norms within [1/2, 3/2] are what the later lemmas use of Lemma 7.1.
BLAME_TOLERANCE = 0.5
STALLED = 0.999  # of the loss half way: what is left at the end of a run that no longer gets anywhere,
TINY = 0.01  # unless its steps are smaller than this share of the largest stable one


def planned_bytes(engine: str, width: int, depth: int, samples: int, outputs: int, steps: int, itemsize: int) -> int:
    """Memory that a run may come to hold: matrices twice, or directions with their images, all layers; passes included."""
    passes = (4 * depth + 4) * samples * width * (1 + outputs // 2)
    if engine == "dense":
        return itemsize * (2 * depth * width**2 + passes)
    # per direction of either side itself and its image; the first layer's inputs never change, and its change is stored
    directions = min(width, samples * (steps + 1))
    return itemsize * (width * (3 * samples + 4 * (depth - 1) * directions) + passes)


def planned_kernel_bytes(
    architecture: Architecture, engine: str, width: int, depth: int, samples: int, outputs: int, itemsize: int, held_out: int | None
) -> int:
    """Memory for the kernels of a run, beside `planned_bytes`: the limit kernel of the step size, and the prediction's. width: neurons of
    a layer. held_out: samples held out; None: no prediction. Regression with the limit kernel comes last, and is left out if need be."""
    limit = architecture.limit_kernel_bytes(samples, depth) if takes_limit_kernel(engine, samples, outputs) else 0
    predicted = 0 if held_out is None else prediction_bytes(width, depth, samples, held_out, outputs, itemsize)
    return max(limit, predicted)  # the one is forgotten before the other is begun


def record_every(samples: int, batch: int) -> int:
    """Steps between records: gradient descent passes by every sample anyway; stochastic gradient descent looks up once an epoch."""
    return 1 if not batch else max(1, samples // batch)


def train(
    *,
    inputs: Array,
    targets: Array,
    width: int,
    depth: int,
    seed: int,
    engine: Literal["dense", "revealed"],
    steps: int,
    step_size: float | Literal["paper"] | None = None,
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
    loss: str = "squared",
    batch: int = 0,
    held_out: HeldOut | None = None,
    save_to: Path | None = None,
    resume_from: Path | None = None,
    progress: StepProgress | None = None,
) -> TrainingRun:
    """Gradient descent, or with batch >= 1 stochastic gradient descent, from the random initialization, until F <= goal F(0).

    architecture: a name of networks.architectures.by_name; positions, patch: for the convolutional one. steps: at most. inputs: (samples,
    d_in) unit rows; targets: (samples, outputs); classes: (samples,) for the training accuracy; step_size None: the largest one sure to be
    stable; "paper": the theorem's. loss: a name of theorems.laws.losses.
    held_out: samples to compare the tangent kernel's prediction on, beside those trained on; None: no prediction.
    save_to, resume_from: a checkpoint file to write now and then, at the end and where the run is interrupted, and one to go on from; the
    numbers do not depend on interruptions.
    """
    samples, outputs = targets.shape
    delta = separation(inputs) if samples > 1 else 1.0
    chosen = losses[loss]
    instance = Instance(
        width=width, depth=depth, samples=samples, input_dimension=inputs.shape[1], outputs=outputs,
        tolerance=BLAME_TOLERANCE, data=data, labels=labels, inputs=inputs, targets=targets, positions=positions, patch=patch,
    )  # fmt: skip
    instance = replace(instance, separation=promised_separation(delta, instance, architecture))
    source = NormalSource(seed_sequence(seed, "train", engine, width, depth, samples))
    chosen_architecture = architecture_for(architecture, instance)
    itemsize, apart = torch.empty(0, dtype=dtype).itemsize, len(held_out.inputs) if held_out is not None else None
    needed = planned_bytes(engine, positions * width, depth, samples, outputs, steps, itemsize)
    needed += planned_kernel_bytes(chosen_architecture, engine, positions * width, depth, samples, outputs, itemsize, apart)
    refuse_beyond_memory(needed, free_bytes(device))
    network = Network.draw(
        engine, width, depth, inputs.shape[1], outputs, 1, source, variance, dtype, device, architecture=chosen_architecture
    )  # fmt: skip
    stable = stable_step_size(network, instance) / chosen.smoothness
    # A minibatch's kernel, times n/b, may have an eigenvalue larger than that of all samples; half leaves room for it.
    eta = step_size or stable / (2 if 0 < batch < samples else 1)
    if eta == "paper":
        eta = paper_step_size(instance, batch, architecture)
    if not math.isfinite(eta):
        raise InputError("no gradient reaches a weight: the network is dead on these data; choose another seed, or a larger width")
    batches = Minibatches(batch, samples, 1, source.spawn("minibatches").seed) if batch else None
    examined = examined_steps(steps)
    # Shares the matrices of dense weights, and of revealed ones W(0), whatever either is asked.
    outputs_before = network.forward(inputs).outputs
    untrained = network.copy()
    recorder = Recorder(
        network, instance, chosen, classes, goal, steps, batches, Chain(instance, chosen, eta, architecture), progress, examined=examined,
        prediction=KernelPrediction(network, instance, chosen, eta, held_out) if held_out is not None else None,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "seed": seed, "width": width, "depth": depth, "samples": samples, "outputs": outputs, "weights": engine, "loss": loss,
        "batch": batch, "step size": eta, "goal": goal, "steps": steps, "dtype": str(dtype), "data": instance.key(), "variance": variance,
        "architecture": architecture,
    }  # fmt: skip
    first, passed = checkpoint.load(resume_from, recorder, facts) if resume_from is not None else (0, None)
    saver = checkpoint.Saver(save_to, facts) if save_to is not None else None
    recorder.save = saver
    every = record_every(samples, batch)
    start = time.monotonic()
    if not (recorder.recorded and recorder.values[-1] <= goal * recorder.values[0]):
        with saver.listening() if saver is not None else nullcontext():
            gradient_descent(
                network, inputs, targets, eta, steps, recorder, loss=chosen, batches=batches, first=first, passed=passed,
                recorded=lambda step: step % every == 0 or step in examined or step - 1 in examined,
            )  # fmt: skip
    return _result(recorder, untrained, source, outputs_before, facts, delta, stable, needed, time.monotonic() - start)


def _result(
    recorder: Recorder,
    untrained: Network,
    source: NormalSource,
    outputs_before: Tensor,
    facts: dict[str, Any],
    delta: float,
    stable: float,
    needed: int,
    seconds: float,
) -> TrainingRun:
    """Everything that the recorded curves say."""
    instance, loss, chain, architecture = recorder.instance, recorder.loss, recorder.chain, recorder.network.architecture.name
    initial, last = recorder.values[0], recorder.values[-1]
    reached = last <= recorder.goal * initial
    known = dict(chain.squares)  # infinite where the gradient was not looked at, so that no minimum is found there
    squares = [known.get(step, math.inf) for step in recorder.recorded]
    loss_curve, distance, gradient = (torch.tensor([row], dtype=torch.float64) for row in (recorder.values, recorder.radius, squares))
    curves = Trajectory(loss_curve, distance, chain.step_size, loss_curve[:, :0], gradient, tuple(recorder.recorded))
    batch = facts["batch"]
    before = outputs_before.double().cpu()
    rows = conclusions(instance, loss, batch, chain.step_size, curves, recorder.accuracy, recorder.goal, before, architecture)
    checks = [tally(identifier, chain.rows[identifier]) for identifier in chain.rows]
    checks += [tally(identifier, rows[identifier]) for identifier in rows]
    checks.sort(key=lambda check: registry.position(check.id))
    half = recorder.values[(len(recorder.values) - 1) // 2]
    moving = math.isinf(stable) or chain.step_size >= TINY * stable
    stalled = moving and loss.conclusion != "stationary point" and len(recorder.values) > 1 and not last < STALLED * half
    failed = not reached and (stalled or not last <= DIVERGED * initial)
    stuck = ("sgd-convergence" if batch else "gd-convergence" if loss.name == "squared" else "other-losses") if failed else ""
    curve = zip(recorder.recorded, recorder.values, strict=True)
    risen = next((float(step) for step, value in curve if not value <= initial), math.inf)
    forms = [registry.form(check.id, architecture) for check in checks]
    used = {f"{form.id}.{key}": value for form in forms for key, value in form.constant_values().items()}
    rated = instance.separation > 0 and registry.has_form("gd-rate", architecture)
    run = TrainingRun(
        seed=facts["seed"], width=instance.width, depth=instance.depth, samples=instance.samples, outputs=instance.outputs, delta=delta,
        architecture=architecture,
        algorithm="stochastic gradient descent" if batch else "gradient descent", step_size=chain.step_size, weights=facts["weights"],
        loss=[_json(value) for value in recorder.values], radius=[_json(value) for value in recorder.radius],
        accuracy=recorder.accuracy, checks=checks,
        blame=blame(checks, untrained, instance, source.spawn("blame"), stuck=stuck, risen=risen),
        data=instance.data, labels=instance.labels, steps=recorder.recorded[-1], reached=reached, seconds=seconds,
        regime_depth=registry.form("gd-rate", architecture).regime_depth(instance) if rated else 0.0, constants=used,
        recorded=recorder.recorded, loss_function=loss.name, batch=batch, stable=_json(stable * 2 / 1.5), kernel=chain.kernel,
        radii=lemma_radii(instance, max((value for value in recorder.radius if math.isfinite(value)), default=0.0), architecture),
        outside=outside_regime(instance, [check.id for check in checks], architecture),
        prediction=recorder.prediction.result(recorder.network) if recorder.prediction is not None else None, planned_bytes=needed,
    )  # fmt: skip
    return _with_explanation(run, chain)


def _with_explanation(run: TrainingRun, chain: Chain) -> TrainingRun:
    from msgspec.structs import replace

    return replace(run, explanation=explain(run, chain.descent, left_out(run.architecture)))


def _json(value: float) -> float:
    """JSON has neither infinity nor NaN; a diverged loss is written as the largest double."""
    return value if np.isfinite(value) else 1.7976931348623157e308

"""A training run that checks the theory along the way, explains itself, and names what broke first where it fails."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.networks.descent import descend
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import Network
from checkers.records.events import Listener, StepRecorded, silent
from checkers.records.training import TrainingRun
from checkers.training import checkpoint
from checkers.training.blame import blame, lemma_radii
from checkers.training.chain import Chain, examined_steps, left_out
from checkers.training.conclusions import conclusions, tally
from checkers.training.explanation import explain
from checkers.training.kernel_prediction import KernelPrediction
from checkers.training.outside_regime import outside_regime
from checkers.training.recorder import DIVERGED, Recorder
from checkers.training.step_size import paper_step_size, stable_step_size
from checkers.training.training_setup import TrainingSetup
from theorems import registry
from theorems.allen_zhu.convergence import STABLE
from theorems.language.subject import Trajectory
from theorems.laws.losses import losses

STALLED = 0.999  # of the loss half way: what is left at the end of a run that no longer gets anywhere,
TINY = 0.01  # unless its steps are smaller than this share of the largest stable one


def record_every(samples: int, batch: int) -> int:
    """Steps between records: gradient descent passes by every sample anyway; stochastic gradient descent looks up once an epoch."""
    return 1 if not batch else max(1, samples // batch)


def train(
    setup: TrainingSetup, *, save_to: Path | None = None, resume_from: Path | None = None, progress: Listener = silent
) -> TrainingRun:
    """Run what the setup asks for, and check the theory along the way.

    save_to, resume_from: a checkpoint file to write now and then, at the end and where the run is interrupted, and one to go on from; the
    numbers do not depend on interruptions. progress: hears of every recorded step.
    """
    setup.verify()
    instance, loss, batch, architecture = setup.instance, losses[setup.loss], setup.batch, setup.architecture
    network = setup.draw()
    stable = stable_step_size(network, instance) / loss.smoothness
    # A minibatch's kernel, times n/b, may have an eigenvalue larger than that of all samples; half leaves room for it.
    eta = setup.step_size or stable / (2 if 0 < batch < instance.samples else 1)
    if eta == "paper":
        eta = paper_step_size(instance, batch, architecture)
    if not math.isfinite(eta):
        raise InputError("no gradient reaches a weight: the network is dead on these data; choose another seed, or a larger width")
    batches = Minibatches(batch, instance.samples, 1, setup.source.spawn("minibatches").seed) if batch else None
    examined = examined_steps(setup.steps)
    # Shares the matrices of dense weights, and of revealed ones W(0), whatever either is asked.
    outputs_before = network.forward(instance.inputs).outputs
    untrained = network.copy()
    prediction = None if setup.held_out is None else KernelPrediction(network, instance, loss, eta, setup.held_out)
    recorder = Recorder(
        network, instance, loss, setup.data.classes, setup.goal, setup.steps, batches, Chain(instance, loss, eta, architecture),
        examined=examined, prediction=prediction,
    )  # fmt: skip
    facts = setup.facts(eta)
    first, passed = checkpoint.load(resume_from, recorder, facts) if resume_from is not None else (0, None)
    saver = checkpoint.Saver(save_to, facts) if save_to is not None else None
    every = record_every(instance.samples, batch)
    start = time.monotonic()
    if not (recorder.recorded and recorder.reached):
        stands = descend(
            network, instance.inputs, instance.targets, eta, setup.steps, loss=loss, batches=batches, first=first, passed=passed,
            recorded=lambda step: step % every == 0 or step in examined or step - 1 in examined,
        )  # fmt: skip
        with saver.listening() if saver is not None else nullcontext():
            for stand in stands:
                if recorder.take(stand):
                    progress(StepRecorded(stand.step, setup.steps, recorder.last))
                    over = recorder.reached or recorder.diverged
                    if saver is not None and not recorder.diverged:
                        saver(stand.step, recorder, stand.record, last=over or stand.step == setup.steps)
                    if over:
                        break
    return _result(setup, recorder, untrained, outputs_before, stable, time.monotonic() - start)


def _result(
    setup: TrainingSetup, recorder: Recorder, untrained: Network, outputs_before: Tensor, stable: float, seconds: float
) -> TrainingRun:
    """Everything that the recorded curves say."""
    instance, loss, chain, architecture = recorder.instance, recorder.loss, recorder.chain, recorder.network.architecture.name
    initial, last = recorder.values[0], recorder.values[-1]
    reached = recorder.reached
    known = dict(chain.squares)  # infinite where the gradient was not looked at, so that no minimum is found there
    squares = [known.get(step, math.inf) for step in recorder.recorded]
    loss_curve, distance, gradient = (torch.tensor([row], dtype=torch.float64) for row in (recorder.values, recorder.radius, squares))
    curves = Trajectory(loss_curve, distance, chain.step_size, loss_curve[:, :0], gradient, tuple(recorder.recorded))
    batch, before = setup.batch, outputs_before.double().cpu()
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
        seed=setup.seed, width=instance.width, depth=instance.depth, samples=instance.samples, outputs=instance.outputs,
        delta=setup.least_distance, architecture=architecture,
        algorithm="stochastic gradient descent" if batch else "gradient descent", step_size=chain.step_size, weights=setup.weights,
        loss=[_json(value) for value in recorder.values], radius=[_json(value) for value in recorder.radius],
        accuracy=recorder.accuracy, checks=checks,
        blame=blame(checks, untrained, instance, setup.source.spawn("blame"), stuck=stuck, risen=risen),
        data=instance.data, labels=instance.labels, steps=recorder.recorded[-1], reached=reached, seconds=seconds,
        regime_depth=registry.form("gd-rate", architecture).regime_depth(instance) if rated else 0.0, constants=used,
        recorded=recorder.recorded, loss_function=loss.name, batch=batch, stable=_json(stable * 2 / STABLE), kernel=chain.kernel,
        radii=lemma_radii(instance, max((value for value in recorder.radius if math.isfinite(value)), default=0.0), architecture),
        outside=outside_regime(instance, [check.id for check in checks], architecture),
        prediction=recorder.prediction.result(recorder.network) if recorder.prediction is not None else None,
        planned_bytes=setup.memory.whole,
    )  # fmt: skip
    return _with_explanation(run, chain)


def _with_explanation(run: TrainingRun, chain: Chain) -> TrainingRun:
    from msgspec.structs import replace

    return replace(run, explanation=explain(run, chain.descent, left_out(run.architecture)))


def _json(value: float) -> float:
    """JSON has neither infinity nor NaN; a diverged loss is written as the largest double."""
    return value if np.isfinite(value) else 1.7976931348623157e308

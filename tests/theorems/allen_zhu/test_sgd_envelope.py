"""The check of SGD at every step: what a supermartingale stays below, and that a run which stands still is found out."""

from __future__ import annotations

import math

import numpy as np
import torch

from checkers.data.training_data import TrainingData
from checkers.training.conclusions import SGD_ALARM, conclusions, tally
from tests.helpers import train_on
from theorems import registry
from theorems.allen_zhu.stochastic import sgd_envelope
from theorems.language.instance import Instance
from theorems.language.subject import Trajectory
from theorems.laws.losses import losses

INPUTS = np.array([[0.6, 0.8, 1], [1, 0, 1], [0, 1, 1]]) / math.sqrt(2)
TARGETS = np.array([[1.0, 0], [0, 1], [1, 0]])


def test_a_supermartingale_leaves_the_envelope_no_more_often_than_stated() -> None:
    """M_{t+1} = M_t decay times 2 or 0 with equal odds touches decay^t M_0/alarm with probability exactly alarm where that is a power of 2:
    of 2^14 paths a binomial number, which is above its mean by 6 deviations with a probability below 1e-8."""
    decay, alarm, trials, steps = 0.9, 2.0**-5, 2**14, list(range(12))
    doubled = np.random.Generator(np.random.SFC64(1)).integers(0, 2, (trials, len(steps) - 1)) * 2.0 * decay
    paths = np.concatenate([np.ones((trials, 1)), np.cumprod(doubled, axis=1)], axis=1)
    envelope = np.array(sgd_envelope(decay, steps, 1.0, alarm))
    ever = int((paths >= envelope * (1 - 1e-9)).any(axis=1).sum())
    spread = 6 * math.sqrt(trials * alarm * (1 - alarm))
    assert trials * alarm - spread <= ever <= trials * alarm + spread


def test_every_recorded_step_of_sgd_is_checked() -> None:
    run = train_on(TrainingData(INPUTS, TARGETS), depth=1, steps=60, goal=0.0, batch=1, step_size="paper")
    check = next(check for check in run.checks if check.id == "sgd-convergence")
    assert check.verdict == "HOLDS"
    assert check.steps == len(run.recorded) - 1


def test_a_loss_that_stands_still_breaks_the_conclusion_once_that_cannot_be_chance() -> None:
    instance = Instance(width=256, depth=1, samples=3, outputs=2, separation=0.5, input_dimension=3, inputs=INPUTS, targets=TARGETS)
    step_size = 0.01
    decay = 1 - registry["gd-rate"].constant_values()["c"] * step_size * 0.5 * 256 / (2 * 3**2)
    steps = tuple(range(0, 2000, 3))
    still = torch.ones(1, len(steps), dtype=torch.float64)
    run = Trajectory(still, still, step_size, still[:, :0], still, steps)
    rows = conclusions(instance, losses["squared"], 2, step_size, run, [], 1e-3, torch.zeros(1, 3, 2))
    check = tally("sgd-convergence", rows["sgd-convergence"])
    assert check.verdict == "FAILED"
    assert check.first_failure == next(step for step in steps if decay**step < SGD_ALARM)

"""What tests of several rooms share."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from scipy.optimize import minimize_scalar

from checkers.data.training_data import TrainingData
from checkers.evidence.profiles import PROFILES
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener, silent
from checkers.records.training import TrainingRun
from checkers.runs.ledger.file import RunLedger
from checkers.training.run import train
from checkers.training.training_setup import TrainingSetup

# Every population of the quick profile, at a third of its price: for tests of what is done with decisions, whatever they are.
SMALL = replace(PROFILES["quick"], examples=6, normals=2**18, law_draws=2**13)


class Sources(Protocol):
    """The randomness of one file of tests: another source for other names, the same one for the same."""

    def __call__(self, *names: str | int, threads: int | None = None) -> NormalSource: ...


def sources(seed: int, file: str) -> Sources:
    def source(*names: str | int, threads: int | None = None) -> NormalSource:
        return NormalSource(seed_sequence(seed, file, *names), threads)

    return source


def setup_on(data: TrainingData, **asked: Any) -> TrainingSetup:
    """30 steps of a small network, where nothing else is asked for."""
    return TrainingSetup(data, **{"width": 64, "depth": 2, "steps": 30, "seed": 1, **asked})


def train_on(
    data: TrainingData,
    *,
    save_to: Path | None = None,
    resume_from: Path | None = None,
    progress: Listener = silent,
    **asked: Any,
) -> TrainingRun:
    """The run of `setup_on`."""
    return train(setup_on(data, **asked), save_to=save_to, resume_from=resume_from, progress=progress)


def memory_speed(ledger: RunLedger) -> RunLedger:
    """No waiting for the disk: no test cuts the power."""
    ledger.read("PRAGMA synchronous = OFF")
    return ledger


def product_edge(factors: int) -> float:
    """Limit, as the width grows, of ‖W_b D_{b-1} ... D_a W_a‖_2 with `factors` = b - a + 1 (free probability).

    sqrt( min_{z>0} 2 (1+z)^2 (1+2z)^{k-1} / z ): 2.828 for one factor, about sqrt(4 e k) for many.
    """
    def squared(log_z: float) -> float:
        z = math.exp(log_z)
        return math.log(2) + 2 * math.log1p(z) + (factors - 1) * math.log1p(2 * z) - math.log(z)

    return math.exp(float(minimize_scalar(squared, bounds=(-12, 2), method="bounded", options={"xatol": 1e-10}).fun) / 2)

"""What tests of several rooms share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from checkers.data.training_data import TrainingData
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener, silent
from checkers.records.training import TrainingRun
from checkers.runs.ledger.file import RunLedger
from checkers.training.run import train
from checkers.training.training_setup import TrainingSetup


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

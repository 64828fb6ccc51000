"""Interrupted training: the whole state of a run in one file, written whole or not at all, read without running any code.

The file is an npz archive: matrices as arrays, everything else as JSON. The initial weights are not stored, for the seed gives them again.
"""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

from checkers.dense import DenseWeights
from checkers.errors import InputError
from checkers.files import check_destination, write_whole

if TYPE_CHECKING:
    from checkers.training import Recorder

SCHEMA = 1
SECONDS = 20.0  # between two writes


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the matrices. facts: what the run was asked for; the rest: fields of Recorder and of Chain."""

    schema: int
    facts: dict[str, Any]
    step: int
    recorded: list[int]
    values: list[float]
    radius: list[float]
    accuracy: list[float]
    rows: dict[str, list[tuple[int, float, float]]]
    kernel: list[tuple[int, float, float]]
    squares: list[tuple[int, float]]
    descent: list[tuple[int, float, float]]
    pending: dict[str, float] | None
    gaps: list[tuple[int, float, float]] = []


class Saver:
    """Called at every recorded step; writes a checkpoint when SECONDS have passed since the last, and when the run is interrupted."""

    def __init__(self, path: Path, facts: dict[str, Any], seconds: float = SECONDS) -> None:
        check_destination(path)
        self.path, self.facts, self.seconds = path, facts, seconds
        self._last = time.monotonic()

    def __call__(self, step: int, recorder: Recorder) -> None:
        if time.monotonic() - self._last >= self.seconds:
            save(self.path, step, recorder, self.facts)
            self._last = time.monotonic()


def save(path: Path, step: int, recorder: Recorder, facts: dict[str, Any]) -> None:
    """Write the state of a run whose weights are those of `step`, which was recorded last."""
    chain = recorder.chain
    state = State(
        schema=SCHEMA, facts=facts, step=step, recorded=recorder.recorded, values=recorder.values, radius=recorder.radius,
        accuracy=recorder.accuracy, rows=chain.rows, kernel=chain.kernel, squares=chain.squares, descent=chain.descent,
        pending=chain.pending, gaps=recorder.prediction.gaps if recorder.prediction else [],
    )  # fmt: skip
    arrays = {f"weights {layer}": _matrix(weights).cpu().numpy() for layer, weights in enumerate(recorder.network.hidden, start=1)}
    if chain.start is not None:
        arrays["kernel"] = chain.start.cpu().numpy()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, state=np.frombuffer(msgspec.json.encode(state), dtype=np.uint8), **arrays)
    write_whole(path, buffer.getvalue())


def _matrix(weights: Any) -> torch.Tensor:
    if not isinstance(weights, DenseWeights):
        raise InputError("checkpoints need dense weights: what revealed ones were asked is not written to files")
    return weights.matrix


def load(path: Path, recorder: Recorder, facts: dict[str, Any]) -> int:
    """Bring a fresh recorder and its network to the state in the file, and return its step.

    Raises InputError with one sentence if the file is none, or of a run that was asked for something else.
    """
    state, arrays = read(path)
    for name, value in facts.items():
        if name != "steps" and state.facts.get(name) != value:
            raise InputError(f"checkpoint {path} is of another run: its {name} is {state.facts.get(name)!r}, not {value!r}")
    if state.step > facts["steps"]:
        raise InputError(f"checkpoint {path} stands at step {state.step:,}, beyond the {facts['steps']:,} steps that are asked for")
    network, chain = recorder.network, recorder.chain
    for layer, weights in enumerate(network.hidden, start=1):
        stored, held = arrays.get(f"weights {layer}"), _matrix(weights)
        if stored is None or stored.shape != tuple(held.shape) or str(held.dtype) != f"torch.{stored.dtype}":
            raise InputError(f"checkpoint {path} does not hold the weights of layer {layer}")
        assert isinstance(weights, DenseWeights)
        weights.replace(torch.from_numpy(stored).to(held.device))
    recorder.recorded, recorder.values, recorder.radius, recorder.accuracy = state.recorded, state.values, state.radius, state.accuracy
    chain.rows, chain.kernel, chain.squares, chain.descent, chain.pending = (
        state.rows, state.kernel, state.squares, state.descent, state.pending,
    )  # fmt: skip
    if "kernel" in arrays:
        chain.start = torch.from_numpy(arrays["kernel"]).to(network.output)
    if recorder.prediction is not None:
        recorder.prediction.gaps = state.gaps
        recorder.prediction.advance(state.step)
    return state.step


def read(path: Path) -> tuple[State, dict[str, np.ndarray[Any, Any]]]:
    """The file's contents, validated; InputError if it is not a checkpoint."""
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist" if not path.exists() else f"checkpoint {path} is not a file")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state = msgspec.json.decode(arrays.pop("state").astype(np.uint8).tobytes(), type=State)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError(f"checkpoint {path} cannot be read: it is damaged or not a checkpoint") from error
    if state.schema != SCHEMA:
        raise InputError(f"checkpoint {path} has schema {state.schema}; this version reads {SCHEMA}")
    if not state.recorded or state.recorded[-1] != state.step or len(state.values) != len(state.recorded):
        raise InputError(f"checkpoint {path} is inconsistent: its curves do not end at its step")
    return state, arrays

"""Interrupted training: the whole state of a run in one file, written whole or not at all, read without running any code.

The file is an npz archive: matrices as arrays, everything else as JSON. The initial weights are not stored, for the seed gives them again:
of dense ones it holds W(t), of revealed ones what they were asked and answered, as many bytes as the run holds of either.
"""

from __future__ import annotations

import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole
from checkers.networks.network import ForwardPass, Network
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.revealed import RevealedWeights

if TYPE_CHECKING:
    from checkers.training.recorder import Recorder

SCHEMA = 3
SECONDS = 20.0  # between two writes,
SHARE = 0.1  # or so many that writing takes this share of the time


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
    """Writes a checkpoint where enough time has passed since the last one, at the last step, and where the run is to be
    interrupted."""

    def __init__(self, path: Path, facts: dict[str, Any], seconds: float = SECONDS) -> None:
        check_destination(path)
        self.path, self.facts, self.seconds = path, facts, seconds
        self._next = time.monotonic() + seconds
        self._interrupted = False

    def __call__(self, step: int, recorder: Recorder, record: ForwardPass, last: bool) -> None:
        start = time.monotonic()
        if last or self._interrupted or start >= self._next:
            save(self.path, step, recorder, record, self.facts)
            end = time.monotonic()
            self._next = end + max(self.seconds, (end - start) / SHARE if self.seconds else 0.0)
        if self._interrupted and not last:
            raise KeyboardInterrupt(f"at step {step:,}: --resume {self.path} goes on from there")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM wait for the next recorded step, for between two the weights are those of neither; a second one does not."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            if self._interrupted:
                raise KeyboardInterrupt
            self._interrupted = True

        if threading.current_thread() is not threading.main_thread():  # only it may listen to signals
            yield
            return
        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def save(path: Path, step: int, recorder: Recorder, record: ForwardPass, facts: dict[str, Any]) -> None:
    """Write the state of a run whose weights are those of `step`, which was recorded last, with this forward pass.

    Dense weights give the same forward pass again. Revealed ones, asked again, do so up to rounding, so theirs is written too.
    """
    chain = recorder.chain
    state = State(
        schema=SCHEMA, facts=facts, step=step, recorded=recorder.recorded, values=recorder.values, radius=recorder.radius,
        accuracy=recorder.accuracy, rows=chain.rows, kernel=chain.kernel, squares=chain.squares, descent=chain.descent,
        pending=chain.pending, gaps=recorder.prediction.gaps if recorder.prediction else [],
    )  # fmt: skip
    arrays = {
        f"weights {layer} {name}": tensor.cpu().numpy()
        for layer, weights in _changing(recorder.network)
        for name, tensor in weights.state().items()
    }
    if isinstance(recorder.network.hidden[0], RevealedWeights):
        arrays |= {f"pass {layer}": g.cpu().numpy() for layer, g in enumerate(record.pre_activations)}
    if chain.start is not None:
        arrays["kernel"] = chain.start.cpu().numpy()
    encoded = np.frombuffer(msgspec.json.encode(state), dtype=np.uint8)
    write_whole(path, lambda file: np.savez(file, allow_pickle=False, state=encoded, **arrays))


def _changing(network: Network) -> Iterator[tuple[int, DenseWeights | RevealedWeights]]:
    """Layers of which a run leaves more than the seed gives; 0 is the input layer, which revealed weights learn of by being asked."""
    for layer, weights in enumerate([network.input_weights, *network.hidden]):
        if isinstance(weights, RevealedWeights) or (layer and isinstance(weights, DenseWeights)):
            yield layer, weights


def load(path: Path, recorder: Recorder, facts: dict[str, Any]) -> tuple[int, ForwardPass | None]:
    """Bring a fresh recorder and its network to the state in the file, and return its step, and its forward pass where that is stored.

    Raises InputError with one sentence if the file is none, or of a run that was asked for something else.
    """
    state, arrays = read(path)
    for name, value in facts.items():
        if name != "steps" and state.facts.get(name) != value:
            raise InputError(f"checkpoint {path} is of another run: its {name} is {state.facts.get(name)!r}, not {value!r}")
    if state.step > facts["steps"]:
        raise InputError(f"checkpoint {path} stands at step {state.step:,}, beyond the {facts['steps']:,} steps that are asked for")
    network, chain = recorder.network, recorder.chain
    for layer, weights in _changing(network):
        prefix = f"weights {layer} "
        try:
            stored = [name for name in arrays if name.startswith(prefix)]
            weights.resume({name.removeprefix(prefix): torch.from_numpy(arrays.pop(name)) for name in stored})
        except (ValueError, KeyError, TypeError, RuntimeError, IndexError) as error:
            raise InputError(f"checkpoint {path} does not hold the weights of layer {layer}") from error
    recorder.recorded, recorder.values, recorder.radius, recorder.accuracy = state.recorded, state.values, state.radius, state.accuracy
    chain.rows, chain.kernel, chain.squares, chain.descent, chain.pending = (
        state.rows, state.kernel, state.squares, state.descent, state.pending,
    )  # fmt: skip
    if "kernel" in arrays:
        if arrays["kernel"].shape != 2 * (recorder.instance.samples,):
            raise InputError(f"checkpoint {path} does not hold the kernel of the first step")
        chain.start = torch.from_numpy(arrays["kernel"]).to(network.output)
    if recorder.prediction is not None:
        recorder.prediction.gaps = state.gaps
        recorder.prediction.advance(state.step)
    return state.step, _stored_pass(path, arrays, recorder)


def _stored_pass(path: Path, arrays: dict[str, np.ndarray[Any, Any]], recorder: Recorder) -> ForwardPass | None:
    network = recorder.network
    if not isinstance(network.hidden[0], RevealedWeights):
        return None
    stored = [torch.from_numpy(arrays.get(f"pass {layer}", np.zeros(0))) for layer in range(network.depth + 1)]
    shape = (network.trials, recorder.instance.samples, network.output.shape[2])
    if any(g.shape != shape or g.dtype != network.output.dtype for g in stored):
        raise InputError(f"checkpoint {path} does not hold the forward pass of its step")
    passed = tuple(g.to(network.output) for g in stored)
    return ForwardPass.of(network.inputs(recorder.instance.inputs), passed, network.output)


def read(path: Path) -> tuple[State, dict[str, np.ndarray[Any, Any]]]:
    """The file's contents, validated; InputError if it is not a checkpoint."""
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist" if not path.exists() else f"checkpoint {path} is not a file")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state = msgspec.json.decode(arrays.pop("state").astype(np.uint8).tobytes(), type=State)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError(f"checkpoint {path} cannot be read: it is damaged or not a checkpoint") from error
    if state.schema != SCHEMA:
        raise InputError(f"checkpoint {path} has schema {state.schema}; this version reads {SCHEMA}")
    if not state.recorded or state.recorded[-1] != state.step or len(state.values) != len(state.recorded):
        raise InputError(f"checkpoint {path} is inconsistent: its curves do not end at its step")
    return state, arrays

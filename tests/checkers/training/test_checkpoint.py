"""Interrupted training goes on with the same numbers; a file that is no checkpoint of the run is refused in one sentence."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkers.data.training_data import HeldOut, load_training_data
from checkers.errors import InputError
from checkers.records.events import Event, StepRecorded
from checkers.records.training import TrainingRun
from checkers.training import checkpoint
from tests.helpers import train_on

DATA = load_training_data("digits", samples=6, labels="random", seed=1)
FURTHER = HeldOut(DATA.inputs[::-1] * 1.0, None)
run = partial(train_on, DATA, width=40, steps=60, goal=0.0)

# Far from knowing all of a matrix, and knowing it all: 40 columns are spanned after six steps.
REVEALED: list[dict[str, Any]] = [
    {"weights": "revealed"},
    {"weights": "revealed", "width": 120, "dtype": "float32"},
    {"weights": "revealed", "width": 100, "batch": 2},
    {"weights": "revealed", "width": 80, "depth": 3, "held_out": FURTHER},
    {"weights": "revealed", "depth": 1, "width": 1000, "loss": "huber"},
]


class Interruption(Exception):
    """Stands for kill -9."""


def interrupted(path: Path, at: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    """Train with a checkpoint at every recorded step, until step `at` is about to be recorded."""

    def stop(event: Event) -> None:
        if isinstance(event, StepRecorded) and event.step >= at:
            raise Interruption

    monkeypatch.setattr(checkpoint.Saver.__init__, "__defaults__", (0.0,))
    with pytest.raises(Interruption):
        run(save_to=path, progress=stop, **options)


def facts(result: TrainingRun) -> dict[str, Any]:
    import msgspec

    return {**msgspec.structs.asdict(result), "seconds": 0.0}


@pytest.mark.parametrize(
    "options",
    [{}, {"batch": 2}, {"loss": "cross-entropy"}, {"held_out": FURTHER}, {"batch": 4, "loss": "welsch"}, *REVEALED],
    ids=["gd", "sgd", "cross-entropy", "with a prediction", "welsch by sgd", *(f"revealed {k}" for k in range(len(REVEALED)))],
)
@pytest.mark.parametrize("at", [1, 17, 43])
def test_it_goes_on_with_the_same_numbers(at: int, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    whole = run(**options)
    interrupted(path, at, monkeypatch, **options)
    assert checkpoint.read(path)[0].step < at
    assert facts(run(resume_from=path, **options)) == facts(whole)
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def test_a_finished_run_can_be_prolonged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the steps at which the chain is examined: the last of the shorter run is one of them."""
    monkeypatch.setattr(checkpoint.Saver.__init__, "__defaults__", (0.0,))
    run(save_to=tmp_path / "state.npz")
    longer = run(resume_from=tmp_path / "state.npz", steps=90)
    assert (longer.steps, longer.loss, longer.radius) == (90, run(steps=90).loss, run(steps=90).radius)


def test_the_resumed_weights_are_those_that_were_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the tests: with other weights in the file, the numbers differ."""
    path = tmp_path / "state.npz"
    interrupted(path, 20, monkeypatch)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["weights 1 matrix"] = arrays["weights 1 matrix"] + 1e-9
    np.savez(path, allow_pickle=False, **arrays)
    assert run(resume_from=path).loss != run().loss


BAD = ["missing", "folder", "empty", "text", "truncated", "pickle", "future", "inconsistent", "no weights", "other shape"]


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_checkpoint_is_refused_in_a_sentence(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    interrupted(path, 5, monkeypatch)
    good = path.read_bytes()
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind in ("empty", "text", "truncated"):
        path.write_bytes({"empty": b"", "text": b"step 5", "truncated": good[: len(good) // 2]}[kind])
    elif kind == "pickle":
        np.savez(path, allow_pickle=True, state=np.array([{"a": 1}], dtype=object))
    elif kind == "no weights":
        np.savez(path, allow_pickle=False, state=arrays["state"])
    elif kind == "other shape":
        np.savez(path, allow_pickle=False, **{**arrays, "weights 2 matrix": arrays["weights 2 matrix"][:, 1:]})
    else:
        old, new = {"future": (b'"schema":3', b'"schema":9'), "inconsistent": (b'"step":4', b'"step":3')}[kind]
        state = arrays["state"].tobytes().replace(old, new)
        np.savez(path, allow_pickle=False, **{**arrays, "state": np.frombuffer(state, dtype=np.uint8)})
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(InputError, match=r"^checkpoint [^\n]*state.npz [^\n]*$"):
        run(resume_from=path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_checkpoint_beyond_the_steps_asked_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    interrupted(path, 20, monkeypatch)
    with pytest.raises(InputError, match="stands at step 19, beyond the 10 steps"):
        run(resume_from=path, steps=10)


@pytest.mark.parametrize("other", [{"seed": 2}, {"width": 41}, {"batch": 3}, {"loss": "huber"}, {"goal": 0.5}, {"step_size": 1e-4}])
def test_a_checkpoint_of_another_run_is_refused(other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    interrupted(path, 5, monkeypatch)
    with pytest.raises(InputError, match="is of another run: its "):
        run(resume_from=path, **other)


def test_revealed_weights_that_do_not_belong_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every array left out, cut, or in another precision. Only a layer without changes lacks some of them."""
    path = tmp_path / "state.npz"
    small: dict[str, Any] = {"weights": "revealed", "width": 30, "steps": 3}
    interrupted(path, 2, monkeypatch, **small)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    assert len(arrays) > 40
    for name, array in arrays.items():
        if name.startswith(("weights 0", "weights 2", "kernel")):  # as those of layer 1; no kernel is that of a run without one
            continue
        others = {key: value for key, value in arrays.items() if key != name}
        wrong = [others]
        if name != "state" and array.ndim == 3 and array.size:
            cut = array[:, :-1] if name.endswith("coordinates") else array[..., :-1]  # fewer coordinates are fewer than are not zero
            wrong += [{**others, name: cut}, {**others, name: array.astype(np.float32)}]
        if name.endswith("capacities") and array.size:
            wrong += [{**others, name: array - 30}, {**others, name: array + 10**12}]
        for broken in wrong:
            np.savez(path, allow_pickle=False, **broken)
            with pytest.raises(InputError, match=r"^checkpoint [^\n]*state.npz [^\n]*$"):
                pytest.fail(f"{name}: {run(resume_from=path, **small)}")

"""The weights of a user's own two-layer network: a state dict of torch, read without running code, or an npz file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from checkers.data.array_files import check_promise
from checkers.data.columns import some
from checkers.errors import InputError
from theorems.language.instance import Array

INSIDE = ("state_dict", "model_state_dict", "model")  # where others keep a state dict inside of what they save
REMEDY = "save the state dict, torch.save(model.state_dict(), FILE)"


@dataclass(frozen=True)
class TwoLayerModel:
    """f(x) = sum_r v_r relu(w_r . x) + offset. weights: w_r, (m, d), the bias as last coordinate if there is one; output: v_r, (m,)."""

    weights: Array
    output: Array
    offset: float
    bias: bool


def read_model(path: Path, scale: float | None = 1.0) -> TwoLayerModel:
    """scale: what the network multiplies its output by, None for 1/sqrt(m). Raises InputError for what is no such network."""
    if not path.is_file():
        raise InputError(f"cannot read {path}: there is no such file")
    with path.open("rb") as file:
        start = file.read(4)
    try:
        arrays = _npz(path) if path.suffix.lower() == ".npz" else _state_dict(path)
    except InputError:
        raise
    except Exception as error:  # of torch, pickle, zipfile and numpy, whatever their parsers run into
        kind = "an npz file of plain numbers" if path.suffix.lower() == ".npz" else "a state dict of tensors"
        hint = f"; {REMEDY}" if start[:2] in (b"PK", b"\x80\x02") else ""
        raise InputError(f"cannot read {path}: it is not {kind}, and nothing in it is run{hint}") from error
    return _model(path, arrays, scale)


def _npz(path: Path) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        for name in list(archive):
            member = archive.zip.getinfo(f"{name}.npy")
            with archive.zip.open(member) as inner:
                check_promise(path, name, inner, member.file_size)
            found = archive[name]
            if found.dtype.kind not in "f":
                raise InputError(f"{path}: {name} holds {found.dtype} where weights are needed")
            arrays[name] = found.astype(np.float64)
    return arrays


def _state_dict(path: Path) -> dict[str, Array]:
    import torch

    loaded = torch.load(path, map_location="cpu", weights_only=True)
    for name in INSIDE:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
    if not isinstance(loaded, Mapping) or not all(isinstance(one, torch.Tensor) for one in loaded.values()):
        raise InputError(f"{path} holds {_kind(loaded)}, not a state dict of tensors: {REMEDY}")
    for name, one in loaded.items():
        if not one.is_floating_point():
            raise InputError(f"{path}: {name} holds {str(one.dtype).removeprefix('torch.')} where weights are needed")
    return {str(name): one.detach().double().numpy() for name, one in loaded.items()}


def _kind(loaded: Any) -> str:
    if isinstance(loaded, Mapping):
        other = next((name for name, one in loaded.items() if not hasattr(one, "dtype")), "nothing")
        return f"{other!r} beside tensors"
    return type(loaded).__name__


def _model(path: Path, arrays: dict[str, Array], scale: float | None) -> TwoLayerModel:
    """Which array is what, by shapes and by order: W (m, d), its bias (m,), v (1, m) or (m,), its bias (1,)."""
    shapes = some([f"{name} {'x'.join(map(str, one.shape)) or 'a number'}" for name, one in arrays.items()]) or "nothing"
    refusal = InputError(
        f"{path} is not a network of two layers, W of shape (m, d) and then v of shape (1, m), each with a bias or without; it has {shapes}"
    )
    names = [name for name, one in arrays.items() if one.ndim == 2]
    if not names:
        raise refusal
    if len(names) == 2 and arrays[names[1]].shape[1] != len(arrays[names[0]]) and arrays[names[0]].shape[1] == len(arrays[names[1]]):
        names.reverse()  # the output layer was named first
    weights = arrays[names[0]]
    width = len(weights)
    rest = {name: one for name, one in arrays.items() if name != names[0]}
    seconds = [name for name, one in rest.items() if one.ndim == 2]
    if len(seconds) > 1:
        raise refusal
    if seconds and rest[seconds[0]].shape[1] == width and len(rest[seconds[0]]) > 1:
        raise InputError(f"{path}: {seconds[0]} has {len(rest[seconds[0]])} outputs, and a certificate is of one")
    vectors = [name for name, one in rest.items() if name not in seconds and one.shape == (width,)]
    offsets = [name for name, one in rest.items() if name not in seconds and name not in vectors and one.size == 1]
    if width == 1 and len(vectors) > 1:  # (1,) may be a bias of either layer
        vectors, offsets = vectors[:1], vectors[1:]
    if not seconds:  # v is a vector, the last of that shape
        seconds, vectors = vectors[-1:], vectors[:-1]
    used = [names[0], *seconds, *vectors, *offsets]
    if len(seconds) != 1 or rest[seconds[0]].size != width or len(vectors) > 1 or len(offsets) > 1 or len(used) != len(arrays):
        raise refusal
    for name, one in arrays.items():
        if not np.all(np.isfinite(one)):
            raise InputError(f"{path}: {name} holds a number that is not finite")
    factor = 1 / math.sqrt(width) if scale is None else scale
    output = rest[seconds[0]].reshape(-1) * factor
    offset = float(rest[offsets[0]].reshape(())) * factor if offsets else 0.0
    if vectors:
        weights = np.hstack([weights, rest[vectors[0]][:, None]])
    if not np.any(output):
        raise InputError(f"{path}: {seconds[0]} is zero, and its network is 0 whatever the first layer learns")
    return TwoLayerModel(weights, output, offset, bool(vectors))

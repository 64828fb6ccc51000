"""The arrays of a user's own network, by name as the file orders them: a state dict of torch, read without running code, or an npz file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from checkers.data.array_files import check_promise
from checkers.data.columns import some
from checkers.errors import InputError
from theorems.language.instance import Array

INSIDE = ("state_dict", "model_state_dict", "model")  # where others keep a state dict inside of what they save
REMEDY = "save the state dict, torch.save(model.state_dict(), FILE)"


def read_arrays(path: Path) -> dict[str, Array]:
    """Raises InputError for what is no such file, and for numbers that no linear layer has."""
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
    for name, one in arrays.items():
        if not np.all(np.isfinite(one)):
            raise InputError(f"{path}: {name} holds a number that is not finite")
        if name.endswith(".weight") and one.ndim == 1:  # of a normalization, or of relu with a slope
            raise InputError(f"{path}: {name} is a vector, of a layer that is neither linear nor relu")
    return arrays


def in_words(arrays: Mapping[str, Array]) -> str:
    """Names and shapes."""
    return some([f"{name} {'x'.join(map(str, one.shape)) or 'a number'}" for name, one in arrays.items()]) or "nothing"


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

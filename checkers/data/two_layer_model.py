"""The weights of a user's own two-layer network: a state dict of torch, read without running code, or an npz file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from checkers.data.model_arrays import in_words, read_arrays
from checkers.errors import InputError
from theorems.language.instance import Array


@dataclass(frozen=True)
class TwoLayerModel:
    """f(x) = sum_r v_r relu(w_r . x) + offset. weights: w_r, (m, d), the bias as last coordinate if there is one; output: v_r, (m,).

    scale: what v_r and offset are of the file's; output_bias: whether the file has an offset.
    """

    weights: Array
    output: Array
    offset: float
    bias: bool
    scale: float = 1.0
    output_bias: bool = False


def read_model(path: Path, scale: float | None = 1.0) -> TwoLayerModel:
    """scale: what the network multiplies its output by, None for 1/sqrt(m). Raises InputError for what is no such network."""
    return _model(path, read_arrays(path), scale)


def _model(path: Path, arrays: dict[str, Array], scale: float | None) -> TwoLayerModel:
    """Which array is what, by shapes and by order: W (m, d), its bias (m,), v (1, m) or (m,), its bias (1,)."""
    names = [name for name, one in arrays.items() if one.ndim == 2]
    deeper = f"; of {len(names)} layers --depth {len(names) - 2} trains all but the first and the last" if len(names) > 2 else ""
    refusal = InputError(
        f"{path} is not a network of two layers, W of shape (m, d) and then v of shape (1, m), each with a bias or without; it has"
        f" {in_words(arrays)}{deeper}"
    )
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
    factor = 1 / math.sqrt(width) if scale is None else scale
    output = rest[seconds[0]].reshape(-1) * factor
    offset = float(rest[offsets[0]].reshape(())) * factor if offsets else 0.0
    if vectors:
        weights = np.hstack([weights, rest[vectors[0]][:, None]])
    if not np.any(output):
        raise InputError(f"{path}: {seconds[0]} is zero, and its network is 0 whatever the first layer learns")
    return TwoLayerModel(weights, output, offset, bool(vectors), factor, bool(offsets))

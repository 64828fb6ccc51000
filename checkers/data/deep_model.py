"""The weights of a user's own deep network: linear layers with relu between them, of which all but the first and the last are trained."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from checkers.data.model_arrays import in_words, read_arrays
from checkers.errors import InputError
from theorems.language.instance import Array


@dataclass(frozen=True)
class DeepModel:
    """f(x) = B relu(W_L ... relu(W_1 relu(A x))) + offset. input: A, (m_0, d), its bias as last column if it has one; hidden: W_1..W_L,
    (m_l, m_{l-1}); output: B, (1, m_L)."""

    input: Array
    hidden: tuple[Array, ...]
    output: Array
    offset: float
    bias: bool

    @property
    def width(self) -> int:
        """Neurons of the widest layer."""
        return max(len(one) for one in (self.input, *self.hidden))

    @property
    def even(self) -> bool:
        """Whether all are as wide as the widest."""
        return all(len(one) == self.width for one in (self.input, *self.hidden))


@dataclass
class _Layer:
    name: str
    weights: Array
    bias: str = ""


def read_deep_model(path: Path, depth: int, scale: float | None = 1.0) -> DeepModel:
    """depth: L; scale: what the network multiplies its output by, None for 1/sqrt(m_L). Raises InputError for what is no such network."""
    arrays = read_arrays(path)
    layers = _layers(path, arrays, depth)
    first, *trained, last = layers
    for one in trained:
        if one.bias:
            raise InputError(f"{path}: {one.bias} is of a hidden layer, and the certificate of deep networks is of those without bias")
    outputs, neurons = last.weights.shape
    if outputs != 1:
        raise InputError(f"{path}: {last.name} has {outputs} outputs, and a certificate is of one")
    if not np.any(last.weights):
        raise InputError(f"{path}: {last.name} is zero, and its network is 0 whatever the hidden layers learn")
    factor = 1 / neurons**0.5 if scale is None else scale
    weights = np.hstack([first.weights, arrays[first.bias].reshape(-1, 1)]) if first.bias else first.weights
    offset = float(arrays[last.bias].reshape(())) * factor if last.bias else 0.0
    return DeepModel(weights, tuple(one.weights for one in trained), last.weights * factor, offset, bool(first.bias))


def _layers(path: Path, arrays: dict[str, Array], depth: int) -> list[_Layer]:
    """A, W_1..W_L, B: matrices in the order of the file, each with the vector of its length that follows it, if one does."""
    refusal = InputError(
        f"{path} is not a network of linear layers with relu between them, in the order of the file: A of shape (m, d), --depth hidden"
        f" layers (m, m), B (1, m), each as wide as the next one asks for; it has {in_words(arrays)}"
    )
    layers: list[_Layer] = []
    for name, one in arrays.items():
        if one.ndim == 2:
            layers.append(_Layer(name, one))
        elif layers and not layers[-1].bias and one.shape == (len(layers[-1].weights),) and _owner(name) == _owner(layers[-1].name):
            layers[-1].bias = name
        else:
            raise refusal
    if len(layers) < 2 or any(len(below.weights) != one.weights.shape[1] for below, one in pairwise(layers)):
        raise refusal
    if len(layers) != depth + 2:
        raise InputError(f"between its first and its last layer {path} has {len(layers) - 2}, not the {depth} of --depth")
    return layers


def _owner(name: str) -> str:
    """The module that a parameter is of."""
    return name.rpartition(".")[0]

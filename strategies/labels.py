"""Labels y_i: the targets of a data set, (samples, outputs)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from theorems.language.instance import Array
from theorems.laws.exact_laws import limit_kernel

Labels = Callable[[np.random.Generator, Array, int], Array]


def _none(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    return np.zeros((0, 0))


def _zero(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    return np.zeros((len(inputs), outputs))


def _fitted(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    """What stands for the outputs of the network that a statement is about: its measure reads them there."""
    return np.full((len(inputs), outputs), np.nan)


def _one_hot(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    return np.eye(outputs)[generator.integers(outputs, size=len(inputs))]


def _signs(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    return generator.choice([-1.0, 1.0], size=(len(inputs), outputs)) / math.sqrt(outputs)


def _random(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    return generator.standard_normal((len(inputs), outputs)) / math.sqrt(outputs)


def _opposite(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    """One random direction u and labels u or -u, alternating along the minimum spanning tree of the inputs.

    Every point's nearest neighbour is its neighbour in the tree, and a tree has two colours: all nearest neighbours get opposite
    labels, the hardest to fit at a given separation.
    """
    direction = generator.standard_normal(outputs)
    signs = np.ones(len(inputs))
    distance, parent = np.full(len(inputs), np.inf), np.zeros(len(inputs), dtype=np.intp)
    reached = np.zeros(len(inputs), dtype=bool)
    newest = 0
    for _ in range(len(inputs) - 1):  # Prim's algorithm
        reached[newest] = True
        steps = np.linalg.norm(inputs - inputs[newest], axis=1)
        parent[steps < distance] = newest
        distance = np.minimum(distance, steps)
        newest = int(np.argmin(np.where(reached, np.inf, distance)))
        signs[newest] = -signs[parent[newest]]
    return np.outer(signs, direction / np.linalg.norm(direction))


def _hardest(generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    """sqrt n times the bottom eigenvector of the limit kernel (one layer) in a random direction: what gradient descent learns last.

    Of several layers the eigenvector differs little: it is what changes fastest between neighbours.
    """
    direction = generator.standard_normal(outputs)
    bottom = np.linalg.eigh(limit_kernel(inputs, 1))[1][:, 0]
    return np.outer(math.sqrt(len(inputs)) * bottom, direction / np.linalg.norm(direction))


# From simple to special, the order in which they shrink. Rows have norm 1, or 1 on average ("random", "hardest"), but for "none", "zero"
# and "fitted".
LABELS: Final[dict[str, Labels]] = {
    "none": _none,
    "zero": _zero,
    "one-hot": _one_hot,
    "signs": _signs,
    "random": _random,
    "opposite": _opposite,
    "hardest": _hardest,
    "fitted": _fitted,
}


def label_set(labels: str, generator: np.random.Generator, inputs: Array, outputs: int) -> Array:
    """Labels of the named kind for inputs (samples, input_dimension): (samples, outputs), or (0, 0) for "none"."""
    if labels not in LABELS:
        raise ValueError(f"unknown labels {labels!r}; known: {', '.join(LABELS)}")
    if outputs < 1:
        raise ValueError(f"labels need outputs >= 1, not {outputs}")
    return LABELS[labels](generator, inputs, outputs)

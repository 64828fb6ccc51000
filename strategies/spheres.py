"""Shapes of data on the unit sphere, without the constant coordinate of shapes.py: theories whose data may be orthonormal or antipodal.

Two unit vectors at angle t are at distance 2 sin(t/2). Rows are stored as x, (samples, input_dimension) float64, of norm 1.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from strategies.shapes import Shape, keep_apart, random_directions, random_isometry
from theorems.language.instance import Array

DIAMETER: Final = 2.0  # no two unit vectors are farther apart
ROOT_TWO: Final = math.sqrt(2)


def _sphere_limit(samples: int, input_dimension: int) -> float:
    """As for "random" data: while (n - 1) sin(t)^(d-1) <= 1 caps of angle t leave half of the sphere, and a point is soon found."""
    return DIAMETER if samples == 1 else 2 * math.sin(math.asin((samples - 1) ** (-1 / (input_dimension - 1))) / 2)


def _sphere(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    return keep_apart(random_directions(generator, input_dimension), samples, input_dimension, separation)


def _orthonormal_limit(samples: int, input_dimension: int) -> float:
    return DIAMETER if samples == 1 else ROOT_TWO if input_dimension >= samples else 0.0


def _orthonormal(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    return np.eye(samples) @ random_isometry(generator, input_dimension, samples)


def _close_pairs_limit(samples: int, input_dimension: int) -> float:
    return _orthonormal_limit(samples, input_dimension) if samples != 2 else DIAMETER


def _close_pairs(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    """Pair p = rows 2p, 2p + 1 in a plane of its own, the two at that distance from each other."""
    frame = np.eye(samples)
    sine = separation / 2
    cosine = math.sqrt(1 - sine * sine)
    for first in range(0, samples - 1, 2):
        frame[first : first + 2, first : first + 2] = [[cosine, sine], [cosine, -sine]]
    return frame @ random_isometry(generator, input_dimension, samples)


def _cluster_limit(samples: int, input_dimension: int) -> float:
    return DIAMETER if samples == 1 else ROOT_TWO if input_dimension > samples else 0.0


def _cluster(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    """All pairs at the same distance: sqrt(rho) e_0 + sqrt(1 - rho) e_i, of correlation rho = 1 - separation^2/2 >= 0."""
    if samples == 1:
        return random_isometry(generator, input_dimension, 1)
    share = min(1.0, separation**2 / 2)
    frame = np.hstack([np.full((samples, 1), math.sqrt(1 - share)), math.sqrt(share) * np.eye(samples)])
    return frame @ random_isometry(generator, input_dimension, samples + 1)


def _circle_limit(samples: int, input_dimension: int) -> float:
    return DIAMETER if samples == 1 else 2 * math.sin(math.pi / samples)


def _circle(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    """Equally spaced all around, whatever less is asked for; the second half of an even number is the first one's negative, exactly."""
    angles = 2 * math.pi * np.arange(samples) / samples
    frame = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if samples % 2 == 0:
        frame[samples // 2 :] = -frame[: samples // 2]
    return frame @ random_isometry(generator, input_dimension, 2)


def _opposite_limit(samples: int, input_dimension: int) -> float:
    return DIAMETER if samples <= 2 else ROOT_TWO if 2 * input_dimension >= samples else 0.0


def _opposite(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    """Rows 2p and 2p + 1 are each other's negatives, exactly; different pairs are orthogonal."""
    axes = random_isometry(generator, input_dimension, (samples + 1) // 2)
    return np.stack([axes, -axes], axis=1).reshape(-1, input_dimension)[:samples]


# From simple to special, the order in which they shrink.
SPHERE_SHAPES: Final[dict[str, Shape]] = {
    "orthonormal": Shape(_orthonormal_limit, _orthonormal),
    "sphere": Shape(_sphere_limit, _sphere),
    "close pairs": Shape(_close_pairs_limit, _close_pairs),
    "cluster": Shape(_cluster_limit, _cluster),
    "circle": Shape(_circle_limit, _circle),
    "opposite pairs": Shape(_opposite_limit, _opposite),
}

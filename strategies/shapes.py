"""Shapes of data sets: each keeps the promise ‖x_i - x_j‖ >= delta by construction, except the faulty ones.

An input is x = (z, 1)/sqrt 2 with a unit vector z, so ‖x‖ = 1, the last coordinate is 1/sqrt 2, and two z at angle t give
inputs at distance sqrt 2 sin(t/2). Rows are stored as x, (samples, input_dimension) float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from strategies import digits
from theorems.language.instance import Array

ROOT_HALF: Final = math.sqrt(0.5)
WIDEST: Final = math.sqrt(2)  # the distance of antipodal z: no two inputs are farther apart


@dataclass(frozen=True)
class Shape:
    """A kind of data set.

    limit: (samples, input_dimension) -> the largest separation that can be promised, 0 where there is no such data set; it never
        decreases with input_dimension. make: (generator, samples, input_dimension, separation) -> rows x; validated by `data_set`.
    """

    limit: Callable[[int, int], float]
    make: Callable[[np.random.Generator, int, int, float], Array]
    minimum_samples: int = 1
    highest_dimension: int | None = None

    def largest_separation(self, samples: int, input_dimension: int | None = None) -> float:
        """The largest separation that `samples` points can promise, in the best input dimension unless one is given; 0 if none."""
        dimension = self.best_dimension(samples) if input_dimension is None else input_dimension
        fits = samples >= self.minimum_samples and 2 <= dimension <= (self.highest_dimension or dimension)
        return self.limit(samples, dimension) if fits else 0.0

    def minimum_dimension(self, samples: int, separation: float = 0.0) -> int:
        """The least input dimension in which `samples` points can promise `separation`; ValueError if none can."""

        def promises(dimension: int) -> bool:
            return 0 < self.largest_separation(samples, dimension) >= separation

        low, high = 2, self.best_dimension(samples)
        if not promises(high):
            raise ValueError(f"no data set of this shape has {samples} samples at separation {separation:.9g}")
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if promises(middle) else (middle + 1, high)
        return low

    def best_dimension(self, samples: int, highest: float = math.inf) -> int:
        """The input dimension up to `highest` in which `samples` points can promise most."""
        # n orthonormal z need n + 1 coordinates; 256 more take "random" to within 10% of what any dimension allows.
        best = self.highest_dimension or samples + 256
        return best if highest >= best else math.floor(highest)


def _inputs(z: Array) -> Array:
    return np.hstack([z * ROOT_HALF, np.full((len(z), 1), ROOT_HALF)])


def random_isometry(generator: np.random.Generator, dimension: int, rank: int) -> Array:
    """Orthonormal rows, (rank, dimension): the images of the axes of R^rank."""
    basis: Array = np.linalg.qr(generator.standard_normal((dimension, rank)))[0].T
    return basis


def _rotated(generator: np.random.Generator, frame: Array, input_dimension: int) -> Array:
    """Inputs for the unit rows z of frame, (samples, k), carried by a random isometry of R^k into R^(input_dimension - 1)."""
    return _inputs(frame @ random_isometry(generator, input_dimension - 1, frame.shape[1]))


def keep_apart(candidates: Iterable[Array], samples: int, input_dimension: int, separation: float) -> Array:
    """The first `samples` of the inputs that each keep `separation` from all kept before."""
    kept = np.empty((samples, input_dimension))
    number = 0
    for x in candidates:
        if np.all(np.linalg.norm(kept[:number] - x, axis=1) >= separation):
            kept[number] = x
            number += 1
            if number == samples:
                break
    return kept


def random_directions(generator: np.random.Generator, dimension: int) -> Iterator[Array]:
    """Independent uniform unit vectors."""
    while True:
        z = generator.standard_normal(dimension)
        yield z / np.linalg.norm(z)


def _random_limit(samples: int, input_dimension: int) -> float:
    """A cap of angle t <= pi/2 holds at most 1/2 sin(t)^(k-1) of the sphere in R^k. While n - 1 caps hold at most half of it,
    (n - 1) sin(t)^(k-1) <= 1, each further point is found in two tries on average."""
    if samples == 1:
        return WIDEST
    if input_dimension < 3:
        return 0.0
    return WIDEST * math.sin(math.asin((samples - 1) ** (-1 / (input_dimension - 2))) / 2)


def _random(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    candidates = (_inputs(z[None])[0] for z in random_directions(generator, input_dimension - 1))
    return keep_apart(candidates, samples, input_dimension, separation)


def _orthogonal_limit(samples: int, input_dimension: int) -> float:
    return WIDEST if samples == 1 else 1.0 if input_dimension > samples else 0.0


def _orthogonal(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    return _rotated(generator, np.eye(samples), input_dimension)


def _pairs_limit(samples: int, input_dimension: int) -> float:
    # Points of different pairs are orthogonal: at distance 1. A single pair may open up to antipodal points.
    return WIDEST if samples == 1 else 0.0 if input_dimension <= samples else WIDEST if samples == 2 else 1.0


def _pair_frame(samples: int, distances: Array) -> Array:
    """Pair p = rows 2p, 2p + 1 in a plane of its own, the two inputs at distance distances[p] from each other."""
    frame = np.eye(samples)
    for pair, distance in enumerate(distances):
        sine = distance * ROOT_HALF
        cosine = math.sqrt(max(0.0, 1 - sine * sine))
        frame[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = [[cosine, sine], [cosine, -sine]]
    return frame


def _pairs(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    return _rotated(generator, _pair_frame(samples, np.full(samples // 2, separation)), input_dimension)


def _arc_frame(samples: int, separation: float, circle: int) -> Array:
    """Points on the unit circle, of which `circle` are to have room: a separation rounded up must not let its ends meet."""
    angle = min(2 * math.asin(min(1.0, separation * ROOT_HALF)), 2 * math.pi / circle)
    angles = angle * np.arange(samples)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _arc_limit(samples: int, input_dimension: int) -> float:
    # n steps of angle t fit on the circle: n t <= 2 pi.
    return WIDEST if samples == 1 else WIDEST * math.sin(math.pi / samples) if input_dimension >= 3 else 0.0


def _arc(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    frame = _arc_frame(samples, separation, samples) if samples > 1 else np.eye(1)
    return _rotated(generator, frame, input_dimension)


def _antipodal_limit(samples: int, input_dimension: int) -> float:
    return _arc_limit(samples + samples % 2 if samples > 1 else 1, input_dimension)


def _antipodal(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    half = _arc_frame((samples + 1) // 2, separation, samples + samples % 2)
    return _rotated(generator, np.concatenate([half, -half])[:samples] if samples > 1 else np.eye(1), input_dimension)


def _digits_limit(samples: int, input_dimension: int) -> float:
    return digits.largest_separation(samples) if input_dimension == digits.PIXELS + 1 else 0.0


def _digits(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    candidates = (_inputs(z[None])[0] for z in generator.permutation(digits.images()))
    return keep_apart(candidates, samples, input_dimension, separation)


def _forgotten_pair(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    distances = np.full(samples // 2, separation)
    distances[generator.integers(len(distances))] /= 10
    return _rotated(generator, _pair_frame(samples, distances), input_dimension)


def _duplicate_rows(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
    x = _pairs(generator, samples, input_dimension, separation)
    first = 2 * int(generator.integers(samples // 2))
    x[first + 1] = x[first]
    return x


# From simple to special, the order in which they shrink.
SHAPES: Final[dict[str, Shape]] = {
    "random": Shape(_random_limit, _random),
    "orthogonal": Shape(_orthogonal_limit, _orthogonal),
    "pairs": Shape(_pairs_limit, _pairs),
    "arc": Shape(_arc_limit, _arc),
    "antipodal": Shape(_antipodal_limit, _antipodal),
    "digits": Shape(_digits_limit, _digits, highest_dimension=digits.PIXELS + 1),
}
# They break the promise that they are given: for false variants, and to test whatever should notice.
FAULTY_SHAPES: Final[dict[str, Shape]] = {
    "forgotten pair": Shape(_pairs_limit, _forgotten_pair, minimum_samples=2),
    "duplicate rows": Shape(_pairs_limit, _duplicate_rows, minimum_samples=2),
}

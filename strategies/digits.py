"""Real images as data: the 1797 handwritten 8 x 8 digits that scikit-learn ships."""

from __future__ import annotations

import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from theorems.language.instance import Array

PIXELS: Final = 64


@cache
def images() -> Array:
    """All images as unit rows, (1797, 64). Read from scikit-learn's file: importing scikit-learn takes a second, this 30 ms."""
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise ValueError("the data shape 'digits' needs scikit-learn, which is not installed")
    table = np.loadtxt(Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    pixels: Array = table[:, :PIXELS]
    pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
    return pixels


@cache
def neighbours() -> Array:
    """Entry k: the least distance, over all images, to the k-th nearest other image; for inputs x, that is with the factor 1/sqrt 2."""
    z = images()
    # ‖z - z'‖ / sqrt 2 = sqrt(1 - <z, z'>); no two images are closer than 0.06, so the cancellation costs 3 digits of 16.
    distances = np.sqrt(np.maximum(0.0, 1.0 - z @ z.T))
    np.fill_diagonal(distances, 0.0)
    nearest: Array = np.sort(distances, axis=1).min(axis=0)
    return nearest


def largest_separation(samples: int) -> float:
    """The largest delta for which a greedy walk over the images, in any order, always finds `samples` of them delta apart.

    An image that is kept excludes itself and its D(delta) neighbours nearer than delta, so N images yield at least N/(D + 1).
    D <= N/n - 1 holds as long as every image's (N // n)-th nearest other one is delta away. Zero if there are too few images.
    """
    number = len(images())
    if samples > number:
        return 0.0
    # The walk measures distances anew; a relative 1e-9 keeps rounding of either from breaking the promise.
    return math.sqrt(2) if samples == 1 else float(neighbours()[number // samples]) * (1 - 1e-9)

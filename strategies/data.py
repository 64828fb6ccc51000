"""Data sets and the checks that tell good ones from faulty ones."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from strategies.shapes import FAULTY_SHAPES, ROOT_HALF, SHAPES, Shape
from strategies.spheres import SPHERE_SHAPES
from theorems.language.instance import Array

__all__ = [
    "ALL_SHAPES", "FAULTY_SHAPES", "ROUNDING", "SHAPES", "SPHERE_SHAPES", "Shape", "check_data", "closest_pair", "data_set", "separation",
]  # fmt: skip

ALL_SHAPES: Final[dict[str, Shape]] = {**SHAPES, **SPHERE_SHAPES, **FAULTY_SHAPES}
# Distances of stored rows carry an absolute error of a few 1e-16, a few units in the last place of coordinates below 1.
ROUNDING: Final = 2e-15


def separation(x: npt.ArrayLike) -> float:
    """The least distance between two rows of x, from differences and so exact for tiny distances too; infinite for one row."""
    return closest_pair(x)[2]


def closest_pair(x: npt.ArrayLike) -> tuple[int, int, float]:
    """The two nearest rows i < j and their distance; (0, 0, infinity) for one row."""
    rows = np.asarray(x, dtype=np.float64)
    best = (0, 0, math.inf)
    for i in range(len(rows) - 1):
        distances = np.linalg.norm(rows[i + 1 :] - rows[i], axis=1)
        j = int(np.argmin(distances))
        if distances[j] < best[2]:
            best = (i, i + 1 + j, float(distances[j]))
    return best


def check_data(x: npt.ArrayLike, promised: float | None = None, *, constant: bool = True) -> Array:
    """Return x as a float64 array if it is a data set as the paper wants it; otherwise raise ValueError naming the row.

    x: (samples, input_dimension). promised: the separation to hold it to, besides distinct rows. constant: whether the last coordinate
    must be 1/sqrt 2.
    """
    try:
        rows = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("the data are not an array of numbers of shape (samples, input_dimension)") from None
    if rows.ndim != 2 or len(rows) < 1 or rows.shape[1] < 2:
        raise ValueError(f"the data have shape {rows.shape}, not (samples, input_dimension) with samples >= 1 and input_dimension >= 2")
    norms = np.linalg.norm(rows, axis=1)
    # 1e-9 is far above the rounding of float64 and far below that of float32, which must not pass unnoticed.
    for bad, complaint in (
        (~np.isfinite(rows).all(axis=1), "holds a NaN or an infinity"),
        (np.abs(norms - 1) > 1e-9, "does not have norm 1 but {norm:.9g}"),
        (constant & (np.abs(rows[:, -1] - ROOT_HALF) > 1e-9), "does not end with 1/sqrt 2 but with {last:.9g}"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise ValueError(f"row {row} of the data " + complaint.format(norm=norms[row], last=rows[row, -1]))
    i, j, distance = closest_pair(rows)
    if distance == 0:
        raise ValueError(f"rows {i} and {j} of the data are equal")
    if promised is not None and distance < promised - ROUNDING:
        raise ValueError(f"rows {i} and {j} of the data are {distance:.9g} apart, less than the promised separation {promised:.9g}")
    return rows


def data_set(shape: str, generator: np.random.Generator, samples: int, input_dimension: int | None, separation: float) -> Array:
    """A data set of the named shape, (samples, input_dimension), in the least dimension that will do if none is given.

    Raises ValueError if the shape cannot promise that separation.
    """
    if shape not in ALL_SHAPES:
        raise ValueError(f"unknown data shape {shape!r}; known: {', '.join(ALL_SHAPES)}")
    kind = ALL_SHAPES[shape]
    largest = kind.largest_separation(samples, input_dimension)
    # The limits' own rounding differs between machines; a recorded instance must be rebuilt on all of them.
    if not 0 < separation <= largest * (1 + 1e-12):
        where = f"{samples} samples" + ("" if input_dimension is None else f" of dimension {input_dimension}")
        most = f"the largest is {largest:.9g}" if largest else "these sizes do not fit the shape"
        raise ValueError(f"data of shape {shape!r} cannot promise separation {separation:.9g} for {where}; {most}")
    return kind.make(generator, samples, input_dimension or kind.minimum_dimension(samples, min(separation, largest)), separation)

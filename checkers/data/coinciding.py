"""Rows that rounding cannot tell apart."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from theorems.laws.data_predicates import INDISTINGUISHABLE

Array = npt.NDArray[np.float64]


def coinciding_rows(inputs: Array) -> list[tuple[int, int]]:
    """inputs: (n, d), unit rows. (i, j) for every row j that cannot be told from an earlier one; i is the first of those that can itself
    be told from all before it."""
    from scipy.spatial import KDTree

    # Equal rows are set aside first: the tree would name all pairs among them. Where two rows are this close, so are their projections on
    # unit vectors; three separate what is to be separated, and a tree in few dimensions is fast.
    different, first, kind = np.unique(inputs, axis=0, return_index=True, return_inverse=True)
    directions = np.random.Generator(np.random.SFC64(0)).standard_normal((inputs.shape[1], 3))
    projections = different @ (directions / np.linalg.norm(directions, axis=0))
    gap = INDISTINGUISHABLE + 4 * np.finfo(float).eps * inputs.shape[1]  # the rounding of two inner products of unit vectors
    candidates = KDTree(projections).query_pairs(gap, p=math.inf, output_type="ndarray")
    earlier: dict[int, list[int]] = {}
    for a, b in candidates:
        if np.linalg.norm(different[a] - different[b]) <= INDISTINGUISHABLE:
            i, j = sorted((int(first[a]), int(first[b])))
            earlier.setdefault(j, []).append(i)
    kept: dict[int, int] = {}  # for the first row of each kind, the row that stands for it
    for j in sorted(map(int, first)):
        kept[j] = min((i for i in earlier.get(j, []) if kept[i] == i), default=j)
    own = first[kind.reshape(-1)]
    return [(kept[int(own[j])], j) for j in range(len(inputs)) if kept[int(own[j])] != j]

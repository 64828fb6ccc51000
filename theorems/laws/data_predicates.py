"""What theories assume of a data set, and which rows break it. Inputs: unit rows, (n, d_in), known up to their rounding.

The exact criterion for lambda0 > 0 is proved in gate_positivity.py.
"""

from __future__ import annotations

import math

import numpy as np

from theorems.language.instance import Array
from theorems.language.requirement import Predicate, Rows
from theorems.laws.gate_laws import correlations

# Below this distance two unit rows cannot be told apart: their squared distance, 2 - 2 rho, is lost in the rounding of the product.
INDISTINGUISHABLE = 2.0**-25


def equal_rows(inputs: Array) -> Rows:
    """Pairs of rows that point the same way."""
    return _pairs(inputs, 1)


def opposite_rows(inputs: Array) -> Rows:
    """Pairs of rows that point opposite ways."""
    return _pairs(inputs, -1)


def _pairs(inputs: Array, sign: int) -> Rows:
    nearness = 1 - sign * correlations(inputs)  # half the squared distance of x_i and sign x_j
    return [(int(i), int(j)) for i, j in np.argwhere(nearness <= INDISTINGUISHABLE**2 / 2) if i < j]


def vanishing_rows(inputs: Array) -> Rows:
    """Why lambda0 = 0, if it is: equal rows; else, if the rows whose negative is there too are dependent, all of these together."""
    opposite = opposite_rows(inputs)
    halves = inputs[[i for i, _ in opposite]]
    dependent = len(opposite) > 0 and int(np.linalg.matrix_rank(halves)) < len(opposite)  # up to the rounding of rows of norm 1
    return equal_rows(inputs) or ([tuple(sorted(row for pair in opposite for row in pair))] if dependent else [])


def _parallel(inputs: Array) -> Rows:
    return equal_rows(inputs) + opposite_rows(inputs)


def _all_far(inputs: Array) -> Rows:
    near = correlations(inputs) >= 0.5  # at distance 1 or less
    return [()] if len(inputs) > 1 and near.sum() == len(inputs) else []


def _no_constant(inputs: Array) -> Rows:
    return [(int(row),) for row in np.flatnonzero(np.abs(inputs[:, -1] - math.sqrt(0.5)) > 1e-9)]  # the rounding of float64 and no more


DISTINCT = Predicate("no two inputs are equal", equal_rows, "--drop-duplicates leaves out all but the first of each")
NOT_PARALLEL = Predicate("no two inputs are parallel", _parallel, "lambda0 > 0 is what the proof uses, and less than this")
POSITIVE = Predicate(
    "lambda0 > 0: no two inputs are equal, and those whose negative is there too are independent, one of each pair", vanishing_rows,
)  # fmt: skip
CONSTANT = Predicate(
    "every input ends with 1/sqrt 2", _no_constant,
    "rows (z, 1)/sqrt 2 do; their distances are smaller by sqrt 2, which asks for 16 times the width where it has 1/delta^8",
)  # fmt: skip
CLOSE = Predicate("delta <= 1/L, L = 1", _all_far, "delta = 1/L may be put in its place, which asks for more")

"""‖W‖_2 at most: of a given matrix by a proof in floating point, of a Gaussian one that nobody has seen whole by its law."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.certification.gate_tables import EPS
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.protocol import Weights

BEYOND = 8.0  # deviations of a norm above its mean, which is 1-Lipschitz in the Gaussians: exceeded with probability exp(-32) = 1.3e-14
POWERS = 60  # of W^T W, after which the start of a bound is a few percent below ‖W‖
DIRECTIONS = 1 << 10  # that a certificate asks a matrix about, at most
FINER = 1.01  # from one bound that is tried to the next


def proved_norm(matrix: Tensor) -> float:
    """matrix: (rows, columns), float64.

    If Cholesky's factorization of S runs through in floating point, S + E is positive semidefinite for some ‖E‖ <= (m + 2) eps tr S
    (Rump, Verification of positive definiteness, 2006); S is c^2 - W^T W less what forming it and E can be off by.
    """
    largest = float(matrix.abs().max())
    if largest == 0:
        return 0.0
    scale = 2.0 ** (math.frexp(largest)[1] - 1)  # squares of what is left of the entries neither overflow nor all vanish
    matrix = matrix / scale
    columns, whole = matrix.shape[1], float(matrix.square().sum())
    gram, start = matrix.mT @ matrix, torch.ones(columns, 1, dtype=matrix.dtype)
    if not bool((gram @ start).any()):  # of rows that sum to zero
        start = matrix[[int(matrix.square().sum(1).argmax())]].mT
    for _ in range(POWERS):
        start = gram @ start
        start /= start.norm()
    bound = float((gram @ start).norm()) ** 0.5
    while True:
        off = 4 * (max(matrix.shape) + 8) * EPS * (whole + columns * bound**2)
        shifted = gram.neg()
        shifted.diagonal().add_(bound**2 - off)
        if int(torch.linalg.cholesky_ex(shifted)[1]) == 0:
            return float(scale * bound * (1 + 4 * EPS))
        bound *= FINER


def gaussian_norm(rows: int, columns: int, variance: float) -> float:
    """Exceeded with probability exp(-BEYOND^2/2): E ‖W‖ <= deviation (sqrt(rows) + sqrt(columns)) (Gordon), and concentration."""
    return math.sqrt(variance) * (math.sqrt(rows) + math.sqrt(columns) + BEYOND)


@dataclass(frozen=True)
class Norm:
    """‖W‖_2 at most, and of any few rows of W. variance: of the entries of a Gaussian matrix (rows, columns); 0: a matrix that is given."""

    whole: float
    rows: int
    columns: int
    variance: float = 0.0

    @property
    def slack(self) -> float:
        """‖error of a product with it, either way‖/‖vector‖ at most: roundings of |W| |x|, which is at most ‖W‖_F ‖x‖ long, and as much
        again for what follows; of an unseen matrix, those of each coordinate along the directions that it was asked about."""
        size = max(self.rows, self.columns)
        return (2 * size + 64) * EPS * math.sqrt(DIRECTIONS if self.variance else min(self.rows, self.columns)) * self.whole

    @property
    def failure(self) -> float:
        """The probability that either bound fails."""
        return 2 * math.exp(-(BEYOND**2) / 2) if self.variance else 0.0

    def of_rows(self, count: float) -> float:
        """Of any so many rows. There are at most (e rows/count)^count sets of them, and `rows` counts, all of which are meant at once."""
        kept = max(1.0, math.ceil(count))
        if not self.variance or kept >= self.rows:
            return self.whole
        sets = kept * (1 + math.log(self.rows / kept)) + math.log(self.rows)
        beyond = math.sqrt(BEYOND**2 + 2 * sets)
        return min(self.whole, math.sqrt(self.variance) * (math.sqrt(self.columns) + math.sqrt(kept) + beyond))


def norm_of(weights: Weights, variance: float) -> Norm:
    """Proved of stored matrices; of others by the law of their entries N(0, variance)."""
    if isinstance(weights, DenseWeights):
        return Norm(proved_norm(weights.matrix[0]), weights.rows, weights.columns)
    rows, columns = weights.rows, weights.columns
    return Norm(gaussian_norm(rows, columns, variance), rows, columns, variance)

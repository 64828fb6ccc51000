"""Products and eigenvalues of matrices of balls, as object arrays with leading dimensions."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat


def _matrix(data: np.ndarray) -> arb_mat:
    rows, columns = data.shape
    made: arb_mat = arb_mat(rows, columns, data.reshape(-1).tolist())
    return made


def _array(matrix: Any) -> np.ndarray:
    result = np.empty(matrix.nrows() * matrix.ncols(), dtype=object)
    result[:] = matrix.entries()
    return result.reshape(matrix.nrows(), matrix.ncols())


def matrix_product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """first @ second with numpy's rules for leading dimensions and vectors."""
    if first.ndim == 1:
        return matrix_product(first[None], second)[..., 0, :]
    if second.ndim == 1:
        return matrix_product(first, second[:, None])[..., 0]
    batch = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    result = np.empty((*batch, first.shape[-2], second.shape[-1]), dtype=object)
    if first.shape[-1] == 0 or result.size == 0:
        result[...] = arb(0)
        return result
    # a matrix that all of the batch share is converted once, and multiplied once
    if second.ndim > 2 and all(size == 1 for size in second.shape[:-2]):
        second = second.reshape(second.shape[-2:])
    if second.ndim == 2:
        rows = np.broadcast_to(first, (*batch, *first.shape[-2:])).reshape(-1, first.shape[-1])
        return _array(_matrix(rows) * _matrix(second)).reshape(result.shape)
    first, second = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (first, second))
    for place in product(*map(range, batch)):
        result[place] = _array(_matrix(first[place]) * _matrix(second[place]))
    return result


def _absolute_sum(matrix: np.ndarray) -> arb:
    """The largest absolute row sum: at least the spectral radius, and for symmetric matrices at least the spectral norm."""
    sums = [sum((abs(x) for x in row), arb(0)) for row in matrix]
    largest = arb(0)
    for one in sums:
        largest = largest.max(one)
    return largest


def _spectrum(matrix: np.ndarray) -> list[arb]:
    """All eigenvalues of a symmetric matrix, ascending, multiple ones too.

    With V close to orthogonal, T = V^T K V has (Ostrowski) the eigenvalues theta_i lambda_i(K), |theta_i - 1| <= ‖V^T V - I‖, and (Weyl)
    they lie within ‖T - diag T‖ of T's sorted diagonal. V comes from floating point and is an exact matrix; both norms are
    enclosed, so the result is proved however good or bad V is.
    """
    size = len(matrix)
    middle = np.array([[float(x.mid()) for x in row] for row in matrix])
    vectors = np.linalg.eigh(middle)[1]
    basis = np.empty(vectors.shape, dtype=object)
    basis.reshape(-1)[:] = [arb(x) for x in vectors.reshape(-1).tolist()]
    turned = matrix_product(matrix_product(basis.T, matrix), basis)
    defect = matrix_product(basis.T, basis)
    for k in range(size):
        defect[k, k] = defect[k, k] - 1
    diagonal = [turned[k, k] for k in range(size)]
    rest = turned.copy()
    for k in range(size):
        rest[k, k] = arb(0)
    near, off = _absolute_sum(defect).upper(), _absolute_sum(rest).upper()
    around, theta = arb(0, off), arb(1, near)
    # k-th smallest of numbers known as balls: between the k-th smallest lower and the k-th smallest upper end
    lower, upper = sorted(x.lower() for x in diagonal), sorted(x.upper() for x in diagonal)  # ends are exact numbers: a total order
    return [(low.union(high) + around) / theta for low, high in zip(lower, upper, strict=True)]


def eigenvalues(data: np.ndarray) -> np.ndarray:
    """(..., k, k) symmetric -> (..., k), ascending."""
    result = np.empty(data.shape[:-1], dtype=object)
    for place in product(*map(range, data.shape[:-2])):
        result[place] = _spectrum(data[place])
    return result


def eigenvectors(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(..., k, k) symmetric -> (..., k) ascending and (..., k, k), unit eigenvectors as columns; ValueError unless all are told apart."""
    values, vectors = np.empty(data.shape[:-1], dtype=object), np.empty(data.shape, dtype=object)
    for place in product(*map(range, data.shape[:-2])):
        found, columns = acb_mat(_matrix(data[place])).eig(right=True)
        order = sorted(range(len(found)), key=lambda k: float(found[k].real.mid()))
        table = np.array(columns.tolist(), dtype=object)
        for target, k in enumerate(order):
            values[(*place, target)] = found[k].real
            # an eigenvector of a real matrix is real up to a factor; dividing by its largest entry takes the factor out
            top = max(table[:, k], key=lambda x: float(abs(x).mid()))
            real = [(x / top).real for x in table[:, k]]
            length = sum((x * x for x in real), arb(0)).sqrt()
            for row, x in enumerate(real):
                vectors[(*place, row, target)] = x / length
    return values, vectors

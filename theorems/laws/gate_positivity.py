"""Whether lambda0 = lambda_min(H_inf) is positive: the exact criterion, and a proof in ball arithmetic.

Criterion: lambda0 > 0 iff no two inputs are equal and, of the inputs whose negative is there too, one of each pair, are linearly
independent. For x 1[w.x >= 0] = x/2 + x sign(w.x)/2 is a part odd in w plus a part even in w, apart from a null set. The even parts
x sign(w.x) are the same function for x and -x, and independent for distinct lines, since each jumps on a hyperplane of its own. So a null
vector has opposite entries on each antipodal pair, zeros elsewhere, and then the odd part asks for sum alpha_p x_p = 0 over the pairs.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from theorems.language.instance import Array

PRECISIONS = (64, 128, 256, 512)  # bits: lambda0 of 10 inputs in a plane can be 1e-14


def _scaled_difference(one: Array, other: Array) -> int:
    """1 where the rows point the same way, -1 where they are opposite, 0 else; exactly, whatever their lengths' last digits."""
    first, second = [[Fraction(float(entry)) for entry in row] for row in (one, other)]
    pivot = max(range(len(first)), key=lambda k: abs(first[k]))
    if any(a * second[pivot] != b * first[pivot] for a, b in zip(first, second, strict=True)):
        return 0
    return 1 if first[pivot] * second[pivot] > 0 else -1


def parallel_pairs(inputs: Array) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The pairs i < j of inputs that are equal, and of those that are opposite, as directions."""
    found: dict[int, list[tuple[int, int]]] = {1: [], -1: [], 0: []}
    for j in range(len(inputs)):
        for i in range(j):
            found[_scaled_difference(inputs[i], inputs[j])].append((i, j))
    return found[1], found[-1]


def is_positive(inputs: Array) -> bool:
    """The criterion, for the directions of the rows, which are exact binary numbers."""
    equal, opposite = parallel_pairs(inputs)
    return not equal and rank(inputs[[i for i, _ in opposite]]) == len(opposite)


def rank(rows: Array) -> int:
    """The rank, by elimination with fractions."""
    left = [[Fraction(float(entry)) for entry in row] for row in rows]
    found = 0
    for column in range(rows.shape[1]):
        pivot = next((k for k in range(found, len(left)) if left[k][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for k in range(found + 1, len(left)):
            factor = left[k][column] / left[found][column]
            left[k] = [a - factor * b for a, b in zip(left[k], left[found], strict=True)]
        found += 1
    return found


def least_pivot(inputs: Array) -> tuple[float, int]:
    """A proof that H_inf of these directions is positive definite: the least pivot of its LDL^T in balls, rounded down, and the bits that
    it took; (0, most bits) where no precision proves it."""
    from flint import arb, ctx

    before = ctx.prec
    try:
        for bits in PRECISIONS:
            ctx.prec = bits
            pivot = _pivot(inputs, arb)
            if pivot > 0:
                return pivot, bits
    finally:
        ctx.prec = before
    return 0.0, PRECISIONS[-1]


def _pivot(inputs: Array, arb: Any) -> float:
    """The least lower end of the pivots, at the present precision; at most 0 where one is not proved to be positive."""
    n = len(inputs)
    rows = [[arb(float(entry)) for entry in row] for row in inputs]
    lengths = [sum((entry * entry for entry in row), arb(0)).sqrt() for row in rows]
    parallel = {pair: sign for sign, pairs in zip((1, -1), parallel_pairs(inputs), strict=True) for pair in pairs}

    def kernel(i: int, j: int) -> Any:
        if i == j or parallel.get((i, j)) == 1:
            return arb(1) / 2
        if (i, j) in parallel:
            return arb(0)
        rho = sum((a * b for a, b in zip(rows[i], rows[j], strict=True)), arb(0)) / (lengths[i] * lengths[j])
        return rho * (arb.pi() - rho.acos()) / (2 * arb.pi())

    matrix = [[kernel(min(i, j), max(i, j)) for j in range(n)] for i in range(n)]
    least = float("inf")
    for k in range(n):
        pivot = matrix[k][k]
        if not pivot > 0:
            return 0.0
        least = min(least, float(pivot.lower()))
        for i in range(k + 1, n):
            factor = matrix[i][k] / pivot
            for j in range(k + 1, n):
                matrix[i][j] = matrix[i][j] - factor * matrix[k][j]
    return least

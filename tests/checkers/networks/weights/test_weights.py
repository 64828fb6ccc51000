"""Exact properties that both implementations of Weights share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.protocol import Weights
from checkers.networks.weights.revealed import RevealedWeights

TRIALS, ROWS, COLUMNS = 3, 9, 6
Make = Callable[[torch.dtype], Weights]


def source(name: str) -> NormalSource:
    return NormalSource(seed_sequence(3, "weights", name))


def dense(dtype: torch.dtype) -> DenseWeights:
    return DenseWeights.draw(ROWS, COLUMNS, 0.5, TRIALS, source("W"), dtype)


def revealed(dtype: torch.dtype) -> Weights:
    return RevealedWeights(ROWS, COLUMNS, 0.5, TRIALS, source("W"), dtype)


def vectors(name: str, count: int, dimension: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return source(name).normal((TRIALS, count, dimension), 1.0, dtype)


def assert_near(a: Tensor, b: Tensor) -> None:
    # At most ~10^2 roundings of numbers of size <= 30 in each entry: 10^4 eps is far above them, far below any mistake.
    bound = 1e4 * torch.finfo(a.dtype).eps
    assert float((a - b).abs().max()) <= bound


both = pytest.mark.parametrize("make", [dense, revealed])
precisions = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])


@both
@precisions
def test_products_are_linear_adjoint_and_repeatable(make: Make, dtype: torch.dtype) -> None:
    weights = make(dtype)
    x, u = vectors("x", 2, COLUMNS, dtype), vectors("u", 3, ROWS, dtype)
    image, back = weights.apply(x), weights.apply_transpose(u)
    assert (image.shape, back.shape, image.dtype) == ((TRIALS, 2, ROWS), (TRIALS, 3, COLUMNS), dtype)
    assert_near(weights.apply(x), image)
    assert_near(weights.apply(x[:, :1] - 2 * x[:, 1:]), image[:, :1] - 2 * image[:, 1:])
    assert_near(u @ image.mT, back @ x.mT)
    assert_near(weights.apply(torch.zeros_like(x)), torch.zeros_like(image))


@both
@precisions
def test_outer_products_change_the_matrix_by_exactly_that(make: Make, dtype: torch.dtype) -> None:
    weights = make(dtype)
    x, u = vectors("x", 2, COLUMNS, dtype), vectors("u", 3, ROWS, dtype)
    image, back = weights.apply(x), weights.apply_transpose(u)
    assert float(weights.change_norm().max()) == float(weights.change_spectral_norm().max()) == 0.0
    twin = weights.copy()
    change = torch.zeros(TRIALS, ROWS, COLUMNS, dtype=dtype)
    for left, right in (("new left", "new right"), ("u", "x"), ("u", "other")):  # inside and outside of what was asked for
        a, b = vectors(left, 2, ROWS, dtype), vectors(right, 2, COLUMNS, dtype)
        weights.add_outer(a, b)
        change += a.mT @ b
    assert_near(weights.apply(x), image + x @ change.mT)
    assert_near(weights.apply_transpose(u), back + u @ change)
    assert_near(weights.change_norm(), torch.linalg.matrix_norm(change))
    assert_near(weights.change_spectral_norm(), torch.linalg.matrix_norm(change, ord=2))
    assert_near(twin.apply(x), image)
    assert float(twin.change_norm().max()) == 0.0
    second = weights.copy()
    weights.add_outer(a, b)
    assert_near(second.apply(x), image + x @ change.mT)


def test_a_revealed_matrix_is_one_matrix_however_it_is_asked() -> None:
    """All of it, by alternating questions from both sides and changes in between, then read off twice."""
    weights = revealed(torch.float64)
    for k in range(4):
        weights.apply(vectors(f"x{k}", 2, COLUMNS))
        weights.add_outer(vectors(f"a{k}", 2, ROWS), vectors(f"b{k}", 2, COLUMNS))
        weights.apply_transpose(vectors(f"u{k}", 3, ROWS))
    by_columns = weights.apply(torch.eye(COLUMNS, dtype=torch.float64).expand(TRIALS, -1, -1)).mT
    by_rows = weights.apply_transpose(torch.eye(ROWS, dtype=torch.float64).expand(TRIALS, -1, -1))
    assert_near(by_columns, by_rows)


@both
def test_copies_that_are_asked_different_questions_speak_of_one_matrix(make: Make) -> None:
    """W(0), read off entry by entry from three copies that were asked and changed apart, from both sides."""
    weights = make(torch.float64)
    weights.apply(vectors("before", 1, COLUMNS))
    copies = [weights, weights.copy()]
    copies.append(copies[1].copy())
    changes = [torch.zeros(TRIALS, ROWS, COLUMNS, dtype=torch.float64) for _ in copies]
    for step in range(2):
        for k, one in enumerate(copies):
            one.apply_transpose(vectors(f"left question {step} {k}", 1, ROWS))
            u, v = vectors(f"left {step} {k}", 1, ROWS), vectors(f"right {step} {k}", 1, COLUMNS)
            one.add_outer(u, v)
            changes[k] += u.mT @ v
            one.apply(vectors(f"right question {step} {k}", 1, COLUMNS))
    identity = [torch.eye(size, dtype=torch.float64).expand(TRIALS, -1, -1) for size in (ROWS, COLUMNS)]
    start = copies[0].apply(identity[1]).mT - changes[0]
    for one, change in zip(copies, changes, strict=True):
        assert_near(one.apply(identity[1]).mT - change, start)
        assert_near(one.apply_transpose(identity[0]) - change, start)
        assert_near(one.change_norm(), torch.linalg.matrix_norm(change))
        assert_near(one.change_spectral_norm(), torch.linalg.matrix_norm(change, ord=2))


@both
def test_new_questions_see_the_changes_made_before(make: Make) -> None:
    weights = make(torch.float64)
    x, u = vectors("x", 2, COLUMNS), vectors("u", 2, ROWS)
    weights.apply(x)
    weights.add_outer(vectors("a", 2, ROWS), x)  # its left vectors were never asked for
    weights.apply_transpose(u)
    weights.add_outer(u, vectors("b", 2, COLUMNS))  # its left vectors were
    new_x, new_u = vectors("new x", 2, COLUMNS), vectors("new u", 2, ROWS)
    back = weights.apply_transpose(new_u)
    forth = weights.apply(new_x)
    assert_near(back @ new_x.mT, new_u @ forth.mT)
    assert_near(weights.apply_transpose(u + new_u), weights.apply_transpose(u) + back)
    assert_near(weights.apply(x + new_x), weights.apply(x) + forth)


def test_trials_of_different_ranks_share_a_batch() -> None:
    weights = RevealedWeights(ROWS, COLUMNS, 0.5, TRIALS, source("ranks"))
    x = vectors("x", 3, COLUMNS)
    x[0, 1] = 2 * x[0, 0]
    x[1] = 0
    image = weights.apply(x)
    assert weights.directions == (3, 0)
    assert_near(image[0, 1], 2 * image[0, 0])
    assert float(image[1].abs().max()) == 0.0
    fresh = vectors("y", 8, COLUMNS)  # more than the dimension
    assert_near(weights.apply(fresh) @ vectors("u", 2, ROWS).mT, (weights.apply_transpose(vectors("u", 2, ROWS)) @ fresh.mT).mT)
    assert weights.directions[0] <= 2 * COLUMNS
    before = weights.directions
    weights.apply(vectors("z", 8, COLUMNS))
    assert weights.directions == before


@precisions
def test_near_dependent_questions_keep_the_directions_orthonormal(dtype: torch.dtype) -> None:
    weights = RevealedWeights(400, 300, 0.5, TRIALS, source("near"), dtype)
    base, step = vectors("base", 4, 300, dtype), vectors("step", 4, 300, dtype)
    for distance in (1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-16, 1e-18):
        weights.apply(base + distance * step)
        step = step.roll(1, -1)
    rows = weights._right.directions.rows
    gram = rows @ rows.mT
    assert_near(gram - torch.diag_embed(gram.diagonal(dim1=-2, dim2=-1).round()), torch.zeros_like(gram))
    assert weights.directions[0] < 4 * 10  # the last ones differ by less than rounding and reveal nothing


def test_the_handed_matrix_is_never_written_to() -> None:
    matrix = torch.eye(3, dtype=torch.float64)
    weights = DenseWeights(matrix)
    row = torch.ones(1, 1, 3, dtype=torch.float64)
    for _ in range(2):
        weights.add_outer(row, row)
    assert torch.equal(matrix, torch.eye(3, dtype=torch.float64))
    assert weights.bytes_held == matrix.nbytes + 2 * row.nbytes  # the vectors of the first change came again: no matrix was made
    weights.add_outer(row, 2 * row)
    assert torch.equal(matrix, torch.eye(3, dtype=torch.float64))
    assert weights.bytes_held == 2 * matrix.nbytes + row.nbytes  # those of a change, for they may come again


@precisions
def test_changes_with_the_same_right_vectors_are_kept_in_factors(dtype: torch.dtype) -> None:
    """The matrix stands still, and everything that is asked sees the changes all the same; so does a copy."""
    weights, x, other, u = dense(dtype), vectors("x", 2, COLUMNS, dtype), vectors("other", 4, COLUMNS, dtype), vectors("u", 3, ROWS, dtype)
    left = vectors("first left", 2, ROWS, dtype)
    weights.add_outer(left, x)
    still = weights.state()["matrix"]
    assert torch.equal(still, dense(dtype).matrix)
    expected = still + left.mT @ x
    for step in range(3):
        left = vectors(f"left {step}", 2, ROWS, dtype)
        weights.add_outer(left, x.clone())
        expected += left.mT @ x
        for changed in (weights, weights.copy()):
            assert changed.state()["matrix"] is still
            assert_near(changed.matrix, expected)
            assert_near(changed.apply(x), x @ expected.mT)
            assert_near(changed.apply(other), other @ expected.mT)
            assert_near(changed.apply_transpose(u), u @ expected)
            assert_near(changed.change_norm(), torch.linalg.matrix_norm(expected - dense(dtype).matrix))
            assert_near(changed.change_spectral_norm(), torch.linalg.matrix_norm(expected - dense(dtype).matrix, ord=2))
    weights.add_outer(left, other[:, :2])
    expected += left.mT @ other[:, :2]
    assert "left" not in weights.state()
    assert_near(weights.apply(x), x @ expected.mT)


def test_memory_of_revealed_weights_is_that_of_the_directions() -> None:
    weights = RevealedWeights(10**6, 10**6, 2e-6, 1, source("wide"))
    weights.apply(source("one").normal((1, 1, 10**6), 1.0))
    assert weights.bytes_held == 3 * 8 * 10**6 + 8  # direction, image, the question itself and its coordinate
    assert DenseWeights(torch.zeros(2, 3)).bytes_held == 24


def test_products_of_dense_weights_are_differentiable() -> None:
    matrix = vectors("W", ROWS, COLUMNS).requires_grad_()
    x = vectors("x", 2, COLUMNS)
    (gradient,) = torch.autograd.grad(DenseWeights(matrix).apply(x).sum(), matrix)
    assert_near(gradient, x.sum(1, keepdim=True).expand_as(matrix))


def test_a_matrix_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="weight matrix has shape"):
        DenseWeights(torch.zeros(3))

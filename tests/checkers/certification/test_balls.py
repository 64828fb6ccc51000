"""Ball arithmetic: every operation encloses the exact value, spectra and norms do so for hard cases, and doubt is never resolved."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from flint import arb, fmpq
from torch import Tensor

from checkers.certification.balls import Balls, Undecided, Unsupported, precision
from checkers.certification.linear import eigenvalues, eigenvectors
from checkers.certification.subjects import in_balls, spectral_norm, tensor
from checkers.evidence.decide import judged_cases
from checkers.evidence.drawing import source_of
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.statement import FIRST_THEORY

SOURCE = NormalSource(seed_sequence(6))


def drawn(*shape: int) -> Tensor:
    return SOURCE.normal(shape, 1.0)


def middles(balls: Any) -> np.ndarray:
    found: np.ndarray = np.vectorize(lambda x: float(x.mid()), otypes=[float])(Balls(balls).data)
    return found


X, Y = drawn(2, 3, 4), drawn(2, 3, 4)
POSITIVE = X.abs()
SAME: dict[str, Callable[[Any, Any], Any]] = {
    "sum and difference": lambda x, y: x + 2 * y - y / 3 - (1 - x),
    "product with a tensor on the left": lambda x, y: X * y + (X @ y.mT).sum(-1, keepdim=True),
    "power, square, root": lambda x, y: x**2 + y.square() + (x * x).sqrt() + 2 ** (x * x),
    "absolute value and parts": lambda x, y: x.abs() + y.relu() + x.clamp_min(0.1) + torch.clamp(y, -1, 1) + abs(-x),
    "logarithm and exponential": lambda x, y: (x * x).log() + torch.exp(y),
    "maximum": lambda x, y: torch.maximum(x, y) + torch.minimum(x, y) * 2,
    "sums": lambda x, y: torch.stack([x.sum(), y.sum((0, 1)).sum(), x.mean()]),
    "extremes": lambda x, y: x.amax(1) - y.amin(dim=1) + x.amax(dim=(0, 1)),
    "norms": lambda x, y: x.norm(dim=-1) + torch.linalg.vector_norm(y, dim=-1) + x.norm(),
    "matrix products": lambda x, y: x @ y.mT + torch.matmul(x, y.transpose(1, 2)),
    "one matrix for all": lambda x, y: x @ y[0].mT,
    "batched product and sum": lambda x, y: torch.baddbmm(x @ x.mT, x, y.mT),
    "where": lambda x, y: torch.where(x > 0, y, 0.0) + torch.where(x <= y, 1.0, x),
    "comparisons": lambda x, y: torch.as_tensor((x >= y) * 1.0) + (x < 0.5) * x,
    "shapes": lambda x, y: torch.cat([x.flatten(1), y.reshape(2, 12)], 1).view(2, 4, 6).permute(0, 2, 1)[..., 1:],
    "a flat dimension": lambda x, y: x.unflatten(2, (2, 2)).amax(3),
    "views": lambda x, y: x[:, None].expand(-1, 5, -1, -1)[:, 2] + y.view(2, 12).view(2, 3, 4) + x.unsqueeze(0).squeeze(0),
    "diagonals": lambda x, y: (x @ y.mT).diagonal(dim1=1, dim2=2) + torch.zeros_like(x)[..., 0] + torch.full_like(y, 3.0)[..., 0],
    "repeats": lambda x, y: x.repeat_interleave(2, 1) * y.repeat_interleave(2, dim=1).to(torch.float32).double(),
    "spectrum": lambda x, y: torch.linalg.eigvalsh(x @ x.mT),
}


@pytest.mark.parametrize("name", SAME)
def test_every_operation_is_torchs_own_up_to_rounding(name: str) -> None:
    expected = SAME[name](X, Y)
    with precision(128):
        found = Balls(SAME[name](Balls(X), Balls(Y)))
    assert found.shape == expected.shape
    np.testing.assert_allclose(middles(found), expected.numpy(), rtol=1e-6 if name == "repeats" else 1e-11)


def test_balls_enclose_the_rational_truth_where_floats_do_not() -> None:
    x, y = Balls(X.flatten()), Balls(Y.flatten())
    exact = sum(Fraction(a) * Fraction(b) for a, b in zip(X.flatten().tolist(), Y.flatten().tolist(), strict=True))
    for bits in (30, 53, 100):
        with precision(bits):
            found = (x * y).sum().data.item()
        with precision(2000):
            assert found.contains(arb(fmpq(exact.numerator, exact.denominator)))
    assert Fraction(float((X * Y).sum())) != exact


def test_what_overlaps_is_undecided_and_what_is_exact_is_not() -> None:
    third: Any = Balls(1.0) / 3
    with pytest.raises(Undecided):
        _ = third * 3 >= 1.0
    assert bool(Balls(0.0) >= 0)
    assert not bool(Balls(0.0) > 0)
    assert bool(third < 1)
    with pytest.raises(Undecided):
        _ = torch.where(third * 3 > 1, third, third)
    assert (third * 3 - 1).relu().data.item().contains(0), "a kink is enclosed, not decided"


def test_what_is_not_there_says_so() -> None:
    for question in (torch.erf, torch.linalg.svdvals, torch.linalg.det):
        with pytest.raises(Unsupported, match="has no ball arithmetic here"):
            question(tensor(Balls(X)))


HARD = {
    "identity": torch.eye(4).double(),
    "zero": torch.zeros(3, 3).double(),
    "double eigenvalues": torch.diag(torch.tensor([1.0, 1.0, 1e-12, 5.0, 5.0], dtype=torch.float64)),
    "of rank one": torch.ones(4, 4).double(),
    "badly scaled": torch.diag(torch.tensor([1e-8, 1.0, 1e8], dtype=torch.float64)),
    "one number": torch.tensor([[2.0]]).double(),
}


@pytest.mark.parametrize("name", HARD)
def test_eigenvalues_are_enclosed_even_if_multiple(name: str) -> None:
    matrix = HARD[name]
    exact: dict[str, list[float]] = {
        "identity": [1] * 4, "zero": [0] * 3, "double eigenvalues": [1e-12, 1, 1, 5, 5], "of rank one": [0, 0, 0, 4],
        "badly scaled": [1e-8, 1, 1e8], "one number": [2],
    }  # fmt: skip
    with precision(128):
        found = eigenvalues(Balls(matrix).data)
    for ball, value in zip(found.tolist(), exact[name], strict=True):
        assert ball.contains(arb(value))
        assert float(ball.rad()) <= 1e-12 * max(1.0, float(matrix.abs().max()))


def test_eigenvectors_are_unit_and_give_the_matrix_again() -> None:
    root = drawn(5, 5)
    with precision(128):
        matrix = Balls(root) @ Balls(root).mT
        values, vectors = (Balls(x) for x in eigenvectors(matrix.data))
        again = (vectors * values) @ vectors.mT - matrix
    assert all(x.contains(0) and float(x.rad()) < 1e-20 for x in again.data.reshape(-1).tolist())


@pytest.mark.parametrize("rank", [0, 1, 2, 5])
def test_spectral_norms_of_low_rank_matrices(rank: int) -> None:
    left, right = drawn(1, rank, 12), drawn(1, rank, 9)
    with precision(256):
        found = spectral_norm(Balls(left), Balls(right))
    expected = float(torch.linalg.matrix_norm((left.mT @ right)[0], 2)) if rank else 0.0
    assert float(found.rad()) <= 1e-15 * max(expected, 1e-300)
    assert float(found.mid()) == pytest.approx(expected, rel=1e-12)


STATEMENTS = {
    "relu-difference": ("vectors", {"width": 50}),
    "forward-norm": ("exact law", {"width": 1000, "tolerance": 0.5, "depth": 5}),
    "operator-norm": ("dense", {"width": 32, "depth": 3}),
    "backward-norm": ("dense", {"width": 32, "outputs": 3, "depth": 2}),
    "separation": ("dense", {"width": 32, "samples": 3, "separation": 0.1, "depth": 2}),
    "sparse-forward": ("dense", {"width": 40, "sparsity": 3, "depth": 2}),
    "sparse-bilinear": ("dense", {"width": 40, "sparsity": 3, "depth": 2}),
    "sparse-output": ("dense", {"width": 40, "sparsity": 3, "depth": 2, "outputs": 2}),
    "sign-flips": ("dense", {"width": 48, "radius": 1e-3, "depth": 2}),
    "forward-stability": ("dense", {"width": 48, "radius": 1e-3, "depth": 2}),
    "operator-stability": ("dense", {"width": 40, "radius": 1e-2, "depth": 3}),
    "backward-stability": ("dense", {"width": 40, "radius": 1e-2, "depth": 2, "outputs": 2}),
    "pre-activation-split": ("dense", {"width": 48, "radius": 1e-3, "depth": 2}),
    "changed-backward-norm": ("dense", {"width": 40, "radius": 1e-2, "depth": 2, "outputs": 2}),
    "backward-change-by-signs": ("dense", {"width": 40, "radius": 1e-2, "depth": 2, "outputs": 2}),
    "backward-change-by-weights": ("dense", {"width": 40, "radius": 1e-2, "depth": 2, "outputs": 2}),
    "output-stability": ("dense", {"width": 48, "radius": 1e-3, "depth": 2}),
    "gradient-upper": ("dense", {"width": 32, "samples": 2, "outputs": 2, "separation": 0.3, "depth": 2, "radius": 1e-3}),
    "gradient-lower": ("dense", {"width": 32, "samples": 2, "outputs": 2, "separation": 0.3, "depth": 2, "radius": 1e-3}),
    "semi-smoothness": ("dense", {"width": 48, "radius": 1e-2, "depth": 2}),
    "gradient-drift": ("dense", {"width": 48, "radius": 1e-2, "depth": 2}),
    "linearization": ("dense", {"width": 48, "radius": 1e-2, "depth": 2}),
    "kernel-stability": ("dense", {"width": 48, "radius": 1e-2, "depth": 2, "samples": 2, "separation": 0.3}),
    "kernel-limit": ("dense", {"width": 32, "samples": 2, "depth": 2, "separation": 0.3}),
    "kernel-limit-sharp": ("dense", {"width": 32, "samples": 2, "depth": 2, "separation": 0.3}),
    "gd-rate": ("dense", {"width": 24, "samples": 2, "depth": 2, "separation": 0.3}),
    "gd-radius": ("dense", {"width": 24, "samples": 1, "depth": 1}),
}


CASES = [*STATEMENTS.items(), ("kernel-limit", ("exact law", {"width": 1000, "depth": 5}))]


@pytest.mark.parametrize(("identifier", "case"), CASES, ids=[f"{identifier}-{engine}" for identifier, (engine, _) in CASES])
def test_every_measure_runs_on_balls_unchanged(identifier: str, case: tuple[str, dict[str, object]]) -> None:
    """Of every subject of the last trial the two sides in balls are those in float64, to far less than the float64 rounding bound."""
    engine, sizes = case
    statement = registry[identifier]
    instance = instance_from_sizes(statement, sizes)  # type: ignore[arg-type]
    cases = judged_cases(statement, instance, 1, engine, 2, 1, "cpu")  # type: ignore[arg-type]
    for _, subject in cases:
        make = in_balls(subject, 1, source_of(statement, instance, 1, engine, 1))  # type: ignore[arg-type]
        with precision(128):
            balls = statement.compare(make())
        if engine == "vectors":
            assert not middles(balls.left).any()
            continue
        floats = statement.compare(subject)
        for exact, near in ((balls.left, floats.left), (balls.right, floats.right)):
            expected = near.detach().expand_as(floats.left)[1:].numpy()
            found = np.broadcast_to(middles(exact), expected.shape)
            scale = np.abs(expected).max(where=np.isfinite(expected), initial=0.0)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * scale + 1e-14, err_msg=identifier)


def test_every_statement_with_a_network_is_covered() -> None:
    """Two identities aside: one compares with automatic differentiation, which balls do not have, one divides by a change that they cannot
    tell from zero. Long training takes hours in balls."""
    identities = {"gradient-formula", "difference-formula"}
    trained = {"gd-convergence", "sgd-convergence", "other-losses", "classification"}
    first = {statement.id for statement in registry.theory(FIRST_THEORY)}
    given = {identifier for identifier in first if identifier.endswith(("-given-kernel", "-given-flips"))}
    assert first - set(STATEMENTS) <= {"sparse-backward"} | identities | trained | given

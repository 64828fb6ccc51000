from __future__ import annotations

import pytest
import torch
from torch import Tensor

from checkers.networks.network import Network
from checkers.subjects.network import LANCZOS_STEPS, NetworkSubject
from checkers.subjects.suprema.singular_values import largest_singular_pair
from tests.helpers import sources
from theorems.language.instance import Instance

TRIALS, OPERATORS = 3, 2

source = sources(9, "singular values")


def pair(matrices: Tensor, steps: int, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """matrices: (trials, operators, rows, columns)."""
    if start is None:
        start = source("start").normal((*matrices.shape[:2], matrices.shape[-1]), 1.0, matrices.dtype)
    return largest_singular_pair(lambda x: (matrices @ x[..., None])[..., 0], lambda u: (matrices.mT @ u[..., None])[..., 0], start, steps)


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (8, 5), (5, 8), (30, 30)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_exact_when_steps_reach_the_dimension(shape: tuple[int, int], dtype: torch.dtype) -> None:
    matrices = source("M", *shape).normal((TRIALS, OPERATORS, *shape), 1.0, dtype)
    value, vector = pair(matrices, shape[1] + 3)
    exact = torch.linalg.svdvals(matrices)[..., 0]
    rounding = 100 * torch.finfo(dtype).eps  # a few eps per product of at most 30 terms
    torch.testing.assert_close(value, exact, rtol=rounding, atol=0.0)
    torch.testing.assert_close((matrices @ vector[..., None]).norm(dim=(2, 3)), exact, rtol=rounding, atol=0.0)
    torch.testing.assert_close(vector.norm(dim=-1), torch.ones(TRIALS, OPERATORS, dtype=dtype), rtol=rounding, atol=0.0)


def test_fewer_steps_give_a_lower_bound_that_rises() -> None:
    matrices = source("rising").normal((TRIALS, OPERATORS, 200, 200), 1.0)
    exact = torch.linalg.svdvals(matrices)[..., 0]
    values = torch.stack([pair(matrices, steps)[0] for steps in (1, 2, 4, 8, 16, 32)])
    assert bool((values[1:] >= values[:-1]).all())
    assert bool((values <= exact * (1 + 1e-14)).all())
    assert float((values[-1] / exact).min()) > 0.99


def test_breakdowns() -> None:
    eye = torch.eye(6, dtype=torch.float64)
    cases = [
        (torch.zeros(6, 6, dtype=torch.float64), 0.0),
        (3 * eye, 3.0),  # one step spans an invariant subspace
        (eye[:1].mT @ eye[1:2] * 5, 5.0),  # rank one, and nilpotent
        (torch.diag(torch.tensor([2.0, 1.0, 0, 0, 0, 0], dtype=torch.float64)), 2.0),
        (1e-150 * eye, 1e-150),
    ]
    matrices = torch.stack([matrix for matrix, _ in cases])[:, None]
    value, _ = pair(matrices, 6)
    torch.testing.assert_close(value[:, 0], torch.tensor([norm for _, norm in cases], dtype=torch.float64), rtol=1e-13, atol=0.0)
    assert pair(matrices, 6, torch.zeros(5, 1, 6, dtype=torch.float64))[0].abs().max() == 0.0


@pytest.mark.parametrize("depth", [1, 4, 8])
def test_the_subjects_steps_come_within_one_per_cent(depth: int) -> None:
    instance = Instance(width=512, depth=depth, samples=2, inputs=torch.tensor([[0.6, 0.8], [1.0, 0.0]]).double().numpy())
    network = Network.draw("dense", 512, depth, 2, 1, 2, source("net", depth))
    subject = NetworkSubject(network, instance, source("subject"))
    product = torch.eye(512, dtype=torch.float64)
    for layer in range(1, depth + 1):
        product = subject.weights()[1][layer - 1][:, None] @ (product if layer == 1 else subject.signs(layer - 1)[..., None] * product)
    ratio = subject.product_norm(1, depth) / torch.linalg.matrix_norm(product, ord=2)
    assert float(ratio.max()) <= 1 + 1e-12
    assert float(ratio.min()) > 0.99, (LANCZOS_STEPS, ratio)


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        largest_singular_pair(lambda x: x, lambda u: u, torch.ones(1, 1, 2), 0)

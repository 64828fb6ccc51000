"""How far a deep network's kernel can change along training: against runs that follow any residuals they like, at tiny sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.certification.deep_change import Change, changed, unmoved
from checkers.certification.deep_start import deep_start
from checkers.certification.flip_knapsack import flip_bound
from checkers.certification.spectral_norms import Norm, gaussian_norm, norm_of, proved_norm
from checkers.networks.network import Network
from tests.helpers import sources
from theorems.local_jacobian.deep import knapsack_bound

source = sources(7, "deep change")


def drawn(seed: int, width: int, depth: int, samples: int) -> tuple[Network, Tensor]:
    inputs = torch.from_numpy(np.random.default_rng([seed, width, depth]).normal(size=(samples, samples + 1)))
    inputs = inputs / inputs.norm(dim=1, keepdim=True)
    return Network.draw("dense", width, depth, samples + 1, 1, 1, source(seed, width, depth)), inputs


def tapering(seed: int, widths: list[int], samples: int) -> tuple[Network, Tensor]:
    """Layers of different widths, A's first."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [samples + 1, *widths, 1]
    first, *hidden, last = (
        torch.randn(rows, columns, generator=generator, dtype=torch.float64) * (2 / rows) ** 0.5
        for columns, rows in pairwise(sizes)
    )
    inputs = torch.randn(samples, samples + 1, generator=generator, dtype=torch.float64)
    return Network.from_matrices(first, hidden, last), inputs / inputs.norm(dim=1, keepdim=True)


def bound(network: Network, inputs: Tensor, travel: float) -> Change | None:
    """By way of three nodes."""
    norms = [norm_of(one, 0.0) for one in (network.input_weights, *network.hidden)]
    start = deep_start(network, inputs, norms[1:], norms[0])
    change: Change | None = unmoved(start)
    for part in (0.25, 0.5, 1.0):
        change = None if change is None else changed(start, part * travel, change)
    return change


def jacobian(network: Network, inputs: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
    """All layers beside each other, (n, L m^2); the factors a_l, L of (n, m); all weights."""
    record = network.forward(inputs)
    factors = [a[0, :, 0] for a in network.backward(record, torch.ones_like(record.outputs)[:, :, None])]
    parts = [torch.einsum("ik,im->ikm", a, h[0]).flatten(1) for a, h in zip(factors, record.activations[:-1], strict=True)]
    weights = [w.apply(torch.eye(w.columns, dtype=torch.float64)[None]).flatten() for w in network.hidden]
    return torch.cat(parts, 1), factors, torch.cat(weights)


def norm(rows: Tensor) -> float:
    """‖rows‖_2 of a few long ones."""
    return math.sqrt(max(0.0, float(torch.linalg.eigvalsh(rows @ rows.mT)[-1])))


@dataclass
class Seen:
    """The largest ratios of what was found to what was proved, by depth."""

    jacobian: list[float] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    flow: list[float] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)
    distance: list[float] = field(default_factory=list)

    def look(self, network: Network, inputs: Tensor, travel: float, change: Change, generator: np.random.Generator) -> None:
        """Follow residuals of total norm `travel`: one direction, the kernel's top one, or a wandering one."""
        first, factors, weights = jacobian(network, inputs)
        moved, steps, kind, middle = network.copy(), int(generator.choice([1, 3, 8])), int(generator.integers(3)), first
        residual = torch.linalg.eigh(first @ first.mT)[1][:, -1] if kind == 1 else torch.from_numpy(generator.normal(size=len(inputs)))
        for _ in range(steps):
            if kind == 2:
                residual = residual / residual.norm() + 0.5 * torch.from_numpy(generator.normal(size=len(inputs)))
            residual = residual / residual.norm()
            middle = jacobian(moved, inputs)[0]
            moved.step(moved.forward(inputs), -residual[None, :, None], travel / steps)
        last, after, now = jacobian(moved, inputs)
        kernel = last @ last.mT - first @ first.mT
        mixed = last @ middle.mT - first @ first.mT
        assert bool((mixed.abs() <= change.step).all())  # as the mean along a step mixes two places
        self.jacobian.append(norm(last - first) / change.jacobian)
        self.entries.append(float((kernel.abs() / change.step).max()))
        self.flow.append(-float(torch.linalg.eigvalsh(kernel)[0]) / float(torch.linalg.matrix_norm(change.flow, 2)))
        self.factors.append(max(float(((b - a).norm(dim=1) / p).max()) for a, b, p in zip(factors, after, change.p, strict=True)))
        self.distance.append(float((now - weights).norm()) / change.distance)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_run_changes_more_than_the_bound_and_some_nearly_as_much(depth: int) -> None:
    seen, generator = Seen(), np.random.default_rng(depth)
    for seed in range(16):
        width, samples = (8, 32, 64)[seed % 3], 1 + seed % 3
        network, inputs = drawn(seed, width, depth, samples)
        travel = 10 ** generator.uniform(-5, -1.5) / width**0.5
        change = bound(network, inputs, travel)
        for _ in range(4 if change is not None else 0):
            assert change is not None
            seen.look(network, inputs, travel, change, generator)
    assert len(seen.entries) > 30
    for found in (seen.jacobian, seen.entries, seen.flow, seen.factors, seen.distance):
        assert max(found) <= 1
    assert min(max(seen.entries), max(seen.distance), max(seen.factors)) > 0.5


def test_layers_may_differ_in_width() -> None:
    seen, generator = Seen(), np.random.default_rng(7)
    for seed, widths in enumerate(([12, 40], [40, 12], [8, 64, 24], [50, 9, 30]) * 3):
        network, inputs = tapering(seed, widths, 1 + seed % 3)
        travel = 10 ** generator.uniform(-5, -2) / max(widths) ** 0.5
        change = bound(network, inputs, travel)
        for _ in range(3 if change is not None else 0):
            assert change is not None
            seen.look(network, inputs, travel, change, generator)
    assert len(seen.entries) > 15
    for found in (seen.jacobian, seen.entries, seen.flow, seen.factors, seen.distance):
        assert 0.1 < max(found) <= 1


def test_a_travel_that_may_turn_everything_has_no_bound() -> None:
    network, inputs = drawn(1, 32, 3, 2)
    assert bound(network, inputs, 1.0) is None


def test_the_bound_grows_with_the_travel_and_vanishes_with_it() -> None:
    network, inputs = drawn(2, 96, 2, 2)
    found = [bound(network, inputs, travel) for travel in (1e-9, 1e-6, 1e-4)]
    sizes = [one.jacobian for one in found if one is not None]
    assert len(sizes) == 3
    assert sizes == sorted(sizes)
    assert 20 * sizes[0] < sizes[2]


@pytest.mark.parametrize("width", [3, 200, 40_000])
@pytest.mark.parametrize("share", [0.0, 1e-4, 0.1, 2.0])
def test_a_knapsack_is_bounded_by_any_multiplier_and_nearly_attained(width: int, share: float) -> None:
    generator = torch.Generator().manual_seed(width)
    weight = torch.rand(width, generator=generator, dtype=torch.float64).square()
    weight[: width // 3] = 0
    worth = torch.rand(2, width, generator=generator, dtype=torch.float64)
    room = share * float(weight.sum())
    exact = (worth * (weight == 0)).sum(-1)
    if room:
        exact = knapsack_bound(weight.expand_as(worth), worth, torch.full((2,), room, dtype=torch.float64))
    found = flip_bound(weight, worth, room)
    assert bool((exact <= found * (1 + 1e-9)).all())
    assert bool((found <= 1.02 * exact).all())  # of 40,000 neurons every fourth chooses the multiplier


def test_spectral_norms_are_bounded_by_little_more_than_they_are() -> None:
    for seed, shape in enumerate([(64, 64), (200, 5), (5, 200), (300, 300)]):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        norm = float(torch.linalg.matrix_norm(matrix, 2))
        assert norm <= proved_norm(matrix) <= 1.05 * norm
        assert norm <= gaussian_norm(*shape, 1.0)
    assert proved_norm(torch.zeros(3, 3, dtype=torch.float64)) == 0
    for size in (1e-200, 1e200):
        assert 3 * size <= proved_norm(torch.full((3, 3), size, dtype=torch.float64)) <= 3.1 * size
    assert math.sqrt(2) <= proved_norm(torch.tensor([[1.0, -1.0]], dtype=torch.float64)) <= 1.5
    assert proved_norm(torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))) >= 2


def test_few_rows_have_a_smaller_norm_whichever_they_are() -> None:
    """Of a Gaussian matrix: the largest rows, and those nearest to one of them."""
    matrix = torch.randn(400, 400, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 20
    law = Norm(gaussian_norm(400, 400, 1 / 400), 400, 400, 1 / 400)
    for count in (1, 4, 20):
        rows = matrix[(matrix @ matrix[int(matrix.norm(dim=1).argmax())]).argsort(descending=True)[:count]]
        assert float(torch.linalg.matrix_norm(rows, 2)) <= law.of_rows(count) < law.whole
    assert law.of_rows(0.0) == law.of_rows(1.0)
    assert law.of_rows(400) == law.whole
    assert Norm(2.0, 400, 400).of_rows(1) == 2.0

"""Descent beside a linear map: what is measured is what is written out, and how much of the printed constants is used."""

from __future__ import annotations

import torch

from checkers.networks.smooth import SmoothNetwork
from checkers.subjects.smooth import SmoothSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.local_jacobian.reference import meta

source = sources(11, "reference")


def subject(linear: bool = False, width: int = 3, tolerance: float = 0.5) -> SmoothSubject:
    sizes: dict[str, int | float | str] = {"width": width, "samples": 2, "input_dimension": 5, "data": "sphere", "labels": "signs"}
    of = instance_from_sizes(None, {**sizes, "radius": 1.0, "tolerance": tolerance})
    return SmoothSubject(SmoothNetwork.draw(of.inputs, width, 8, source("draw"), 1.0, linear=linear), of, source("questions"))


def test_the_linear_map_is_that_of_its_jacobian_written_out() -> None:
    one = subject()
    eta = torch.full((8,), 0.05, dtype=torch.float64)
    residual = torch.tensor([[0.3, -0.2]], dtype=torch.float64).expand(8, -1, -1)
    column = torch.tensor([[0.1, 0.2]], dtype=torch.float64).expand(8, -1, -1)
    first, second, apart = one.linearized(residual, eta, 6, column)
    path = one.descend(residual, eta, 6)
    torch.testing.assert_close(first, path.residual)
    jacobian = torch.stack([(one.network.slopes[..., i, None] * one.network.rows[i]).flatten(1) for i in range(2)], 1)
    jacobian = torch.cat([jacobian, column.mT], -1)  # and the parameter that f ignores
    line, place = residual[:, 0], torch.zeros(8, jacobian.shape[-1], dtype=torch.float64)
    change, now = torch.zeros_like(one.network.weights), one.network
    for step in range(7):
        torch.testing.assert_close(second[:, 0, step], line, rtol=1e-12, atol=1e-12)
        whole = torch.cat([change.flatten(1), torch.zeros(8, 1, dtype=torch.float64)], -1)
        torch.testing.assert_close(apart[:, 0, step], (whole - place).norm(dim=-1), rtol=1e-9, atol=1e-12)
        pulled = (jacobian.mT @ line[..., None])[..., 0]
        place, line = place + 0.05 * pulled, line - 0.05 * (jacobian @ pulled[..., None])[..., 0]
        change = change + 0.05 * now.pull(first[:, 0, step])
        now = one.network.at(change)


def test_the_first_two_claims_hold_with_half_of_their_constants() -> None:
    """And what a run finds is a tenth of the first one, or more: the linear map whose Jacobian is farthest from that of the start."""
    shares = []
    for linear, width in ((True, 1), (False, 1), (False, 3)):
        found = meta(subject(linear, width))
        scale = 0.5 / found.given["beta"] * found.given["alpha"] * found.given["r_0"]
        shares.append(float((found.values[..., 0] / scale).max()))
        assert bool((found.values[..., 1] <= 1.04 * 0.5 / found.given["alpha"] * found.given["r_0"]).all())
    assert 0.02 <= max(shares) <= 0.3

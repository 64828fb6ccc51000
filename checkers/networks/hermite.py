"""E phi'(z) phi'(z') of two jointly Gaussian numbers: sum_j a_j^2 rho^j, a_j the Hermite coefficients of z -> phi'(kappa z).

With orthonormal polynomials, sum_j a_j^2 = E phi'(kappa z)^2. So what the series leaves out after J terms is known: it is at most
(E phi'^2 - sum_{j < J} a_j^2) |rho|^J, and nothing on the diagonal, where E phi'^2 stands.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from checkers.networks.smooth import Activation

DEGREE = 512  # of the series: gates as steep as these have a_j^2 of about j^-1.5 until j is some hundreds
REACH = 12.0  # standard deviations to either side: the root of the density is 1e-16 there, and times it polynomials are at most 1
NODES = 6145  # of the trapezoidal rule, 1/256 apart
# What it is off by where there are kinks: two of a ramp, at which phi' turns by kappa c Gamma/4, each times step^2/12 and a density of 0.4;
# in a product twice. For the other activations it is off by rounding.
OFF = 2 * 2 * 0.4 / 12 / 256**2 / 4


def expected_products(activation: Activation, correlation: Tensor, kappa: float) -> tuple[Tensor, Tensor]:
    """E phi'(w . x_i) phi'(w . x_j) for w ~ N(0, kappa^2 I), (trials, n, n), and how far an entry may be off, (trials,)."""
    device = correlation.device
    nodes, weighted = (one.to(device) for one in _basis())
    slopes = activation.slope(kappa * nodes[None, None].expand(len(activation.low), 1, -1))[:, 0]  # (trials, nodes)
    squares = (slopes @ weighted.mT).square()  # a_j^2, (trials, DEGREE)
    whole = slopes.square() @ weighted[0]  # E phi'^2
    size = len(correlation)
    rho = torch.where(torch.eye(size, dtype=torch.bool, device=device), 0.0, correlation.clamp(-1, 1))
    powers = rho ** torch.arange(DEGREE, dtype=rho.dtype, device=device)[:, None, None]
    found = torch.einsum("tj,jab->tab", squares, powers)
    found = torch.where(torch.eye(size, dtype=torch.bool, device=device), whole[:, None, None], found)
    left = (whole - squares.sum(-1)).clamp_min(0) * float(rho.abs().amax()) ** DEGREE
    return found, left + OFF * kappa * activation.steepness * activation.high.square()


@cache
def _basis() -> tuple[Tensor, Tensor]:
    """The nodes, and orthonormal Hermite polynomials times density and step at them, (DEGREE, nodes)."""
    nodes = torch.linspace(-REACH, REACH, NODES, dtype=torch.float64)
    # h_j sqrt(density) stays below 1 where h_j alone overflows
    half = (-nodes.square() / 4).exp() / (2 * math.pi) ** 0.25
    rows = [half, nodes * half]
    for j in range(2, DEGREE):
        rows.append((nodes * rows[-1] - math.sqrt(j - 1) * rows[-2]) / math.sqrt(j))
    step = float(nodes[1] - nodes[0])
    return nodes, torch.stack(rows) * half * step

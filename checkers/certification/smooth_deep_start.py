"""What the bounds of a smooth deep network's change ask of W(0): numbers a row of the data, from its passes.

g_l = W_l h_{l-1}, h_l = phi(g_l), h_0 = phi(A x), f = b . h_L, of which W_1..W_L are trained; D_l = phi'(g_l), u_L = b, a_l = D_l u_l,
u_l = W_{l+1}^T a_{l+1}, and G_{l,j} = [a_{l,i} <h_{l-1,i}, h_{l-1,j}>]_i + W_l D_{l-1,j} G_{l-1,j} as in deep_start.py: training moves
g_{l,j} by G_{l,j} R to first order, R the sum of eta r.

All of them are numbers in floating point, phi and phi' from balls; that they are not quite what they stand for is one more change that the
bounds allow for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from flint import arb
from torch import Tensor

from checkers.certification.activations import SMOOTH, Smooth, in_floats
from checkers.certification.deep_start import refuse_overflow
from checkers.certification.gate_tables import EPS
from checkers.certification.spectral_norms import Norm, proved_norm
from checkers.errors import InputError


@dataclass(frozen=True)
class SmoothProbe:
    """Of vectors v_ij, (n or 1, n, m), that changes of a_{l,i} are multiplied with, at most, (n, n) each: sum_k gamma_ik |u_ik v_ijk|,
    gamma the norms of the rows of G_{l,i}; ‖u_i v_ij‖; ‖gamma_i v_ij‖; max|v_ij|; ‖v_ij‖; ‖D_i v_ij‖; and |<h_{l,k}, D_i v_ij>|, (n, n,
    n)."""

    first: Tensor
    cross: Tensor
    swept: Tensor
    tallest: Tensor
    length: Tensor
    size: Tensor
    reach: Tensor


@dataclass(frozen=True)
class SmoothLayer:
    """Layer l, (n,) or (n, n), what is no inner product at most. forward, backward: inner products of h_{l-1} and of a_l; lengths:
    ‖h_{l-1}‖; size: ‖a_l‖; tallest: max|u_l|; bent: ‖u_l G_l‖_2; curved: root of the sum of gamma^4; spread: ‖D_l G_l‖_2; along:
    ‖(D_i G_i)^T h_{l,j}‖; unsure: ‖error‖ of G_l R, and twisted: of D_l G_l R beyond that, over ‖R‖; off, grain: ‖error‖ of h_l from
    phi(g_l), and of a_l from phi'(g_l) u_l. norm: of W_l; probes: by the layer whose a_{l,j} they came from."""

    forward: Tensor
    backward: Tensor
    lengths: Tensor
    size: Tensor
    tallest: Tensor
    bent: Tensor
    curved: Tensor
    spread: Tensor
    along: Tensor
    unsure: Tensor
    twisted: Tensor
    off: Tensor
    grain: Tensor
    norm: Norm
    probes: dict[int, SmoothProbe]


@dataclass(frozen=True)
class SmoothDeepStart:
    """unsure: ‖h_0's error‖, (n,). up: a factor that makes room for the rounding of a sum over neurons."""

    layers: list[SmoothLayer]
    phi: Smooth
    outputs: Tensor
    outputs_error: Tensor
    unsure: Tensor
    up: float


def given_norm(matrix: Tensor) -> Norm:
    return Norm(proved_norm(matrix), *matrix.shape)


def smooth_deep_start(
    first: Tensor, hidden: Sequence[Tensor], output: Tensor, inputs: Tensor, activation: str, norms: Sequence[Norm]
) -> SmoothDeepStart:  # fmt: skip
    """first: A, (m_0, d); hidden: W_l, (m_l, m_{l-1}); output: b, (m_L,); inputs: (n, d). norms: of A and of W_1..W_L."""
    phi, samples, widest = SMOOTH[activation], len(inputs), max(len(one) for one in (first, *hidden))
    up = 1 + (widest + 64) * EPS
    h, off = _evaluated(phi.value, inputs @ first.mT)
    passes, slopes, errors = [h], [torch.empty(0)], [norms[0].slack * inputs.norm(dim=1) * phi.steep + off]
    unsure, offs = errors[0], [off]
    for matrix, norm in zip(hidden, norms[1:], strict=True):
        g = passes[-1] @ matrix.mT
        h, off = _evaluated(phi.value, g)
        values, radius = in_floats(phi.slope, g.numpy())
        if not radius <= EPS**2:
            raise InputError(f"pre-activations of {activation} are too large to enclose its slope")
        errors.append(phi.steep * (norm.whole * errors[-1] + norm.slack * passes[-1].norm(dim=1)) * up + off)
        passes.append(h)
        slopes.append(torch.from_numpy(values))
        offs.append(off)
    above, factors = [output.expand(samples, -1)], [slopes[-1] * output]
    for matrix, slope in zip(reversed(hidden[1:]), reversed(slopes[1:-1]), strict=True):
        above.insert(0, factors[0] @ matrix)
        factors.insert(0, slope * above[0])
    layers: list[SmoothLayer] = []
    response: Tensor | None = None  # D_{l-1,j} G_{l-1,j}, (n of j, n of i, m)
    probes: dict[int, Tensor] = {}
    for layer, matrix in enumerate(hidden, start=1):
        own, u, slope, below, h = factors[layer - 1], above[layer - 1], slopes[layer], passes[layer - 1], passes[layer]
        forward = below @ below.mT
        moved = own * forward[..., None]
        unsure_of = 8 * EPS * moved.norm(dim=(1, 2))
        if response is not None:
            moved = moved + response @ matrix.mT
            unsure_of = unsure_of + norms[layer].slack * response.norm(dim=(1, 2)) + 8 * EPS * moved.norm(dim=(1, 2))
        known = moved.norm(dim=1) * up
        response = moved * slope[:, None]
        probes = {came: v @ matrix.mT for came, v in probes.items()}
        probes[layer] = own[None]
        gated = {came: v * slope[:, None] for came, v in probes.items()}
        layers.append(SmoothLayer(
            forward=forward, backward=own @ own.mT, lengths=below.norm(dim=1) * up, size=own.norm(dim=1) * up,
            tallest=u.abs().amax(1), bent=_spectral(moved * u[:, None], up), curved=known.square().norm(dim=1) * up,
            spread=_spectral(response, up), along=torch.einsum("icm,jm->ijc", response, h).norm(dim=2) * up
            + (up - 1) * response.norm(dim=(1, 2))[:, None] * h.norm(dim=1) * 2, unsure=unsure_of * up,
            twisted=8 * EPS * response.norm(dim=(1, 2)) + EPS**2 * moved.norm(dim=(1, 2)), off=offs[layer],
            grain=8 * EPS * own.norm(dim=1) + EPS**2 * u.norm(dim=1), norm=norms[layer],
            probes={came: _probe(v, gated[came], known, u, h, up) for came, v in probes.items()},
        ))  # fmt: skip
        probes = gated
    size = output.norm() * up
    return SmoothDeepStart(layers, phi, h @ output, size * (errors[-1] + (up - 1) * h.norm(dim=1) * 2), unsure, up)


def _evaluated(function: Callable[[arb], arb], g: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers, and ‖what they are off by‖ a row."""
    values, radius = in_floats(function, g.numpy())
    found = torch.from_numpy(values)
    return found, EPS * found.norm(dim=1) + (radius + EPS**8) * g.shape[1]


def _spectral(matrices: Tensor, up: float) -> Tensor:
    """‖.‖_2 of (n, few, m), at most."""
    squares = matrices @ matrices.mT
    refuse_overflow(squares)
    off = 2 * (up - 1) * squares.diagonal(dim1=1, dim2=2).sum(-1)
    found: Tensor = (torch.linalg.eigvalsh(squares)[:, -1].clamp_min(0) + off).sqrt() * up
    return found


def _probe(v: Tensor, gated: Tensor, known: Tensor, u: Tensor, h: Tensor, up: float) -> SmoothProbe:
    """v: (n or 1, n, m); gated: D_i v_ij."""
    cross, length = (u[:, None] * v).abs(), v.norm(dim=2).expand(len(u), -1) * up
    size = gated.norm(dim=2) * up
    return SmoothProbe(
        first=(known[:, None] * cross).sum(-1) * up, cross=cross.norm(dim=2) * up, swept=(known[:, None] * v).norm(dim=2) * up,
        tallest=v.abs().amax(2).expand(len(u), -1), length=length, size=size,
        reach=torch.einsum("ijm,km->ijk", gated, h).abs() + (up - 1) * size[..., None] * h.norm(dim=1) * up,
    )  # fmt: skip

"""How far a smooth deep network's tangent kernel can have changed after training has travelled so far, from its passes at W(0) alone.

smooth_deep_start.py has the letters, deep_change.py the frame: t, the travel, is the sum of eta ‖r‖; a prime for what holds on the way; p_l
>= ‖a'_l - a_l‖ is supposed, and holds if what is found from it is not above it. With M = sup|phi''| and Gamma = sup|phi'|:

- g'_l - g_l = G_l R + rho, ‖rho_l‖ <= ‖W_l‖ sigma_{l-1} + o_l + w_l e_{l-1}, with o, w, y and e as there; but h'_l - h_l = D_l G_l R up
  to sigma_l = Gamma ‖rho_l‖ + M t^2 (sum gamma^4)^{1/2}/2, gamma the norms of the rows of G_l, by Taylor's theorem.
- |phi'(g') - phi'(g)| <= M |G R + rho|, so p_l <= M (t ‖u_l G_l‖_2 + max|u_l| ‖rho_l‖) + Gamma q_l, q_l = ‖u'_l - u_l‖ <=
  ‖W_{l+1}‖ p_{l+1} + w_{l+1} (‖a_{l+1}‖ + p_{l+1}).
- a'_l - a_l = (D'_l - D_l) u_l + D_l (u'_l - u_l) + (D'_l - D_l) (u'_l - u_l), so |<a'_l - a_l, v>| <= M (t sum gamma |u v| + ‖rho‖
  ‖u v‖) + |<a'_{l+1} - a_{l+1}, W_{l+1} D_l v>| + |<a'_{l+1}, (W'_{l+1} - W_{l+1}) D_l v>| + M (t ‖gamma v‖ + max|v| ‖rho‖) q_l.

The kernel loses ‖sum_l (V_l + V_l^T)‖ in flow, and ‖sum_l (V_l + V_l^T + Z_l)‖ in a step, V and Z as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.certification.deep_change import AGAIN, GROWTH, ROUNDS, Change, root_norm
from checkers.certification.gate_tables import EPS
from checkers.certification.smooth_deep_start import SmoothDeepStart, SmoothLayer, SmoothProbe


@dataclass(frozen=True)
class _Forward:
    """Going up: e_{l-1}, y_{l-1}, w, o, Z and ‖rho_l‖. c: |<h_{l-1,i}, h_{l-1,j}>|."""

    drift: Tensor
    along: Tensor
    w: float
    o: Tensor
    twice: Tensor
    room: Tensor
    c: Tensor


def smooth_changed(start: SmoothDeepStart, travel: float, before: Change) -> Change | None:
    """From `before`, at a smaller travel, on; None where no p is found."""
    p = [one.clone() for one in before.p]
    for _ in range(ROUNDS):
        up = _up(start, travel, before, p)
        found, q = _down(start, travel, up)
        if all(bool((new <= old).all()) for new, old in zip(found, p, strict=True)):
            return _kernel(start, travel, up, found, q)
        p = [torch.maximum(old, GROWTH * new) for new, old in zip(found, p, strict=True)]
        if not all(bool((one <= 4 * layer.size).all()) for one, layer in zip(p, start.layers, strict=True)):
            return None
    return None


def _pairs(gram: Tensor, size: Tensor, up: float) -> Tensor:
    """Inner products, at most."""
    return gram.abs() + (up - 1) * size[:, None] * size


def _up(start: SmoothDeepStart, travel: float, before: Change, p: list[Tensor]) -> list[_Forward]:
    sigma = drift = start.unsure
    along = sigma[:, None] * start.layers[0].lengths
    found: list[_Forward] = []
    since, steep, bend = travel - before.travel, start.phi.steep, start.phi.bend
    for k, layer in enumerate(start.layers):
        c, size, whole = _pairs(layer.forward, layer.lengths, start.up), layer.size, layer.size + p[k]
        sure = (start.up - 1) * layer.lengths[:, None] * layer.lengths  # that c in G is not quite the inner product
        o = before.o[k] + since * (p[k][:, None] * (c + along) + size[:, None] * (along + sure)).norm(dim=0) * AGAIN
        once = p[k][:, None] * whole * along.mT
        twice = (p[k][:, None] * p[k] * c + once + once.mT + (whole * drift)[:, None] * (whole * drift)) * AGAIN
        kernel = torch.linalg.eigvalsh(layer.forward * layer.backward)[-1]
        norm = (kernel.clamp_min(0) + 4 * (start.up - 1) * (size * layer.lengths).square().sum()).sqrt()
        w = before.w[k] + (since * (float(norm) + root_norm(twice))) * AGAIN
        room = (layer.norm.whole * sigma + o + w * drift + layer.norm.slack * layer.lengths + travel * layer.unsure) * AGAIN
        found.append(_Forward(drift, along, w, o, twice, room, c))
        sigma = (steep * room + bend * travel**2 / 2 * layer.curved + travel * layer.twisted + layer.off) * AGAIN
        drift = (travel * layer.spread + sigma) * AGAIN
        lengths = start.layers[k + 1].lengths if k + 1 < len(start.layers) else torch.zeros_like(sigma)
        along = torch.minimum(travel * layer.along + sigma[:, None] * lengths, drift[:, None] * lengths) * AGAIN
    return found


def _down(start: SmoothDeepStart, travel: float, up: list[_Forward]) -> tuple[list[Tensor], list[Tensor]]:
    """What p is then, and q."""
    p, q = [torch.zeros_like(start.outputs) for _ in start.layers], [torch.zeros_like(start.outputs) for _ in start.layers]
    for k in reversed(range(len(start.layers))):
        layer = start.layers[k]
        bent = start.phi.bend * (travel * layer.bent + up[k].room * layer.tallest)
        p[k] = (bent + start.phi.steep * q[k] + layer.grain) * AGAIN
        if k:
            q[k - 1] = (layer.norm.whole * p[k] + up[k].w * (layer.size + p[k]) + layer.norm.slack * layer.size) * AGAIN
    return p, q


def _probed(start: SmoothDeepStart, up: list[_Forward], p: list[Tensor], q: list[Tensor], k: int, came: int, travel: float) -> Tensor:
    """|<a'_i - a_i, v_ij>| at most, (n, n), v the probes of layer k + 1 that came from layer `came`."""
    layer, bend, room = start.layers[k], start.phi.bend, up[k].room[:, None]
    probe: SmoothProbe = layer.probes[came]
    total = bend * (travel * probe.first + room * probe.cross) + layer.grain[:, None] * probe.length
    if k + 1 == len(start.layers):
        return total * AGAIN
    above: SmoothLayer = start.layers[k + 1]
    turned = bend * (travel * probe.swept + room * probe.tallest) + 8 * EPS * start.phi.steep * probe.length
    total = total + turned * q[k][:, None]
    whole = above.size + p[k + 1]
    pairs = _pairs(above.backward, above.size, start.up) + whole[:, None] * whole - above.size[:, None] * above.size  # <a'_i, a'_k>
    reached = probe.reach + probe.size[..., None] * up[k + 1].drift
    moved = travel * (pairs[:, None] * reached).norm(dim=2)
    rounded = 2 * above.norm.slack * probe.size * whole[:, None]
    found: Tensor = (total + moved + rounded + _probed(start, up, p, q, k + 1, came, travel)) * AGAIN
    return found


def _kernel(start: SmoothDeepStart, travel: float, up: list[_Forward], p: list[Tensor], q: list[Tensor]) -> Change:
    flow = torch.zeros_like(start.layers[0].forward)
    step = flow.clone()
    for k, (layer, one) in enumerate(zip(start.layers, up, strict=True)):
        x = torch.minimum(_probed(start, up, p, q, k, k + 1, travel), p[k][:, None] * layer.size)
        lost = x * one.c + (_pairs(layer.backward, layer.size, start.up) + x) * one.along
        flow, step = flow + lost + lost.mT, step + lost + lost.mT + one.twice
    return Change(travel, p, [one.o for one in up], [one.w for one in up], [one.twice for one in up], flow * AGAIN, step * AGAIN)

"""How far a deep network's tangent kernel can have changed after training has travelled so far, from its passes at W(0) alone.

deep_start.py has the letters. Let t, the travel, be the sum of eta ‖r‖ over the steps, so ‖R‖ <= t, and suppose ‖a'_l - a_l‖ <= p_l all the
way, a prime for what holds on the way. Row by row of the data, with c = <h_{l-1,i}, h_{l-1,j}>:

- |<h'_{l,i} - h_{l,i}, h_{l,j}>| <= y_l = t ‖(D_{l,i} G_{l,i})^T h_{l,j}‖ + sigma_l ‖h_{l,j}‖ and ‖h'_l - h_l‖ <= e_l = t ‖D_l G_l‖ +
  sigma_l.
- W'_l - W_l = sum of eta sum_i r_i a'_i h'_i^T, of norm w_l <= the integral over t of ‖J'_l‖ <= ‖J_l‖ + ‖Z_l‖^{1/2}, Z_l below; applied to
  h_{l-1,j}, it is sum_i R_i a_i c_ij up to o_l, the integral of ‖(p_l (|c_ij| + y_ij) + ‖a_i‖ y_ij)_i‖.
- So g'_l - g_l = G_l R + rho with ‖rho_l‖ <= ‖W_l‖ sigma_{l-1} + o_l + w_l e_{l-1}; a coordinate of G_l R is at most t times the norm of
  its row, t gamma. A neuron flips only if |g| <= t gamma + |rho|, and h'_l - h_l = D_l G_l R up to |rho| + (t gamma - |g|)_+ in each
  coordinate: sigma_l = ‖rho_l‖ + ‖(t gamma - |g|)_+‖. At the top |a'| <= |b| whatever flips, so gamma may have |b| ‖(|c_ij| + y_ij)_i‖ in
  the place of what W_L itself does in G_L, and there is no o_L.
- Neurons that flip have (|g| - t gamma)_+^2 that sum to ‖rho‖^2 at most: F_l(v), the most that nonnegative v sum to over them, is a
  knapsack.
- a'_l - a_l = (D'_l - D_l) u_l + D'_l (u'_l - u_l), so p_l <= k_l + q_l, k_l = sqrt(F_l(u^2)), and q_l = ‖W_{l+1} on F_{l+1}(1) rows‖
  k_{l+1} + ‖W_{l+1}‖ q_{l+1} + w_{l+1} (‖a_{l+1}‖ + p_{l+1}). If p'_l, so found from p_l, is not above p_l, both hold all the way, by
  induction over the steps: those before the next one made W' what it is.
- |<a'_l - a_l, v>| <= F_l(|u v|) + q_l sqrt(F_l(v^2)) + |<a'_{l+1} - a_{l+1}, W_{l+1} D_l v>| + |<a'_{l+1}, (W'_{l+1} - W_{l+1}) D_l v>|.

With x_l = |<a'_{l,i} - a_{l,i}, a_{l,j}>|, a product of a gradient's change with a gradient is at most V_l = x_l |c| + (|<a_i, a_j>| + x_l)
y_{l-1}, and of two changes Z_l = p_i p_j |c| + p_i (‖a_j‖ + p_j) y_ji + p_j (‖a_i‖ + p_i) y_ij + (‖a_i‖ + p_i) (‖a_j‖ + p_j) e_i e_j. The
kernel H = J J^T loses ‖sum_l (V_l + V_l^T)‖ at most, for ‖(J' - J)^T r‖^2 only adds; that of a step, whose first factor is J's mean along
the step, ‖sum_l (V_l + V_l^T + Z_l)‖. At the top, where a' - a is b on flipped neurons, <a'_i, a'_j> changes by S_ij <= F_i(b^2 D_j) +
F_j(b^2 D_i) + min(F_i, F_j)(b^2 (1 - D_i)(1 - D_j)), or F_i(b^2) for i = j, and V + V^T gives way to that. In a step i = j is at two
places: an open gate counts where it flips in either, a closed one where it does in both, with twice the room for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.certification.deep_start import DeepStart, Layer, Passes
from checkers.certification.flip_knapsack import flip_bound

ROUNDS = 60  # of finding p
GROWTH = 1.02  # beyond what it was found to need
AGAIN = 1 + 2.0**-40  # room for the rounding of the few hundred operations on numbers a row that follow the sums over neurons


@dataclass(frozen=True)
class Change:
    """After a travel. p: by layer, of (n,); o, w: as above; twice: Z, by layer; flow, step: the matrices whose norms H may lose, (n, n)."""

    travel: float
    p: list[Tensor]
    o: list[Tensor]
    w: list[float]
    twice: list[Tensor]
    flow: Tensor
    step: Tensor

    @property
    def jacobian(self) -> float:
        """‖J' - J‖ at most."""
        return root_norm(sum(self.twice, torch.zeros_like(self.flow)))

    @property
    def distance(self) -> float:
        """‖W' - W‖_F at most."""
        return float(torch.tensor(self.w, dtype=torch.float64).norm()) * AGAIN


@dataclass(frozen=True)
class _Forward:
    """Going up. drift: e_{l-1}; along: y_{l-1}; w, o as above; twice: Z; room: ‖rho_l‖; weight: (|g| - t gamma)_+^2, (n, m)."""

    drift: Tensor
    along: Tensor
    w: float
    o: Tensor
    twice: Tensor
    room: Tensor
    weight: Tensor


@dataclass(frozen=True)
class _Backward:
    """p and q, by layer."""

    p: list[Tensor]
    q: list[Tensor]


def root_norm(matrix: Tensor) -> float:
    """The root of the norm of a symmetric matrix, by its largest row sum: at least that."""
    return float(matrix.sum(-1).max().sqrt()) * AGAIN


def unmoved(start: Passes) -> Change:
    """Before the first step."""
    zero = [torch.zeros_like(start.outputs) for _ in start.layers]
    nothing = torch.zeros_like(start.layers[0].forward)
    return Change(0.0, zero, zero, [0.0 for _ in start.layers], [nothing for _ in start.layers], nothing, nothing)


def changed(start: DeepStart, travel: float, before: Change) -> Change | None:
    """From `before`, at a smaller travel, on; None where no p is found."""
    p = [one.clone() for one in before.p]
    for _ in range(ROUNDS):
        up = _up(start, travel, before, p)
        found = _down(start, up)
        if all(bool((new <= old).all()) for new, old in zip(found.p, p, strict=True)):
            return _kernel(start, travel, up, found)
        p = [torch.maximum(old, GROWTH * new) for new, old in zip(found.p, p, strict=True)]
        if not all(bool((one <= 4 * layer.above.norm(dim=1)).all()) for one, layer in zip(p, start.layers, strict=True)):
            return None
    return None


def _up(start: DeepStart, travel: float, before: Change, p: list[Tensor]) -> list[_Forward]:
    sigma = drift = start.unsure
    lengths = start.layers[0].before.norm(dim=1) * start.up
    along = sigma[:, None] * lengths
    found: list[_Forward] = []
    since = travel - before.travel
    for k, layer in enumerate(start.layers):
        size = layer.factor.norm(dim=1) * start.up
        inner = layer.forward.abs() + along + (start.up - 1) * lengths[:, None] * lengths  # (i, j)
        o = before.o[k] + since * (p[k][:, None] * inner + size[:, None] * along).norm(dim=0) * AGAIN
        c, whole = layer.forward.abs() + (start.up - 1) * lengths[:, None] * lengths, size + p[k]
        once = p[k][:, None] * whole * along.mT
        twice = (p[k][:, None] * p[k] * c + once + once.mT + (whole * drift)[:, None] * (whole * drift)) * AGAIN
        kernel = torch.linalg.eigvalsh(layer.forward * layer.backward)[-1]
        norm = (kernel.clamp_min(0) + (start.up - 1) * (size * lengths).square().sum()).sqrt()
        w = before.w[k] + (since * (float(norm) + root_norm(twice))) * AGAIN
        reach = travel * layer.known
        if k == len(start.layers) - 1:
            reach = reach + travel * inner.norm(dim=0)[:, None] * start.amplitude
            o = torch.zeros_like(o)
        reach = reach * AGAIN
        room = (layer.norm.whole * sigma + o + w * drift + layer.slack * lengths + travel * layer.unsure) * AGAIN
        found.append(_Forward(drift, along, w, o, twice, room, (layer.near - reach).clamp_min(0).square() * (2 - AGAIN)))
        sigma = (room + (reach - layer.near).clamp_min(0).norm(dim=1) * start.up) * AGAIN
        drift = (travel * layer.spread + sigma) * AGAIN
        lengths = _next(start, k)
        along = (travel * layer.along + sigma[:, None] * lengths) * AGAIN
    return found


def _next(start: DeepStart, k: int) -> Tensor:
    """‖h_{k+1}‖; of the top nothing is asked."""
    layers = start.layers
    return layers[k + 1].before.norm(dim=1) * start.up if k + 1 < len(layers) else torch.zeros_like(start.outputs)


def _flipped(one: _Forward, worth: Tensor) -> Tensor:
    """F(worth), worth: (n of the flips, items, m)."""
    return torch.stack([flip_bound(one.weight[i], worth[i], float(one.room[i]) ** 2) for i in range(len(worth))])


def _down(start: DeepStart, up: list[_Forward]) -> _Backward:
    """What p is then."""
    p, q = [torch.zeros_like(start.outputs) for _ in start.layers], [torch.zeros_like(start.outputs) for _ in start.layers]
    for k in reversed(range(len(start.layers))):
        layer = start.layers[k]
        worth = torch.stack([layer.above.square(), torch.ones_like(layer.above)], 1)  # what flips, and how many
        flips, count = _flipped(up[k], worth).unbind(1)
        p[k] = (flips.sqrt() + q[k]) * AGAIN
        if k:
            size = layer.factor.norm(dim=1) * start.up
            few = torch.tensor([layer.norm.of_rows(one) for one in count.tolist()], dtype=p[k].dtype)
            q[k - 1] = (few * flips.sqrt() + layer.norm.whole * q[k] + up[k].w * (size + p[k]) + layer.slack * size) * AGAIN
    return _Backward(p, q)


def _probed(start: DeepStart, up: list[_Forward], down: _Backward, k: int, came: int, travel: float) -> Tensor:
    """|<a'_i - a_i, v_ij>| at most, (n, n), v the probes of layer k + 1 that came from layer `came`."""
    layer, one = start.layers[k], up[k]
    probe, q, n = layer.probes[came], down.q[k], start.samples
    vectors = probe.vectors.expand(n, -1, -1)
    total = torch.stack([
        flip_bound(one.weight[i], (layer.above[i] * vectors[i]).abs_(), float(one.room[i]) ** 2) for i in range(n)
    ])  # fmt: skip
    if k + 1 == len(start.layers):
        return total * AGAIN
    total = total + q[:, None] * _flipped(one, vectors.square()).sqrt()
    above = start.layers[k + 1]
    size, size_p = above.factor.norm(dim=1) * start.up, down.p[k + 1]
    gram = above.backward.abs() + (start.up - 1) * size[:, None] * size
    pairs = gram + size[:, None] * size_p + size_p[:, None] * size + size_p[:, None] * size_p  # <a'_i, a'_k>
    lengths = above.before.norm(dim=1) * start.up
    reached = probe.reach + probe.size[..., None] * (up[k + 1].drift + (start.up - 1) * lengths)  # <h'_k, D_i v_ij>
    moved = travel * (pairs[:, None] * reached).norm(dim=2)
    found: Tensor = total + moved + above.slack * probe.size * size_p[:, None] + _probed(start, up, down, k + 1, came, travel)
    return found * AGAIN


def _kernel(start: DeepStart, travel: float, up: list[_Forward], down: _Backward) -> Change:
    flow = torch.zeros_like(start.layers[0].forward)
    step = flow.clone()
    for k, (layer, one) in enumerate(zip(start.layers, up, strict=True)):
        lengths, size = layer.before.norm(dim=1) * start.up, layer.factor.norm(dim=1) * start.up
        c, pairs = (abs(x) + (start.up - 1) * y[:, None] * y for x, y in ((layer.forward, lengths), (layer.backward, size)))
        if k + 1 < len(start.layers):
            x = _probed(start, up, down, k, k + 1, travel)
            lost = x * c + (pairs + x) * one.along
            both = lost + lost.mT
            flow, step = flow + both, step + both + one.twice
        else:
            turned = _turned(start, layer, one)
            swayed = one.along + one.along.mT + one.drift[:, None] * one.drift
            flow, step = (old + c * s + (pairs + s) * swayed for old, s in zip((flow, step), turned, strict=True))
    return Change(
        travel, down.p, [one.o for one in up], [one.w for one in up], [one.twice for one in up], flow * AGAIN, step * AGAIN
    )  # fmt: skip


def _turned(start: DeepStart, layer: Layer, one: _Forward) -> tuple[Tensor, Tensor]:
    """S in flow and in a step, (n, n)."""
    square, n = start.amplitude.square(), start.samples
    shut = 1 - layer.opened
    first = _flipped(one, (square * layer.opened).expand(n, -1, -1))  # (i flips, j open)
    other = torch.stack([flip_bound(one.weight[i], square * shut[i] * shut, float(one.room[i]) ** 2) for i in range(n)])
    apart = first + first.mT + torch.minimum(other, other.mT)
    itself = torch.eye(n, dtype=torch.bool)
    flow = _flipped(one, square.expand(n, 1, -1))[:, 0]
    step = torch.stack([flip_bound(one.weight[i] * (1 + shut[i]), square[None], 2 * float(one.room[i]) ** 2)[0] for i in range(n)])
    first, other = (torch.where(itself, alone[:, None], apart) * AGAIN for alone in (flow, step))
    return first, other

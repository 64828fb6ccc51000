"""ReLU, of which the Jacobian is not Lipschitz: how many gates a way of Frobenius length s opens or closes, and how far flow goes.

f = m^{-1/2} sum_r a_r relu(w_r . x). To change the gate of neuron r for input x_i takes |w_r . x_i|, and those of N neurons at least the
root of their squares' sum: so s changes at most N_i(s) gates of x_i, the nearest ones first. (J(W) - J(W_0))^T q is made of X^T (Delta_r q)
with Delta_ri in {-1, 0, 1}, so that ‖J(W) - J(W_0)‖^2 <= ‖X‖^2 max_i N_i(s)/m = omega(s)^2: the omega of os-flow.

For Gaussian w_r, and any t > 0, the N nearest have squares that sum to N t^2 - sum_r (t^2 - z_r^2)_+ at least, z_r = w_r . x_i. The last
sum is t^2 times one of m independent numbers in [0, 1] with mean 0.532 t at most, so by Chernoff N_i(s) <= s^2/t^2 + 1.5 0.532 m t but with
probability exp(-0.1081 0.532 m t). With s = sqrt(m) omega and t^3 = s^2/(0.266 m) that is 1.655 m omega^{2/3}; as m grows N_i is 1.241 m
omega^{2/3}. The latter makes omega(s) = 1.114 ‖X‖ (s/sqrt m)^{1/3}, and the integral of alpha_0 - omega up to its zero alpha_0^4
sqrt(m)/(5.53 ‖X‖^3): flow converges if m >= 30.6 ‖X‖^6 r_0^2/lambda_min(H(0))^4.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, FailureProbability
from theorems.language.subject import Side
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.shared import INSIDE, LEAST

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.local_jacobian.subject import Gates

DATA = ("orthonormal", "sphere", "close pairs", "cluster", "opposite pairs")
NODES = 64  # of the integral, from below: alpha_0 - omega falls
STEPS = 32  # in which flow is followed
SPARED = 0.98  # of what the integral allows: the rest is for the error of following flow in steps; where that is more, nothing is claimed
LIMIT = 1.114  # omega(s)/(‖X‖ (s/sqrt m)^{1/3}) as m grows
CHERNOFF = 0.1081 * 0.5319 * 1.5550  # of m omega^{2/3}: h(1/2) = 1.5 log 1.5 - 0.5, the mean's 0.532 t, and t/omega^{2/3}


def _failure(instance: Instance) -> float:
    return instance.samples * math.exp(-CHERNOFF * instance.width * instance.radius ** (2 / 3))


def changed(subject: Gates, way: float | Tensor) -> Tensor:
    """max_i N_i(s), (trials,): s as well, or one for all trials."""
    import torch

    costs = subject.gate_costs()  # (trials, samples, m), ascending
    squares = torch.as_tensor(way).to(costs).square().expand(costs.shape[0])[:, None, None].expand(-1, costs.shape[1], 1)
    return torch.searchsorted(costs, squares.contiguous(), right=True)[..., 0].amax(-1).to(costs)


relu = partial(
    statement, theory="local-jacobian", architecture="two-layer", engines=("gates",), variance=1.0, kind="derived", data=DATA
)  # fmt: skip


@relu(
    id="os-gates",
    source="derived",
    claim="for Gaussian w_r: a change of W of Frobenius norm sqrt(m) omega opens or closes at most {bound} gates of any one input",
    at_most="1.655 m omega^(2/3)",
    scales=("width", "radius"),
    ranges={"width": (64, 2**17), "samples": (1, 6), "input_dimension": INPUTS, "separation": (0.05, 1.0), "radius": (1e-3, 0.3)},
    failure=FailureProbability("n exp(-0.0894 m omega^(2/3))", _failure),
    exact=True,
    variants=(
        wrong("1.1 in place of 1.655", "constant", at_most="1.1 m omega^(2/3)", ranges={"width": (2**14, 2**16), "radius": (1e-3, 0.05)}),
        wrong("omega^1", "exponent", at_most="1.655 m omega"),
    ),
    note="As m grows it is 1.241 m omega^(2/3). The nearest gates are counted, which is what the worst change does.",
)  # fmt: skip
def gates(subject: Gates) -> Side:
    return Side(changed(subject, math.sqrt(subject.instance.width) * subject.instance.radius))


def _followed(subject: Gates, *, still: bool = False, share: float = SPARED, shorter: float = 1.0) -> Side:
    """Flow with r_0 = share int_0^s_end (alpha_0 - omega(s)) ds, s_end = min(radius sqrt m, what makes omega(s_end) = alpha_0 as m grows).

    still: as if no gate changed; shorter: of s_end in the claim. Mistakes of false variants.
    """
    import torch

    size, root = data_norm(subject.instance.inputs), math.sqrt(subject.instance.width)
    values, vectors = torch.linalg.eigh(subject.kernel())
    least = LEAST * values[..., -1:].clamp_min(1 / subject.instance.width).sqrt()[..., 0]
    alpha = values[..., 0].clamp_min(0).sqrt()
    claimed = alpha >= least
    alpha = torch.maximum(alpha, least)
    end = root * (alpha / (LIMIT * size)).pow(3).clamp_max(subject.instance.radius)
    places = torch.arange(NODES + 1, dtype=alpha.dtype, device=alpha.device) / NODES
    omega = torch.stack([size * (changed(subject, place * end) / subject.instance.width).sqrt() for place in places[1:]], -1)
    slope = (alpha[:, None] - omega * (not still)).clamp_min(0)
    integral = torch.cat([torch.zeros_like(end)[:, None], slope.cumsum(-1) * end[:, None] / NODES], -1)  # (trials, NODES + 1)
    true = (alpha[:, None] - omega).clamp_min(0).sum(-1) * end / NODES
    r_0 = share * true
    claimed = claimed & (r_0 > 0)
    paths, horizon = [], 4 / alpha**2
    own = torch.as_tensor(subject.instance.targets[:, 0]).to(vectors).expand(subject.trials, -1)
    for direction in (vectors[..., 0], -vectors[..., 0], vectors[..., -1], own / torch.linalg.vector_norm(own, dim=-1, keepdim=True)):
        paths.append(subject.flow(INSIDE * r_0[:, None] * direction, horizon, STEPS))
    left = torch.stack([torch.linalg.vector_norm(path.residual[:, 1:], dim=-1) for path in paths], 1)
    way, error = (torch.stack([getattr(path, name)[:, 1:] for path in paths], 1) for name in ("distance", "error"))
    node = (way / end[:, None, None] * NODES).clamp(0, NODES).long()  # rounded down, and so is the integral
    lost = integral[:, None, None].expand(*way.shape, -1).gather(-1, node[..., None])[..., 0]
    said = claimed[:, None, None] & (r_0[:, None, None] + error <= max(1.0, share / SPARED) * true[:, None, None])
    given = {"lost": lost, "e": error, "r_0": r_0, "s_end": shorter * end}
    scale = subject.outputs().abs().amax(-1) + r_0
    off = torch.where(claimed, 4 * subject.rounding * math.sqrt(subject.instance.samples) * scale / ((1 - SPARED) * r_0), 0.0)
    return Side(torch.where(said[..., None], torch.stack([left, way], -1), 0.0), axes=("labels", "step", "part"),
                rounding=float(off.amax()), given=given)  # fmt: skip


@relu(
    id="os-gates-flow",
    source="derived",
    claim="with omega(s) = ‖X‖ sqrt(max_i N_i(s)/m) and r_0 less than the integral of alpha_0 - omega over [0, s_end]: gradient flow has"
    " ‖r‖ <= {bound}, lost the integral up to ‖W - W_0‖_F, and ‖W - W_0‖_F <= {bound}",
    at_most=("r_0 - lost + e", "s_end"),
    ranges={"width": (16, 4096), "samples": (1, 4), "input_dimension": INPUTS, "separation": (0.05, 1.0), "radius": (1e-3, 0.3)},
    labels=("signs",),
    rests_on=("os-gates", "os-flow"),
    passes=16,
    variants=(
        wrong("no gate changes", "assumption", measure=partial(_followed, still=True)),
        wrong("a fifth of s_end", "claim", measure=partial(_followed, shorter=0.2)),
    ),
    note="Decidable from W_0, data and labels. As m grows it asks for m >= 30.6 ‖X‖^6 r_0^2/lambda_min(H(0))^4.",
)  # fmt: skip
def gates_flow(subject: Gates) -> Side:
    return _followed(subject)

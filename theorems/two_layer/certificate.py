"""What the weights at the start, the data and the labels decide alone: that descent converges, how fast, and how far any neuron moves.

One step moves w_r by at most (eta/sqrt m) ‖X‖ ‖y - u‖, and u(k+1) - u(k) = -eta H~ (u - y), H~_ij = rho_ij (1/m) sum_r Dbar_ri D_rj with
Dbar the mean gate along the step. While W stays within R of W(0), |H~ - H(0)| <= U(R) entry by entry, so for eta <= 1/lambda_max(H(0))
‖(I - eta H~) r‖ <= (1 - eta lambda_R) ‖r‖ with lambda_R = lambda_min(H(0)) - ‖U(R)‖_2. The geometric series then bounds the way, which
keeps W inside if ‖X‖ r_0 <= sqrt m lambda_R R.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant
from theorems.language.subject import Side
from theorems.laws.gate_laws import data_norm
from theorems.two_layer.shared import (
    POSITIVE,
    SIZES,
    certified_floor,
    directions,
    floor,
    residual_rounding,
    said_of,
    step_size,
    two_layer,
)

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.two_layer.subject import Path, TwoLayer

RANGES = {**SIZES, "width": (4, 2**17), "samples": (1, 6), "radius": (1e-4, 0.2)}
FLOW_STEPS = 32  # in which flow is followed; what they are off by, e, stands in the claim
SPARED = 0.98  # of what the integral allows: the rest is for the error of following flow in steps; where that is more, nothing is claimed
STEPS = 12  # beyond them a residual that falls by 1/2 a step meets its rounding
INSIDE = 0.999  # of r_0 is the residual, so that what the claim makes equal is told apart


def _root(subject: TwoLayer) -> float:
    return math.sqrt(subject.instance.width)


def paths_of(paths: list[Path]) -> tuple[Tensor, Tensor]:
    """‖y - u‖, (trials, labels, steps), and the same with max_r ‖w_r - w_r(0)‖ as one more axis, (trials, labels, steps, 2).

    The start is left out: the claims are equalities there, which no arithmetic tells from either side.
    """
    import torch

    norms = torch.stack([torch.linalg.vector_norm(path.residual[:, 1:], dim=-1) for path in paths], 1)
    return norms, torch.stack([norms, torch.stack([path.farthest[:, 1:] for path in paths], 1)], -1)


def _flow_under_floor(subject: TwoLayer) -> Side:
    """Flow until 16/lambda0 with r_0 = omega sqrt(m) lambda0/(2‖X‖), where the claim says that nothing moves farther than omega."""
    import torch

    value, size = floor(subject), data_norm(subject.instance.inputs)
    r_0 = subject.instance.radius * _root(subject) * value / (2 * size)
    horizon = subject.kernel().new_full((subject.trials,), 16 / value)
    paths = [subject.flow(INSIDE * r_0 * direction, horizon, FLOW_STEPS) for direction in directions(subject)]
    _, values = paths_of(paths)
    floors = torch.stack([path.floor for path in paths], 1)
    # at time t the kernel must have been above lambda0/2 on all of [0, t]; at the end of it, it may be below
    so_far = (floors[..., :-1] >= value / 2).to(floors).cummin(-1).values
    time = torch.linspace(0, 16 / value, FLOW_STEPS + 1, dtype=values.dtype, device=values.device)[1:]
    given = {
        "t": time.expand(values.shape[:-1]), "e": torch.stack([path.error[:, 1:] for path in paths], 1),
        "lambda0": values.new_full((subject.trials,), value), "X": values.new_full((subject.trials,), size),
        "r_0": values.new_full((subject.trials,), r_0),
    }  # fmt: skip
    least = r_0 * torch.exp(-value * time[-1] / 2)
    rounding = residual_rounding(subject, least, torch.tensor(r_0))
    return Side(values * so_far[..., None], axes=("labels", "step", "part"), rounding=rounding, given=given)


@two_layer(
    id="tl-radius",
    source="Du et al. 2019, Lemma 3.3, corrected",
    claim="while lambda_min(H) >= lambda0/2 along gradient flow, ‖y - u(t)‖ <= {bound}, and every ‖w_r(t) - w_r(0)‖ <= {bound}, e the error"
    " of the steps in which flow is followed",
    at_most=("exp(-lambda0 t/2) r_0 + e", "2 X (r_0 + e)/(sqrt(m) lambda0)"),
    ranges={**RANGES, "width": (4, 4096), "samples": (1, 4)},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-dynamics",),
    passes=16,
    variants=(
        wrong("sqrt(n) r_0/(sqrt(m) lambda0), half the distance", "as printed",
              at_most=("exp(-lambda0 t/2) r_0 + e", "sqrt(n) (r_0 + e)/(sqrt(m) lambda0)"), ranges={"width": (4, 4), "samples": (1, 1)}),
        wrong("rate 0.55 lambda0", "constant", at_most=("exp(-0.55 lambda0 t) r_0 + e", "2 X (r_0 + e)/(sqrt(m) lambda0)"),
              ranges={"width": (4, 4), "samples": (1, 1)}),
        wrong("1/m", "exponent", at_most=("exp(-lambda0 t/2) r_0 + e", "2 X (r_0 + e)/(m lambda0)")),
    ),
    note="Equality for one input and four neurons of which one is open: lambda_min = 1/4 = lambda0/2 for all time. The printed proof"
    " integrates e^{-lambda0 s} where e^{-lambda0 s/2} was shown, so its radius is short by a factor of two. Flow is followed in steps with"
    " the gates of their beginning, and e adds up what gates that change in between do to the outputs.",
)  # fmt: skip
def radius(subject: TwoLayer) -> Side:
    return _flow_under_floor(subject)


@two_layer(
    id="tl-certificate",
    source="derived",
    claim="if ‖y - u(0)‖ <= r_0 and ‖X‖ r_0 <= sqrt(m) lambda_R omega, then gradient descent with eta <= 1/lambda_max(H(0)) has ‖y - u(k)‖"
    " <= {bound} and every ‖w_r(k) - w_r(0)‖ <= {bound} for all k",
    at_most=("(1 - eta lambda_R)^k r_0", "X r_0/(sqrt(m) lambda_R)"),
    ranges=RANGES,
    constants={"share": Constant(0.5, "a choice: eta lambda_max(H(0))")},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-flips",),
    passes=8,
    variants=(
        wrong("0.8 of the distance", "constant", at_most=("(1 - eta lambda_R)^k r_0", "0.8 X r_0/(sqrt(m) lambda_R)"),
              ranges={"samples": (1, 1), "width": (2**10, 2**14), "radius": (1e-4, 1e-2)}),
        wrong("rate 1.2 lambda_R", "exponent", at_most=("(1 - 1.2 eta lambda_R)^k r_0", "X r_0/(sqrt(m) lambda_R)"),
              ranges={"samples": (1, 1), "width": (2**10, 2**14), "radius": (1e-4, 1e-2)}),
        wrong("eta = 3/lambda_max(H(0)), and the residual only never grows", "assumption",
              at_most=("r_0", "X r_0/(sqrt(m) lambda_R)"), constants={"share": Constant(3.0, "false variant")}),
    ),
    note="Decidable from W(0), data and labels: no probability. Labels are taken as far as the condition allows, r_0 = sqrt(m)"
    " lambda_R omega/‖X‖; where lambda_R is not positive nothing is claimed. As m grows both are equalities at n = 1.",
)  # fmt: skip
def certificate(subject: TwoLayer, share: float) -> Side:
    return run_certificate(subject, share)


def run_certificate(subject: TwoLayer, share: float, steps: int = STEPS) -> Side:
    """Both sides' ingredients of a run of descent whose labels are as far as the certificate reaches."""
    import torch

    size, eta = data_norm(subject.instance.inputs), step_size(subject, share)
    claimed, lowest = said_of(subject, certified_floor(subject, subject.instance.radius))
    r_0 = _root(subject) * lowest * subject.instance.radius / size
    paths = [subject.descend(INSIDE * r_0[:, None] * direction, eta, steps) for direction in directions(subject)]
    norms, values = paths_of(paths)
    count = torch.arange(1, steps + 1, dtype=values.dtype, device=values.device).expand(norms.shape)
    given = {"eta": eta, "lambda_R": lowest, "r_0": r_0, "X": r_0.new_full(r_0.shape, size), "k": count}
    least = torch.where(claimed, r_0 * (1 - (eta * lowest).clamp_max(INSIDE)) ** steps, torch.inf)  # a step may take all of it
    rounding = residual_rounding(subject, least, torch.where(claimed, r_0, 0)) if bool(claimed.any()) else subject.rounding
    return Side(values * claimed[:, None, None, None], axes=("labels", "step", "part"), rounding=rounding, given=given)


def _flow_certified(subject: TwoLayer, share: float = SPARED, nodes: int = 16) -> Side:
    """Flow with r_0 = share sqrt(m) int_0^omega lambda_s ds/‖X‖, the integral from below: lambda_s falls with s."""
    import torch

    size, radius = data_norm(subject.instance.inputs), subject.instance.radius
    floors = torch.stack([certified_floor(subject, radius * (node + 1) / nodes) for node in range(nodes)], -1)
    claimed, lowest = said_of(subject, floors[:, -1])
    most = _root(subject) * radius * floors.clamp_min(0).mean(-1) / size
    r_0 = share * most
    horizon = 4 / floor(subject) * torch.ones_like(r_0)
    paths = [subject.flow(INSIDE * r_0[:, None] * direction, horizon, FLOW_STEPS) for direction in directions(subject)]
    _, values = paths_of(paths)
    error = torch.stack([path.error[:, 1:] for path in paths], 1)
    within = claimed[:, None, None] & (r_0[:, None, None] + error <= max(1.0, share / SPARED) * most[:, None, None])
    time = torch.linspace(0, 4 / floor(subject), FLOW_STEPS + 1, dtype=values.dtype, device=values.device)[1:]
    given = {"t": time.expand(values.shape[:-1]), "e": error, "lambda_R": lowest, "r_0": r_0}
    least = torch.where(claimed, r_0 * torch.exp(-lowest * time[-1]), torch.inf)
    rounding = residual_rounding(subject, least, torch.where(claimed, r_0, 0)) if bool(claimed.any()) else subject.rounding
    return Side(values * within[..., None], axes=("labels", "step", "part"), rounding=rounding, given=given)


@two_layer(
    id="tl-certificate-flow",
    source="derived",
    claim="if ‖X‖ r_0 <= sqrt(m) times the integral of lambda_s over s in [0, omega], then gradient flow has ‖y - u(t)‖ <= {bound} and"
    " every ‖w_r(t) - w_r(0)‖ <= {bound} for all t, e as in tl-radius",
    at_most=("exp(-lambda_R t) r_0 + e", "omega"),
    ranges={**RANGES, "width": (16, 4096), "samples": (1, 4)},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-flips", "tl-radius"),
    passes=16,
    variants=(
        wrong("0.75 of the distance", "constant", at_most=("exp(-lambda_R t) r_0 + e", "0.75 omega"),
              ranges={"samples": (1, 1), "width": (2048, 4096), "radius": (1e-4, 1e-2)}),
        wrong("rate 1.2 lambda_R", "exponent", at_most=("exp(-1.2 lambda_R t) r_0 + e", "omega"),
              ranges={"samples": (1, 1), "width": (2048, 4096), "radius": (1e-4, 1e-2)}),
        wrong("twice the residual", "assumption", measure=partial(_flow_certified, share=2.0),
              ranges={"samples": (1, 1), "width": (2048, 4096), "radius": (1e-4, 1e-2)}),
    ),
    note="The integral, from below at 16 places, allows up to twice the residual of tl-certificate's product.",
)  # fmt: skip
def certificate_flow(subject: TwoLayer) -> Side:
    return _flow_certified(subject)

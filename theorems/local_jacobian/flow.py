"""Gradient flow: how far it goes before nothing is left, which is sharp.

Along the flow d‖r‖/d(path) = -‖J^T r‖/‖r‖ <= -(alpha_0 - omega(path)), where omega(s) bounds ‖J(theta) - J(theta_0)‖ at distance s. So
‖r‖ <= r_0 - int_0^path (alpha_0 - omega), and the path ends before that integral is r_0. For a Lipschitz Jacobian it does where
2 L_J r_0 < alpha_0^2: at s* = (alpha_0 - sqrt(alpha_0^2 - 2 L_J r_0))/L_J.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Side
from theorems.local_jacobian.shared import EXTREMES, INSIDE, ball, counted, directions, local_jacobian, norms, rounding, said

if TYPE_CHECKING:
    from theorems.local_jacobian.subject import LocalJacobian

STEPS = 48
STABLE = 0.75  # of a step times beta^2: Runge and Kutta's method is stable up to 2.78, and beta may grow on the way
DEEPEST = 0.68  # of alpha_0/L_J is the path at most: beyond, what is left falls too slowly to be seen to vanish


def run_flow(subject: LocalJacobian, *, bend: float = 1.0) -> Side:
    """Flow with r_0 = int_0^s* (alpha_0 - L_J s) ds, s* = min(omega, DEEPEST alpha_0/L_J). bend: of L_J, for a false variant."""
    import torch

    lipschitz = subject.lipschitz()
    claimed, alpha, beta = ball(subject, 0.0)
    lost = bend * lipschitz
    end = torch.where(lost > 0, DEEPEST * alpha / lost.clamp_min(1e-300), torch.inf).clamp_max(subject.instance.radius)
    r_0 = alpha * end - lost * end**2 / 2
    fastest = beta + lipschitz * end
    horizon = STEPS * STABLE / fastest**2
    path = subject.flow(INSIDE * r_0[:, None, None] * directions(subject), horizon, STEPS)
    size, time = norms(path), horizon[:, None, None] * counted(path) / STEPS
    # what the steps of the method are off by, in the residual and through ell, and what arithmetic is
    error = (1 + fastest)[:, None, None] * path.error[..., 1:] + 4 * math.sqrt(subject.instance.samples) * subject.error
    given = {"alpha_0": alpha, "L_J": lipschitz, "r_0": r_0, "ell": path.length[..., 1:], "s_end": end, "t": time, "e": error}
    values = said(claimed, size, path.length, size)
    off = rounding(subject, claimed, torch.full_like(alpha, torch.inf), alpha, beta)
    return Side(values, axes=("labels", "step", "part"), rounding=off, given=given)


LEFT, PATH, RATE = "r_0 - alpha_0 ell + L_J ell^2/2 + e", "s_end + e", "exp(-(alpha_0 - L_J s_end)^2 t) r_0 + e"


@local_jacobian(
    id="os-flow",
    source="derived",
    claim="under gradient flow with 2 L_J r_0 < alpha_0^2, ell the length of the path so far: ‖r‖ <= {bound}, ell <= {bound}, s_end ="
    " (alpha_0 - sqrt(alpha_0^2 - 2 L_J r_0))/L_J, and ‖r(t)‖ <= {bound}, e the error of following the flow in steps",
    at_most=(LEFT, PATH, RATE),
    ranges={"width": (1, 64)},
    rests_on=("os-jacobian",),
    attack=EXTREMES,
    passes=32,
    variants=(
        wrong("s_end/1.05", "claim", at_most=(LEFT, "s_end/1.05 + e", RATE)),
        wrong("rate 1.1 (alpha_0 - L_J s_end)", "exponent", at_most=(LEFT, PATH, "exp(-1.21 (alpha_0 - L_J s_end)^2 t) r_0 + e")),
    ),
    curved=(
        wrong("half of L_J", "constant", at_most=("r_0 - alpha_0 ell + L_J ell^2/4 + e", PATH, RATE)),
        wrong("1.9 L_J r_0 < alpha_0^2", "assumption", measure=partial(run_flow, bend=0.95),
              at_most=("r_0 - alpha_0 ell + 0.95 L_J ell^2/2 + e", PATH, "exp(-(alpha_0 - 0.95 L_J s_end)^2 t) r_0 + e")),
    ),
    note="Attained by f = alpha_0 x - L_J x^2/2, where 2 cannot be less. Theorem 2.1 asks for 16 L_J r_0 <= alpha_0^2: 8 times less"
    " residual, 64 times more width. On linear maps L_J = 0, and r_0 is whatever it is.",
)  # fmt: skip
def flow(subject: LocalJacobian) -> Side:
    return run_flow(subject)

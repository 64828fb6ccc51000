"""How wide a two-layer network must be for the theory to be entered.

For v = +-1/sqrt(m) L_J = M ‖v‖_inf ‖X‖ (os-lipschitz) is M ‖X‖/sqrt(m). Theorem 2.1 with alpha = alpha_0/2 on a ball of radius R = 4
r_0/alpha: J loses at most L_J R = 8 L_J r_0/alpha_0 <= alpha_0/2 on it where 16 L_J r_0 <= alpha_0^2, m >= 256 M^2 ‖X‖^2 r_0^2/alpha_0^4;
the second condition on eta then says less than the first. The flow asks for 2 L_J r_0 < alpha_0^2, m > 4 M^2 ‖X‖^2 r_0^2/alpha_0^4. For
other v, m stands for k = 1/‖v‖_inf^2, which is no larger.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Side
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.flow import LEFT, RATE, run_flow
from theorems.local_jacobian.shared import EXTREMES, INSIDE, SMOOTH, STEPS, ball, counted, directions, local_jacobian, norms, rounding, said

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.local_jacobian.subject import LocalJacobian

ENTERED = 256.0  # alpha_0^4 m/(M ‖X‖ r_0)^2
SQUARES = "(1 - eta alpha_0^2/8)^t r_0^2"


def _sizes(subject: LocalJacobian) -> tuple[Tensor, Tensor, Tensor]:
    """M, ‖X‖ and k = 1/‖v‖_inf^2, (trials,) each."""
    import torch

    bend = subject.slopes()[2]
    return bend, torch.full_like(bend, data_norm(subject.instance.inputs)), subject.largest_output() ** -2.0


def _entered(subject: LocalJacobian, *, factor: float = ENTERED) -> Side:
    """Descent with r_0 as large as the width allows, m = factor M^2 ‖X‖^2 r_0^2/alpha_0^4, or omega where that is smaller."""
    import torch

    claimed, alpha, _ = ball(subject, 0.0)
    bend, size, wide = _sizes(subject)
    most = torch.where(bend > 0, alpha**2 * (wide / factor).sqrt() / (bend * size).clamp_min(1e-300), torch.inf)
    r_0 = most.clamp_max(subject.instance.radius)
    beta = torch.where(claimed, subject.most(8 * r_0 / alpha), 1.0)
    path = subject.descend(INSIDE * r_0[:, None, None] * directions(subject), 1 / (2 * beta**2), STEPS)
    left = norms(path)
    values = said(claimed, left.square(), (alpha / 8)[:, None, None] * path.distance + left, path.length)
    given = {"eta": 1 / (2 * beta**2), "alpha_0": alpha, "beta": beta, "r_0": r_0, "t": counted(path)}
    off = rounding(subject, claimed, r_0 * 2.0 ** (-STEPS / 2), alpha, beta)
    return Side(values, axes=("labels", "step", "part"), rounding=off, given=given)


@local_jacobian(
    id="os-width",
    on=(SMOOTH,),
    source="derived from Oymak and Soltanolkotabi 2019, Theorem 2.1",
    claim="for v = +-1/sqrt(m) and m = k >= 256 M^2 ‖X‖^2 r_0^2/alpha_0^4, where alpha_0 = sigma_min(J(W_0)), eta = 1/(2 beta^2): descent"
    " has ‖r_t‖^2 <= {bound}, (alpha_0/8) ‖W_t - W_0‖_F + ‖r_t‖ <= {bound}, and a path of length at most {bound}",
    at_most=(SQUARES, "r_0", "8 r_0/alpha_0"),
    rests_on=("os-gd", "os-lipschitz"),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("1/25 in place of 256", "assumption", measure=partial(_entered, factor=1 / 25), ranges={"radius": (1.0, 64.0)}),
        wrong("rate 1.6 eta alpha_0^2", "constant", at_most=("(1 - 1.6 eta alpha_0^2)^t r_0^2", "r_0", "8 r_0/alpha_0")),
        wrong("a path of r_0/(2 beta)", "claim", at_most=(SQUARES, "r_0", "r_0/(2 beta)")),
    ),
    note="r_0 is as large as the width allows. For 10 orthonormal rows, r_0^2 = 10 and phi' = (1 + 3 S)/4, S a sigmoid, that is 525"
    " neurons; flow (os-width-flow) asks for 8.",
)  # fmt: skip
def entered(subject: LocalJacobian) -> Side:
    return _entered(subject)


def _followed(subject: LocalJacobian, *, bend: float = 1.0) -> Side:
    found = run_flow(subject, bend=bend)
    second, size, wide = _sizes(subject)
    given = {**found.given, "M": second, "X": size, "k": wide}
    return Side(found.values, axes=found.axes, rounding=found.rounding, given=given)


IN_WIDTH = (LEFT.replace("L_J", "M X/sqrt(k)"), "s_end + e", RATE.replace("L_J", "M X/sqrt(k)"))


@local_jacobian(
    id="os-width-flow",
    on=(SMOOTH,),
    source="derived",
    claim="for v = +-1/sqrt(m) and m = k > 4 M^2 ‖X‖^2 r_0^2/alpha_0^4, gradient flow has ‖r‖ <= {bound}, ell <= {bound}, and ‖r(t)‖ <="
    " {bound}, names as in os-flow",
    at_most=IN_WIDTH,
    ranges={"width": (1, 64)},
    rests_on=("os-flow", "os-lipschitz"),
    attack=EXTREMES,
    passes=32,
    variants=(
        wrong("3.6 in place of 4", "assumption", measure=partial(_followed, bend=0.95),
              at_most=tuple(one.replace("M X", "0.95 M X") for one in IN_WIDTH)),
        wrong("k in place of sqrt(k)", "exponent", at_most=tuple(one.replace("sqrt(k)", "k") for one in IN_WIDTH)),
    ),
    note="64 times fewer neurons than os-width asks for, of which the second is sharp: one neuron with a ramp for its slope needs them.",
)  # fmt: skip
def followed(subject: LocalJacobian) -> Side:
    return _followed(subject)

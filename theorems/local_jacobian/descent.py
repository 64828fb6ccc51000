"""Gradient descent with a fixed step: how fast the residual falls, and how far and how long theta moves.

One step gives r' = (I - eta C J^T) r with C the mean of J along it, so ‖r'‖^2 <= ‖r‖^2 - 2 eta ‖J^T r‖^2 + 2 eta ‖C - J‖ ‖r‖ ‖J^T r‖ +
eta^2 beta^2 ‖J^T r‖^2. Where ‖C - J‖ <= eps alpha^2/beta this is at most ‖r‖^2 - eta (2 (1 - eps) - eta beta^2) ‖J^T r‖^2. With
‖J^T r‖ >= alpha ‖r‖ the residual falls; and ‖theta' - theta‖ = eta ‖J^T r‖ is at most (‖r‖ - ‖r'‖)/zeta, zeta = (1 - eps - eta beta^2/2)
alpha, so that all steps together are no longer than r_0/zeta.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant
from theorems.language.subject import Side
from theorems.local_jacobian.shared import (
    EXTREMES,
    GENERALIZED,
    INSIDE,
    LINEAR,
    STEPS,
    ball,
    counted,
    directions,
    local_jacobian,
    norms,
    rounding,
    said,
)

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.local_jacobian.subject import LocalJacobian

SHARE = Constant(1.0, "a choice: eta as a share of the largest that is allowed")
LONG = 96  # steps at eta = 0.05/beta^2 after which less than a hundredth of the way to the optimum is left in the top direction
HALF = 0.5  # eps of the first theorem: the Jacobian may change by half of alpha^2/beta


def allowed_step(
    subject: LocalJacobian, eps: float, second: float, r_0: Tensor, alpha: Tensor, beta: Tensor, radius: Tensor | float
) -> Tensor:
    """The largest eta, (trials,) or (trials, labels) as r_0: (a) (1 - eps)/beta^2 where J changes by at most eps alpha^2/beta on D of that
    radius, which 2 L_J radius bounds; (b) min(1 - eps, second alpha^2/(L_J r_0))/beta^2 otherwise."""
    import torch

    bend = subject.lipschitz() if r_0.ndim == 1 else subject.lipschitz()[:, None]
    steady = 2 * bend * radius <= eps * alpha**2 / beta
    lipschitz = torch.where(bend > 0, second * alpha**2 / (bend * r_0).clamp_min(1e-300), torch.inf)
    return torch.where(steady, 1 - eps, lipschitz.clamp_max(1 - eps)) / beta**2


def _run(subject: LocalJacobian, share: float, *, eps: float = HALF, second: float = 0.5, weight: float | None = 0.25) -> Side:
    """Descent with r_0 = (1 - eps) alpha omega/2, for which D has radius 2 r_0/((1 - eps) alpha). second: of condition (b). weight: of
    alpha ‖theta - theta_0‖ in the second part; None: zeta/alpha."""
    claimed, alpha, beta = ball(subject)
    r_0 = (1 - eps) * alpha * subject.instance.radius / 2
    eta = share * allowed_step(subject, eps, second, r_0, alpha, beta, subject.instance.radius)
    path = subject.descend(INSIDE * r_0[:, None, None] * directions(subject), eta, STEPS)
    zeta = (1 - eps - eta * beta**2 / 2) * alpha
    own, size = zeta if weight is None else weight * alpha, norms(path)
    values = said(claimed, size.square(), own[:, None, None] * path.distance + size, path.length)
    given = {"eta": eta, "alpha": alpha, "beta": beta, "zeta": zeta, "r_0": r_0, "t": counted(path)}
    # the bound of a residual falls by half a step at most; errors of descent itself grow with the step
    off = rounding(subject, claimed, r_0 * 2.0 ** (-STEPS / 2), alpha, beta)
    return Side(values, axes=("labels", "step", "part"), rounding=off, given=given)


RATE, TOGETHER, LENGTH = "(1 - eta alpha^2/2)^t r_0^2", "r_0", "4 r_0/alpha"


@local_jacobian(
    id="os-gd",
    source="Oymak and Soltanolkotabi 2019, Theorem 2.1",
    claim="if D has radius 4 r_0/alpha and eta <= 1/(2 beta^2), for a Jacobian that is only Lipschitz also eta <= alpha^2/(2 beta^2 L_J"
    " r_0), then ‖r_t‖^2 <= {bound}, (alpha/4) ‖theta_t - theta_0‖ + ‖r_t‖ <= {bound}, and the path is at most {bound} long",
    at_most=(RATE, TOGETHER, LENGTH),
    constants={"share": SHARE},
    rests_on=("os-jacobian",),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("rate 2.1 eta alpha^2", "exponent", at_most=("(1 - 2.1 eta alpha^2)^t r_0^2", TOGETHER, LENGTH)),
        wrong("1.05 alpha in place of alpha/4", "constant", measure=partial(_run, weight=1.05)),
        wrong("eta = 3/beta^2, and the residual only never grows", "assumption", at_most=("r_0^2", TOGETHER, LENGTH),
              constants={"share": Constant(6.0, "false variant")}),
        wrong("a ball of radius r_0/(2 beta)", "claim", at_most=(RATE, TOGETHER, "r_0/(2 beta)")),
    ),
    note="On linear maps with labels in the bottom direction ‖r_t‖ = (1 - eta alpha^2)^t r_0: the exponent has a slack of 4. Labels are as"
    " far away as the ball allows, r_0 = alpha omega/4.",
)  # fmt: skip
def descent(subject: LocalJacobian, share: float) -> Side:
    return _run(subject, share)


@local_jacobian(
    id="os-gd-lambda",
    source="Oymak and Soltanolkotabi 2019, Theorem 9.3",
    claim="if D has radius r_0/zeta, zeta = (1 - eps - eta beta^2/2) alpha, and the Jacobian changes by at most eps alpha^2/beta on it and"
    " eta <= (1 - eps)/beta^2, or it is Lipschitz and also eta <= 2 eps alpha^2/(beta^2 L_J r_0), then ‖r_t‖^2 <= {bound},"
    " zeta ‖theta_t - theta_0‖ + ‖r_t‖ <= {bound}, and the path is at most {bound} long",
    at_most=("(1 - eta alpha^2 (1 - eps))^t r_0^2", "r_0", "r_0/zeta"),
    proved=("(1 - 7/4 eta alpha^2 (1 - eps))^t r_0^2", "", ""),  # 2 (1 - eps) - eta beta^2 with eta beta^2 <= (1 - eps)/4
    ranges={"tolerance": (1e-3, 0.9)},
    constants={"share": Constant(0.25, "a choice: eta as a share of the largest that is allowed, so that zeta is near alpha")},
    rests_on=("os-gd",),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("zeta = 1.05 alpha", "constant", measure=lambda s, share: _shared(s, share, weight=1.05)),
        wrong("rate 2.1 eta alpha^2", "exponent", at_most=("(1 - 2.1 eta alpha^2)^t r_0^2", "r_0", "r_0/zeta")),
        wrong("a path no longer than r_0/beta", "claim", at_most=("(1 - eta alpha^2 (1 - eps))^t r_0^2", "r_0", "r_0/beta"),
              ranges={"samples": (2, 6)}),
    ),
    note="The paper's lambda is 1 - eps. As eps and eta go to 0 the second part is an equality on linear maps with labels in the bottom"
    " direction.",
)  # fmt: skip
def descent_lambda(subject: LocalJacobian, share: float) -> Side:
    return _shared(subject, share)


def _shared(subject: LocalJacobian, share: float, weight: float | None = None) -> Side:
    eps = subject.instance.tolerance
    return _run(subject, share, eps=eps, second=2 * eps, weight=weight)


def _closest(subject: LocalJacobian, share: float, *, factor: float = 1.0) -> Side:
    """theta* = theta_0 + omega J^T q/‖J^T q‖ lies in the span of the data, where an optimum is the nearest one. alpha and beta are those of
    all of space, for D has to hold theta* too. factor: of eta, for a false variant."""
    import torch

    length, eps = torch.full_like(subject.lipschitz(), subject.instance.radius), subject.instance.tolerance
    claimed, alpha, beta = ball(subject, torch.inf)
    residual = subject.outputs_at(subject.moves(directions(subject), length)) - subject.outputs()[:, None]
    r_0 = torch.linalg.vector_norm(residual, dim=-1)
    alpha, beta = alpha[:, None], beta[:, None]
    eta = share * allowed_step(subject, eps, 2 * eps, r_0, alpha, beta, 2 * r_0 / ((1 - eps) * alpha))
    path = subject.descend(residual, factor * eta, LONG)
    zeta = ((1 - eps - eta * beta**2 / 2) * alpha)[..., None].expand(path.distance[..., 1:].shape)
    off = rounding(subject, claimed, (alpha * length[:, None]).amin(-1), alpha[:, 0], beta[:, 0])
    values = said(claimed, path.distance)[..., 0]
    return Side(values, axes=("labels", "step"), rounding=off, given={"beta": beta[:, 0], "apart": length, "zeta": zeta})


@local_jacobian(
    id="os-closest",
    on=(LINEAR, GENERALIZED),
    source="Oymak and Soltanolkotabi 2019, Corollary 2.2 and (9.5)",
    claim="under the conditions of os-gd-lambda, with theta* the optimum nearest to theta_0 and in D, ‖theta_t - theta_0‖ <= {bound}",
    at_most="beta apart/zeta",
    ranges={"tolerance": (1e-3, 0.02)},
    constants={"share": Constant(0.05, "a choice: eta as a share of the largest that is allowed, so that zeta is near alpha")},
    rests_on=("os-gd-lambda", "os-lower"),
    attack=EXTREMES,
    passes=32,
    variants=(
        wrong("0.95 beta", "constant", at_most="0.95 beta apart/zeta"),
        wrong("eta = 3/beta^2", "assumption", measure=partial(_closest, factor=3 / 0.05)),
    ),
    note="apart = ‖theta* - theta_0‖. Linear maps with alpha = beta attain it as eps and eta go to 0. With any other optimum in the place"
    " of theta* the right side is larger, and the claim weaker. Two-layer networks are left out: nobody knows their nearest optimum.",
)  # fmt: skip
def closest(subject: LocalJacobian, share: float) -> Side:
    return _closest(subject, share)

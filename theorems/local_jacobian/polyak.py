"""Descent of a loss F that is smooth and no flatter than the Polyak-Lojasiewicz inequality allows: ‖grad F‖^2 >= 2 mu F."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant
from theorems.language.subject import Side
from theorems.local_jacobian.shared import EXTREMES, INSIDE, STEPS, ball, counted, directions, local_jacobian, norms, rounding, said

if TYPE_CHECKING:
    from theorems.local_jacobian.subject import LocalJacobian


def _descend(subject: LocalJacobian, share: float, *, weight: float = 1 / 8) -> Side:
    """F = ‖f - y‖^2/2 has mu = alpha^2, and is smooth with beta^2 + L_J ‖r‖; r_0 = alpha omega/2, for which the ball of radius
    sqrt(8 F_0/mu) is that of radius omega. weight: of mu in the second part."""
    claimed, alpha, beta = ball(subject)
    r_0 = alpha * subject.instance.radius / 2
    smooth = beta**2 + subject.lipschitz() * (r_0 + beta * subject.instance.radius)
    eta, mu = share / smooth, alpha**2
    path = subject.descend(INSIDE * r_0[:, None, None] * directions(subject), eta, STEPS)
    loss = norms(path).square() / 2
    together = (weight * mu).sqrt()[:, None, None] * path.distance + loss.sqrt()
    given = {"eta": eta, "mu": mu, "F_0": r_0**2 / 2, "t": counted(path)}
    kept = (1 - eta * mu).clamp_min(0.5) ** (STEPS / 2)  # of r_0 by the first claim, with eta mu <= 1/2
    off = rounding(subject, claimed, r_0 * kept, alpha, beta)
    return Side(said(claimed, loss, together), axes=("labels", "step", "part"), rounding=off, given=given)


def _kink(subject: LocalJacobian, share: float) -> Side:
    """F = |x| from x = omega, with mu = 1/(2 omega) and steps of 0.3 omega: it jumps to and fro."""
    import torch

    start = torch.full_like(subject.lipschitz(), subject.instance.radius)
    places = [start]
    for _ in range(STEPS):
        places.append(places[-1] - 0.3 * start * places[-1].sign())
    place = torch.stack(places, -1)[:, None]
    loss, mu = place.abs(), 1 / (2 * start)
    values = said(start > 0, loss, (mu / 8).sqrt()[:, None, None] * (place - place[..., :1]).abs() + loss.sqrt())
    time = torch.arange(1, STEPS + 1).to(start).expand(values.shape[:-1])
    given = {"eta": 0.3 * start, "mu": mu, "F_0": start, "t": time}
    return Side(values, axes=("labels", "step", "part"), rounding=subject.rounding, given=given)


@local_jacobian(
    id="os-pl",
    source="Oymak and Soltanolkotabi 2019, Theorem 5.2",
    claim="if ‖grad F‖^2 >= 2 mu F and F is 1/eta-smooth on the ball of radius sqrt(8 F_0/mu), then descent has F_t <= {bound} and"
    " sqrt(mu/8) ‖theta_t - theta_0‖ + sqrt(F_t) <= {bound}",
    at_most=("(1 - eta mu)^t F_0", "sqrt(F_0)"),
    constants={"share": Constant(0.5, "a choice: eta times the smoothness, at most 1; at 1 nothing may be left after one step")},
    rests_on=("os-jacobian",),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("rate 2.1 mu", "exponent", at_most=("(1 - 2.1 eta mu)^t F_0", "sqrt(F_0)")),
        wrong("sqrt(mu/1.9)", "constant", measure=partial(_descend, weight=1 / 1.9)),
        wrong("smoothness dropped: |x|", "assumption", measure=_kink),
        wrong("eta = 3 over the smoothness, and the loss only never grows", "claim", at_most=("F_0", "sqrt(F_0)"),
              constants={"share": Constant(3.0, "false variant")}),
    ),
    note="In one dimension sqrt(mu/2) in the place of sqrt(mu/8) is an equality, and F_t = (1 - eta mu)^{2t} F_0. A loss of residuals has"
    " mu = alpha^2.",
)  # fmt: skip
def polyak(subject: LocalJacobian, share: float) -> Side:
    return _descend(subject, share)

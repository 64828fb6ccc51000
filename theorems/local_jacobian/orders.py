"""Stochastic descent over many steps: in the mean over all orders of samples, in the ball, and for any order at all.

D has radius nu r_0/alpha, so that ‖r‖ <= r_D = r_0 + beta nu r_0/alpha on it. With eta <= alpha^2/(nu B^2 (beta^2 + L_J r_D)) one step
from D has, in the mean over samples (stochastic.py), E ‖r'‖^2 <= ‖r‖^2 - (2 - 1/nu) (eta/n) ‖J^T r‖^2, so E ‖r'‖ <= ‖r‖ - (1 - 1/(2 nu))
(eta/n) alpha ‖J^T r‖. With c > 0 and g = sqrt(‖theta - theta_0‖^2 + c^2), whose gradient is at most 1 and whose Hessian at most 1/c,
E g' <= g + (eta/n) ‖J^T r‖ + eta^2 B^2 ‖r‖^2/(2 n c). So until D is left
    g + 2 nu ‖r‖/((2 nu - 1) alpha) + ‖r‖^2/((4 nu - 2) beta^2 c) is a supermartingale,
and D is ever left with probability at most (2 nu/(2 nu - 1) + 1/((4 nu - 2) t))/(sqrt(nu^2 + t^2) - t), c = t r_0/alpha: for nu >= 3 and
t = 1/2 less than 5/(3 nu). A generalized linear model has more: (I - s x x^T) with 0 <= s ‖x‖^2 <= 2 lengthens nothing, so theta comes no
farther from any optimum whatever the order.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant, FailureProbability
from theorems.language.subject import Side
from theorems.local_jacobian.shared import (
    EXTREMES,
    GENERALIZED,
    INSIDE,
    LINEAR,
    SMOOTH,
    ball,
    directions,
    local_jacobian,
    norms,
    rounding,
    said,
)
from theorems.local_jacobian.stochastic import NU

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.local_jacobian.subject import LocalJacobian

ORDERS = 128  # of samples, at most, that one mean runs over
MEAN_STEPS = 8
LONG = 96  # steps of a run that could leave the ball
CONDITION = 10.0  # the most that beta/alpha is where something is claimed of the ball, so that the paper's probability is a number
ANY_STEPS = 24
EVEN = 1.001  # in place of 1, which a step that reflects attains: so equality is told from rounding, as by INSIDE elsewhere


def _start(subject: LocalJacobian, nu: float, *, printed: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Whether anything is claimed on D, alpha and beta there, r_0 = alpha omega/nu, and the largest eta; all (trials,)."""
    import torch

    claimed, alpha, beta = ball(subject)
    r_0 = alpha * subject.instance.radius / nu
    longest, bend = torch.minimum(subject.slopes()[1], beta), subject.lipschitz()  # B: inputs have norm 1 and so has v
    if printed:
        eta = alpha**2 / (nu * beta * longest * (beta * longest + bend * r_0))
    else:
        eta = alpha**2 / (nu * longest**2 * (beta**2 + bend * (r_0 + beta * subject.instance.radius)))
    return claimed, alpha, beta, r_0, eta


def _mean(subject: LocalJacobian, nu: float, *, printed: bool = False, unseen: int = 0) -> Side:
    """E ‖r_t‖^2 1[not yet out of D], over all orders of so many steps. printed: eta as in the paper. unseen: samples that are never drawn,
    of a wrong implementation."""
    import torch

    claimed, alpha, beta, r_0, eta = _start(subject, nu, printed=printed)
    seen = subject.instance.samples - unseen
    steps = MEAN_STEPS if seen == 1 else min(MEAN_STEPS, int(math.log(ORDERS, seen)))
    orders = torch.tensor(list(itertools.product(range(seen), repeat=steps)), device=eta.device)
    labels = INSIDE * r_0[:, None, None] * directions(subject)[:, ::2]  # both ends, and the instance's own
    runs = labels.repeat_interleave(len(orders), 1)
    drawn = orders.repeat(labels.shape[1], 1).expand(subject.trials, -1, -1)
    path = subject.descend_sampled(runs, eta, drawn)
    kept = (path.distance <= subject.instance.radius).to(r_0).cummin(-1).values
    squares = (norms(path).square() * kept).reshape(*labels.shape[:2], len(orders), -1).mean(2)
    given = {"eta": eta, "alpha": alpha, "r_0": r_0, "t": torch.arange(1, steps + 1).to(eta).expand(squares[..., 1:].shape)}
    # a step takes less than a half of ‖r‖^2 in the mean
    off = rounding(subject, claimed, r_0 * 2.0 ** (-steps / 2), alpha, beta)
    return Side(said(claimed, squares)[..., 0], axes=("labels", "step"), rounding=off, given=given)


over_orders = partial(
    local_jacobian, on=(GENERALIZED, SMOOTH), constants={"nu": NU}, ranges={"width": (1, 32)}, rests_on=("os-sgd-step",),
    attack=EXTREMES, passes=64,
)  # fmt: skip


@over_orders(
    id="os-sgd-mean",
    source="Oymak and Soltanolkotabi 2019, Theorem 3.1",
    claim="for stochastic descent with eta <= alpha^2/(nu beta^2 B^2 + nu beta B L_J r_0), where D has radius nu r_0/alpha: E ‖r_t‖^2 1_E"
    " <= {bound}, E the event that D is never left",
    kind="declared",
    at_most="(1 - eta alpha^2/(2 n))^t r_0^2",
    variants=(
        wrong("2.1/n in place of 1/(2 n)", "constant", at_most="(1 - 2.1 eta alpha^2/n)^t r_0^2"),
        wrong("one sample is never seen", "implementation", measure=partial(_mean, printed=True, unseen=1), ranges={"samples": (2, 6)}),
    ),
    note="The mean over all n^t orders, which is exact. The step is longer than we can prove right where ‖r‖ has grown above r_0, as it may"
    " on the way; nothing that was tried refutes it.",
)  # fmt: skip
def mean(subject: LocalJacobian, nu: float) -> Side:
    return _mean(subject, nu, printed=True)


@over_orders(
    id="os-sgd-mean-sharp",
    source="Oymak and Soltanolkotabi 2019, Theorem 3.1, sharper",
    claim="for stochastic descent with eta <= alpha^2/(nu B^2 (beta^2 + L_J r_D)), r_D = r_0 (1 + nu beta/alpha): E ‖r_t‖^2 1_E <= {bound},"
    " E as in os-sgd-mean",
    at_most="(1 - (2 - 1/nu) eta alpha^2/n)^t r_0^2",
    variants=(
        wrong("2.1/n in place of (2 - 1/nu)/n", "constant", at_most="(1 - 2.1 eta alpha^2/n)^t r_0^2"),
        wrong("one sample is never seen", "implementation", measure=partial(_mean, unseen=1), ranges={"samples": (2, 6)}),
        wrong("n left out", "exponent", at_most="(1 - (2 - 1/nu) eta alpha^2)^t r_0^2", ranges={"samples": (2, 6)}),
    ),
    note="Four times the paper's rate, with a step that is right wherever ‖r‖ may come in D.",
)  # fmt: skip
def mean_sharp(subject: LocalJacobian, nu: float) -> Side:
    return _mean(subject, nu)


def _farthest(subject: LocalJacobian, nu: float, *, printed: bool = False, factor: float = 1.0) -> Side:
    """max_t ‖theta_t - theta_0‖ of one run a trial, labels in turn along each of the directions. factor: of eta, for a false variant."""
    import torch

    claimed, alpha, beta, r_0, eta = _start(subject, nu, printed=printed)
    claimed = claimed & (beta <= CONDITION * alpha)
    every = directions(subject)
    turn = torch.arange(subject.trials, device=eta.device) % every.shape[1]
    labels = every[torch.arange(subject.trials, device=eta.device), turn][:, None]
    path = subject.descend_sampled(r_0[:, None, None] * labels, factor * eta, subject.orders(1, LONG))
    farthest = path.distance[:, 0].amax(-1)
    values = torch.where(claimed & farthest.isfinite(), farthest, torch.where(claimed, torch.inf, 0.0))
    off = rounding(subject, claimed, torch.full_like(alpha, torch.inf), alpha, beta)
    return Side(values, rounding=off, given={"alpha": alpha, "beta": beta, "r_0": r_0})


def _printed_failure(instance: Instance, nu: float) -> float:
    return 4 / nu * math.pow(CONDITION, 1 / (instance.width * instance.input_dimension))


NEAR = {"samples": (1, 1), "radius": (1e-2, 0.1)}


@local_jacobian(
    id="os-sgd-ball",
    on=(GENERALIZED, SMOOTH),
    source="Oymak and Soltanolkotabi 2019, Theorem 3.1, the event",
    claim="for stochastic descent as in os-sgd-mean, of P parameters with beta <= 10 alpha, ‖theta_t - theta_0‖ <= {bound} for all t",
    kind="declared",
    at_most="nu r_0/alpha",
    failure=FailureProbability("(4/nu) (beta/alpha)^(1/P)", _printed_failure),
    constants={"nu": Constant(32.0, "a choice, such that the probability is less than 1/2 from 2 parameters on")},
    rests_on=("os-sgd-mean",),
    attack=EXTREMES,
    passes=2,
    variants=(
        wrong("eta = 4/B^2", "assumption", measure=lambda s, nu: _farthest(s, nu, printed=True, factor=4 * nu), ranges=NEAR),
        wrong("a ball of radius r_0/(2 beta)", "claim", at_most="r_0/(2 beta)", ranges=NEAR),
    ),
    note="The probability is over the order of samples; so many runs, 96 steps each, are seen. os-sgd-ball-sharp needs no condition number,"
    " and a generalized linear model never leaves (os-sgd-path).",
)  # fmt: skip
def leaves(subject: LocalJacobian, nu: float) -> Side:
    return _farthest(subject, nu, printed=True)


@local_jacobian(
    id="os-sgd-ball-sharp",
    on=(SMOOTH,),
    source="derived",
    claim="for stochastic descent as in os-sgd-mean-sharp, ‖theta_t - theta_0‖ <= {bound} for all t",
    at_most="nu r_0/alpha",
    failure=FailureProbability("5/(3 nu)", lambda instance, nu: 5 / (3 * nu)),
    constants={"nu": Constant(12.0, "a choice, 3 or more")},
    rests_on=("os-sgd-mean-sharp",),
    attack=EXTREMES,
    passes=2,
    variants=(
        wrong("eta = 4/B^2", "assumption", measure=lambda s, nu: _farthest(s, nu, factor=4 * nu), ranges=NEAR),
        wrong("a ball of radius r_0/(2 beta)", "claim", at_most="r_0/(2 beta)", ranges=NEAR),
    ),
    note="In the place of the paper's (4/nu) (beta/alpha)^{1/P}, which says nothing for nu <= 4.",
)  # fmt: skip
def leaves_sharp(subject: LocalJacobian, nu: float) -> Side:
    return _farthest(subject, nu)


def _any_order(subject: LocalJacobian, share: float) -> Side:
    """Orders that are drawn, and the one in which samples take turns; theta* = theta_0 + omega J^T q/‖J^T q‖."""
    import torch

    low, high, _ = subject.slopes()
    length, labels = torch.full_like(low, subject.instance.radius), directions(subject)
    goal, eta = subject.moves(labels, length), share / high**2  # rows of J have norm phi'
    residual = subject.outputs_at(goal) - subject.outputs()[:, None]
    turns = torch.arange(ANY_STEPS, device=eta.device) % subject.instance.samples
    orders = [subject.orders(labels.shape[1], ANY_STEPS), turns.expand(subject.trials, labels.shape[1], -1)]
    paths = [subject.descend_sampled(residual, eta, one, goal) for one in orders]
    values = torch.stack([torch.cat([getattr(path, name)[..., 1:] for path in paths], 1) for name in ("apart", "distance")], -1)
    return Side(values, axes=("run", "step", "part"), rounding=subject.rounding, given={"apart": length})


@local_jacobian(
    id="os-sgd-path",
    on=(LINEAR, GENERALIZED),
    source="derived",
    claim="for f = phi(X theta) and stochastic descent with eta <= 2/(Gamma^2 max ‖x_i‖^2), whatever the order of samples, for any optimum"
    " theta*, apart = ‖theta_0 - theta*‖: ‖theta_t - theta*‖ <= {bound} and ‖theta_t - theta_0‖ <= {bound}",
    at_most=(f"{EVEN} apart", f"{1 + EVEN} apart"),
    constants={"share": Constant(1.9, "a choice: eta Gamma^2, at most 2")},
    ranges={"radius": (0.1, 8.0)},
    rests_on=("os-jacobian",),
    attack=EXTREMES,
    passes=16,
    variants=(
        wrong("eta = 2.1/Gamma^2", "assumption", constants={"share": Constant(2.1, "false variant")}),
        wrong("‖theta_t - theta_0‖ <= apart", "constant", at_most=(f"{EVEN} apart", f"{EVEN} apart")),
        wrong("theta comes twice as near at once", "claim", at_most=("0.5 apart", f"{1 + EVEN} apart")),
    ),
    note="So the ball of the paper's event is never left by these models if nu >= 2. A step with eta Gamma^2 near 2 is nearly a reflection,"
    " and leads nearly twice as far away as theta* is.",
)  # fmt: skip
def any_order(subject: LocalJacobian, share: float) -> Side:
    return _any_order(subject, share)

"""The theory on two kinds of models: two-layer networks of any width from any start, and generalized linear models.

Where gamma <= phi' <= Gamma and ‖v‖_2 = 1, alpha = gamma sigma and beta = Gamma ‖X‖ hold everywhere, sigma = sigma_min(X), n <= d: J J^T is
sum_l v_l^2 D_l X X^T D_l. So Theorem 2.1 needs no ball. A generalized linear model has more: with h = theta - theta*, X theta* =
phi^{-1}(y), descent is h <- (I - eta X^T D X) h, D_i = phi'(x_i . theta) times the mean slope between theta and theta*, in
[gamma^2, Gamma^2].
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant
from theorems.language.subject import Side
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.shared import (
    EXTREMES,
    GENERALIZED,
    INSIDE,
    LEAST,
    LINEAR,
    SMOOTH,
    STEPS,
    counted,
    directions,
    local_jacobian,
    norms,
    rounding,
    said,
)

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.local_jacobian.subject import LocalJacobian, Path

SHORT_OF_FULL_RANK = {"samples": (3, 6), "input_dimension": (2, 2)}  # n > d


def _bounds(subject: LocalJacobian, *, nonzero: bool = False) -> tuple[Tensor, Tensor, Tensor, float]:
    """Whether anything is claimed, gamma sigma, Gamma ‖X‖, and sigma; nonzero: the least singular value of X that is not 0."""
    import numpy as np
    import torch

    inputs = subject.instance.inputs
    values = np.linalg.svd(inputs, compute_uv=False)
    sigma = float(values[-1]) if nonzero or len(inputs) <= inputs.shape[1] else 0.0
    low, high, _ = subject.slopes()
    claimed = low * sigma >= LEAST * high * data_norm(inputs)
    return claimed, torch.where(claimed, low * sigma, LEAST * high), high * data_norm(inputs), sigma


def _descend(subject: LocalJacobian, *, printed: bool, nonzero: bool = False) -> tuple[Tensor, Tensor, Path, dict[str, Tensor], float]:
    """Descent with r_0 = omega: whether anything is claimed, gamma sigma, the path, what bounds speak of, and their rounding. printed: the
    step of the paper where that is the smaller one; nonzero: as for _bounds."""
    import torch

    claimed, alpha, beta, sigma = _bounds(subject, nonzero=nonzero)
    low, high, bend = subject.slopes()
    r_0 = torch.full_like(alpha, subject.instance.radius)
    bent = bend * data_norm(subject.instance.inputs) * r_0 * (high.clamp_min(1) if printed else 1)
    room = torch.where(bent > 0, alpha**2 / bent.clamp_min(1e-300), torch.inf).clamp_max(1)
    labels = directions(subject)
    path = subject.descend(INSIDE * r_0[:, None, None] * labels, room / (2 * beta**2), STEPS, subject.to_origin(labels.shape[1]))
    given = {"eta": room / (2 * beta**2), "gamma": low, "sigma": torch.full_like(alpha, sigma), "r_0": r_0, "t": counted(path)}
    return claimed, alpha, path, given, rounding(subject, claimed, r_0 * 2.0 ** (-STEPS / 2), alpha, beta)


def _together(subject: LocalJacobian, *, origin: bool = False, nonzero: bool = False) -> Side:
    """origin: ‖W_t‖_F in place of ‖W_t - W_0‖_F."""
    claimed, alpha, path, given, off = _descend(subject, printed=False, nonzero=nonzero)
    size, moved = norms(path), path.apart if origin else path.distance
    values = said(claimed, size.square(), (alpha / 4)[:, None, None] * moved + size)
    return Side(values, axes=("labels", "step", "part"), rounding=off, given=given)


@local_jacobian(
    id="os-nn",
    on=(SMOOTH,),
    source="Oymak and Soltanolkotabi 2019, Theorem 4.3, corrected",
    claim="for any width and any W_0, n <= d, ‖v‖_2 = 1 and eta <= min(1, gamma^2 sigma^2/(M ‖X‖ r_0))/(2 Gamma^2 ‖X‖^2): ‖r_t‖^2 <="
    " {bound} and (gamma sigma/4) ‖W_t - W_0‖_F + ‖r_t‖ <= {bound}",
    at_most=("(1 - eta gamma^2 sigma^2/2)^t r_0^2", "r_0"),
    rests_on=("os-gd", "os-lipschitz"),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("(4.8) with ‖W_t‖_F, without W_0", "as printed", measure=partial(_together, origin=True)),
        wrong("n > d, with the least nonzero singular value", "assumption", measure=partial(_together, nonzero=True),
              ranges={**SHORT_OF_FULL_RANK, "width": (1, 1)}, data=("circle", "sphere")),
        wrong("rate 2.1 eta gamma^2 sigma^2", "exponent", at_most=("(1 - 2.1 eta gamma^2 sigma^2)^t r_0^2", "r_0")),
    ),
    note="As printed (4.8) is false at t = 0 for every W_0 that is not small. The condition on eta has Gamma once more below there,"
    " so that it does not scale as phi does; for small phi it allows eta = 1/(2 Gamma^2 ‖X‖^2) whatever M is, and one step can make ‖r‖"
    " larger. Inputs have norm 1.",
)  # fmt: skip
def network(subject: LocalJacobian) -> Side:
    return _together(subject)


def _rate(subject: LocalJacobian, *, nonzero: bool = False) -> Side:
    claimed, _, path, given, off = _descend(subject, printed=True, nonzero=nonzero)
    return Side(said(claimed, norms(path))[..., 0], axes=("labels", "step"), rounding=off, given=given)


@local_jacobian(
    id="os-nn-rate",
    on=(SMOOTH,),
    source="Oymak and Soltanolkotabi 2019, (4.7)",
    claim="under the conditions of os-nn, with Gamma once more below where Gamma >= 1, as printed: ‖r_t‖ <= {bound}",
    kind="declared",
    at_most="(1 - eta gamma^2 sigma^2)^t r_0",
    rests_on=("os-nn",),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("rate 1.05 eta gamma^2 sigma^2", "constant", at_most="(1 - 1.05 eta gamma^2 sigma^2)^t r_0"),
        wrong("n > d, with the least nonzero singular value", "assumption", measure=partial(_rate, nonzero=True),
              ranges={**SHORT_OF_FULL_RANK, "width": (1, 1)}, data=("circle", "sphere")),
    ),
    note="Printed, and four times as fast as what Theorem 2.1 proves of the squares. An equality where phi is linear. We know no proof and"
    " no counterexample: nothing that was tried refutes it.",
)  # fmt: skip
def network_rate(subject: LocalJacobian) -> Side:
    return _rate(subject)


def _nearest(subject: LocalJacobian, share: float, *, farther: bool = False) -> Side:
    """theta* = theta_0 + omega J^T q/‖J^T q‖, the nearest optimum for its labels, for it lies in the span of the data. farther: one that is
    as far again in a direction that no input sees."""
    import torch

    claimed, alpha, beta, _ = _bounds(subject)
    length, labels = torch.full_like(alpha, subject.instance.radius), directions(subject)
    goal = subject.moves(labels, length)
    eta = share / beta**2
    path = subject.descend(subject.outputs_at(goal) - subject.outputs()[:, None], eta, STEPS, goal)
    apart, start = (path.apart, length) if not farther else ((path.apart**2 + length[:, None, None] ** 2).sqrt(), 2**0.5 * length)
    given = {"eta": eta, "alpha": alpha, "beta": beta, "apart": start, "t": counted(path)}
    off = rounding(subject, claimed, alpha * length * 2.0**-STEPS, alpha, beta)
    return Side(said(claimed, apart, path.length), axes=("labels", "step", "part"), rounding=off, given=given)


@local_jacobian(
    id="os-glm",
    on=(LINEAR, GENERALIZED),
    source="Oymak and Soltanolkotabi 2019, Theorem 4.1",
    claim="for f = phi(X theta), n <= d, theta* the optimum nearest to theta_0, apart = ‖theta_0 - theta*‖ and eta <= 1/beta^2: ‖theta_t -"
    " theta*‖ <= {bound}, and the path is at most {bound} long, alpha = gamma sigma_min(X), beta = Gamma ‖X‖",
    at_most=("1.001 (1 - eta alpha^2)^t apart", "1.001 beta^2/alpha^2 apart"),
    ranges={"radius": (0.1, 8.0)},
    constants={"share": Constant(0.5, "a choice: eta beta^2, at most 1; at 1 nothing may be left after one step")},
    rests_on=("os-jacobian",),
    attack=EXTREMES,
    passes=8,
    variants=(
        wrong("an optimum farther away", "claim", measure=partial(_nearest, farther=True)),
        wrong("eta = 2.1/beta^2, and theta only never comes farther from theta*", "assumption",
              at_most=("1.001 apart", "1.001 beta^2/alpha^2 apart"), constants={"share": Constant(2.1, "false variant")}),
        wrong("rate 1.05 eta alpha^2", "constant", at_most=("1.001 (1 - 1.05 eta alpha^2)^t apart", "1.001 beta^2/alpha^2 apart")),
    ),
    note="h <- (I - eta X^T D X) h exactly. An equality where phi is linear, at theta* along X's bottom direction, which a thousandth more"
    " tells from rounding.",
)  # fmt: skip
def nearest(subject: LocalJacobian, share: float) -> Side:
    return _nearest(subject, share)

"""Descent of f beside that of a linear map: the one whose Jacobian J is near that of the start, for as long as the information takes.

Singular values of J of alpha and more make the information, I, smaller ones what is left, N. J_0 = J(theta_0). Let ‖J_0 - J‖ <= e_0,
‖J_0 J_0^T - J J^T‖ <= e_0^2, and ‖J(theta) - J_0‖ <= e/2 on D; all norms of Jacobians at most beta. With C_t the mean of the Jacobian along
step t, ‖C_t J_t^T - J J^T‖ <= beta e + e_0^2 = q, ‖I - eta C_t J_t^T‖ <= 1 + eta beta e, and d_t = r_t - r~_t obeys
    d_{t+1} = (I - eta J J^T) d_t - eta (C_t J_t^T - J J^T) r_t, so ‖d_t‖ <= eta t q exp(eta t beta e) r_0.
Let eta t <= G/alpha^2, G >= 1, e = eps alpha^3/(5 G beta^2), e_0^2 <= eps alpha^3/(25 G beta) and e_0 <= eps alpha/5. Then that exponential
is at most e^{eps/5}, and ‖d_t‖ <= (6/25) e^{eps/5} (eps alpha/beta) r_0. In the parameters ‖J_s^T r_s - J^T r~_s‖ <= (e/2 + e_0) ‖r_s‖ +
beta ‖d_s‖, and the sum of all steps is at most (1/(10 G) + 1/5 + 3/25) G e^{eps/5} (eps/alpha) r_0, 0.74 e^{eps/5} at G = 2. The
linear map goes no farther than ‖J_I^+ r_0‖ + (G/alpha) ‖P_N r_0‖, so D needs no more than (G/alpha) eps r_0 beyond that.

Large singular values contract, small ones are not coupled: C_t J_t^T - J J^T is (C_t - J_0) J_t^T + J (J_t - J_0)^T, and (J_0 - J) (J_t -
J_0)^T and J_0 J_0^T - J J^T, of norms e_0 e/2 and e_0^2. Where eta beta^2 <= 1 the sum of all eta ‖J_t^T r_t‖^2 is what ‖r_t‖^2 loses over
2 - eta beta^2, up to 2 e ‖r‖ ‖J_t^T r_t‖, and the adjoint of I - eta J J^T loses alike. So by Cauchy's inequality each of the first two
adds sqrt(G) (e/2 alpha)/sqrt(2 - eta beta^2) e^{eps/5} r_0 to d_t at most: together (eps/(5 sqrt(G))) (alpha/beta)^2, which at G = 2 is 0.1
sqrt(2/(2 - eta beta^2)) of it, and the last two 0.02 eps^2 and min(0.04 eps alpha/beta, 0.08 eps^2): at most 0.202 eps alpha/beta in all.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Side
from theorems.local_jacobian.shared import EXTREMES, GENERALIZED, INSIDE, LINEAR, SMOOTH, directions, local_jacobian, rounding

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.local_jacobian.subject import LocalJacobian

TIME = 2.0  # G, the paper's Gamma: descent goes on until eta t = G/alpha^2
NARROW = 4.0  # beta/alpha at most, where something is claimed: a run takes G (beta/alpha)^2 steps
STEPS = int(TIME * NARROW**2)
TOLD = 0.01  # of a claim may be rounding, where it is looked at: small eps make small r_0, and differences of their product


def _beside(subject: LocalJacobian, *, far: float = 1.0, bent: float = 1.0) -> Side:
    """J is J_0 and a column e_0 q of a parameter that f ignores, q the bottom or the top direction: so J J^T = J_0 J_0^T + e_0^2 q q^T, and
    both conditions on e_0 are met with equality. Cutoffs: both ends of what J_0 has, as far as the steps allow.

    far: of e_0; bent: of r_0, which e limits. Mistakes of false variants.
    """
    import torch

    omega, eps = subject.instance.radius, subject.instance.tolerance
    size = torch.full_like(subject.lipschitz(), omega)
    values, vectors = torch.linalg.eigh(subject.gram())
    lengths = values.clamp_min(0).sqrt()
    most = subject.most(size)[:, None]  # of ‖J‖ on D
    low = torch.where(lengths >= 1.05 * most / NARROW, lengths, torch.inf).amin(-1)
    cut = torch.stack([low, lengths[:, -1]], -1)  # (trials, cutoffs)
    claimed = cut.isfinite() & (cut >= 1.05 * most / NARROW) & (most > 0)
    alpha = torch.where(claimed, cut, 1.0)
    beta = torch.where(claimed, (most.square() + alpha.square() / 25).sqrt(), 1.0)  # e_0 <= alpha/5
    e_0 = far * torch.minimum(eps * alpha, (eps * alpha**3 / (TIME * beta)).sqrt()) / 5
    e = eps * alpha**3 / (5 * TIME * beta**2)
    q = torch.stack([vectors[..., 0], vectors[..., -1]], 1)  # (trials, columns, n)
    unit = directions(subject)
    runs = (2, 2, unit.shape[1])

    def each(one: Tensor) -> Tensor:
        """(trials, cutoffs) once for every column and label."""
        return one[:, :, None, None].expand(-1, *runs).flatten(1)

    labels, columns = unit[:, None, None].expand(-1, *runs, -1).flatten(1, 3), q[:, None, :, None].expand(-1, *runs, -1).flatten(1, 3)
    a, b, c = each(alpha), each(beta), each(e_0)
    reference = subject.gram()[:, None] + c[..., None, None] ** 2 * columns[..., :, None] * columns[..., None, :]
    squares, basis = torch.linalg.eigh(reference)
    informs = squares >= a[..., None].square() * (1 - 1e-12)  # the cutoff itself is a singular value, up to rounding
    parts = (basis.mT @ labels[..., None])[..., 0]
    kept, lost = (torch.linalg.vector_norm(torch.where(mask, parts, 0.0), dim=-1) for mask in (informs, ~informs))
    inverse = torch.where(informs, parts / squares.clamp_min(1e-300).sqrt(), 0.0)
    reach = torch.linalg.vector_norm(inverse, dim=-1) + TIME / a * (lost + eps)  # of D, over r_0
    bend = 2 * subject.lipschitz()[:, None] * reach
    r_0 = torch.minimum(omega / reach, torch.where(bend > 0, bent * each(e) / bend.clamp_min(1e-300), torch.inf))
    eta = TIME / (STEPS * a.square())  # at most 1/beta^2
    first, second, apart = subject.linearized(INSIDE * r_0[..., None] * labels, eta, STEPS, c[..., None] * columns)
    difference = torch.linalg.vector_norm(first - second, dim=-1)[..., 1:].amax(-1)
    left = torch.linalg.vector_norm(first[..., -1, :], dim=-1)
    smallest = eps * a / b * r_0
    sure = each(claimed) & (4 * math.sqrt(subject.instance.samples) * subject.error <= TOLD * smallest)
    found = torch.where(sure[..., None], torch.stack([difference, apart[..., 1:].amax(-1), left], -1), 0.0)
    given = {"alpha": a, "beta": b, "eta": eta, "r_0": r_0, "I": kept * r_0, "N": lost * r_0}
    least = torch.where(sure, smallest, torch.inf).amin(-1)
    off = rounding(subject, sure.any(-1), least, torch.ones_like(least), torch.ones_like(least))
    return Side(found, axes=("run", "part"), rounding=off, given=given)


AFTER = f"exp(-{TIME:g}) I + N"
SHARP = ("0.202 exp(eps/5) eps alpha/beta r_0", "0.74 exp(eps/5) eps/alpha r_0")
LAST = "min(0.04, 0.08 eps beta/alpha)"
PROVED = f"(0.1 alpha/beta sqrt(2/(2 - eta beta^2)) + 0.02 eps + {LAST}) exp(eps/5) eps alpha/beta r_0"
LINE = ("0.04 eps alpha/beta r_0", "0.44 eps/alpha r_0")  # e = 0: e_0^2 G/alpha^2, and (G/alpha^2) (e_0 + beta/2 of that)

NEURONS = {"width": (1, 64)}
beside = partial(local_jacobian, attack=EXTREMES, passes=32)
printed = partial(
    beside,
    id="os-meta",
    source="Oymak, Fabian, Li and Soltanolkotabi 2019, Theorem 5.3",
    claim="descent with eta <= 1/beta^2 beside that of a linear map with Jacobian J, as long as eta t <= G/alpha^2, G = 2, if ‖J_0 - J‖ <="
    " e_0 <= min(eps alpha, sqrt(eps alpha^3/(G beta)))/5, ‖J_0 J_0^T - J J^T‖ <= e_0^2, and ‖J(theta) - J_0‖ <= e/2 on D, e = eps"
    " alpha^3/(5 G beta^2): ‖r_t - r~_t‖ <= {bound}, ‖theta_t - theta~_t‖ <= {bound}, and at the end ‖r_t‖ <= {bound}, I and N the norms of"
    " r_0's parts of singular values of J above and below alpha",
    at_most=("3/5 eps alpha/beta r_0", "2 eps/alpha r_0", f"{AFTER} + eps alpha/beta r_0"),
    rests_on=("os-jacobian",),
    note="(e^-2 I is e^-G I.) os-meta-sharp has 0.34 and 0.37 of the first two, as eps falls.",
)
FALSE = (
    wrong("e_0 twenty times as large", "assumption", measure=partial(_beside, far=20.0)),
    wrong("e^(-2.1 G)", "exponent", at_most=("3/5 eps alpha/beta r_0", "2 eps/alpha r_0", "exp(-4.2) I + N + eps alpha/beta r_0"),
          ranges={"tolerance": (0.02, 0.05)}),
)  # fmt: skip


@printed(
    on=(GENERALIZED, SMOOTH),
    proved=(PROVED, SHARP[1], ""),
    ranges={"tolerance": (5.5e-3, 0.9), **NEURONS},
    tight={"samples": 4, "data": "orthonormal"},  # of several slopes one is small, which sees little of its label
    variants=(*FALSE, wrong("no condition on e", "assumption", measure=partial(_beside, bent=1e3))),
)
@printed(
    on=(LINEAR,),
    proved=(f"{LAST} eps alpha/beta r_0", LINE[1], ""),
    ranges={"tolerance": (2e-3, 0.9)},
    tight={"samples": 2, "separation": 0.05, "data": "close pairs"},  # J sees little of their difference
    variants=FALSE,
)
def meta(subject: LocalJacobian) -> Side:
    return _beside(subject)


sharp = partial(
    beside,
    id="os-meta-sharp",
    source="Oymak, Fabian, Li and Soltanolkotabi 2019, Theorem 5.3, sharper",
    claim="under the conditions of os-meta, ‖r_t - r~_t‖ <= {bound}, ‖theta_t - theta~_t‖ <= {bound}, and at the end ‖r_t‖ <= {bound}",
    rests_on=("os-meta",),
)


@sharp(
    on=(GENERALIZED, SMOOTH),
    at_most=(*SHARP, f"{AFTER} + {SHARP[0]}"),
    ranges={"tolerance": (1e-5, 0.9), **NEURONS},
    variants=(
        wrong("e_0 ten times as large", "assumption", measure=partial(_beside, far=10.0)),
        wrong("e^(-2.1 G)", "exponent", at_most=(*SHARP, f"exp(-4.2) I + N + {SHARP[0]}"), ranges={"tolerance": (0.02, 0.2)}),
    ),
)
@sharp(
    on=(LINEAR,),
    at_most=(*LINE, f"{AFTER} + {LINE[0]}"),
    ranges={"tolerance": (0.02, 0.9)},
    variants=(
        wrong("e_0 twice as large", "assumption", measure=partial(_beside, far=2.0)),
        wrong("e^(-2.1 G)", "exponent", at_most=(*LINE, f"exp(-4.2) I + N + {LINE[0]}")),
    ),
    note="For a linear map e = 0, and what is left is attained where J sees nothing of the labels.",
)
def meta_sharp(subject: LocalJacobian) -> Side:
    return _beside(subject)

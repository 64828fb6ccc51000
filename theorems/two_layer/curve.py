"""The course of training: the residual follows powers of I - eta H_inf, and the distance travelled is read off the kernel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant
from theorems.language.subject import Comparison, Side
from theorems.laws.gate_laws import conjugate_kernel, data_norm
from theorems.two_layer.certificate import INSIDE, STEPS
from theorems.two_layer.shared import (
    POSITIVE,
    SIZES,
    certified_floor,
    directions,
    floor,
    limit,
    residual_rounding,
    said_of,
    spectral,
    step_size,
    two_layer,
)

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.two_layer.subject import TwoLayer

RANGES = {**SIZES, "width": (256, 2**17), "samples": (1, 6), "radius": (1e-4, 0.05)}
WIDE = {"samples": (2, 4), "width": (2**12, 2**14), "radius": (1e-4, 1e-3), "separation": (0.3, 1.0)}
SHARE = 0.5  # of the largest stable step, as in tl-certificate


def _predicted(kernel: Tensor, eta: Tensor, r_0: Tensor) -> Tensor:
    """(I - eta K)^k r_0 for k = 0..STEPS, (trials, steps, n)."""
    import torch

    found = [r_0]
    for _ in range(STEPS):
        found.append(found[-1] - eta[:, None] * (kernel @ found[-1][..., None])[..., 0])
    return torch.stack(found, 1)


def _deviation(subject: TwoLayer, share: float, *, kernel: str = "limit", start: str = "residual") -> Side:
    """The residual against its prediction, in labels as far as tl-certificate reaches. The keyword arguments are mistakes."""
    import torch

    radius, size = subject.instance.radius, data_norm(subject.instance.inputs)
    expected, drawn = limit(subject), subject.kernel()
    top = torch.linalg.eigvalsh(expected)[-1]
    eta = torch.minimum(step_size(subject, share), share / top)
    claimed, lowest = said_of(subject, certified_floor(subject, radius).clamp_max(floor(subject)))
    r_0 = INSIDE * subject.instance.width**0.5 * lowest * radius / size
    used = expected
    if kernel == "conjugate":
        used = torch.as_tensor(conjugate_kernel(subject.instance.inputs)).to(drawn)
    elif kernel == "shifted":
        values, vectors = torch.linalg.eigh(expected)
        used = (vectors * values.roll(1)) @ vectors.mT
    deviations = []
    for direction in directions(subject):
        residual = r_0[:, None] * direction
        begun = residual if start == "residual" else residual + subject.outputs()
        path = subject.descend(residual, eta, STEPS)
        deviations.append(torch.linalg.vector_norm(path.residual - _predicted(used, eta, begun), dim=-1))
    values = torch.stack(deviations, 1)
    given = {"e_H": spectral(drawn - expected) + spectral(subject.flip_bound(radius)), "lambda_R": lowest, "eta": eta, "r_0": r_0}
    # one sample of which half of the neurons are active has e_H = 0: then both sides are rounding
    claimed = claimed & (given["e_H"] > subject.rounding * top)
    bound = given["e_H"] * r_0 / (2.71829 * lowest)
    least = torch.where(claimed, bound, torch.inf)
    rounding = residual_rounding(subject, least, torch.where(claimed, r_0, 0)) if bool(claimed.any()) else subject.rounding
    return Side(values * claimed[:, None, None], axes=("labels", "step"), rounding=rounding, given=given)


@two_layer(
    id="tl-curve",
    source="Arora et al. 2019, Theorem 4.1, for every kappa",
    claim="‖(y - u(k)) - (I - eta H_inf)^k (y - u(0))‖ <= {bound} for all k if ‖X‖ r_0 <= sqrt(m) lambda_R omega, e_H = ‖H(0) - H_inf‖_2"
    " + ‖U‖_2, lambda_R at most lambda0",
    at_most="e_H r_0/(2.71828 lambda_R (1 - eta lambda_R))",
    ranges=RANGES,
    constants={"share": Constant(SHARE, "a choice: eta times the largest eigenvalue of H(0) and H_inf")},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-certificate", "tl-kernel"),
    passes=8,
    variants=(
        wrong("spectrum of the conjugate kernel", "implementation", measure=partial(_deviation, kernel="conjugate"), ranges=WIDE),
        wrong("eigenvalues shifted by one", "implementation", measure=partial(_deviation, kernel="shifted"), ranges=WIDE,
              data=("cluster",)),
        wrong("y in place of y - u(0)", "claim", measure=partial(_deviation, start="labels"), ranges=WIDE),
        wrong("r_0/m", "exponent", at_most="e_H r_0/(2.71828 lambda_R (1 - eta lambda_R) m)", ranges=WIDE),
    ),
    note="d(k+1) = (I - eta H_inf) d(k) - eta (H~ - H_inf) r(k), so ‖d(k)‖ <= k eta e_H (1 - eta lambda_R)^(k-1) r_0, largest at"
    " 1/(e eta lambda_R (1 - eta lambda_R)). The paper has u(0) = O(kappa) small instead, with widths that are out of reach.",
)  # fmt: skip
def curve(subject: TwoLayer, share: float) -> Side:
    return _deviation(subject, share)


def _distance(subject: TwoLayer, *, power: int = 1, start: str = "residual") -> Comparison:
    """‖W(k) - W(0)‖_F^2 of the linearized network against r_0^T H^-power (I - (I - eta H)^k)^2 r_0, up to rounding."""
    import torch

    eta = step_size(subject, SHARE)
    values, vectors = torch.linalg.eigh(subject.kernel())
    counts = torch.arange(STEPS + 1, dtype=values.dtype, device=values.device)
    share = 1 - (1 - eta[:, None, None] * values[:, None]) ** counts[:, None]  # (trials, steps, n)
    small = values[:, None].abs() < 1e-12
    # where an eigenvalue is zero nothing moves along it
    weight = torch.where(small, 0.0, share.square() / torch.where(small, 1.0, values[:, None]) ** power)
    left, right = [], []
    for direction in directions(subject):
        travelled = subject.descend(direction, eta, STEPS, frozen=True).distance.square()
        begun = direction if start == "residual" else direction + subject.outputs()
        parts = (vectors.mT @ begun[..., None])[..., 0]
        left.append((travelled - (weight * parts[:, None].square()).sum(-1)).abs())
        # the path is a sum of k steps of length eta sqrt(lambda_max) at most, each with the rounding of a sum over neurons
        right.append(8 * subject.rounding * (eta[:, None] * counts * values[:, -1:].sqrt()).square() + 1e-300)
    return Comparison(torch.stack(left, 1), torch.stack(right, 1), axes=("labels", "step"))


@two_layer(
    id="tl-distance",
    source="Arora et al. 2019, section 5.3",
    claim="‖W(k) - W(0)‖_F^2 = r_0^T H(0)^{-1} (I - (I - eta H(0))^k)^2 r_0 for the linearized network, which tends to r_0^T H(0)^{-1} r_0",
    kind="identity",
    ranges={**SIZES, "width": (64, 2**14), "samples": (1, 6)},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-dynamics",),
    passes=8,
    variants=(
        wrong("H^{-2}", "exponent", measure=partial(_distance, power=2)),
        wrong("y in place of y - u(0)", "claim", measure=partial(_distance, start="labels")),
    ),
)
def distance(subject: TwoLayer) -> Comparison:
    return _distance(subject)

"""Gradient descent converges: one step anywhere in the ball, and all of a run, in terms of lambda0 alone."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import FailureProbability
from theorems.language.subject import Side
from theorems.laws.gate_laws import crowding, data_norm, kernel_floor
from theorems.two_layer.certificate import STEPS, paths_of
from theorems.two_layer.shared import (
    CHERNOFF_BELOW,
    POSITIVE,
    SIZES,
    P,
    directions,
    floor,
    floor_failure,
    near_failure,
    residual_rounding,
    step_size,
    two_layer,
)

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.two_layer.subject import TwoLayer

RANGES = {**SIZES, "width": (256, 2**17), "samples": (1, 6), "separation": (0.3, 1.0)}
MARKOV = 4401.0  # 4 times 3 times (48/sqrt(2 pi))^2, rounded up: the note of tl-converge-markov
REACH = 12.77  # R = lambda0/(12.77 S), where 4 p_R S <= lambda0/4


def _one_step(subject: TwoLayer, p: float, *, large: bool = False) -> Side:
    """A step from a W half way to the sphere of the ball, pushed there against the way that descent goes, or at random. large: eta =
    3/lambda_max(H(0)) in place of lambda0/(4 n^2), a mistake."""
    import torch

    n, value, size = subject.instance.samples, floor(subject), data_norm(subject.instance.inputs)
    half = p * value / (12.8 * n**2) / 2
    eta = step_size(subject, 3.0) if large else subject.kernel().new_full((subject.trials,), value / (4 * n**2))
    r_0 = half * math.sqrt(subject.instance.width) / (eta * size)  # then the step is no longer than the other half
    ratios, smallest = [], r_0
    for direction in directions(subject):
        for against in (1.0, -1.0):
            moved = subject.pushed(against * direction, half)
            for second in directions(moved)[:2]:
                after = moved.descend(r_0[:, None] * second, eta, 1).residual[:, -1]
                ratios.append((torch.linalg.vector_norm(after, dim=-1) / r_0).square())
    values = torch.stack(ratios, -1)
    given = {"eta": eta, "lambda0": torch.full_like(eta, value)}
    return Side(values, axes=("start",), rounding=2 * residual_rounding(subject, smallest, r_0), given=given)


@two_layer(
    id="tl-gd-step",
    source="Du et al. 2019, section 4, with the p that tl-kept-gates restores",
    claim="‖y - u(k+1)‖^2 <= ({bound}) ‖y - u(k)‖^2 with eta = lambda0/(4 n^2), if W(k) and W(k+1) are within p lambda0/(12.8 n^2) of W(0)",
    at_most="1 - eta lambda0/2",
    ranges=RANGES,
    failure=FailureProbability("p + n exp(-0.0342 m lambda0/‖X‖^2)", lambda i, p: p + floor_failure(i)),
    constants={"p": P},
    data=POSITIVE,
    labels=("signs",),
    rests_on=("tl-floor", "tl-kept-gates"),
    attack="pushes of every neuron against and along the way of descent",
    passes=6,
    variants=(
        wrong("1 - 2.2 eta lambda0", "constant", at_most="1 - 2.2 eta lambda0", ranges={"width": (2**12, 2**14), "samples": (1, 2)},
              data=("orthonormal",)),
        wrong("eta = 3/lambda_max(H(0))", "assumption", measure=partial(_one_step, large=True)),
    ),
    note="Descent is stable up to eta = 2/lambda_max, which is 4/n or more: the paper's step is about 16 n/lambda0 times smaller.",
)  # fmt: skip
def gd_step(subject: TwoLayer, p: float) -> Side:
    return _one_step(subject, p)


def reach(instance: Instance) -> float:
    """R = lambda0/(12.77 S)."""
    return kernel_floor(instance.inputs) / (REACH * crowding(instance.inputs))


def _converge_failure(instance: Instance) -> float:
    return floor_failure(instance) + near_failure(instance, reach(instance))


def _without_floor(instance: Instance) -> float:
    """The mistake of a false variant: 1/2 in place of lambda0."""
    exponent = CHERNOFF_BELOW * instance.width / 2 / data_norm(instance.inputs) ** 2
    return instance.samples * math.exp(-exponent) + near_failure(instance, 0.5 / (REACH * crowding(instance.inputs)))


def _run(subject: TwoLayer, *, floors: bool = True) -> Side:
    """Descent at eta = 1/(2 lambda_max(H(0))) with r_0 = sqrt(m) lambda0^2/(25.6 ‖X‖ S), the largest that the width allows."""
    import torch

    value, size, crowd = floor(subject), data_norm(subject.instance.inputs), crowding(subject.instance.inputs)
    allowed = value if floors else 0.5
    r_0 = subject.kernel().new_full((subject.trials,), math.sqrt(subject.instance.width) * allowed**2 / (25.6 * size * crowd))
    eta = step_size(subject, 0.5)
    norms, values = paths_of([subject.descend(r_0[:, None] * direction, eta, STEPS) for direction in directions(subject)])
    count = torch.arange(1, STEPS + 1, dtype=values.dtype, device=values.device).expand(norms.shape)
    given = {"eta": eta, "k": count, "r_0": r_0, "X": torch.full_like(r_0, size), "lambda0": torch.full_like(r_0, value)}
    rounding = residual_rounding(subject, r_0 * 2.0**-STEPS, r_0)
    return Side(values, axes=("labels", "step", "part"), rounding=rounding, given=given)


@two_layer(
    id="tl-converge",
    source="Du et al. 2019, Theorem 4.1 and Corollary 4.1, with Chernoff",
    claim="if m >= 656 ‖X‖^2 S^2 r_0^2/lambda0^4 and eta <= 1/lambda_max(H(0)), then ‖y - u(k)‖ <= {bound} and every ‖w_r(k) - w_r(0)‖ <="
    " {bound} for all k",
    at_most=("(1 - eta lambda0/2)^k r_0", "2 X r_0/(sqrt(m) lambda0)"),
    ranges=RANGES,
    failure=FailureProbability("n exp(-0.0342 m lambda0/‖X‖^2) + n exp(-0.386 m p_R), R = lambda0/(12.77 S)", _converge_failure),
    data=("orthonormal", "cluster", "opposite pairs", "sphere"),
    labels=("signs",),
    rests_on=("tl-floor", "tl-near", "tl-certificate"),
    passes=8,
    variants=(
        wrong("rate 1.1 lambda0", "constant", at_most=("(1 - 1.1 eta lambda0)^k r_0", "2 X r_0/(sqrt(m) lambda0)"),
              ranges={"width": (2**12, 2**14), "samples": (1, 2)}, data=("orthonormal",)),
        wrong("lambda0 dropped from the condition on the width", "exponent", measure=partial(_run, floors=False),
              failure=FailureProbability("1/2 in place of lambda0", _without_floor), data=("close pairs",),
              ranges={"samples": (2, 2), "separation": (0.01, 0.012), "width": (300, 500)}),
    ),
    note="With Markov's inequality in place of Chernoff's: tl-converge-markov.",
)  # fmt: skip
def converge(subject: TwoLayer) -> Side:
    return _run(subject)


def _markov(constant: float = MARKOV, power: float = 3.0) -> FailureProbability:
    """p where the width is what three events of p/3 need, for labels of +-1; nothing is said of fewer neurons."""

    def bound(instance: Instance, p: float) -> float:
        needed = constant * 1.5 * instance.samples**6 / (p**power * max(kernel_floor(instance.inputs), 1e-300) ** 4)
        return p if instance.width >= needed else 1.0

    return FailureProbability(f"p, if m >= {constant:g} (C^2 + 1/2) n^6/(p^{power:g} lambda0^4)", bound)


@two_layer(
    id="tl-converge-markov",
    source="Du et al. 2019, Theorem 4.1",
    claim="with labels |y_i| <= C = 1 and R = sqrt(2 pi) p lambda0/(48 n^2), ‖y - u(0)‖ <= {bound}, N = sum_i N_i(R), lambda_H ="
    " lambda_min(H(0)): so much that, by tl-certificate, descent from W(0) converges",
    at_most="sqrt(m/n) (lambda_H - 2 n N/m) R",
    ranges={**SIZES, "width": (10**6, 10**12), "samples": (1, 1)},
    failure=_markov(),
    constants={"p": P},
    engines=("gate law",),
    data=("orthonormal",),
    labels=("signs",),
    rests_on=("tl-floor-hoeffding", "tl-near-markov", "tl-certificate"),
    exact=True,
    variants=(
        wrong("4.4 in place of 4401", "constant", failure=_markov(4.4), ranges={"width": (10**6, 2 * 10**6)}),
        wrong("1/p in place of 1/p^3", "exponent", failure=_markov(power=1.0), ranges={"width": (2_200_000, 3_000_000)}),
    ),
    note="r_0^2 <= 3 n (C^2 + 1/2)/p, ‖X‖^2 <= n, and ‖U(R)‖ <= 2 n N/m <= lambda0/4. One sample enters at m = 8.4e8 for p = 0.05, two"
    " orthonormal ones at 5.4e10: by the law of gates, whose N is drawn beside u(0), which changes nothing in a bound that adds up"
    " probabilities.",
)  # fmt: skip
def converge_markov(subject: TwoLayer, p: float) -> Side:
    import torch

    outputs, n = subject.outputs(), subject.instance.samples
    residual = torch.as_tensor(subject.instance.targets[:, 0]).to(outputs) - outputs
    r = math.sqrt(2 * math.pi) * p * floor(subject) / (48 * n**2)
    lowest = torch.linalg.eigvalsh(subject.kernel())[..., 0]
    given = {"lambda_H": lowest, "N": subject.near(r).sum(-1), "R": torch.full_like(lowest, r)}
    return Side(torch.linalg.vector_norm(residual, dim=-1), rounding=8 * subject.rounding, given=given)

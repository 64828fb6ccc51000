"""What the proof of Theorem 1 in Section 12 rests on, without n^24: descent from a network whose kernel is known and changes little.

With u = f - y and J the Jacobian, K = J J^T, a step is u(t + 1) = (I - eta K') u(t), where K' has J(W(t)) on the right and on the left its
mean over the step. Let lambda_min and lambda_max be the ends of the spectrum of K(W(0)), eta = step/lambda_max with step <= 1, and
‖K' - K(W(0))‖ <= D. Then ‖u(t + 1)‖ <= (1 - eta (lambda_min - D)) ‖u(t)‖.

Neuron r moves by eta sum_t |<b_r, u(t)>| or so, at most ‖b_r‖ sqrt(2 F_0)/lambda_min. It tells apart two inputs at distance delta if zero
lies between its values at them, which are delta/sqrt(m) apart: of such neurons lambda_min is made. So a share of about
sqrt(m F_0)/(delta lambda_min) of it can be lost in each layer, and D is about L sqrt(m F_0)/delta, or that of F_0 = 1 where a single flip
is as much. With lambda_min near delta m/(4 d) half of it is left from a width of about n d^2/delta^4 on. The constants are measured;
given_flips.py proves a bound with none, for one layer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from theorems.allen_zhu.convergence import FAILURE
from theorems.language.forms import FALSE, assume, wrong
from theorems.language.indices import counted
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Constant
from theorems.language.subject import Descent, Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject, Trajectory

LONGEST = 256  # steps, of a kernel whose lambda_min is still smaller, too few to see the last of it
SEEN = 1e-6  # of F_0: while F is larger, u = f - y has lost three digits of the outputs' at most
LAST = 1.5  # times lambda_max/lambda_min steps: then what is left of u lies along the last eigenvectors
STEP = Constant(1.0, "eta lambda_max; above 1 the first eigenvector would no longer be the first to be learned")
WIDE = assume("m >= c n d^2/delta^4", "where half of the least eigenvalue is left", c=64.0)
RANGES = {
    "width": (256, 2**17), "depth": (1, 4), "samples": (1, 8), "input_dimension": INPUTS, "outputs": (1, 2), "separation": (0.15, 1.0),
}  # fmt: skip
WORST = "of 514 random instances of these three, 1,600 networks, the worst"
LABELS = ("hardest", "opposite", "random")
GIVEN: dict[str, Any] = {
    "trained": True, "kind": "declared", "assumptions": (WIDE,), "failure": FAILURE, "labels": LABELS, "passes": 12,
    "rests_on": ("gradient-lower", "semi-smoothness", "gd-rate"), "data": ("pairs", "arc", "random", "orthogonal"),
}  # fmt: skip


class Run(NamedTuple):
    """A run with its own step size in each trial, and the ends of the spectrum of its first kernel, (trials,)."""

    least: Tensor
    largest: Tensor
    eta: Tensor
    curves: Trajectory

    @property
    def given(self) -> dict[str, Tensor]:
        """What bounds speak of."""
        return {"lambda_min": self.least, "lambda_max": self.largest, "eta": self.eta, "F_0": self.curves.loss[:, 0]}

    def steps_from(self, first: int) -> dict[str, tuple[str, ...]]:
        """The names of an axis "step" that begins with this one."""
        return {"step": counted("t", first, len(self.curves.steps) - 1)}


def run_from_kernel(subject: Subject, step: float, steps: float, *, distances: bool = False) -> Run:
    """So many times lambda_max/lambda_min steps of the slowest trial, or LONGEST."""
    import torch

    kernel = torch.stack([subject.layer_kernel(layer) for layer in range(1, subject.instance.depth + 1)]).sum(0)
    spectrum = torch.linalg.eigvalsh(kernel)
    least, largest = spectrum[:, 0].clamp_min(1e-300), spectrum[:, -1]
    number = min(LONGEST, max(2, math.ceil(steps / step * float((largest / least).max().clamp(max=1e6)))))
    eta = step / largest
    return Run(least, largest, eta, subject.train(eta, number, Descent(distances=distances)))


def contraction(run: Run) -> Tensor:
    """‖u(t + 1)‖/‖u(t)‖, (trials, steps); 0 where F is too small to tell."""
    loss = run.curves.loss.nan_to_num(math.inf)
    ratio = (loss[:, 1:] / loss[:, :-1]).sqrt().nan_to_num(math.inf)
    return ratio.where(loss[:, 1:] > SEEN * loss[:, :1], 0.0)


@statement(
    id="gd-rate-given-kernel",
    source="Theorem 1, proof in Section 12, given the kernel",
    claim="(1 - sqrt(F(W(t + 1))/F(W(t))))/eta >= {bound}, and >= {bound}, wherever these are positive, for every t, with "
    "eta = step/lambda_max",
    **GIVEN,
    ranges={**RANGES, "samples": (2, 8)},
    at_least=("lambda_min - C L sqrt(m max(F_0, 1))/delta", "c delta m/(d n^2)"),
    constants={
        "C": Constant(2.5, f"{WORST} needed 1.6"),
        "c": Constant(0.3, f"{WORST} of several samples allowed 0.52; of one sample the kernel of a narrow network can be smaller"),
        "step": STEP,
    },
    # Of the second. None in delta: a ladder at one width ends at the border m = 64 n d^2/delta^4, where half of the eigenvalue is lost, and
    # that alone bends a slope over a factor 3 by 0.6.
    exponents={"samples": -2.0},
    variants=(
        wrong("1.5 times the least eigenvalue", "constant", at_least=("1.5 lambda_min", "c delta m/(d n^2)")),
        wrong("rate without delta/n^2", "exponent", at_least=("lambda_min - C L sqrt(m max(F_0, 1))/delta", "c m/d")),
        wrong("equal inputs", "assumption", data=("duplicate rows",)),
    ),
    note="Of one step, so that the last eigenvector decides, which the labels 'hardest' and 'opposite' are aimed at.",
)  # fmt: skip
def gd_rate_given_kernel(subject: Subject, step: float) -> Side:
    """(1 - ‖u(t + 1)‖/‖u(t)‖)/eta twice, t = 0, 1, ...: (trials, steps, 2)."""
    import torch

    run = run_from_kernel(subject, step, LAST)
    rate = (1 - contraction(run)).clamp_min(1e-300) / run.eta[:, None]
    # u is off by rounding/sqrt(SEEN) of itself, and the rate is as small as eta lambda_min
    rounding = 4 * subject.rounding / math.sqrt(SEEN) * float((run.largest / run.least).max().clamp(max=1e6))
    return Side(torch.stack([rate, rate], -1), axes=("step", "part"), rounding=rounding, given=run.given, names=run.steps_from(0))


@statement(
    id="gd-radius-given-kernel",
    source="Theorem 1, proof in Section 12, given the kernel",
    claim="‖W(t) - W(0)‖_F <= {bound}, and <= {bound}, for every t, with eta = step/lambda_max",
    **GIVEN,
    ranges=RANGES,
    at_most=("C sqrt(2 F_0/lambda_min)", "C_n n sqrt(d F_0/(delta m))"),
    constants={
        "C": Constant(1.4, f"1 for a fixed kernel; {WORST} needed 1.16"),
        "C_n": Constant(4.0, f"{WORST} needed 2.7"),
        "step": STEP,
    },
    exponents={"width": -0.5, "outputs": 0.5, "separation": -0.5, "samples": 1.0},  # of the second
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent", at_most=("C sqrt(2 F_0/lambda_min)", "C_n n sqrt(d F_0/delta)/m")),
        wrong("half of what the last eigenvector needs", "constant", constants={"C": Constant(0.5, FALSE)}),
        wrong("lambda_max in place of lambda_min", "exponent", at_most=("C sqrt(2 F_0/lambda_max)", "C_n n sqrt(d F_0/(delta m))")),
    ),
)  # fmt: skip
def gd_radius_given_kernel(subject: Subject, step: float) -> Side:
    """‖W(t) - W(0)‖_F twice, t = 1, 2, ...: (trials, steps, 2)."""
    import torch

    run = run_from_kernel(subject, step, LAST, distances=True)
    distance = run.curves.distance[:, 1:].nan_to_num(math.inf)
    values = torch.stack([distance, distance], -1)
    return Side(values, axes=("step", "part"), rounding=4 * subject.rounding, given=run.given, names=run.steps_from(1))


@statement(
    id="gd-steps-given-kernel",
    source="Theorem 1, given the kernel",
    claim="F(W(t)) <= eps F(W(0)) for some t <= {bound}, and <= {bound}, with eta = step/lambda_max",
    **GIVEN,
    ranges={**RANGES, "tolerance": (0.1, 0.5)},
    at_most=("1 + C lambda_max/lambda_min log(1/eps)", "1 + C_n n^3 L/delta log(1/eps)"),
    constants={
        "C": Constant(0.85, f"1/2 for a fixed kernel with small lambda_min; {WORST} needed 0.58"),
        "C_n": Constant(0.5, f"{WORST} needed 0.35"),
        "step": STEP,
    },
    exponents={"samples": 3.0, "depth": 1.0, "separation": -1.0},  # of the second
    variants=(
        wrong("a tenth of the steps", "constant", constants={"C": Constant(0.1, FALSE)}),
        wrong("steps without n^3 L/delta", "exponent", at_most=("1 + C lambda_max/lambda_min log(1/eps)", "1 + C_n log(1/eps)")),
    ),
)  # fmt: skip
def gd_steps_given_kernel(subject: Subject, step: float) -> Side:
    """The first t with F(W(t)) <= eps F(W(0)) twice, at least LONGEST where there is none: (trials, 2)."""
    import torch

    tolerance = subject.instance.tolerance
    run = run_from_kernel(subject, step, 1.0 + math.log(1 / tolerance))
    loss = run.curves.loss.nan_to_num(math.inf)
    number = (loss > tolerance * loss[:, :1]).to(loss).cumprod(1).sum(1)
    return Side(torch.stack([number, number], -1), axes=("part",), given=run.given)

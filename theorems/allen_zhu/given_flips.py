"""Rate and radius of descent on one layer, given its kernel and the flips that the travelled distance can make: proved, no constant.

As in given_kernel.py, ‖u(t + 1)‖ <= (1 - eta (lambda_min - D)) ‖u(t)‖ for eta <= 1/lambda_max and ‖K' - K(W(0))‖ <= D. With one layer
h_0 is fixed and H_ij = <h_i, h_j>. By step t + 1 neuron r has moved by -eta sum_s sum_j D_{j,r}(s) <b_r, u_j(s)> h_j, s = 0..t, so that

    |g_{i,r} - g_{i,r}(0)| <= ‖b_r‖ sum_j |H_ij| eta sum_s ‖u_j(s)‖ <= ‖b_r‖ ‖H_i‖ S(t),   S(t) = eta sum_s sqrt(2 F(W(s))),

also on the way from t to t + 1. Its sign at sample i can differ from that at W(0) only if |g_{i,r}(0)| is not larger: these neurons are the
flips, of weight k_i = sum ‖b_r‖^2. Block (i, j) of K' - K(W(0)) is H_ij B E B^T, E diagonal with entries in [-1, 1] that vanish where r
is a flip of neither i nor j: at most |H_ij| (k_i + k_j). D is the norm of that matrix. It grows with t, so sum_s ‖u(s)‖ <= ‖u(0)‖/(eta
(lambda_min - D)), and with ‖J(W(s))‖^2 <= lambda_max + D the distance is at most sum_s eta ‖J^T u(s)‖, as Section 12 has it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from theorems.allen_zhu.given_kernel import LABELS, LAST, SEEN, STEP, Run, contraction, run_from_kernel
from theorems.language.forms import wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS
from theorems.language.subject import Side

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

RANGES = {
    "width": (256, 2**16), "depth": (1, 1), "samples": (1, 32), "input_dimension": INPUTS, "outputs": (1, 3), "separation": (0.02, 1.0),
}  # fmt: skip
GIVEN: dict[str, Any] = {
    "trained": True, "kind": "derived", "ranges": RANGES, "constants": {"step": STEP}, "labels": LABELS, "passes": 4,
}  # fmt: skip


def flips_in_reach(subject: Subject, run: Run) -> Tensor:
    """D before each step, (trials, steps)."""
    import torch

    h, g, output = subject.activations(0), subject.pre_activations(1), subject.backward(2)[:, 0]
    gram = h @ h.mT
    norms = output.norm(dim=1)  # ‖b_r‖, (trials, m)
    travelled = run.eta[:, None] * (2 * run.curves.loss[:, :-1].nan_to_num(math.inf)).sqrt().cumsum(1)
    needed, order = (g.abs() / norms[:, None]).sort(dim=-1)
    weight = norms.square()[:, None].expand_as(g).gather(-1, order).cumsum(-1)
    number = torch.searchsorted(needed, gram.norm(dim=-1)[:, :, None] * travelled[:, None], right=True)  # (trials, samples, steps)
    flips = torch.cat([torch.zeros_like(weight[..., :1]), weight], -1).gather(-1, number).mT
    blocks = gram.abs()[:, None] * (flips[..., :, None] + flips[..., None, :])
    norm: Tensor = torch.linalg.eigvalsh(blocks)[..., -1]
    return norm


@statement(
    id="gd-rate-given-flips",
    source="Theorem 1, proof in Section 12, given the kernel and the flips",
    claim="‖f(W(t + 1)) - y‖/‖f(W(t)) - y‖ <= {bound} for every t with one layer, where eta = step/lambda_max and D is the norm that the "
    "flips within the travelled distance can have in the kernel",
    **GIVEN,
    at_most="1 - eta (lambda_min - D)",
    rests_on=("gd-rate",),
    variants=(
        wrong("no flips", "assumption", at_most="1 - eta lambda_min"),
        wrong("twice the rate", "constant", at_most="1 - 2 eta (lambda_min - D)"),
    ),
    note="Holds at every width, but says that F falls only where few flips are in reach: lambda_min > D.",
)  # fmt: skip
def gd_rate_given_flips(subject: Subject, step: float) -> Side:
    """‖u(t + 1)‖/‖u(t)‖: (trials, steps)."""
    run = run_from_kernel(subject, step, LAST)
    # u is off by rounding/sqrt(SEEN) of itself
    rounding = 8 * subject.rounding / math.sqrt(SEEN)
    given = {**run.given, "D": flips_in_reach(subject, run)}
    return Side(contraction(run), axes=("step",), rounding=rounding, given=given, names=run.steps_from(0))


@statement(
    id="gd-radius-given-flips",
    source="Theorem 1, proof in Section 12, given the kernel and the flips",
    claim="‖W(t) - W(0)‖_F <= {bound} for every t with one layer, where eta = step/lambda_max and D is the norm that the flips within the "
    "travelled distance can have in the kernel",
    **GIVEN,
    at_most="sqrt(2 F_0 (lambda_max + D))/max(lambda_min - D, 0)",
    rests_on=("gd-radius",),
    variants=(
        wrong("half of lambda_max in place of lambda_min", "constant", at_most="sqrt(2 F_0 (lambda_max + D))/(lambda_max/2)"),
        wrong("the loss in place of its root", "exponent", at_most="F_0 sqrt(lambda_max + D)/max(lambda_min - D, 0)"),
    ),
    note="sqrt(lambda_max)/lambda_min is what the sum of all steps gives; a fixed kernel needs 1/sqrt(lambda_min) only.",
)  # fmt: skip
def gd_radius_given_flips(subject: Subject, step: float) -> Side:
    """‖W(t) - W(0)‖_F, t = 1, 2, ...: (trials, steps)."""
    run = run_from_kernel(subject, step, LAST, distances=True)
    distance = run.curves.distance[:, 1:].nan_to_num(math.inf)
    given = {**run.given, "D": flips_in_reach(subject, run)}
    return Side(distance, axes=("step",), rounding=8 * subject.rounding, given=given, names=run.steps_from(1))

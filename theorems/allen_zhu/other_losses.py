"""Gradient descent on other losses: Appendix A. What is promised depends on the kind of loss (theorems/laws/losses.py)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from theorems.allen_zhu.convergence import DUPLICATES, FAILURE, HIDDEN_WIDTH, SEPARATED, STEP, patch_spread, rate, step_size
from theorems.language.forms import FALSE, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, Range, Variant
from theorems.language.subject import Comparison, Descent
from theorems.laws.losses import Conclusion, Loss, losses

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.language.subject import Subject, Trajectory

STEPS = 20


def promise(
    loss: Loss, conclusion: Conclusion, instance: Instance, run: Trajectory, start: Tensor, C: float, c: float
) -> tuple[Tensor, Tensor]:
    """Left and right side at the recorded steps t >= 1, each (trials, recorded - 1).

    q m stands for m, and delta/sqrt(P/q) for delta, where there are patches and positions (theorems.allen_zhu.convergence).
    linear rate: F(t) <= (1 - c mu eta delta m/(d n^2))^t F(0).
    global minimum: F(t) <= F(z) + C n^2 d ‖f(0) - z‖^2/(eta delta m t), the best of the reference outputs z. (For a fixed kernel with least
        eigenvalue lambda, descent on a convex function of the outputs has F(t) - F(z) <= ‖f(0) - z‖^2/(2 lambda eta t).)
    stationary point: min_{s < t} ‖grad F(W(s))‖_F^2 <= 2 C F(0)/(eta t), by summing F(t + 1) <= F(t) - eta/2 ‖grad F‖^2.
    start: f(W(0)), (trials, n, d). run: with gradients, recorded from step 0 on.
    """
    import torch

    eta, times = run.step_size, torch.tensor(run.steps[1:]).to(run.loss)
    after, initial = run.loss[:, 1:].nan_to_num(torch.inf), run.loss[:, :1]
    if conclusion == "linear rate":
        decay = max(rate(instance, eta, c * (loss.domination or loss.smoothness) / patch_spread(instance)), 0.0)
        return after, decay**times * initial
    if conclusion == "stationary point":
        least = run.gradient[:, :-1].cummin(1).values  # of the recorded s < t, which are at most as good as all of them
        return least, 2 * C * initial / (eta * times)
    size = instance.samples**2 * instance.outputs / (eta * instance.separation * instance.patch * instance.width) * patch_spread(instance)
    targets = torch.as_tensor(instance.targets).to(start)
    bounds = [
        loss.value(z, targets).sum(-1)[..., None] + C * size * (start - z).square().sum((1, 2))[:, None] / times
        for z in loss.references(targets)
    ]
    return after, torch.stack(bounds).amin(0).expand_as(after)


def promised_losses(subject: Subject, step: float, C: float, c: float, instead: dict[Conclusion, Conclusion] | None = None) -> Comparison:
    """Every loss against what is promised of its kind, t = 1..STEPS: (trials, losses, STEPS). instead: a wrong promise for a kind."""
    import torch

    instance = subject.instance
    left, right = [], []
    for loss in BUILT_IN:
        conclusion = (instead or {}).get(loss.conclusion, loss.conclusion)
        run = subject.train(step_size(instance, step / loss.smoothness), STEPS, Descent(loss=loss.name, gradients=True))
        sides = promise(loss, conclusion, instance, run, subject.network_outputs(), C, c)
        left.append(sides[0])
        right.append(sides[1])
    return Comparison(torch.stack(left, 1), torch.stack(right, 1), axes=("loss", "step - 1"), rounding=8 * subject.rounding)


BUILT_IN = tuple(loss for loss in losses.values() if loss.name != "squared")
SIZES = {
    "width": (1024, 2**14), "depth": (1, 1), "samples": (1, 3), "input_dimension": INPUTS, "outputs": (2, 4), "separation": (0.5, 1.0),
}  # fmt: skip


def wrong_promises(measure: Callable[..., Comparison]) -> tuple[Variant, ...]:
    """False variants of a measure (subject, step, C, c, instead): the promise of another kind of loss, or too large a constant."""
    return (
        wrong("a linear rate for convex losses", "claim",
              measure=lambda subject, step, C, c: measure(subject, step, C, c, {"global minimum": "linear rate"})),
        wrong("a linear rate for bounded losses", "claim", labels=("random",),
              measure=lambda subject, step, C, c: measure(subject, step, C, c, {"stationary point": "linear rate"})),
        wrong("mu = 8 in place of 1/32", "constant", measure=lambda subject, step, C, c: measure(subject, step, C, 256 * c)),
        wrong("step size several times beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(16.0, FALSE)}),
    )  # fmt: skip


@statement(
    id="other-losses",
    source="Appendix A",
    trained=True,
    claim="with eta = c' d delta/(n^4 L^2 m) over the smoothness: gradient-dominated losses fall like (1 - c mu eta delta m/(d n^2))^t, "
    "convex ones are within C n^2 d ‖f(0) - z‖^2/(eta delta m t) of F(z) for every z, bounded smooth ones have "
    "min_{s<t} ‖grad F(W(s))‖_F^2 <= 2 C F(0)/(eta t)",
    kind="declared",
    ranges=SIZES,
    assumptions=(SEPARATED, HIDDEN_WIDTH),
    failure=FAILURE,
    constants={
        "step": STEP,
        "C": Constant(1.5, "1 for a fixed kernel with the limit's m/(2d) at n = L = 1, by the derivations above; half as much again"),
        "c": Constant(0.5, "as in gd-rate"),
    },
    exponents={"separation": 1.0, "samples": -2.0},
    rests_on=("gradient-upper", "gradient-lower", "semi-smoothness"),
    labels=("one-hot",),
    passes=6 * STEPS,
    variants=wrong_promises(promised_losses),
    note="Losses: " + ", ".join(f"{loss.name} ({loss.conclusion})" for loss in BUILT_IN) + ". All start from the same initialization.",
)  # fmt: skip
def other_losses(subject: Subject, step: float, C: float, c: float) -> Comparison:
    """Each loss, at every step, against what is promised of its kind."""
    return promised_losses(subject, step, C, c)


def accuracy_steps(instance: Instance, C: float) -> int:
    """C n^6 L^2/delta^2, polynomial as the paper says."""
    return max(1, math.ceil(C * instance.samples**6 * instance.depth**2 / instance.separation**2))


def worst_cross_entropy(subject: Subject, step: float, C: float, never: int = -1) -> Comparison:
    """min over t <= T of the largest cross-entropy of a sample against log 2: (trials,). never: a sample left out, a false variant."""
    import torch

    instance, loss = subject.instance, losses["cross-entropy"]
    steps = accuracy_steps(instance, C)
    descent = Descent(loss=loss.name, batch=0 if never < 0 else instance.samples, every=max(1, steps // 8), never=never)
    worst = subject.train(step_size(instance, step / loss.smoothness), steps, descent).worst
    left = worst.nan_to_num(torch.inf).amin(1)
    return Comparison(left, torch.full_like(left, loss.certain), rounding=8 * subject.rounding)


def wrong_classifications(
    measure: Callable[..., Comparison], ranges: Mapping[str, Range], assumptions: tuple[Assumption, ...]
) -> tuple[Variant, ...]:
    """False variants of a measure (subject, step, C, never): too few steps; of two samples, of these ranges, one cannot be learned."""
    constants = {"step": Constant(8.0, "half of what one sample has"), "C": Constant(1.0, "of 2^6 as many steps")}
    pairs = {"constants": constants, "ranges": {"samples": (2, 2), **ranges}, "assumptions": assumptions}
    return (
        wrong("a twentieth of the steps", "constant", constants={"C": Constant(0.5, FALSE)}),
        wrong("a sample that is never seen", "implementation", **pairs,
              measure=lambda subject, step, C: measure(subject, step, C, never=0)),
        wrong(DUPLICATES, "assumption", **pairs, data=("duplicate rows",)),
    )  # fmt: skip


@statement(
    id="classification",
    source="Appendix A",
    trained=True,
    claim="with cross-entropy, 100% training accuracy within T = C n^6 L^2/delta^2 steps: max_i F_i(W(t)) < log 2 for some t <= T",
    kind="declared",
    ranges={**SIZES, "samples": (1, 2)},
    assumptions=(SEPARATED, HIDDEN_WIDTH),
    failure=FAILURE,
    constants={
        "step": Constant(1.0, "eta lambda_max times the smoothness 1/2 is near 1/2 at n = L = 1"),
        "C": Constant(10.0, "for n = L = 1 the margin of the right class grows by 1/2 a step and more until it wins, from -3 at the worst"),
    },
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0},
    rests_on=("other-losses",),
    labels=("one-hot",),
    passes=64,
    variants=wrong_classifications(worst_cross_entropy, {"width": (256, 512), "separation": (0.8, 1.0)}, (SEPARATED,)),
    note="A sample with cross-entropy below log 2 has more than half of the probability on its class, so it is classified rightly.",
)  # fmt: skip
def classification(subject: Subject, step: float, C: float) -> Comparison:
    """The largest cross-entropy of a sample, at the best step up to T, against log 2."""
    return worst_cross_entropy(subject, step, C)

"""The statements about a whole training run, evaluated on its recorded curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from checkers.records.training import StepCheck
from checkers.training.chain import Rows
from theorems import registry
from theorems.allen_zhu.convergence import patch_spread, radius, rate
from theorems.allen_zhu.other_losses import promise
from theorems.allen_zhu.stochastic import sgd_envelope
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED
from theorems.language.subject import Trajectory
from theorems.laws.losses import Loss

SGD_ALARM = 1e-6  # the probability that the check along a run of SGD fails though the theorem's expectation holds
CONCLUSIONS = ("gd-rate", "gd-radius", "gd-convergence", "sgd-convergence", "other-losses", "classification")


def tally(identifier: str, rows: Sequence[tuple[int, float, float]]) -> StepCheck:
    """What all of a statement's rows (step, left, right) come to. A left side that is not a number fails."""
    ratios = [_ratio(left, right) for _, left, right in rows]
    worst = max(range(len(rows)), key=lambda k: ratios[k])
    failures = [row[0] for row, ratio in zip(rows, ratios, strict=True) if ratio > 1]
    return StepCheck(
        id=identifier, verdict="FAILED" if failures else "HOLDS", steps=len(rows), first_failure=min(failures, default=-1),
        worst_ratio=min(ratios[worst], 1e300), worst_step=rows[worst][0], median_ratio=min(sorted(ratios)[len(ratios) // 2], 1e300),
    )  # fmt: skip


def _ratio(left: float, right: float) -> float:
    if math.isnan(left) or math.isnan(right):
        return math.inf
    if math.isinf(right) and right > 0:
        return 0.0 if math.isfinite(left) else math.inf
    return max(left, 0.0) / right if right > 0 else (math.inf if left > right else 0.0)


def conclusions(
    instance: Instance,
    loss: Loss,
    batch: int,
    step_size: float,
    run: Trajectory,
    accuracy: Sequence[float],
    goal: float,
    start: torch.Tensor,
    architecture: str = FULLY_CONNECTED,
) -> Rows:
    """The rows of the statements that speak of a whole run, from its recorded curves. start: f(W(0)), (1, n, d).

    The numbers of steps of Theorems 1 and 2 go with their step sizes. For a run's own step size eta, what is promised is the product of
    both, T eta = C c' n^2 d log(n log(m)/eps)/(delta m) for gradient descent, without n^2 for the declared exponents of SGD. It has no
    power of L on any architecture; q m stands for m where patches of q make the gradients longer, and on a circle of P positions there is
    a further sqrt(P/q), as in gradient-lower there. A statement without a form on the architecture has no rows.

    Of gradient descent F(W(t)) and the distance are checked at every step; of SGD F(W(t)), against what it exceeds at any of all steps with
    a probability of at most SGD_ALARM, for the factor that Theorem 2's proof gives a step in expectation, which is that of Theorem 1.
    """
    rows: Rows = {}

    def constants_of(identifier: str) -> dict[str, float] | None:
        return registry.form(identifier, architecture).constant_values() if registry.has_form(identifier, architecture) else None

    losses = run.loss[0].nan_to_num(math.inf).tolist()
    n, d, m = instance.samples, instance.outputs, instance.width
    spread = patch_spread(instance) / (instance.patch * m)
    eps = goal * losses[0]
    reached = next((step for step, value in zip(run.steps, losses, strict=True) if value <= eps), -1)
    squared = loss.name == "squared"
    if squared and not batch:
        if constants := constants_of("gd-rate"):
            decay = max(rate(instance, step_size, constants["c"]), 0.0)
            rows["gd-rate"] = [(t, value, decay**t * losses[0]) for t, value in zip(run.steps, losses, strict=True) if t]
        if constants := constants_of("gd-radius"):
            reach = radius(instance, constants["C"]) if instance.separation > 0 else math.inf
            rows["gd-radius"] = [(t, value, reach) for t, value in zip(run.steps, run.distance[0].tolist(), strict=True)]
    identifier = "sgd-convergence" if batch else "gd-convergence"
    falling = squared and batch and instance.separation > 0 and len(run.steps) > 1
    if falling and (constants := constants_of("gd-rate")):
        highest = sgd_envelope(max(rate(instance, step_size, constants["c"]), 0.0), run.steps, losses[0], SGD_ALARM)
        rows["sgd-convergence"] = list(zip(run.steps, losses, highest, strict=True))[1:]
    if squared and eps > 0 and instance.separation > 0 and (constants := constants_of(identifier)):
        size = constants["C"] * constants["step"] * (1 if batch else n**2) * d * spread / (instance.separation * step_size)
        promised = size * math.log(max(n * math.log(m) / eps, math.e))
        if reached >= 0 or run.steps[-1] > promised:
            rows.setdefault(identifier, []).append((run.steps[-1], reached if reached >= 0 else run.steps[-1], promised))
    promising = not squared and not batch and len(run.steps) > 1 and instance.separation > 0
    if promising and (constants := constants_of("other-losses")):
        constants.pop("step")
        left, right = promise(loss, loss.conclusion, instance, run, start, **constants)
        rows["other-losses"] = list(zip(run.steps[1:], left[0].tolist(), right[0].tolist(), strict=True))
    certain = loss.name == "cross-entropy" and not batch and accuracy and instance.separation > 0
    if certain and (constants := constants_of("classification")):
        promised = constants["C"] * constants["step"] * n**2 * d * spread / (instance.separation * step_size * loss.smoothness)
        learned = next((step for step, share in zip(run.steps, accuracy, strict=True) if share == 1), -1)
        if learned >= 0 or run.steps[-1] > promised:
            rows["classification"] = [(run.steps[-1], learned if learned >= 0 else run.steps[-1], promised)]
    return rows

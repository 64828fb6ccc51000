"""The statements about a whole training run, evaluated on its recorded curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from checkers.records.training import StepCheck
from checkers.training.chain import Rows
from theorems import registry
from theorems.allen_zhu.other_losses import in_place, promised
from theorems.allen_zhu.stochastic import sgd_envelope
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED, Statement
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

    The numbers of steps of Theorems 1 and 2 go with their step sizes. For a run's own step size, what is promised is the product of both,
    T eta: the formulas of the form, with log(n log(m)/eps) as the logarithm of either. A statement without a form on the architecture has
    no rows.

    Of gradient descent F(W(t)) and the distance are checked at every step; of SGD F(W(t)), against what it exceeds at any of all steps with
    a probability of at most SGD_ALARM, for the factor that Theorem 2's proof gives a step in expectation, which is that of Theorem 1.
    """
    rows: Rows = {}

    def form_of(identifier: str) -> Statement | None:
        return registry.form(identifier, architecture) if registry.has_form(identifier, architecture) else None

    losses = run.loss[0].nan_to_num(math.inf).tolist()
    eps = goal * losses[0]
    reached = next((step for step, value in zip(run.steps, losses, strict=True) if value <= eps), -1)
    squared, apart = loss.name == "squared", instance.separation > 0
    if squared and (form := form_of("gd-rate")):
        (decay,) = form.claimed(instance, eta=step_size, t=1, F_0=1.0)
        if not batch:
            rows["gd-rate"] = [(t, value, decay**t * losses[0]) for t, value in zip(run.steps, losses, strict=True) if t]
        elif apart and len(run.steps) > 1:
            highest = sgd_envelope(decay, run.steps, losses[0], SGD_ALARM)
            rows["sgd-convergence"] = list(zip(run.steps, losses, highest, strict=True))[1:]
    if squared and not batch and (form := form_of("gd-radius")):
        (reach,) = form.claimed(instance) if apart else (math.inf,)
        rows["gd-radius"] = [(t, value, reach) for t, value in zip(run.steps, run.distance[0].tolist(), strict=True)]
    identifier = "sgd-convergence" if batch else "gd-convergence"
    if squared and eps > 0 and apart and instance.width > 1 and (form := form_of(identifier)):  # log m = 0 allows no step
        relative = instance.samples * math.log(instance.width) / eps
        within = 1 / max(relative, math.e)  # Theorem 1 has log(1/eps), F being near n log(m) at the start
        allowed = _allowed_steps(form, instance, step_size, eps=within * relative * eps if batch else within)
        if reached >= 0 or run.steps[-1] > allowed:
            rows.setdefault(identifier, []).append((run.steps[-1], reached if reached >= 0 else run.steps[-1], allowed))
    if not squared and not batch and len(run.steps) > 1 and apart and (form := form_of("other-losses")):
        targets = torch.as_tensor(instance.targets).to(start)
        left, given = promised(loss, loss.conclusion, targets, run, start, len(loss.references(targets)))
        right = form.claimed(instance, eta=run.step_size, beta=1.0, **given)[in_place(loss.conclusion)]
        rows["other-losses"] = list(zip(run.steps[1:], left[0, 0].tolist(), right[0].amin(0).tolist(), strict=True))
    if loss.name == "cross-entropy" and not batch and accuracy and apart and (form := form_of("classification")):
        allowed = _allowed_steps(form, instance, step_size * loss.smoothness)
        learned = next((step for step, share in zip(run.steps, accuracy, strict=True) if share == 1), -1)
        if learned >= 0 or run.steps[-1] > allowed:
            rows["classification"] = [(run.steps[-1], learned if learned >= 0 else run.steps[-1], allowed)]
    return rows


def _allowed_steps(form: Statement, instance: Instance, step_size: float, **given: float) -> float:
    """T of the form for steps of another size than its eta."""
    values = form.values(instance, **given)
    return float(values["T"] * values["eta"] / step_size)

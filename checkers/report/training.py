"""Training runs in words and tables."""

from __future__ import annotations

import bisect

from checkers.records.training import TrainingRun
from checkers.report.text import number, table


def landmarks(steps: int) -> list[int]:
    """Steps to print of a run of that many: 0, 1, 2, 5, 10, 20, 50, ... and the last."""
    round_steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    return sorted({0, steps, *(step for step in round_steps if step < steps)})


def training_table(run: TrainingRun, style: str = "simple") -> str:
    recorded = run.recorded or list(range(len(run.loss)))
    places = dict.fromkeys(bisect.bisect_left(recorded, step) for step in landmarks(recorded[-1]))

    def row(place: int) -> list[str]:
        share = run.loss[place] / run.loss[0] if run.loss[0] > 0 else 0.0
        accuracy = f"{100 * run.accuracy[place]:.4g}%" if place < len(run.accuracy) else "-"
        return [f"{recorded[place]:,}", number(run.loss[place], 4), number(share, 3), accuracy, number(run.radius[place], 4)]

    return table(["step", "loss", "loss / initial", "accuracy", "‖W(t) - W(0)‖_F"], map(row, places), style)


def step_check_table(run: TrainingRun, style: str = "simple") -> str:
    outside = {identifier for one in run.outside for identifier in one.ids}
    rows = [
        [one.id, one.verdict, "outside" if one.id in outside else "inside", f"{one.steps:,}", number(one.worst_ratio),
         f"{one.worst_step:,}", number(one.median_ratio), "never" if one.first_failure < 0 else f"step {one.first_failure:,}"]
        for one in run.checks
    ]  # fmt: skip
    headers = ["checked along the run", "outcome", "sizes", "steps", "worst ratio", "at step", "median ratio", "first failure"]
    return table(headers, rows, style)


def prediction_in_words(run: TrainingRun) -> str:
    """The tangent kernel's prediction beside the network, in one sentence; empty where none was asked for."""
    found = run.prediction
    if found is None:
        return ""
    worst = max(range(len(found.gap)), key=found.gap.__getitem__)
    words = (
        f"Descent on the kernel of W(0) predicts the training outputs to within {number(found.gap[worst], 2)} of how far they moved"
        f" (worst at step {found.steps[worst]:,}; {number(found.gap[-1], 2)} at the end)"
    )
    if not found.held_out:
        return words + "."
    words += f", those of {found.held_out} held-out samples to within {number(max(found.held_out_gap), 2)}."
    if found.held_out_accuracy < 0:
        return words
    words += f" Held-out accuracy: network {100 * found.held_out_accuracy:.4g}%, its kernel's descent {100 * found.kernel_accuracy:.4g}%"
    if found.missing:
        return f"{words}. {found.missing}"
    return f"{words}, regression with the limit kernel {100 * found.regression_accuracy:.4g}%."


def memory_in_words(planned: int, of: str = "memory planned") -> str:
    """What a run may come to hold, or a file."""
    return f"{of}: {planned / 2**30:.2g} GiB" if planned >= 2**30 else f"{of}: {planned / 2**20:.3g} MiB"


def training_in_words(run: TrainingRun) -> str:
    """The facts of a training run that do not change from step to step."""
    algorithm = f"{run.algorithm}, {run.batch} samples a step" if run.batch else run.algorithm
    engine = f"{run.loss_function} loss, {run.weights} weights, step size {number(run.step_size, 4)}"
    network = "" if run.architecture == "fully connected" else f"{run.architecture} network, "
    return (
        f"{run.data}: n = {run.samples}, delta = {number(run.delta)}, labels {run.labels}"
        f"\n{network}m = {number(run.width)}, L = {run.depth}, d = {run.outputs}; {algorithm}, {engine}"
    )


def training_closing(run: TrainingRun) -> str:
    """The last lines of a training run: whether the goal was reached, what broke, and the seed."""
    goal = "goal reached" if run.reached else "goal not reached"
    failed = ", ".join(check.id for check in run.checks if check.verdict == "FAILED")
    if run.blame:
        checked = f"; what broke first: {run.blame}"
    elif failed:
        checked = f"; the conclusions held, though {failed} did not at every step"
    else:
        checked = "; every checked statement held at every step that was looked at"
    return f"{goal} after {run.steps:,} steps{checked if run.checks else ''}\nseed {run.seed}, {run.seconds:.1f} s"

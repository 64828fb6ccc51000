"""Why a run went as it did, in sentences: what drove the descent, how much slack each inequality had, and what its step size was worth."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.training import StepCheck, TrainingRun

SLACK_OF = {
    "gradient-lower": "gradient-lower asks for a gradient that large at least; the square was {slack} times more at the median step",
    "gradient-upper": "gradient-upper allows a square {slack} times as large at the median step",
    "semi-smoothness": "semi-smoothness allows a remainder {slack} times as large at the median step",
    "kernel-stability": "kernel-stability allows a kernel to drift {slack} times as far at the median step",
    "gd-radius": "gd-radius allows {slack} times the distance",
}


def _slack(check: StepCheck) -> str:
    return f"{1 / check.median_ratio:.3g}" if check.median_ratio > 0 else "any number of"


def _distance(run: TrainingRun, step: int) -> float:
    return run.radius[run.recorded.index(step)]


def _outside(run: TrainingRun, identifier: str) -> bool:
    return any(identifier in one.ids for one in run.outside)


def _sizes(run: TrainingRun) -> str:
    """What the lemmas ask of sizes and the run's do not meet."""
    asked = [f"{one.formula}{f' of {one.of[0]}' if one.of else ''}, {one.limit:.3g} here, not {one.value:.3g}" for one in run.outside]
    inside = ", ".join(check.id for check in run.checks if not _outside(run, check.id))
    return f"The sizes lie outside the regime of {f'all but {inside}' if inside else 'all'}: {'; '.join(asked)}."


def explain(
    run: TrainingRun, descent: Sequence[tuple[int, float, float]], left_out: Sequence[tuple[str, str]] = ()
) -> list[str]:
    """descent: (step, what the gradient promised F to fall by, what it fell by), at the examined steps. left_out: (id, why), the lemmas
    that were not evaluated."""
    sentences = [f"The step size is {run.step_size / run.stable:.3g} of the largest that the initial kernel allows (2/lambda_max)."]
    if run.batch:
        sentences[0] += f" Steps see {run.batch} of {run.samples} samples."
    shares = sorted(fell / promised for _, promised, fell in descent if promised > 0)
    if shares:
        middle = shares[len(shares) // 2]
        risen = sum(share < 0 for share in shares)
        sentences.append(
            f"F fell by {middle:.3g} of what its gradient promises at the median step, by {shares[0]:.3g} at the worst"
            + (f"; it rose at {risen} of {len(shares)} steps that led downhill." if risen else ".")
        )
        drives = "the gradient: gradient-lower drives the descent" if middle > 0.5 else "the remainder: semi-smoothness holds it back"
        sentences.append(f"What decides how far F falls is {drives}.")
    by_id = {check.id: check for check in run.checks}
    sentences += [
        template.format(slack=_slack(by_id[name])) + "."
        for name, template in SLACK_OF.items()
        if name in by_id and by_id[name].verdict == "HOLDS"
    ]
    sentences += [
        f"{check.id} does not hold from step {check.first_failure:,} on, {_distance(run, check.first_failure):.3g} away from W(0)"
        + (": at sizes that it does not speak of, so that refutes nothing." if _outside(run, check.id) else ".")
        for check in run.checks
        if check.verdict == "FAILED" and check.id in SLACK_OF and check.id != "gd-radius"
    ]
    if len(run.kernel) > 1:
        (_, least, _), (step, now, _) = run.kernel[0], run.kernel[-1]
        sentences.append(
            f"The kernel's least eigenvalue went from {least:.3g} to {now:.3g} by step {step:,}."
            if least > 0 else "The kernel of the untrained network is singular: small changes of its weights cannot fit all labels."
        )  # fmt: skip
    sentences += [_sizes(run)] if run.outside else []
    beyond = [radius for radius in run.radii if radius.reached > radius.needed]
    if beyond:
        worst = max(beyond, key=lambda radius: radius.reached / radius.needed)
        sentences.append(
            f"The run left the ball that the lemmas speak of: {worst.id} asks for {worst.formula}, {worst.needed:.2g} here with constant 1,"
            f" and the weights moved {worst.reached:.3g}."
        )
    sentences += [f"{name} was not evaluated along the run: {reason}." for name, reason in left_out]
    return sentences

"""What the theory says of a data set before anything is trained on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from checkers.kernel_descent import KernelDescent
from checkers.threshold_fit import ThresholdFit
from strategies.data import closest_pair
from theorems.convergence import required_width, step_size
from theorems.instance import Instance

Array = npt.NDArray[np.float64]
STEP_SHARE = 1.5  # of 1/lambda_max: the step that `train` takes


class Diagnosis(Struct, frozen=True, kw_only=True):
    """A data set in the paper's terms. read, warnings: how its file was read, in words.

    None stands for what does not exist: the distance of one row, a bound where inputs coincide.

    delta, closest: the least distance and the rows at it. coinciding: pairs of rows with one direction; contradicting: those of them with
    different labels, which no network can fit. eigenvalues: smallest and largest of the limit kernel K_inf at this depth, (d/m) K.
    paper_width: m = n^24 L^12 log^5(m) d/delta^8; paper_step_size: d delta/(n^4 L^2 m) there; paper_steps: (n^6 L^2/delta^2) log(1/goal),
    hidden constants 1 and delta at most 1/L, as the theorem assumes. fitted_width: what `lemmafuzz threshold` found, at width and
    accuracy of its own; extrapolated: quantities beyond its ladders. kernel_step_size: 1.5/lambda_max at the fitted width (at
    m = 1 where there is none); kernel_steps: how many of them the kernel needs for the goal, whatever the labels.
    """

    data: str
    read: str
    warnings: list[str]
    samples: int
    input_dimension: int
    outputs: int
    depth: int
    goal: float
    delta: float | None
    closest: list[str]
    closest_labels: list[str]
    coinciding: list[list[str]]
    contradicting: list[list[str]]
    eigenvalues: list[float]
    paper_width: float | None
    paper_step_size: float | None
    paper_steps: float | None
    fitted_width: float | None
    extrapolated: list[str]
    kernel_step_size: float
    kernel_steps: int | None


def diagnose(
    inputs: Array, rows: Sequence[str], labels: Sequence[str] | None, coinciding: Sequence[tuple[int, int]], *,
    data: str, depth: int, outputs: int, goal: float, fit: ThresholdFit | None, read: str = "", warnings: Sequence[str] = (),
) -> Diagnosis:  # fmt: skip
    """inputs: (n, d_in), unit rows (z, 1)/sqrt 2; rows, labels: what to call each, one a row; coinciding: pairs of equal ones."""
    samples, dimension = inputs.shape
    i, j, distance = closest_pair(inputs)
    if coinciding:
        (i, j), distance = coinciding[0], 0.0
    apart = samples > 1
    # One input is as far from the others as one likes: the theorem's own cap, delta <= 1/L.
    delta = min(distance, 1 / depth) if apart else 1 / depth
    kernel = KernelDescent.of(inputs, depth)
    smallest = 0.0 if coinciding else kernel.smallest
    kernel = KernelDescent(smallest, kernel.largest)
    width = required_width(Instance(width=1, depth=depth, samples=samples, outputs=outputs, separation=delta)) if delta > 0 else None
    at = None if width is None else Instance(width=1, depth=depth, samples=samples, outputs=outputs, separation=delta)
    suggested, beyond = (None, []) if fit is None or not delta > 0 else fit.width(samples, depth, distance if apart else None)

    def contradicts(pair: tuple[int, int]) -> bool:
        return labels is not None and labels[pair[0]] != labels[pair[1]]

    return Diagnosis(
        data=data, read=read, warnings=list(warnings), samples=samples, input_dimension=dimension, outputs=outputs, depth=depth, goal=goal,
        delta=distance if apart else None,
        closest=[rows[i], rows[j]] if apart else [],
        closest_labels=[labels[i], labels[j]] if apart and labels is not None else [],
        coinciding=[[rows[a], rows[b]] for a, b in coinciding],
        contradicting=[[rows[a], rows[b]] for a, b in coinciding if contradicts((a, b))],
        eigenvalues=[smallest, kernel.largest],
        paper_width=width,
        paper_step_size=None if at is None or width is None else step_size(at, 1.0) / width,
        paper_steps=None if at is None else samples**6 * depth**2 / delta**2 * math.log(1 / goal),
        fitted_width=suggested, extrapolated=beyond,
        kernel_step_size=kernel.step_size(suggested or 1.0, outputs, STEP_SHARE),
        kernel_steps=kernel.steps(goal, STEP_SHARE),
    )  # fmt: skip

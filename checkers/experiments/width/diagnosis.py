"""What the theory says of a data set before anything is trained on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from checkers.experiments.compare.asked import FAILURE, all_asked
from checkers.experiments.width.deep_width import about_certified
from checkers.experiments.width.limit_kernel import LimitDescent
from checkers.records.experiments import Diagnosis, ThresholdFit
from strategies.data import closest_pair
from theorems import registry
from theorems.allen_zhu.convergence import STABLE
from theorems.language.instance import Instance
from theorems.language.least import least_width

Array = npt.NDArray[np.float64]
FEW = 500  # rows whose certificates are named: what those ask takes longer than all the rest for more


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
    kernel = LimitDescent.of(inputs, depth)
    smallest = 0.0 if coinciding else kernel.smallest
    kernel = LimitDescent(smallest, kernel.largest)
    theorem = registry["gd-convergence"]
    at = Instance(width=1, depth=depth, samples=samples, outputs=outputs, separation=delta, tolerance=goal)
    width = least_width(theorem, at) if delta > 0 else None
    asked = {} if width is None else theorem.values(at, m=width, **dict.fromkeys(theorem.constants, 1.0))
    suggested, beyond = (None, []) if fit is None or not delta > 0 else fit.width(samples, depth, distance if apart else None)

    applies = depth == 1 and samples <= FEW and not coinciding
    conditions = all_asked(inputs, np.ones(samples), rows, FAILURE, goal, None) if applies else []
    promised = [one for one in conditions if one.promises == "convergence" and one.standing != "printed"]
    proved = [(one.width_asked, one.name) for one in promised if one.width_asked]
    nearest, name = min(proved, default=(None, ""))
    if depth > 1 and not coinciding:
        # labels +-1, and f(x) of variance 1
        nearest = about_certified(inputs, math.sqrt(2 * samples), depth, seed=0)
        name = "" if nearest is None else f"along training, all {depth} hidden layers"

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
        paper_step_size=asked.get("eta"),
        paper_steps=asked.get("T"),
        fitted_width=suggested, extrapolated=beyond,
        kernel_step_size=kernel.step_size(suggested or 1.0, outputs, STABLE),
        kernel_steps=kernel.steps(goal, STABLE),
        certificate=name, certificate_width=nearest,
    )  # fmt: skip

"""A diagnosis in words."""

from __future__ import annotations

from checkers.diagnosis import Diagnosis
from checkers.words import number, table

SHOWN = 10  # pairs of coinciding rows that are listed


def diagnosis_table(found: Diagnosis, style: str = "simple") -> str:
    """The data, and what the theory and the kernel ask for."""
    smallest, largest = found.eigenvalues
    closest = " and ".join(found.closest)
    labels = "" if not found.closest_labels else f", labels {' and '.join(found.closest_labels)}"
    fitted = number(None if found.fitted_width is None else round(found.fitted_width))
    if found.extrapolated:
        fitted += f" (extrapolated in {', '.join(found.extrapolated)})"
    step = number(found.kernel_step_size, 4) + ("" if found.fitted_width is not None else "/m")
    rows = [
        ["rows, coordinates, outputs", f"{found.samples:,}, {found.input_dimension:,}, {found.outputs:,}"],
        ["separation delta", number(found.delta, 4) + (f", between {closest}{labels}" if closest else "")],
        [f"eigenvalues of the limit kernel, L = {found.depth}", f"{number(smallest, 4)} to {number(largest, 4)}"],
        ["width that the paper asks for (constants 1)", number(found.paper_width)],
        ["width that the threshold fit suggests", fitted],
        ["step size: paper, at its width", number(found.paper_step_size)],
        ["step size: kernel, at the fitted width", step],
        [f"steps to {number(found.goal)} of the loss: paper", number(found.paper_steps)],
        [f"steps to {number(found.goal)} of the loss: kernel", number(found.kernel_steps)],
    ]
    return table([found.data, ""], rows, style)


def diagnosis_closing(found: Diagnosis) -> str:
    """What stands in the way, if anything does."""
    if not found.coinciding:
        definite = "positive definite" if found.eigenvalues[0] > 0 else "singular to rounding"
        return f"no two inputs coincide; the limit kernel of depth {found.depth} is {definite}"
    bad = found.contradicting or found.coinciding
    pairs = ", ".join(" and ".join(pair) for pair in bad[:SHOWN]) + (f", ... ({len(bad):,} pairs)" if len(bad) > SHOWN else "")
    if found.contradicting:
        return f"inputs coincide and their labels differ, so no network fits them: {pairs}"
    return f"inputs coincide (delta = 0), where the theorems say nothing; leave out one row of each pair: {pairs}"

"""A diagnosis in words."""

from __future__ import annotations

from checkers.records.experiments import Diagnosis
from checkers.report.text import number, table

SHOWN = 500  # coinciding rows that are listed; --json lists all


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
        ["rows", f"{found.samples:,}"],
        ["coordinates", f"{found.input_dimension:,}: {found.input_dimension - 1:,} of the data, and 1/√2 added to each row"],
        ["outputs", f"{found.outputs:,}"],
        ["separation delta", number(found.delta, 4) + (f", between {closest}{labels}" if closest else "")],
        [f"eigenvalues of the limit kernel, L = {found.depth}", f"{number(smallest, 4)} to {number(largest, 4)}"],
        ["width that the paper asks for (constants 1)", number(found.paper_width)],
        ["width that the threshold fit suggests", fitted],
        *([] if not found.certificate else [
            [f"width of the nearest certificate, one output: {found.certificate}", number(found.certificate_width)],
        ]),
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
        option = f" --depth {found.depth}" if found.depth > 1 else ""
        decided = f"; `lemmafuzz certify-training{option}` decides it for one W(0)" if found.certificate else ""
        return f"no two inputs coincide; the limit kernel of depth {found.depth} is {definite}{decided}"
    remedy = "--drop-duplicates leaves out all but the first of each"
    if found.contradicting:
        return f"inputs coincide and their labels differ, so no network fits them: {_grouped(found.contradicting)}; {remedy}"
    return f"inputs coincide (delta = 0), where the theorems say nothing: {_grouped(found.coinciding)}; {remedy}"


def _grouped(pairs: list[list[str]]) -> str:
    """Pairs (first, later) as "line 2 and lines 5, 9; line 3 and line 8"."""
    groups: dict[str, list[str]] = {}
    for first, later in pairs[:SHOWN]:
        groups.setdefault(first, []).append(later)
    parts = []
    for first, others in groups.items():
        word = others[0].split()[0]
        parts.append(f"{first} and " + (others[0] if len(others) == 1 else f"{word}s " + ", ".join(one.split()[-1] for one in others)))
    more = f"; ... ({len(pairs):,} pairs, which --json lists)" if len(pairs) > SHOWN else ""
    return "; ".join(parts) + more

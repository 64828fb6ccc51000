"""Where the instances of a statement lay, and how close each came: SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from checkers.records.decisions import Verdict, Visited
from checkers.report.figures import BLUE, GREY, ORANGE, STYLE, VIOLET, axis_label, grid, set_ticks, svg
from checkers.report.margins import MARKS, OTHER
from theorems.language.instance import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS: Final = 3  # panels side by side
SMALLEST: Final = 1e-6  # ratios below are drawn there
POPULATIONS: Final = {"search": BLUE, "corners": ORANGE, "far beyond": VIOLET}


def population(visited: Visited) -> str:
    """search, corners or far beyond."""
    name = visited.population
    return name if name == "search" else "far beyond" if name.startswith("far") else "corners"


def axes_of(verdicts: Sequence[Verdict]) -> list[str]:
    """The quantities that differ between the instances."""
    visited = [one for verdict in verdicts for one in verdict.visited]
    values = {name: {one.sizes[name] for one in visited if name in one.sizes} for name in QUANTITIES}
    return [name for name, found in values.items() if len(found) > 1 and name != "input_dimension"]


def where(verdicts: Sequence[Verdict]) -> str:
    """One panel a quantity, one point an instance; verdicts: of one statement on all its architectures, with instances that differ."""
    import matplotlib
    from matplotlib.figure import Figure

    names = axes_of(verdicts)
    across, down = min(ACROSS, len(names)), -(-len(names) // ACROSS)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 2.9 * across, 0.9 + 2.4 * down), layout="constrained")
        for place, name in enumerate(names):
            axes = figure.add_subplot(down, across, place + 1)
            _panel(axes, name, verdicts)
            if place % across == 0:
                axes.set_ylabel("largest left side / right side")
        handles = {label: handle for panel in figure.axes for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
        return svg(figure)


def _panel(axes: Axes, name: str, verdicts: Sequence[Verdict]) -> None:
    axes.axhline(1.0, color=GREY, linewidth=1)
    drawn = []
    for verdict in verdicts:
        marker, _ = MARKS.get(verdict.architecture, OTHER)
        for kind, colour in POPULATIONS.items():
            found = [one for one in verdict.visited if population(one) == kind and name in one.sizes]
            points = [(float(one.sizes[name]), max(one.ratio, SMALLEST)) for one in found]
            if points:
                axes.plot(*zip(*points, strict=True), marker, color=colour, markersize=4.5, label=f"{verdict.architecture}, {kind}")
            drawn += points
    low, high = min(x for x, _ in drawn), max(x for x, _ in drawn)
    bottom, top = min(y for _, y in drawn), max(1.0, *(y for _, y in drawn))
    axes.set(xscale="log", yscale="log", xlabel=axis_label(name), ylim=(bottom / 1.5, top * 1.5))
    set_ticks(axes.set_xticks, low, high, sorted({x for x, _ in drawn}))
    set_ticks(axes.set_yticks, bottom / 1.5, top * 1.5)
    axes.minorticks_off()
    grid(axes)

"""The figures of an autopsy: how the ratio is distributed, where it breaks, and what it takes. SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from checkers.records.autopsies import Climb, Grid, Typical
from checkers.report.figures import BLUE, GREY, ORANGE, RED, STYLE, svg
from checkers.report.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_RATE = 1e-4  # at the bottom of an axis of rates: zero has no logarithm
ACROSS = 3  # panels side by side


def distribution(typical: Typical) -> str:
    """How many of the fresh networks have which largest ratio; beyond the border 1 they fail."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.5, 3.0), layout="constrained")
        axes = figure.subplots()
        edges, counts = np.array(typical.edges), np.array(typical.counts)
        fails = edges[:-1] >= 1 - 1e-9
        for chosen, colour, label in ((~fails, BLUE, "within the claim"), (fails, RED, "beyond it")):
            if chosen.any():
                axes.bar(edges[:-1][chosen], counts[chosen], np.diff(edges)[chosen], align="edge", color=colour, label=label)
        axes.axvline(1.0, color=GREY, linewidth=1)
        axes.set(xlabel="largest left side / right side of a network (1: the claim's border)", ylabel="fresh networks")
        axes.set_ylim(bottom=0)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)


def places(grid: Grid, trials: int) -> str:
    """The share of fresh networks that fail at each pair of indices."""
    import matplotlib
    from matplotlib.figure import Figure

    shares = 100 * np.array(grid.failures) / trials
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.8 + 0.55 * len(grid.columns), 1.2 + 0.36 * len(grid.rows)), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(shares, cmap="viridis", aspect="auto", vmin=0.0, vmax=max(float(shares.max()), 1e-9))
        axes.set_yticks(range(len(grid.rows)), labels=grid.rows)
        axes.set_xticks(range(len(grid.columns)), labels=grid.columns, rotation=0 if len(grid.columns) < 8 else 90)
        axes.set(xlabel=grid.column, ylabel=grid.row)
        figure.colorbar(image, ax=axes, label="networks that fail there, %")
        return svg(figure)


def climbs(found: Sequence[Climb]) -> str:
    """Observed failure rate with its interval, and the claimed one, along each quantity."""
    import matplotlib
    from matplotlib.figure import Figure

    across = min(ACROSS, len(found))
    down = -(-len(found) // across)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.8 + 2.9 * across, 0.6 + 2.6 * down), layout="constrained")
        panels = np.atleast_1d(figure.subplots(down, across)).ravel()
        for axes, climb in zip(panels, found, strict=False):
            _climb(axes, climb)
        for axes in panels[len(found) :]:
            axes.set_visible(False)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return svg(figure)


def _climb(axes: Axes, climb: Climb) -> None:
    values = [rung.value for rung in climb.rungs]
    rates = [max(rung.rate.observed, LEAST_RATE) for rung in climb.rungs]
    lows = [max(rung.rate.low, LEAST_RATE) for rung in climb.rungs]
    highs = [max(rung.rate.high, LEAST_RATE) for rung in climb.rungs]
    axes.fill_between(values, lows, highs, color=BLUE, alpha=0.25, linewidth=0, label="interval")
    axes.plot(values, rates, "-o", color=BLUE, markersize=4, linewidth=1.2, label="observed")
    axes.plot(values, [max(rung.rate.claimed, LEAST_RATE) for rung in climb.rungs], "--", color=ORANGE, linewidth=1.4, label="claimed")
    axes.axvline(climb.here, color=GREY, linewidth=0.8, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel=climb.symbol, ylabel="failure rate", ylim=(LEAST_RATE / 1.3, 1.3))
    axes.set_xticks(values, labels=[number(value, 2) for value in values], rotation=45)
    axes.minorticks_off()
    axes.grid(color=GREY, alpha=0.25, linewidth=0.5)

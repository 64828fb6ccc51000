"""How close every statement came to its border, and how far its false variants went beyond: SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from checkers.records.decisions import CheckRun, PowerRun, Verdict
from checkers.report.figures import BLUE, GREEN, GREY, ORANGE, RED, STYLE, TEAL, VIOLET, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST, LARGEST = 1e-3, 1e3  # ratios beyond are drawn at the edge
# Architectures by shape as well as by colour; one of the user's own gets what is left.
MARKS: Final = {"fully connected": ("o", BLUE), "residual": ("s", GREEN), "convolutional": ("D", VIOLET), "two-layer": ("o", BLUE)}
OTHER: Final = ("P", TEAL)
SPREAD: Final = 0.22  # rows apart are the architectures of one statement
HELD: Final = ("HOLDS", "EXTRAPOLATED")


def _ratio(value: float) -> float:
    return LARGEST if math.isnan(value) else min(max(value, SMALLEST), LARGEST)


def exceeds(one: Verdict) -> bool:
    """Whether some of the networks broke the bound, by more than rounding."""
    return one.worst_ratio > 1 and one.failures > 0


def margins(check: CheckRun, power: PowerRun, names: Sequence[str]) -> str:
    """names: of the statements to draw, from top to bottom."""
    import matplotlib
    from matplotlib.figure import Figure

    height = {name: len(names) - 1 - place for place, name in enumerate(names)}
    verdicts = [one for one in check.verdicts if one.id in height]
    architectures = list(dict.fromkeys(one.architecture for one in verdicts))
    offset = {name: SPREAD * ((len(architectures) - 1) / 2 - place) for place, name in enumerate(architectures)}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 1.5 + 0.36 * max(len(names), 2)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(1.0, color=GREY, linewidth=1)
        for row in height.values():
            axes.axhline(row, color=GREY, linewidth=0.4, alpha=0.4)
        found = [(one.severest or one.counterexample, one) for one in power.variants if one.id in height]
        wrong = [(one.ratio, height[v.id] + offset.get(v.architecture, 0.0)) for one, v in found if one is not None]
        _points(axes, wrong, ORANGE, "^", "false variant, refuted", small=True)
        for name in architectures:
            marker, colour = MARKS.get(name, OTHER)
            own = [(one, (one.worst_ratio, height[one.id] + offset[name])) for one in verdicts if one.architecture == name]
            within = [point for one, point in own if one.verdict in HELD and not exceeds(one)]
            beyond = [point for one, point in own if one.verdict in HELD and exceeds(one)]
            _points(axes, within, colour, marker, f"{name}, holds")
            _points(axes, beyond, colour, marker, f"{name}, holds; may fail with a probability", hollow=True)
            _points(axes, [point for one, point in own if one.verdict == "REFUTED"], RED, marker, f"{name}, refuted")
        axes.set(xscale="log", xlim=(SMALLEST / 1.5, LARGEST * 1.5), xlabel="largest left side / right side seen (1: the claim's border)")
        axes.set_ylim(-0.7, max(len(names), 1) - 0.3)
        axes.set_yticks(list(height.values()), labels=list(height))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if wrong or verdicts:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return svg(figure)


def _points(
    axes: Axes, points: Sequence[tuple[float, float]], colour: str, marker: str, label: str, *, small: bool = False, hollow: bool = False
) -> None:
    if points:
        face = "none" if hollow else colour
        axes.plot([_ratio(x) for x, _ in points], [y for _, y in points], marker, color=colour, label=label, markersize=4 if small else 5.5,
                  markerfacecolor=face)  # fmt: skip

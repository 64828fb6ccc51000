"""The report's figures: SVG with a transparent ground and mid-tones, so that they read on a light page and on a dark one."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from checkers.records.decisions import CheckRun, PowerRun
from checkers.records.experiments import DeepNorms, Exponent
from checkers.records.training import TrainingRun
from checkers.report.text import number
from theorems.language.instance import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Contrast of at least 3:1 against both white and GitHub's dark ground.
GREY: Final = "#7f868e"
BLUE, ORANGE, GREEN, VIOLET, RED, TEAL = "#3f8ae0", "#d97706", "#2f9e55", "#a06cd5", "#e0525f", "#1d9a9a"
RUN_COLOURS: Final = (BLUE, ORANGE, GREEN, VIOLET, RED, TEAL)
STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.titlecolor": GREY,
    "axes.titlesize": 9,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "lemmafuzz",  # the same figure gives the same file
}
NARROWEST: Final = 8.0
SMALLEST, LARGEST = 1e-3, 1e3  # ratios beyond are drawn at the edge


def svg(figure: Figure) -> str:
    """The figure as SVG text, the same bytes for the same figure."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "lemmafuzz"})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _ratio(value: float) -> float:
    return LARGEST if math.isnan(value) else min(max(value, SMALLEST), LARGEST)


def margins(check: CheckRun, power: PowerRun) -> str:
    """Largest left/right of every statement, and of its false variants: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(verdict.id for verdict in check.verdicts))
    height = {name: len(names) - 1 - place for place, name in enumerate(names)}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 1.1 + 0.36 * max(len(names), 2)), layout="constrained")
        axes = figure.add_subplot()
        axes.axvline(1.0, color=GREY, linewidth=1)
        for row in height.values():
            axes.axhline(row, color=GREY, linewidth=0.4, alpha=0.4)
        found = [(one.severest or one.counterexample, one.id) for one in power.variants if one.id in height]
        wrong = [(decision.ratio, height[name]) for decision, name in found if decision is not None]
        true = [(one.worst_ratio, height[one.id]) for one in check.verdicts if one.verdict in ("HOLDS", "EXTRAPOLATED")]
        broken = [(one.worst_ratio, height[one.id]) for one in check.verdicts if one.verdict == "REFUTED"]
        _points(axes, wrong, ORANGE, "^", "false variant, refuted")
        _points(axes, true, BLUE, "o", "statement, holds")
        _points(axes, broken, RED, "X", "statement, refuted")
        axes.set(xscale="log", xlim=(SMALLEST / 1.5, LARGEST * 1.5), xlabel="largest left side / right side seen (1: the claim's border)")
        axes.set_yticks(list(height.values()), labels=list(height))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if wrong or true or broken:
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
        return svg(figure)


def _points(axes: Axes, points: Sequence[tuple[float, int]], colour: str, marker: str, label: str) -> None:
    if points:
        axes.plot([_ratio(x) for x, _ in points], [y for _, y in points], marker, color=colour, label=label, markersize=6, alpha=0.9)


def training_curves(runs: Sequence[TrainingRun], names: Iterable[str]) -> str:
    """Loss, accuracy and distance from initialization of each run, one for each of RUN_COLOURS at most, step by step: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        loss, accuracy, distance = figure.subplots(1, 3)
        for run, name, colour in zip(runs, names, RUN_COLOURS, strict=False):
            steps = [step + 1 for step in run.recorded or range(len(run.loss))]
            loss.plot(steps, [max(value, 1e-300) / run.loss[0] if run.loss[0] > 0 else 0.0 for value in run.loss], color=colour, label=name)
            if run.accuracy:
                accuracy.plot(steps, [100 * value for value in run.accuracy], color=colour)
            distance.plot(steps[1:], run.radius[1:], color=colour)
        loss.set(title="loss / initial loss", yscale="log")
        accuracy.set(title="training accuracy, %", ylim=(-3, 103))
        distance.set(title="‖W(t) - W(0)‖_F", yscale="log")
        for axes in (loss, accuracy, distance):
            axes.set(xlabel="step + 1", xscale="log")
            axes.grid(color=GREY, alpha=0.25, linewidth=0.5)
        if runs:
            figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)


def scaling(rows: Sequence[Exponent]) -> str:
    """One statement's measured side in each quantity, every repetition a point, against the claimed slope: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 2.9 * max(len(rows), 1), 3.0), layout="constrained")
        for place, row in enumerate(rows):
            _ladder(figure.add_subplot(1, len(rows), place + 1), row)
        if rows:
            figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return svg(figure)


def _ladder(axes: Axes, row: Exponent) -> None:
    values = np.array(row.values)
    points = np.maximum(np.array(row.points), 1e-300)
    middle = np.exp(np.log(points).mean(axis=0))
    centre = np.exp(np.log(values).mean())
    level = np.exp(np.log(middle).mean())
    colour = BLUE if row.consistent else RED
    for repetition in points:
        axes.plot(values, repetition, ".", color=colour, markersize=3, alpha=0.5)
    axes.plot(values, middle, "-o", color=colour, markersize=4, linewidth=1.2, label="measured")
    # Through the measured middle: only the slopes are compared here, the constants are in the table.
    axes.plot(values, level * (values / centre) ** row.claimed, "--", color=ORANGE, linewidth=1.2, label="claimed slope")
    symbol = QUANTITIES[row.axis][0]
    axes.set(xscale="log", yscale="log", xlabel=symbol, title=f"{symbol}: claimed {row.claimed:.3g}, measured {row.measured:.2f}")
    axes.set_xticks([values[0], values[-1]], labels=[number(values[0]), number(values[-1])])
    # What hardly moves should look so: at least a factor NARROWEST from bottom to top.
    low, high = float(points.min()), float(points.max())
    margin = max(1.0, math.sqrt(NARROWEST * low / high)) * 1.1
    axes.set_ylim(low / margin, high * margin)
    ends = [middle.min(), middle.max()] if middle.max() > 1.5 * middle.min() else [middle[0]]
    axes.set_yticks(ends, labels=[number(float(v), 2) for v in ends])
    axes.minorticks_off()
    axes.grid(color=GREY, alpha=0.25, linewidth=0.5)


def deep_norms(found: DeepNorms) -> str:
    """Median and 5% to 95% of ‖h_l‖ against the layer, one curve an architecture: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.5, 3.4), layout="constrained")
        axes = figure.subplots()
        places = [layer + 1 for layer in found.layers]
        for (name, rows), colour in zip(found.quantiles.items(), (RED, BLUE), strict=False):
            low, middle, high = np.maximum(np.array(rows), 1e-300).T
            axes.plot(places, middle, color=colour, linewidth=1.4, label=f"{name}, median")
            axes.fill_between(places, low, high, color=colour, alpha=0.25, linewidth=0, label=f"{name}, 5% to 95%")
        axes.set(xscale="log", yscale="log", xlabel="layer + 1", ylabel="norm of h", title=f"m = {found.width}, L = {found.depth}")
        axes.grid(color=GREY, alpha=0.25, linewidth=0.5)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)

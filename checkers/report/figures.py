"""The report's figures, as SVG text: transparent, readable on a light page and on a dark one."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from checkers.records.experiments import DeepNorms, Exponent
from checkers.records.training import TrainingRun
from checkers.report.text import number
from theorems.language.instance import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each has a contrast of 4.5 with white. None has that with GitHub's dark ground as well, for 4.35 is the most that both can have: so each
# has another one for dark pages, and 4 there by itself, for readers whose viewer does not know that the page is dark.
GREY: Final = "#6e757c"
BLUE, ORANGE, GREEN, VIOLET, RED, TEAL = "#1272e0", "#ba5905", "#218543", "#9157d5", "#db313f", "#178181"
ON_DARK: Final = {
    GREY: "#9198a1", BLUE: "#4493f8", ORANGE: "#e08a2e", GREEN: "#3fb950", VIOLET: "#ab7df8", RED: "#f85149", TEAL: "#2ab3b3",
}  # fmt: skip
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
    "svg.fonttype": "none",  # text as text, half the size of its outlines; a font that is not there is replaced by a narrower one
}
NARROWEST: Final = 8.0


def svg(figure: Figure) -> str:
    """The figure as SVG text, the same bytes for the same figure, with other colours where the page is dark."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "lemmafuzz"})
    text = "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in ON_DARK.items() for part in ("fill", "stroke") if f"{part}: {light}" in text
    )  # fmt: skip
    return text.replace("</style>", f"</style>\n  <style>@media (prefers-color-scheme: dark){{{rules}}}</style>", 1)


def grid(axes: Axes) -> None:
    axes.grid(color=GREY, alpha=0.25, linewidth=0.5)


def axis_label(quantity: str) -> str:
    """`m, neurons in each layer`, on lines that fit below a panel."""
    return textwrap.fill(", ".join(QUANTITIES[quantity]), 36)


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers on a logarithmic axis, at least two and hardly more than `most`: powers of ten, or 1, 2 and 5 times them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [factor * 10.0**power for power in powers for factor in factors if low <= factor * 10.0**power <= high]
        if len(found) >= 2:
            return found[:: -(-len(found) // most)]
    return [low, high]


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
            grid(axes)
        if runs:
            figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)


MEASURED: Final = "left side, measured"  # of a bound from below the right one


def scaling(rows: Sequence[Exponent]) -> str:
    """One statement's measured side in each quantity, every repetition a point, against the claimed slope: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    across = min(3, max(len(rows), 1))
    down = max(1, -(-len(rows) // across))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(0.6 + 3.1 * across, 0.5 + 2.7 * down), layout="constrained")
        for place, row in enumerate(rows):
            _ladder(figure.add_subplot(down, across, place + 1), row, first=place % across == 0)
        if rows:
            figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return svg(figure)


def _ladder(axes: Axes, row: Exponent, first: bool) -> None:
    values = np.array(row.values)
    points = np.maximum(np.array(row.points), 1e-300)
    middle = np.exp(np.log(points).mean(axis=0))
    centre = np.exp(np.log(values).mean())
    level = np.exp(np.log(middle).mean())
    colour = BLUE if row.consistent else RED
    # Through the measured middle: only the slopes are compared here, the constants are in the table.
    axes.plot(values, level * (values / centre) ** row.claimed, "--", color=ORANGE, linewidth=1.8, label="claimed slope")
    axes.plot(values, middle, "-o", color=colour, markersize=4, linewidth=1.2, label="mean")
    axes.plot(np.tile(values, len(points)), points.ravel(), "_", color=colour, markersize=7, markeredgewidth=0.6, label="one repetition")
    symbol = QUANTITIES[row.axis][0]
    axes.set(xscale="log", yscale="log", xlabel=axis_label(row.axis))
    axes.set_title(f"{symbol}^{row.claimed:.3g} claimed, {symbol}^{row.measured:.2f} measured")
    if first:
        axes.set_ylabel("measured side / bound without\n" + "this power, first rung 1")
    # What hardly moves should look so: at least a factor NARROWEST from bottom to top.
    low, high = float(points.min()), float(points.max())
    margin = max(1.0, math.sqrt(NARROWEST * low / high)) * 1.1
    axes.set_ylim(low / margin, high * margin)
    set_ticks(axes.set_xticks, values[0], values[-1], list(values))
    set_ticks(axes.set_yticks, low / margin, high * margin)
    axes.minorticks_off()
    grid(axes)


def set_ticks(setter: Any, low: float, high: float, values: Sequence[float] = ()) -> None:
    """Ticks at the values if they are few, else at round numbers."""
    places = [float(value) for value in values] if 0 < len(values) <= 5 else ticks(low, high)
    setter(places, labels=[number(float(f"{value:.3g}"), 2) for value in places])


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
        grid(axes)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return svg(figure)

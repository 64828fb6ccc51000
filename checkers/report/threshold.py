"""A threshold run in words, and its figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checkers.records.experiments import FittedExponent, Rung, Threshold
from checkers.report.figures import BLUE, ORANGE, STYLE, VIOLET, axis_label, grid, set_ticks, svg
from checkers.report.text import number, plain, table
from theorems.language.instance import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASH = 5.0  # of a line, in its own widths


def rung_table(run: Threshold, style: str = "simple") -> str:
    """The ladders: the enclosure of each threshold and how it was found."""

    def row(rung: Rung) -> list[str]:
        widths = f"{rung.tried[0].width:,} to {rung.tried[-1].width:,}"
        end = "-" if rung.high is None else f"{rung.high:,}"
        sizes = [str(rung.samples), str(rung.depth), number(rung.separation)]
        return [*sizes, number(rung.predicted_steps), number(round(rung.estimate)), f"{rung.low:,}", end, f"{len(rung.tried)}: {widths}"]

    return table(["n", "L", "delta", "steps predicted", "threshold", "above", "at most", "widths tried"], map(row, run.rungs), style)


def exponent_table(run: Threshold, style: str = "simple") -> str:
    """Fitted exponents beside the papers'."""

    def row(one: FittedExponent) -> list[str]:
        interval = f"{one.low:.2f} to {one.high:.2f}"
        return [QUANTITIES[one.axis][0], f"{one.fitted:.2f}", interval, *(number(value) for value in one.claimed.values()), finding(one)]

    return table(["in", "fitted exponent", "interval", *run.exponents[0].claimed, "finding"], map(row, run.exponents), style)


def finding(one: FittedExponent) -> str:
    """Whether the papers ask for more width than these data need."""
    least = [abs(value) - max(abs(one.low), abs(one.high)) for value in one.claimed.values()]
    known = [who for who, value in one.claimed.items() if one.low <= value <= one.high]
    if known:
        return f"not told apart from {' and '.join(known)}"
    symbol, sign = QUANTITIES[one.axis][0], "-" if one.fitted < 0 else ""
    if min(least) <= 0:
        return "needs more than claimed"
    return f"slack by {' and '.join(f'{symbol}^{sign}{power:.1f}' for power in least)}, at least, on these data"


def meaning(run: Threshold) -> str:
    """What success means, in one sentence."""
    return (
        f"Threshold: the smallest width at which, with probability at least {number(run.probability)}, gradient descent with the step"
        f" 1/lambda_max of the limit kernel brings the loss to {number(run.goal)} of the initial one within {run.factor} times the steps"
        " that this kernel needs for it. Data: orthogonal directions at delta = 1, else pairs at distance delta; labels: random signs,"
        f" opposite in a pair. {run.trials:,} networks at each width; all enclosures (above, at most) hold together with probability"
        f" {number(run.level)}, if success does not get rarer with width."
    )


def closing(run: Threshold) -> str:
    """The last lines of the command."""
    exponents = run.fit.exponents
    law = f"m = {number(run.fit.constant)} n^{exponents['samples']:.2f} L^{exponents['depth']:.2f} delta^{exponents['separation']:.2f}"
    return f"fitted: {law}\nprofile {run.profile}, seed {run.seed}, {run.seconds:.1f} s"


def section(run: Threshold | None) -> list[str]:
    """The report's chapter."""
    if run is None:
        return []
    return [
        "## How wide is wide enough",
        plain(meaning(run)),
        "![Smallest sufficient width against n, L and delta, beside the slopes that the papers ask for](report/threshold.svg)",
        rung_table(run, "github"),
        "The papers' exponents are of a width that is sure to suffice for all data; the fitted ones are of these data at these sizes, and"
        " say nothing beyond them.",
    ]


def figure(run: Threshold) -> str:
    """Thresholds with their enclosures against each quantity, and the papers' slopes through the first: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        drawn = Figure(figsize=(10, 3.4), layout="constrained")
        for place, one in enumerate(run.exponents):
            _ladder(drawn.add_subplot(1, len(run.exponents), place + 1), one, _rungs(run, one.axis))
        drawn.legend(*drawn.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return svg(drawn)


def _rungs(run: Threshold, axis: str) -> list[Rung]:
    """The rungs on one ladder: those that differ from the common first one in this quantity alone."""
    base = run.rungs[0]
    others = [name for name in ("samples", "depth", "separation") if name != axis]
    found = [rung for rung in run.rungs if all(getattr(rung, name) == getattr(base, name) for name in others)]
    return sorted(found, key=lambda rung: float(getattr(rung, axis)))


def _ladder(axes: Axes, one: FittedExponent, rungs: Sequence[Rung]) -> None:
    values = [float(getattr(rung, one.axis)) for rung in rungs]
    middle = [rung.estimate for rung in rungs]
    below = [rung.estimate - max(rung.low, 1) for rung in rungs]
    above = [(rung.high or rung.estimate) - rung.estimate for rung in rungs]
    top = 3 * max(rung.high or rung.estimate for rung in rungs)
    start = values.index(min(values)) if one.fitted >= 0 else values.index(max(values))
    # Two papers may ask for the same: the dashes of one line stand in the gaps of the other.
    for place, ((who, exponent), colour) in enumerate(zip(one.claimed.items(), (ORANGE, VIOLET), strict=False)):
        line = [middle[start] * (value / values[start]) ** exponent for value in values]
        axes.plot(values, line, color=colour, linewidth=1.8, linestyle=(DASH * place, (DASH, DASH)), label=f"{who}, slope only")
    mark: Any = {"fmt": "o-", "color": BLUE, "markersize": 4, "linewidth": 1.2, "capsize": 3}
    axes.errorbar(values, middle, [below, above], **mark, label="threshold, with its enclosure")
    symbol = QUANTITIES[one.axis][0]
    asked = ", ".join(number(value) for value in one.claimed.values())
    axes.set(xscale="log", yscale="log", xlabel=axis_label(one.axis), ylabel="least sufficient width m, neurons")
    axes.set_ylim(min(middle) / 3, top)
    axes.set_title(f"{symbol}^{one.fitted:.2f} fitted; asked for: {asked}")
    set_ticks(axes.set_xticks, min(values), max(values), sorted(values))
    set_ticks(axes.set_yticks, min(middle) / 3, top)
    axes.minorticks_off()
    grid(axes)

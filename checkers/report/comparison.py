"""A comparison of theories in words, and its figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checkers.records.comparison import Asked, Assumed, Comparison, DeepCertified, Generalization
from checkers.report.figures import BLUE, GREEN, GREY, ORANGE, STYLE, TEAL, VIOLET, svg
from checkers.report.text import number, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 3  # groups of rows that are named; --json has more
CERTIFICATE = "certificate, proved for a W(0)"
MEASURED = "measured"


def heading(found: Comparison) -> str:
    """The data in the theories' symbols."""
    delta = "" if found.delta is None else f", delta = {number(found.delta)}"
    return (
        f"{found.data}: n = {found.rows}, d = {found.input_dimension}{delta}; labels {found.labels}\n"
        f"lambda0 = {number(found.lambda0)}, lambda_max(H_inf) = {number(found.top)}, ‖X‖^2 = {number(found.data_norm**2)},"
        f" S = {number(found.crowding)}, E r_0^2 = {number(found.residual**2)}; p = {number(found.p)}, L = 1"
    )


def width_table(found: Comparison, style: str = "simple") -> str:
    """What each asks for, what is certified, and what it takes."""
    rows = [[
        one.name, one.standing, one.promises, _state(one), number(one.width_asked),
        number(one.whole) if one.whole != one.width_asked else "", number(one.over_measured), number(one.steps),
    ] for one in found.theories]  # fmt: skip
    certified = found.certified
    if certified is not None:
        width = f"about {number(certified.predicted)}" if certified.predicted else f"> {number(certified.largest)}"
        rows.append([
            CERTIFICATE, "proved", "convergence", "met", width if certified.width is None else number(certified.width), "",
            number(certified.over_measured), number(certified.steps),
        ])  # fmt: skip
    for deep in found.deep:
        width = f"about {number(deep.width)}" if deep.width else "-"
        rows.append([deep_name(deep), "proved", "convergence", "met", width, "", number(deep.over_measured), ""])
    trained = found.trained
    width = number(trained.width) if trained.width else "-" if trained.skipped else f"> {number(trained.largest)}"
    rows.append([MEASURED, "measured", "convergence", "", width, "", "1" if trained.width else "-", number(trained.steps)])
    return table(["theory", "standing", "promises", "assumptions", "width", "with log(m)", "width / measured", "steps"], rows, style)


def deep_name(one: DeepCertified) -> str:
    """As a row of the table."""
    return f"certificate of a network of Allen-Zhu et al., L = {one.layers}"


def _state(one: Asked) -> str:
    return "met" if one.met else f"{sum(not assumed.met for assumed in one.assumed)} of {len(one.assumed)} not met"


def assumption_table(found: Comparison, style: str = "simple") -> str:
    """Every assumption once, whose it is, and which rows break it; "" if there is none."""
    owners: dict[str, list[str]] = {}
    states: dict[str, Assumed] = {}
    for one in found.theories:
        for assumed in one.assumed:
            owners.setdefault(assumed.says, []).append(one.name)
            states[assumed.says] = assumed
    rows = [[says, "; ".join(names), _rows(states[says], found.rows), states[says].remedy] for says, names in owners.items()]
    return table(["assumption", "of", "", "what to do"], rows, style)


def _rows(assumed: Assumed, samples: int) -> str:
    if assumed.met:
        return "met"
    groups = [group for group in assumed.broken_by if group]
    if not groups or (assumed.groups == samples and all(len(group) == 1 for group in groups)):
        return "not met"
    more = f"; ... ({assumed.groups:,} in all)" if assumed.groups > SHOWN else ""
    return "not met: " + "; ".join(_some(group) for group in groups[:SHOWN]) + more


def _some(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) <= 2 else f"{', '.join(names[:6])}{', ...' if len(names) > 6 else ''} together"


def factor_table(found: Comparison, style: str = "simple") -> str:
    """The chain of factors from the proof's width to the measured one."""
    if found.losses is None:
        return ""
    rows = [[one.name, number(one.factor), one.why] for one in found.losses.factors]
    return table(["the proof has", "times the width", "which is"], rows, style)


def deviation_table(found: Comparison, style: str = "simple") -> str:
    """‖H(W) - H(0)‖ by every step of the proof."""
    if found.losses is None:
        return ""
    title = f"‖H(W) - H(0)‖ at m = {found.losses.width:,}, R = {number(found.losses.radius)}"
    rows = [[one.name, number(one.value), number(one.ratio)] for one in found.losses.deviations]
    return table([title, "", "over the next"], rows, style)


def not_asked_table(found: Comparison, style: str = "simple") -> str:
    """Results that have no number here."""
    rows = [[one.source, one.assumes, one.width, one.why] for one in found.not_asked]
    return table(["named without a number", "assumes", "width", "why"], rows, style)


def generalization_table(rows: Sequence[Generalization], style: str = "simple") -> str:
    """Bound and gap, true labels beside random ones."""
    cells = [[
        one.labels, f"{one.train_error:.0%}", f"{one.held_out_error:.0%}", number(one.gap), number(one.bound), number(one.leading),
        number(one.kernel_bound), number(one.distance), number(one.predicted_distance), number(one.farthest),
    ] for one in rows]  # fmt: skip
    headers = ["labels", "errors", "held out", "gap", "bound", "its 2 B/√(2n)", "√(2 yᵀH⁻¹y/n)", "B = ‖W - W(0)‖_F", "by H(0)", "R"]
    return table(headers, cells, style)


def meaning(found: Comparison) -> str:
    """What was measured, and what the columns are."""
    trained = found.trained
    if trained.skipped:
        return f"nothing was measured: {trained.skipped}"
    return (
        f"measured: the least width at which {trained.enough:.0%} of 8 networks bring ‖y - u‖ to {number(trained.goal**0.5)} of the first"
        f" within {number(trained.patience)}/(eta lambda0) steps of eta = 1/lambda_max(H(0)); H_inf predicts"
        f" {number(trained.predicted)} steps for these labels. Widths have hidden constants 1 where they are printed, and log(m) = 1;"
        " *with log(m)* where that matters. E r_0^2 stands for r_0^2, which is known once W(0) is drawn."
    )


def comparison_closing(found: Comparison) -> str:
    """The nearest promise, and the seed. A printed width, whose constant is hidden, and a limit promise nothing."""
    promised = [
        (one.width_asked, one.name) for one in found.theories
        if one.width_asked is not None and (one.promises, one.standing) == ("convergence", "derived")
    ]  # fmt: skip
    if found.certified is not None and found.certified.width is not None:
        promised.append((found.certified.width, CERTIFICATE))
    if found.lambda0 == 0:
        nearest = "lambda0 = 0: no theory of two-layer networks promises anything, at any width"
    else:
        width, name = min(promised)
        nearest = f"the least width with a promise of convergence is {number(width)}: {name}"
    return f"{nearest}\nseed {found.seed}, {found.seconds:.1f} s"


def figure(found: Comparison) -> str:
    """Every width on one logarithmic axis: SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    kinds = {"printed": (ORANGE, "s"), "derived": (BLUE, "o"), "limit": (TEAL, "^"), "kernel": (VIOLET, "D"), "proved": (GREEN, "P")}
    rows = [
        (one.name, one.width_asked, one.promises if one.promises == "kernel" else one.standing) for one in found.theories if one.width_asked
    ]
    proved = found.certified and (found.certified.width or found.certified.predicted)
    if proved:
        rows.append((CERTIFICATE, float(proved), "proved"))
    rows += [(deep_name(one), one.width, "proved") for one in found.deep if one.width]
    rows.sort(key=lambda row: -row[1])
    with matplotlib.rc_context(STYLE):
        drawn = Figure(figsize=(8, 1.4 + 0.3 * max(len(rows), 2)), layout="constrained")
        axes = drawn.add_subplot()
        for place, (_, width, kind) in enumerate(rows):
            colour, marker = kinds[kind]
            axes.plot([width], [place], marker, color=colour, markersize=6)
        words = {
            "printed": "as printed, constant 1", "derived": "constants of a proof", "limit": "its limit, m large", "kernel": "kernel floor",
            "proved": "proved",
        }  # fmt: skip
        for kind in dict.fromkeys(kind for *_, kind in rows):
            axes.plot([], [], kinds[kind][1], color=kinds[kind][0], label=words[kind])
        if found.trained.width:
            axes.axvline(found.trained.width, color=GREY, linewidth=1.4, label=f"measured, {found.trained.width:,}")
        _frame(axes, [name for name, *_ in rows], [width for _, width, _ in rows], found)
        return svg(drawn)


def _frame(axes: Axes, names: Sequence[str], widths: Sequence[float], found: Comparison) -> None:
    least = min([*widths, found.trained.width or 1e9, 1e9])
    axes.set(xscale="log", xlabel="width m", xlim=(least / 3, 3 * max([*widths, 10.0])))
    axes.set_title(f"{found.data}, n = {found.rows}, lambda0 = {number(found.lambda0)}, p = {number(found.p)}", loc="left")
    axes.set_yticks(range(len(names)), labels=list(names))
    axes.tick_params(axis="y", length=0)
    axes.grid(color=GREY, alpha=0.25, linewidth=0.5)
    axes.legend(loc="upper right")

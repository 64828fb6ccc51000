"""An autopsy in words and tables: the same sections on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checkers.records.autopsies import Autopsy, Axis, Climb, Foundation, Grid, Move, Rate
from checkers.report.autopsy_findings import about_climbs, about_foundations, about_rate, about_union, percent
from checkers.report.text import number, table
from checkers.report.verdicts import place_in_words, sizes_in_words
from theorems.language.statement import Statement

AS_CLAIMED = "as claimed"  # the rate's interval reaches down to the claim


@dataclass(frozen=True)
class Section:
    """A title, and under it sentences and tables."""

    title: str
    blocks: tuple[str, ...]


def sections(found: Autopsy, statement: Statement, style: str = "simple") -> list[Section]:
    """The whole autopsy; style: a tablefmt of tabulate."""
    parts = [
        Section("What is compared", _compared(found, statement)),
        Section("What it comes to", tuple(findings(found))),
        Section("Where it breaks", _places(found, style)),
        Section("How typical that is", _typical(found, style)),
        Section("What it takes", tuple(block for climb in found.climbs for block in _climb(climb, style))),
        Section("What the adversary did", _moves(found.moves, style)),
        Section("What it rests on", _foundations(found.foundations, style)),
    ]
    return [part for part in parts if part.blocks]


def heading(found: Autopsy) -> str:
    """`half-active-no-union (a careless draft)`, with the false variant and the architecture that it is about."""
    variant = f", false variant '{found.variant}'" if found.variant else ""
    architecture = f", {found.architecture} networks" if found.architecture != "fully connected" else ""
    return f"{found.statement} ({found.source}){variant}{architecture}"


def closing(found: Autopsy) -> str:
    """The last lines of the command."""
    intervals = f"intervals: exact, each wrong with probability {number(100 * (1 - found.level), 2)}%"
    return f"{intervals}\nseed {found.seed}, {found.seconds:.1f} s"


def findings(found: Autopsy) -> list[str]:
    """What the tables below come to, each in one sentence."""
    said = [about_rate(found), about_union(found), *about_climbs(found), about_foundations(found)]
    return [sentence for sentence in said if sentence]


def _compared(found: Autopsy, statement: Statement) -> tuple[str, ...]:
    decision = found.decision
    lines = [f"claim: {found.claim}", f"at {sizes_in_words(found.sizes, statement)}"]
    for bound in found.bounds:
        symbols = ", ".join(f"{name} = {number(value, 4)}" for name, value in bound.symbols.items())
        value = f" = {number(bound.value, 4)}" if bound.value is not None else ""
        rest = "" if bound.value is not None else ", the rest measured"
        lines.append(f"{bound.relation} {bound.text}{value}{f', where {symbols}' if symbols else ''}{rest}")
    if decision.claimed > 0:
        lines.append(f"it may fail with probability {found.failure} = {percent(decision.claimed)}")
    else:
        lines.append("it may never fail")
    relation = ">" if decision.left > decision.right else "<="
    lines.append(
        f"left side {number(decision.left, 4)} {relation} right side {number(decision.right, 4)} in {place_in_words(decision)}"
        f"{f', after the move {decision.adversary!r}' if decision.adversary else ''}: {number(decision.ratio)} times the allowed"
    )
    lines.append(f"{decision.failures:,} of {decision.trials:,} networks of the counterexample fail")
    if decision.looked_at:
        lines.append(f"compared only at {decision.looked_at}")
    if not found.identical:
        lines.append("these are not the file's numbers: versions or processor differ")
    return ("\n".join(lines),)


def _places(found: Autopsy, style: str) -> tuple[str, ...]:
    whole = f"Of the {found.failing:,} networks of the counterexample that fail, so many fail at each index:"
    tables = [_axis_table(axis, found.decision.trials, style) for axis in found.axes if len(axis.indices) > 1]
    grid = found.typical.grid
    if grid is not None and found.typical.rate.failures:
        trials = found.typical.rate.trials
        return (whole, *tables, f"Networks that fail at both, of {trials:,} fresh ones:", _grid_table(grid, style))
    return (whole, *tables) if tables else ("The claim has one index here: " + (found.decision.at or "none"),)


def _axis_table(axis: Axis, trials: int, style: str) -> str:
    rows = [
        [one.name, f"{one.failures:,}", percent(one.failures / trials), number(one.median), number(one.worst)] for one in axis.indices
    ]
    return table([axis.axis, "networks that fail", "of all", "median ratio", "largest ratio"], rows, style)


def _grid_table(grid: Grid, style: str) -> str:
    rows = [[name, *(f"{count:,}" for count in line)] for name, line in zip(grid.rows, grid.failures, strict=True)]
    return table(["", *grid.columns], rows, style)


def _typical(found: Autopsy, style: str) -> tuple[str, ...]:
    typical = found.typical
    words = f"{typical.rate.trials:,} fresh networks, which nobody searched for: {_rate(typical.rate)}."
    headers = [f"{percent(one)} below" for one in typical.at[1:-1]]
    row = [number(value) for value in typical.quantiles]
    return words, table(["least ratio", *headers, "largest"], [row], style)


def _rate(rate: Rate) -> str:
    return (
        f"{rate.failures:,} fail, {percent(rate.observed)}, between {percent(rate.low)} and {percent(rate.high)}"
        f", where {percent(rate.claimed)} is claimed"
    )


def _climb(climb: Climb, style: str) -> tuple[str, ...]:
    rows = []
    for rung in climb.rungs:
        mark = " (here)" if rung.value == climb.here else ""
        outcome = "fails" if rung.fails else AS_CLAIMED if rung.speaks else "says nothing" if rung.inside else "outside"
        rate = rung.rate
        rows.append([
            number(rung.value) + mark, f"{rate.failures:,} of {rate.trials:,}", percent(rate.observed),
            f"{percent(rate.low)} .. {percent(rate.high)}", percent(rate.claimed), outcome, number(rung.median), number(rung.worst),
        ])  # fmt: skip
    headers = [climb.symbol, "fail", "rate", "interval", "claimed", "outcome", "median ratio", "largest"]
    return (table(headers, rows, style),)


def _moves(moves: Sequence[Move], style: str) -> tuple[str, ...]:
    blocks = []
    for move in moves:
        rows = [
            [f"l = {layer.layer}", " ".join(number(value, 2) for value in layer.singular_values) or "0", str(layer.rank),
             percent(layer.energy), f"{layer.flips:,}", " ".join(map(str, layer.flipped)) or "-",
             number(layer.pushed, 2) if layer.flipped else "-"]
            for layer in move.layers
        ]  # fmt: skip
        words = f"{move.adversary}: ‖W'‖_2 = {number(move.size)}, allowed is omega = {number(move.radius)}. In the worst network:"
        headers = ["layer", "singular values of W'_l", "rank", "energy", "signs flipped", "at neurons k", "largest |g_k|"]
        blocks += [words, table(headers, rows, style)]
    return tuple(blocks)


def _foundations(found: Sequence[Foundation], style: str) -> tuple[str, ...]:
    if not found:
        return ()
    rows = []
    for one in found:
        if one.rate is None:
            rows.append([one.id, one.source, "not asked", "-", "-", "-", "-"])
            continue
        outcome = ("fails" if one.fails else AS_CLAIMED) + ("" if one.inside else " (outside)")
        rows.append([
            one.id, one.source, outcome, f"{one.rate.failures:,} of {one.rate.trials:,}", percent(one.rate.claimed),
            f"{one.with_failure:,}", number(one.worst),
        ])  # fmt: skip
    headers = ["rests on", "paper", "outcome", "fail", "claimed", "with this one", "largest ratio"]
    reasons = [f"{one.id}: {one.reason}" for one in found if one.reason]
    return ("Measured on the very networks of the counterexample:", table(headers, rows, style), *reasons)

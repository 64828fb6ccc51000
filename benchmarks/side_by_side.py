"""What every theory asks of four data sets, beside what is certified and what it takes: written to benchmarks/side_by_side.md.

Run from the repository's root: python -m benchmarks.side_by_side
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from checkers.data.sphere_data import SphereData, load_sphere
from checkers.experiments.compare.compare import compare
from checkers.experiments.compare.measured import Problem, measure
from checkers.machine.files import write_whole
from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.comparison import Comparison, Trained
from checkers.report.text import number, table

SEED = 1
LABELS = 5  # draws of random signs, the first of which everything else is about
TABLE = 2**22  # numbers of a certificate's table: m = 419,430 at n = 10
# Of the random ones, lambda0 and delta are 0.174, 0.74 and 0.050, 0.25: as in a table by another program, which these seeds meet.
SPHERES = {10: 9, 4: 1828}


def sphere(dimension: int) -> SphereData:
    """Ten random unit rows."""
    rows = np.random.default_rng(SPHERES[dimension]).standard_normal((10, dimension))
    drawn = load_sphere("orthonormal", seed=SEED)  # for its labels
    return replace(drawn, inputs=rows / np.linalg.norm(rows, axis=1, keepdims=True), name=f"sphere, d = {dimension}")


DATA: dict[str, Callable[[], SphereData]] = {
    "orthonormal": lambda: load_sphere("orthonormal", seed=SEED),
    "sphere, d = 10": lambda: sphere(10),
    "sphere, d = 4": lambda: sphere(4),
    "50 digits": lambda: load_sphere("digits", samples=50, seed=SEED),
}


def thresholds(data: SphereData, first: Trained | None) -> list[Trained]:
    """What was measured for draws of random signs; of the first draw it is known unless the data have labels of their own."""
    found = [] if first is None else [first]
    for draw in range(len(found), LABELS):
        generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence([SEED, draw])))
        targets = 2.0 * generator.integers(2, size=len(data.inputs)).astype(np.float64) - 1
        source = NormalSource(seed_sequence(SEED, "side by side", draw))
        found += [measure(Problem(data.inputs, targets), source)]
    return found


def _range(found: list[Trained]) -> str:
    """The least and the largest of the widths, as far as they were looked for."""
    ends = sorted((one.width or one.largest, "" if one.width else "> ") for one in found)
    return " to ".join(dict.fromkeys(f"{beyond}{width:,}" for width, beyond in (ends[0], ends[-1])))


def rows(found: dict[str, Comparison], measured: dict[str, list[Trained]]) -> list[list[str]]:
    """One line a theory."""
    everything = list(found.values())

    def line(name: str, cell: Callable[[Comparison], str]) -> list[str]:
        return [name, *map(cell, everything)]

    lines = [
        line("n", lambda one: str(one.rows)),
        line("lambda0", lambda one: number(one.lambda0)),
        line("delta", lambda one: number(one.delta)),
    ]
    for place, first in enumerate(everything[0].theories):
        lines.append(line(f"{first.name} ({first.standing})", lambda one, place=place: number(one.theories[place].width_asked)))  # type: ignore[misc]
    lines.append(line("certificate, proved for a W(0)", _certified))
    lines.append(line("measured", lambda one: number(one.trained.width)))
    lines.append(["measured, 5 draws of random signs", *map(_range, measured.values())])
    lines.append(line("steps: Allen-Zhu et al.", lambda one: number(one.theories[0].steps)))
    lines.append(line("steps: Du et al.", lambda one: number(next(row.steps for row in one.theories if row.id == "du"))))
    lines.append(line("steps: sharp form", lambda one: number(next(row.steps for row in one.theories if row.id == "converge-sharp"))))
    lines.append(line("steps: measured", lambda one: number(one.trained.steps)))
    return lines


def _certified(one: Comparison) -> str:
    assert one.certified is not None
    if one.certified.width is not None:
        return number(one.certified.width)
    return f"about {number(one.certified.predicted)}" if one.certified.predicted else f"> {number(one.certified.largest)}"


def losses(found: dict[str, Comparison]) -> list[list[str]]:
    """One line a step of the proof."""
    chains = [one.losses for one in found.values() if one.losses is not None]
    return [[factor.name, *(number(chain.factors[place].factor) for chain in chains)] for place, factor in enumerate(chains[0].factors)]


def main() -> None:
    """Compare, and write the tables."""
    with one_thread():
        found = {name: compare(make(), seed=SEED, most_table=TABLE) for name, make in DATA.items()}
        measured = {
            name: thresholds(make(), None if name == "50 digits" else found[name].trained) for name, make in DATA.items()
        }  # fmt: skip
    text = [
        "# Theories side by side",
        "The width that each asks of four data sets, by `lemmafuzz compare`: labels +-1, p = 0.1, L = 1, hidden constants 1 where a formula"
        " is *printed*, log(m) = 1. *Kernel floor*: where the kernel is there at all. *Measured*: the least width at which 6 of 8 networks"
        " bring ‖y - u‖ to a thousandth within 20/(eta lambda0) steps of eta = 1/lambda_max(H(0)); 'about' extrapolates from the last depth"
        " of the certificate, '>' where that was zero. Written by `python -m benchmarks.side_by_side`.",
        table(["", *found], rows(found, measured), "github"),
        "What each inequality multiplies the width by, from *Du et al., constants of the proof* to *measured*:",
        table(["the proof has", *found], losses(found), "github"),
    ]
    write_whole(Path(__file__).with_suffix(".md"), "\n\n".join(text) + "\n")


if __name__ == "__main__":
    main()

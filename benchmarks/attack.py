"""How much a search for the worst W' adds to random ones: median of attack/random over networks, written to benchmarks/attack.md.

Run from the repository's root: python -m benchmarks.attack
"""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack
from checkers.evidence.drawing import largest_ratio
from checkers.machine.files import write_whole
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.report.text import number, table
from checkers.subjects.network import NetworkSubject
from checkers.subjects.suprema.diagonal import backward_through, rows_norm
from strategies.instances import instance_from_sizes
from theorems import registry
from theorems.allen_zhu.stability import nonzeros
from theorems.language.statement import Statement

SEED = 0
INSTANCES = 8
RANDOM_DRAWS = 4  # the baseline gets the best of four, but for matrices, whose norms are the cost of this run, the best of two
MATRIX_DRAWS = 2
DEPTHS = (2, 4)
WIDTHS = range(256, 1025, 128)
STATEMENTS = (
    "sign-flips", "linearization", "semi-smoothness", "forward-stability", "output-stability", "gradient-drift", "kernel-stability",
)  # fmt: skip
BASELINES = ("random", "random matrix")
# In closed form: what each layer does for itself, and what all do together.
SINGLE = (
    "hidden alignment", "output alignment", "targeted sign flips", "heavy sign flips", "weighted sign flips", "switching on",
    "switching off", "flips on top", "pushes through zero",
)  # fmt: skip
JOINT = ("joint sign flips", "joint heavy flips", "joint weighted flips", "joint switching", "joint pushes")
ATTACKS = (*SINGLE, *JOINT, "spectral ascent")


def largest_radius(statement: Statement, sizes: dict[str, int | float | str]) -> float | None:
    """The largest radius inside the statement's regime; None where its bounds from below leave none."""
    bare = instance_from_sizes(statement, sizes | {"radius": 1e-12})
    about = [a for a in statement.assumptions if a.quantity == "radius"]
    least, most = (pick(a.limit(bare) for a in about if a.relation == side) for side, pick in ((">=", max), ("<=", min)))
    return most if most >= least else None


def smallest(statement: Statement, depth: int) -> tuple[int, int]:
    """The least width of WIDTHS at which the regime has a radius, and the depth, lowered until there is one."""
    for width in WIDTHS:
        if largest_radius(statement, {"width": width, "depth": depth, "samples": 2, "outputs": 2}) is not None:
            return width, depth
    return smallest(statement, depth - 1)


def drawn(statement: Statement, width: int, depth: int, index: int) -> tuple[NetworkSubject, NormalSource]:
    """Network `index` at the largest radius that the statement's own regime allows."""
    sizes: dict[str, int | float | str] = {"width": width, "depth": depth, "samples": 2, "outputs": 2, "data_seed": index}
    radius = largest_radius(statement, sizes)
    assert radius is not None
    instance = instance_from_sizes(statement, sizes | {"radius": radius})
    source = NormalSource(seed_sequence(SEED, "attack benchmark", statement.id, width, depth, index))
    network = Network.draw("dense", width, depth, instance.input_dimension, 2, 1, source)
    return NetworkSubject(network, instance, source.spawn("questions")), source


def strengths(statement: Statement, width: int, depth: int, index: int) -> dict[str, float]:
    """Left side over right side, with the declared constant, for every adversary."""
    origin, source = drawn(statement, width, depth, index)
    objective = partial(largest_ratio, statement, origin, source.spawn("objective"))
    found = {}
    for name in (*BASELINES, *ATTACKS):
        draws = {"random": RANDOM_DRAWS, "random matrix": MATRIX_DRAWS}.get(name, 1)
        attacks = [Attack(origin.network, origin.instance, source.spawn(f"{name} {k}"), objective) for k in range(draws)]
        with torch.no_grad():
            values = [float(objective(ADVERSARIES[name](attack))[0]) for attack in attacks]
        # a random move may lie below the linear part: its distance from it is what it is credited with
        found[name] = max(abs(value) for value in values) if name in BASELINES else max(values)
    return found


def backward_strengths(statement: Statement, width: int, depth: int, index: int) -> dict[str, float]:
    """Greedy and alternating diagonal changes against random ones with the same number of entries +-3."""
    origin, source = drawn(statement, width, depth, index)
    instance = origin.instance
    changed = nonzeros(origin, statement.values(instance)["s"])
    before = [origin.backward(layer) for layer in range(1, depth + 1)]
    best = 0.0
    for k in range(RANDOM_DRAWS):
        changes = []
        for layer in range(1, depth + 1):
            scores = source.spawn(f"diagonal {k} {layer}").normal((1, instance.samples, width), 1.0)
            top = scores.abs().topk(changed, -1).indices
            changes.append(torch.zeros_like(scores).scatter(-1, top, 3 * scores.gather(-1, top).sign()))
        after = backward_through(origin.network, [origin.signs(layer + 1) + change for layer, change in enumerate(changes)])
        gaps: list[Tensor] = [rows_norm(a - b) for a, b in zip(after, before, strict=True)]
        best = max(best, float(torch.stack(gaps).amax()))
    return {"random": best, "greedy diagonal changes": float(origin.changed_backward_norm(changed, 3.0).amax())}


def rows(deepest: int) -> list[list[str]]:
    result = []
    for identifier in (*STATEMENTS, "backward-stability"):
        statement = registry[identifier]
        width, depth = smallest(statement, deepest)
        measure = backward_strengths if identifier == "backward-stability" else strengths
        runs = [measure(statement, width, depth, k) for k in range(INSTANCES)]
        attacks = [name for name in runs[0] if name not in BASELINES]
        best = [max(run[name] for name in attacks) for run in runs]
        strongest = max(attacks, key=lambda name: sum(run[name] >= max(run[a] for a in attacks) * (1 - 1e-9) for run in runs))
        cells = []
        for name in BASELINES:
            ratios = [b / run[name] if run[name] > 0 else float("inf") for b, run in zip(best, runs, strict=True) if name in run]
            cells.append(number(statistics.median(ratios)) if ratios else "-")
        pairs = [[max(run[name] for name in names) for names in ((*SINGLE, *JOINT), SINGLE)] for run in runs if "joint pushes" in run]
        cells.append(number(statistics.median(every / single for every, single in pairs if single > 0)) if pairs else "-")
        result.append([identifier, number(width), number(depth), *cells, strongest])
        print(*result[-1], flush=True)
    return result


def main() -> None:
    against = ["attack / random rank one", "attack / random matrix", "with joint moves / without"]
    headers = ["statement", "m", "L", *against, "strongest most often"]
    found = {tuple(row[:3]): row for depth in DEPTHS for row in rows(depth)}  # depths are lowered, to one there may be
    body = table(headers, list(found.values()), "github")
    text = f"""# Attacks against random perturbations

Median over {INSTANCES} networks (run seed {SEED}; n = d = 2, dense, float64) of the statement's ratio left/right under the
strongest attack, over the size of the largest of random moves of the same spectral norm in every layer: {RANDOM_DRAWS} of
rank one, or {MATRIX_DRAWS} Gaussian matrices. The radius is the largest that the statement's assumptions allow, the width the
least of 256, 384, ... at which they allow one: outside the regime no sign can flip, and there is little to attack. For
backward-stability the moves are diagonal changes with entries +-3: random places and signs, against greedy ones. *With joint
moves / without*: the best of all moves in closed form, over the best of those that leave each layer to itself.
Written by `python -m benchmarks.attack`.

{body}
"""
    write_whole(Path(__file__).with_name("attack.md"), text)
    print(text)


if __name__ == "__main__":
    main()

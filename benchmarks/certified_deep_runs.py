"""Certified training runs of deep networks, and of two layers trained together, by the hundred: does any break its promise?

Run from the top of the repository:  python -m benchmarks.certified_deep_runs [--runs 1000]

Data, W(0) and labels differ from run to run: labels lie from the outputs in the direction of the bottom or the top eigenvector of the
kernel, of a random vector, or of one sample, 0.9 times as far as the certificate reaches. Descent is followed until the residual is 1/1000
of the first, or for 100 steps, and every step is held against the promise; so is a false one, twice the rate, with labels 1000 times nearer
to the outputs, where the true one is nearly attained.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe
from checkers.certification.both_layers_certificate import both_layers_certificate
from checkers.certification.deep_certificate import deep_certificate, deep_norms
from checkers.experiments.width.certified_width import drawn_network
from checkers.experiments.width.drawn_deep import drawn_deep
from checkers.machine.files import write_whole
from checkers.records.training_certificates import TrainingCertificate
from checkers.report.text import number, table
from checkers.training.certified_run import Descend, Wrong, descending_both, descending_deep, kept_word
from strategies.data import data_set
from theorems.language.instance import Array

SEED = 1
SHAPES = ("orthonormal", "sphere", "close pairs", "opposite pairs")
KINDS = ("both layers", "L = 1", "L = 2", "L = 3")
REACH = 0.9
NEAR = 1e-3  # of the reach
STEPS = 100


@dataclass(frozen=True)
class Run:
    """One certified run; broken: the step, -1 for none; caught: whether the false promise was broken."""

    kind: str
    broken: int
    residual: float
    distance: float
    steps: int
    caught: bool


Problem = tuple[Array, Callable[[Array], TrainingCertificate], Callable[[Array], Descend]]  # outputs, certificate and descent of labels


def problem(kind: str, generator: np.random.Generator, number_: int) -> tuple[Problem, Array]:
    """And a unit residual, (n,)."""
    samples, width = int(generator.integers(1, 4)), int(2 ** generator.uniform(4, 8))
    inputs = data_set(SHAPES[number_ % len(SHAPES)], generator, samples, samples + 2, float(generator.uniform(0.2, 0.8)))
    direction, seed = generator.normal(size=samples), int(generator.integers(2**31))
    if number_ % 3 == 0:
        direction = np.eye(samples)[generator.integers(samples)]
    if kind == "both layers":
        weights, output, rows = drawn_network(inputs, width, seed)
        c = float(generator.choice([1.0, 1 / math.sqrt(width)]))
        both: Problem = (
            output @ np.maximum(weights @ rows.T, 0), lambda labels: both_layers_certificate(weights, output, rows, labels, c),
            lambda labels: descending_both(weights, output, rows, labels, c),
        )  # fmt: skip
        return both, direction / np.linalg.norm(direction)
    network = drawn_deep(inputs, width, int(kind[-1]), seed)
    norms = deep_norms(network)
    deep: Problem = (
        network.forward(inputs).outputs[0, :, 0].numpy(), lambda labels: deep_certificate(network, inputs, labels, norms),
        lambda labels: descending_deep(network.copy(), inputs, labels),
    )  # fmt: skip
    return deep, direction / np.linalg.norm(direction)


def followed(number_: int) -> Run | None:
    """None where the kernel has no floor, or other nodes of the integral leave less than 0.9 of the reach."""
    kind = KINDS[number_ % len(KINDS)]
    (outputs, decide, descend), direction = problem(kind, np.random.default_rng([SEED, number_]), number_ // len(KINDS))
    reach = decide(outputs + direction).descent.depth
    labels, near = outputs + REACH * reach * direction, outputs + NEAR * reach * direction
    found = decide(labels) if reach > 0 else None
    if found is None or not found.certified:
        return None
    run = kept_word(descend(labels), labels, found, steps=STEPS, goal=1e-6)
    false = kept_word(descend(near), near, decide(near), steps=STEPS, wrong=Wrong(rate=2.0))
    return Run(kind, run.broken, run.residual_ratio, run.distance_ratio, run.steps, false.broken >= 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="drawn networks")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.monotonic()
    runs = [run for number_ in range(arguments.runs) if (run := followed(number_)) is not None]
    text = report(runs, arguments.runs, time.monotonic() - begun)
    print(text)
    if arguments.runs >= 1000:
        write_whole(Path(__file__).with_suffix(".md"), text)


def report(runs: list[Run], tried: int, seconds: float) -> str:
    """The table as Markdown."""
    rows = []
    for kind in KINDS:
        own = [run for run in runs if run.kind == kind]
        rows.append([
            kind, f"{len(own):,}", f"{sum(run.steps for run in own):,}", f"{sum(run.broken >= 0 for run in own)}",
            number(max((run.residual for run in own), default=0.0), 4), number(max((run.distance for run in own), default=0.0), 4),
            f"{sum(run.caught for run in own)}",
        ])  # fmt: skip
    headers = ["network", "runs", "steps", "broken", "largest residual/promise", "largest distance/promise", "twice the rate: broken by"]
    return TEXT.format(
        certified=len(runs), tried=tried, broken=sum(run.broken >= 0 for run in runs), table=table(headers, rows, "github"), seed=SEED,
        steps=STEPS, seconds=seconds, machine=describe(1),
    )  # fmt: skip


TEXT = """# Certified training runs of deep networks, and of both layers

{certified:,} runs, each certified before its first step (of {tried:,} drawn networks), followed until the residual was 1/1000 of the first,
or for {steps} steps: **{broken} broke their promise.** n = 1 to 3, m = 16 to 256, four kinds of data, labels 0.9 times as far as the
certificate reaches, seed {seed}; {seconds:.0f} s. {machine}

{table}

The false promise is of labels 1000 times nearer to the outputs. Run it again: `python -m benchmarks.certified_deep_runs`
"""

if __name__ == "__main__":
    main()

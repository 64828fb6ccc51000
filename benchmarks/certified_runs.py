"""Certified training runs by the thousand: does any break its promise?

Run from the top of the repository:  python -m benchmarks.certified_runs [--runs 10000] [--processes 2]

Each run has data, W(0) and labels of its own: labels lie from u(0) in the direction of the bottom or the top eigenvector of H(0), of a
random vector, or of a single sample, almost as far as the certificate reaches with steps of 1, 1/4, 1/16 or 1/64 of 1/lambda_max(H(0)).
Descent is followed until the residual is 1/1000 of the first, or for 200 steps, and every step is held against the promise. False promises
are held against runs of one input, where the true one is nearly attained.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe
from checkers.certification.training_certificate import certificate
from checkers.experiments.width.certified_width import drawn_network
from checkers.machine.files import write_whole
from checkers.records.training_certificates import TrainingCertificate
from checkers.report.text import number, table
from checkers.training.certified_run import Wrong, descending, kept_word
from strategies.data import data_set
from theorems.language.instance import Array
from theorems.laws.gate_laws import correlations

SEED = 1
SHAPES = ("orthonormal", "sphere", "close pairs", "cluster", "opposite pairs")
DIRECTIONS = ("bottom", "top", "random", "one sample")
SHARES = (1.0, 2.0**-2, 2.0**-4, 2.0**-6)  # of 1/lambda_max(H(0))
STEPS = 200
NODES = 16  # of the integral: a certificate is a proof with any number, and with more a little stronger
REACH = 0.99  # of the residual that the certificate allows
FAR = 100.0  # norm of a residual that no certificate reaches, from which how far it does is found with few nodes
CHUNK = 50
FALSE = {"0.8 of the distance": Wrong(distance=0.8), "rate 1.2 lambda": Wrong(rate=1.2), "eta 30 times as large": Wrong(step_size=30)}


@dataclass(frozen=True)
class Run:
    """One certified run, or an instance without a certificate: broken is then -2."""

    shape: str
    direction: str
    broken: int
    residual: float
    distance: float
    steps: int


def _direction(name: str, generator: np.random.Generator, gates: Array, output: Array, inputs: Array) -> Array:
    """A unit vector of residuals, (n,)."""
    kernel = correlations(inputs) * ((gates * (output**2)[:, None]).T @ gates)
    vectors = np.linalg.eigh(kernel)[1]
    samples = len(inputs)
    found: Array = {
        "bottom": vectors[:, 0], "top": vectors[:, -1], "random": generator.normal(size=samples),
        "one sample": np.eye(samples)[generator.integers(samples)],
    }[name]  # fmt: skip
    unit: Array = found * generator.choice([-1.0, 1.0]) / np.linalg.norm(found)
    return unit


def _problem(number: int) -> tuple[str, str, Array, Array, Array, Array, Array]:
    """Shape, direction, weights, output, inputs, u(0), a residual of norm 1."""
    generator = np.random.default_rng([SEED, number])
    shape, direction = SHAPES[number % len(SHAPES)], DIRECTIONS[number // len(SHAPES) % len(DIRECTIONS)]
    samples = int(generator.integers(1, 5))
    width = int(2 ** generator.uniform(4, 11))
    data = data_set(shape, generator, samples, samples + 2, float(generator.uniform(0.2, 0.8)))
    weights, output, inputs = drawn_network(data, width, int(generator.integers(2**31)))
    z = weights @ inputs.T
    residual = _direction(direction, generator, (z >= 0).astype(np.float64), output, inputs)
    return shape, direction, weights, output, inputs, output @ np.maximum(z, 0), residual


def followed(number: int) -> Run:
    """The run of that number, with labels as far as its certificate reaches."""
    shape, direction, weights, output, inputs, outputs, residual = _problem(number)
    decide = partial(certificate, weights, output, inputs, shares=(SHARES[number // 20 % len(SHARES)],), nodes=NODES)
    reach = decide(outputs + FAR * residual).descent.depth * FAR * REACH
    found = decide(outputs + reach * residual) if reach > 0 else None
    if found is None or not found.certified:
        return Run(shape, direction, -2, 0.0, 0.0, 0)
    labels = outputs + reach * residual
    run = kept_word(descending(weights, output, inputs, labels, found), labels, found, steps=STEPS, goal=1e-6)
    return Run(shape, direction, run.broken, run.residual_ratio, run.distance_ratio, run.steps)


def caught(number: int) -> dict[str, bool]:
    """Which false promises a run of one input and 10^5 neurons with eta = 0.1/lambda_max breaks; the true one is among them."""
    generator = np.random.default_rng([SEED, number, 2])
    weights, output, inputs = drawn_network(np.eye(1), 10**5, int(generator.integers(2**31)))
    labels = generator.choice([-1.0, 1.0], 1)
    found: TrainingCertificate = certificate(weights, output, inputs, labels, shares=(0.1,), nodes=NODES)
    follow = partial(kept_word, descending(weights, output, inputs, labels, found), labels, found, steps=100)
    return {name: follow(wrong=wrong).broken >= 0 for name, wrong in {"the true promise": Wrong(), **FALSE}.items()}


def _one_thread() -> None:
    torch.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="certified ones")
    parser.add_argument("--false", type=int, default=100, help="runs that false promises are held against")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    begun = time.monotonic()
    runs: list[Run] = []
    tried = 0
    with ProcessPoolExecutor(arguments.processes, get_context("spawn"), _one_thread) as pool:
        while sum(run.broken > -2 for run in runs) < arguments.runs:
            numbers = range(tried, tried + max(CHUNK * arguments.processes, arguments.runs // 20))
            runs += pool.map(followed, numbers, chunksize=CHUNK)
            tried = numbers.stop
            print(f"{tried:,} instances, {sum(run.broken > -2 for run in runs):,} certified, {time.monotonic() - begun:.0f} s", flush=True)
        power = Counter(name for one in pool.map(caught, range(arguments.false)) for name, found in one.items() if found)
    text = report(runs, tried, power, arguments.false, arguments.processes)
    print(text)
    if arguments.runs >= 10_000:
        write_whole(Path(__file__).with_suffix(".md"), text)


def report(runs: list[Run], tried: int, power: Counter[str], false: int, processes: int) -> str:
    """The tables as Markdown."""
    certified = [run for run in runs if run.broken > -2]
    rows = []
    for direction in DIRECTIONS:
        for shape in SHAPES:
            own = [run for run in certified if (run.shape, run.direction) == (shape, direction)]
            if own:
                rows.append([
                    direction, shape, f"{len(own):,}", f"{sum(run.steps for run in own):,}", f"{sum(run.broken >= 0 for run in own)}",
                    number(max(run.residual for run in own), 4), number(max(run.distance for run in own), 4),
                ])  # fmt: skip
    headers = ["labels towards", "data", "runs", "steps", "broken", "largest residual/promise", "largest distance/promise"]
    names = ["the true promise", *FALSE]
    return TEXT.format(
        machine=describe(processes), steps=STEPS, seed=SEED, tried=tried, certified=len(certified),
        broken=sum(run.broken >= 0 for run in certified), rows=table(headers, rows, "github"), false=false,
        power=table(["promise", "broken by"], [[name, f"{power[name]} of {false} runs"] for name in names], "github"),
    )  # fmt: skip


TEXT = """# Certified training runs

{certified:,} runs, each certified before its first step (of {tried:,} drawn instances), followed until the residual was 1/1000 of the
first, or for {steps} steps: **{broken} broke their promise.** n = 1 to 4, m = 16 to 2048, five kinds of data, labels in the worst
directions and 0.99 times as far as the certificate reaches, steps of 1 to 1/64 of 1/lambda_max(H(0)), seed {seed}. {machine}

{rows}

Each ratio is the largest over all runs and steps, 1 being the promise. Could a false one have been noticed? One input, m = 100,000, eta =
0.1/lambda_max(H(0)), where the true promise is nearly attained, {false} runs:

{power}

Run it again: `python -m benchmarks.certified_runs`
"""

if __name__ == "__main__":
    main()

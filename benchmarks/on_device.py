"""A device beside the CPU: the same verdicts of check and power, the same losses of training, and how long each takes.

Run from the top of the repository, where there is a device:  python -m benchmarks.on_device cuda [--minutes 9] [--processes 8]

What the minutes do not suffice for is named, and not run. Exit code 1 if a verdict, a count of failures or of trials differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.machine import describe
from checkers.data.training_data import load_training_data
from checkers.experiments.width import inside_the_regime
from checkers.machine.files import write_whole
from checkers.machine.threads import one_thread
from checkers.report.text import number, table
from checkers.runs import suite
from checkers.training.run import train
from checkers.training.training_setup import TrainingSetup
from theorems import registry

SEED = 1
# Losses of both devices may differ in the order of their sums; steps of training magnify what 53 bits leave of that.
ROUNDING = 1e-6


class Part(NamedTuple):
    """A piece of the comparison. work: from a device and a number of processes to what must be equal, one entry an outcome."""

    name: str
    work: Callable[[str, int], list[tuple[Any, ...]]]


def checked(architecture: str) -> Callable[[str, int], list[tuple[Any, ...]]]:
    def work(device: str, processes: int) -> list[tuple[Any, ...]]:
        forms = [registry.form(*cell) for cell in registry.cells() if cell[1] == architecture]
        run = suite.check(forms, seed=SEED, device=device, processes=processes)
        return [(one.id, one.verdict, one.trials, one.failures) for one in run.verdicts]

    return work


def refuted(device: str, processes: int) -> list[tuple[Any, ...]]:
    run = suite.power(list(registry), seed=SEED, device=device, processes=processes)
    return [(one.id, one.variant, one.verdict) for one in run.variants]


def trained(weights: str, **sizes: int) -> Callable[[str, int], list[tuple[Any, ...]]]:
    def work(device: str, processes: int) -> list[tuple[Any, ...]]:
        data = load_training_data("digits", samples=20, labels="random", seed=SEED)
        with one_thread():
            run = train(TrainingSetup(data, weights=weights, seed=SEED, device=device, **sizes))  # type: ignore[arg-type]
        return [*((step, loss) for step, loss in zip(run.recorded, run.loss, strict=True)), *((one.id, one.verdict) for one in run.checks)]

    return work


def inside(device: str, processes: int) -> list[tuple[Any, ...]]:
    rows = (inside_the_regime.run(place, SEED, device) for place in inside_the_regime.QUICK)
    return [(row.samples, row.depth, row.width, row.taken) for row in rows]


PARTS = (
    Part("check, fully connected", checked("fully connected")),
    Part("train, dense, m = 2048", trained("dense", width=2048, depth=4, steps=200)),
    Part("train, revealed, m = 10^6", trained("revealed", width=10**6, depth=1, steps=30)),
    Part("inside the regime", inside),
    Part("power, fully connected", refuted),
    Part("check, residual", checked("residual")),
    Part("check, convolutional", checked("convolutional")),
)


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Equal, floating-point numbers to ROUNDING."""
    pairs = zip(one, other, strict=True)
    return all(abs(a - b) <= ROUNDING * abs(b) if isinstance(a, float) else a == b for a, b in pairs)


def compared(parts: Sequence[Part], device: str, processes: int, until: float) -> Iterator[tuple[list[str], list[str]]]:
    """Of each part its row, and its outcomes that differ, in words."""
    for part in parts:
        if time.monotonic() > until:
            yield [part.name, "-", "-", "not run: the time was over"], []
            continue
        found, seconds = [], []
        for where in (device, "cpu"):
            start = time.monotonic()
            found.append(part.work(where, processes))
            seconds.append(time.monotonic() - start)
        differing = [f"{part.name}: {a} on {device}, {b} on the CPU" for a, b in zip(*found, strict=True) if not same(a, b)]
        yield [part.name, *(number(one) for one in seconds), f"{len(found[0]) - len(differing)} of {len(found[0])}"], differing


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("device")
    parser.add_argument("--minutes", type=float, default=9.0, help="no part begins later")
    parser.add_argument("--processes", type=int, default=8, help="that share the device")
    parser.add_argument("--file", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args(arguments)
    torch.zeros(1, device=options.device)
    rows, differing = [], []
    for row, words in compared(PARTS, options.device, options.processes, time.monotonic() + 60 * options.minutes):
        print(*row, *words, sep="; ", flush=True)
        rows.append(row)
        differing += words
        device = torch.cuda.get_device_name(options.device) if options.device.startswith("cuda") else options.device
        text = TEXT.format(
            machine=describe(1), device=device, processes=options.processes, seed=SEED,
            rows=table(["", f"{device}, s", "CPU, s", "the same"], rows, "github"), differing="\n".join(f"- {one}" for one in differing),
        )  # fmt: skip
        write_whole(options.file, text)
    return 1 if differing else 0


TEXT = """# On a device

Seed {seed}, profile quick, {processes} processes share the work on either. {device}; {machine}

{rows}

*The same*: verdicts, trials and failures of statements, verdicts of false variants, losses at every recorded step to a relative 10⁻⁶ and
what was checked along the run, steps to the goal.

{differing}

Run it again: `python -m benchmarks.on_device cuda`
"""

if __name__ == "__main__":
    sys.exit(main())

"""Gradient descent of a two-layer network too wide to be comfortable: by the few neurons that can change a gate, and in plain torch.

Run from the top of the repository:  python -m benchmarks.two_layer_training [--short] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import describe
from checkers.machine.files import write_whole
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.two_layer_descent import train_two_layer
from checkers.report.text import number, table
from strategies.data import data_set

SEED, SAMPLES, STEPS, SHARE = 1, 10, 100, 0.9  # step: SHARE/lambda_max(H(0))
FEW = 10  # steps of torch at the largest width, of which 100 are reckoned
BLOCK = 1 << 16


def neurons(width: int, columns: int, threads: int, precision: torch.dtype) -> Iterator[tuple[Tensor, Tensor]]:
    """w_r ~ N(0, I) and v_r = +-1/sqrt(m), a block at a time, the same for both."""
    for start in range(0, width, BLOCK):
        source = NormalSource(seed_sequence(SEED, "two-layer training", start), threads)
        size = min(BLOCK, width - start)
        weights = source.normal((size, columns), 1.0)
        signs = 2.0 * source.integers((size,), 0, 1).double() - 1
        yield weights.to(precision), (signs / math.sqrt(width)).to(precision)


def problem(precision: torch.dtype) -> tuple[Tensor, Tensor]:
    """Inputs on the sphere, as many dimensions as samples, and random signs."""
    generator = np.random.default_rng(SEED)
    inputs = data_set("sphere", generator, SAMPLES, SAMPLES, 0.5)
    return torch.from_numpy(inputs).to(precision), torch.from_numpy(generator.choice([-1.0, 1.0], SAMPLES)).to(precision)


def plain(width: int, threads: int, precision: torch.dtype, step_size: float, steps: int) -> tuple[list[float], float]:
    """The residuals, as one writes it down: autograd, and an optimizer; and when the first step began."""
    inputs, labels = problem(precision)
    blocks = list(neurons(width, inputs.shape[1], threads, precision))
    weights = torch.cat([block for block, _ in blocks]).requires_grad_()
    output = torch.cat([block for _, block in blocks])
    del blocks
    optimizer = torch.optim.SGD([weights], lr=step_size)
    residuals, drawn = [], time.perf_counter()
    for step in range(steps + 1):
        residual = labels - (inputs @ weights.mT).relu() @ output
        residuals.append(float(residual.detach().norm()))
        if step < steps:
            optimizer.zero_grad()
            (residual.square().sum() / 2).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return residuals, drawn


def one(engine: str, width: int, threads: int, precision: str, step_size: float, steps: int) -> None:
    """One run in this process, drawing included; prints JSON. seconds: of STEPS steps, reckoned where fewer were taken."""
    torch.set_num_threads(threads)
    dtype = getattr(torch, precision)
    begun = time.perf_counter()
    if engine == "ours":
        inputs, labels = problem(dtype)
        step_size, run = train_two_layer(lambda: neurons(width, inputs.shape[1], threads, dtype), inputs, labels, SHARE, steps)
        residuals, drawn = [float(step.residual.norm()) for step in run], begun
    else:
        residuals, drawn = plain(width, threads, dtype, step_size, steps)
    print(json.dumps({
        "seconds": drawn - begun + (time.perf_counter() - drawn) * STEPS / steps, "steps": steps,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "first": residuals[0], "last": residuals[-1], "step_size": step_size,
    }))  # fmt: skip


def measured(engine: str, width: int, threads: int, precision: str, step_size: float, steps: int) -> dict[str, float] | None:
    """The run in a process of its own; None where memory does not suffice."""
    arguments = ["--one", engine, str(width), str(threads), precision, repr(step_size), str(steps)]
    done = subprocess.run([sys.executable, "-m", "benchmarks.two_layer_training", *arguments], capture_output=True, text=True, check=False)
    found: dict[str, float] | None = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    print(engine, width, precision, found or done.stderr[-200:], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="m to 10^5, seconds; writes no file")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        engine, width, threads, precision, step_size, steps = arguments.one
        one(engine, int(width), int(threads), precision, float(step_size), int(steps))
        return
    rows, loads = [], [os.getloadavg()[0]]
    for width in (10**4, 10**5) if arguments.short else (10**5, 10**7):
        ours = measured("ours", width, arguments.threads, "float64", 0.0, STEPS)
        assert ours is not None
        engines = {"ours, float64": ours}
        steps = FEW if width >= 10**7 else STEPS
        for precision in ("float64", "float32"):
            found = measured("torch", width, arguments.threads, precision, ours["step_size"], steps)
            engines |= {f"torch, {precision}": found} if found else {}
        for name, found in engines.items():
            rows.append([
                f"{width:,}", name, ("about " if found["steps"] < STEPS else "") + f"{found['seconds']:.1f}", f"{found['gigabytes']:.2f}",
                number(found["last"] / found["first"], 6) if found["steps"] == STEPS else "-", number(found["seconds"] / ours["seconds"]),
            ])  # fmt: skip
        loads.append(os.getloadavg()[0])
    headers = ["m", "engine", "seconds", "peak GB", "residual / initial", "times ours"]
    text = TEXT.format(
        rows=table(headers, rows, "github"), machine=describe(arguments.threads), samples=SAMPLES, steps=STEPS, share=SHARE, seed=SEED,
        few=FEW, load=f"{min(loads):.1f} to {max(loads):.1f}",
    )  # fmt: skip
    print(text)
    if not arguments.short:
        write_whole(Path(__file__).with_suffix(".md"), text)


TEXT = """# Training a two-layer network of ten million neurons

{steps} steps of full-batch gradient descent on the first layer, {samples} inputs on the sphere in {samples} dimensions, random signs as
labels, eta = {share}/lambda_max(H(0)), seed {seed}. Drawing W(0) is included; each run is a process of its own, and memory is its peak,
of which 0.3 GB are Python and torch. {machine} The load of the machine, other work's included, was {load} while this ran.

{rows}

*ours*: `checkers/networks/two_layer_descent.py`, exact: a table of the neurons whose gates may change, and one linear map for all others.
*torch*: W as one matrix, autograd, `torch.optim.SGD`; *about*: reckoned from {few} steps.

Run it again: `python -m benchmarks.two_layer_training`
"""

if __name__ == "__main__":
    main()

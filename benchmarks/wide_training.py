"""Training at widths that cannot be stored: revealed weights beside a direct transcription of their definition, and beside dense weights.

Run from the top of the repository:  python -m benchmarks.wide_training [--short] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import describe
from checkers.experiments.width.limit_kernel import LimitDescent
from checkers.machine.files import write_whole
from checkers.machine.memory import free_bytes
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.descent import descend
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.report.text import number, table
from strategies.data import data_set

SEED, SHARE = 1, 1.0  # step: SHARE / lambda_max of the limit kernel


class Transcription:
    """A Gaussian matrix W known by W Q = Y and W^T U = V, as one writes it down: every question orthonormalizes all that is known by a QR.

    One trial; vectors are columns inside. The change W(t) - W(0) is kept as the list of its outer products.
    """

    def __init__(self, size: int, variance: float, source: NormalSource, dtype: torch.dtype) -> None:
        self.trials, self.rows, self.columns = 1, size, size
        self.deviation, self.source = math.sqrt(variance), source
        self.right = self.right_image = self.left = self.left_image = torch.empty(size, 0, dtype=dtype)
        self.u = self.v = torch.empty(size, 0, dtype=dtype)

    @property
    def bytes_held(self) -> int:
        return sum(part.nbytes for part in (self.right, self.right_image, self.left, self.left_image, self.u, self.v))

    def _initial(self, x: Tensor, known: Tensor, image: Tensor, other: Tensor, other_image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """W(0) x (or W(0)^T x), and the enlarged basis and images. x: (size, k)."""
        count = known.shape[1]
        basis, coefficients = torch.linalg.qr(torch.cat([known, x], 1))
        basis[:, :count] *= torch.sign(torch.diagonal(coefficients)[:count])  # QR leaves an orthonormal basis alone, up to signs
        basis[:, :count] = known
        fresh = basis[:, count:]
        g = self.source.normal(tuple(fresh.shape), self.deviation, fresh.dtype)
        new = g - other @ (other.mT @ g) + other @ (other_image.mT @ fresh)
        known, image = basis, torch.cat([image, new], 1)
        return image @ (known.mT @ x), known, image

    def apply(self, x: Tensor) -> Tensor:
        x = x[0].mT
        answer, self.right, self.right_image = self._initial(x, self.right, self.right_image, self.left, self.left_image)
        return (answer + self.u @ (self.v.mT @ x)).mT[None]

    def apply_transpose(self, u: Tensor) -> Tensor:
        u = u[0].mT
        answer, self.left, self.left_image = self._initial(u, self.left, self.left_image, self.right, self.right_image)
        return (answer + self.v @ (self.u.mT @ u)).mT[None]

    def add_outer(self, u: Tensor, v: Tensor) -> None:
        self.u, self.v = torch.cat([self.u, u[0].mT], 1), torch.cat([self.v, v[0].mT], 1)

    def change_norm(self) -> Tensor:
        square = ((self.u.mT @ self.u) * (self.v.mT @ self.v)).sum()
        return square.clamp(min=0).sqrt()[None]

    def change_spectral_norm(self) -> Tensor:
        raise NotImplementedError

    def copy(self) -> Transcription:
        raise NotImplementedError


def train(engine: str, width: int, depth: int, samples: int, outputs: int, steps: int, goal: float, precision: str, threads: int) -> None:
    """One run in this process, sampling included; prints JSON."""
    torch.set_num_threads(threads)
    dtype = getattr(torch, precision)
    generator = np.random.Generator(np.random.SFC64(SEED))
    inputs = data_set("orthogonal", generator, samples, None, 1.0)
    targets = generator.standard_normal((samples, outputs))
    step = LimitDescent.of(inputs, depth).step_size(width, outputs, SHARE)
    source = NormalSource(seed_sequence(SEED, "wide training", width, depth, samples), threads)
    start = time.perf_counter()
    kind = "dense" if engine == "dense" else "revealed"
    network = Network.draw("dense" if kind == "dense" else "revealed", width, depth, inputs.shape[1], outputs, 1, source, dtype=dtype)
    if engine == "transcription":
        hidden = [Transcription(width, 2 / width, source.spawn(f"transcription {layer}"), dtype) for layer in range(depth)]
        network = Network(FullyConnected(), network.input_weights, hidden, network.output)
    losses: list[float] = []
    for stand in descend(network, inputs, targets, step, steps):
        losses.append(float(stand.loss[0]))
        if losses[-1] <= goal * losses[0]:
            break
    seconds = time.perf_counter() - start
    print(json.dumps({
        "seconds": seconds, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "steps": len(losses) - 1,
        "share": losses[-1] / losses[0],
    }))  # fmt: skip


def measured(engine: str, *sizes: float | str, threads: int) -> dict[str, float] | None:
    """train(engine, *sizes) in a process of its own; None if it failed, as it does where memory does not suffice."""
    command = [sys.executable, "-m", "benchmarks.wide_training", "--threads", str(threads), "--one", engine, *map(str, sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, float] | None = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    print(engine, *sizes, found if found else done.stderr[-200:], flush=True)
    return found


def cells(found: dict[str, float] | None) -> list[str]:
    if found is None:
        return ["does not fit", "-", "-", "-"]
    return [f"{found['steps']:.0f}", number(found["share"]), f"{found['seconds']:.1f}", f"{found['gigabytes']:.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="small sizes, under two minutes; writes no file")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--one", nargs=9, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        engine, width, depth, samples, outputs, steps, goal, precision, _ = arguments.one
        train(engine, int(width), int(depth), int(samples), int(outputs), int(steps), float(goal), precision, arguments.threads)
        return
    threads, short = arguments.threads, arguments.short
    small = 10 if short else 1
    headers = ["run", "m", "L", "n", "d", "precision", "weights", "steps", "loss / initial", "seconds", "peak GB"]
    rows = []
    goals: list[tuple[str, int, int, int, int, int, float, str]] = [
        ("to 1e-6", 2**24 // (16 if short else 1), 1, 2, 1, 200, 1e-6, "float64"),
        ("to 1e-6", 2**24 // (16 if short else 1), 1, 2, 1, 200, 1e-6, "float32"),
        ("to 1e-3", 10**6 // small, 2, 4, 1, 60, 1e-3, "float64"),
        ("30 steps", 200_000 // small, 3, 6, 2, 30, 0.0, "float64"),
    ]
    for title, *sizes, precision in goals:
        for engine in ("revealed", "transcription") if title == "30 steps" else ("revealed",):
            found = measured(engine, *sizes, precision, "-", threads=threads)
            width, depth, samples, outputs = sizes[:4]
            rows.append([title, f"{width:,}", *map(str, (depth, samples, outputs)), precision, engine, *cells(found)])
            if title == "30 steps" and found:
                rows[-1].append(f"{found['seconds']}")
    seconds = [float(row.pop()) for row in rows if len(row) > len(headers)]
    ratio = number(seconds[1] / seconds[0]) if len(seconds) == 2 else "-"
    curve = []
    for width in (2**9, 2**10, 2**11) if short else (2**10, 2**11, 2**12, 2**13, 2**14, 2**16):
        line, times = [f"{width:,}"], []
        for engine in ("dense", "revealed"):
            fits = engine == "revealed" or 2 * 3 * 8 * width**2 / 2**30 < 0.75 * free_bytes() / 2**30
            found = measured(engine, width, 3, 8, 1, 30, 0.0, "float64", "-", threads=threads) if fits else None
            line += cells(found)[2:] if found else ["does not fit", "-"]
            times += [found["seconds"]] if found else []
        curve.append([*line, number(times[0] / times[1]) if len(times) == 2 else "-"])
    widths = table(["m", "dense, s", "dense, GB", "revealed, s", "revealed, GB", "times faster"], curve, "github")
    text = TEXT.format(machine=describe(threads), rows=table(headers, rows, "github"), ratio=ratio, curve=widths, seed=SEED)
    print(text)
    if not short:
        write_whole(Path(__file__).with_suffix(".md"), text)


TEXT = """# Training at widths that cannot be stored

Full-batch gradient descent with the step 1/lambda_max of the limit kernel, on orthogonal inputs and Gaussian labels, seed {seed}. Sampling
is included; each run is a process of its own, and memory is its peak (0.4 GB are Python and torch). {machine}

{rows}

*transcription*: the definition of revealed weights as one writes it down, a QR of all known directions for each question. Revealed weights
are **{ratio} times** faster. Beside dense weights, L = 3, n = 8, d = 1, 30 steps, float64:

{curve}

Run it again: `python -m benchmarks.wide_training`
"""

if __name__ == "__main__":
    main()

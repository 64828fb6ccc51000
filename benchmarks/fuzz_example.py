"""One fuzz example of the random-initialization lemmas, with dense and with revealed weights, over widths.

An example: sample a network, forward pass, backward pass, all per-layer gradient norms, layer kernels. Sampling is included.
Run from the top of the repository:  python -m benchmarks.fuzz_example [--widths 256 4096] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe
from checkers.machine.memory import free_bytes, keep_freed_memory
from checkers.networks.kernels import gradient_factors, layer_kernel
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import data_set

SAMPLES, DEPTH, OUTPUTS, SEED = 8, 8, 2, 1
WIDTHS = [2**k for k in range(8, 22)]
BUDGET = 120.0  # seconds after which an engine is not tried at larger widths


def example(engine: Engine, width: int, trial: int, threads: int) -> tuple[float, float]:
    """One example; returns two numbers of it: the largest gradient norm and the trace of the kernel, (d/m) K."""
    inputs = data_set("orthogonal", np.random.Generator(np.random.SFC64(SEED)), SAMPLES, None, 1.0)
    source = NormalSource(seed_sequence(SEED, "fuzz example", width, trial), threads)
    network = Network.draw(engine, width, DEPTH, inputs.shape[1], OUTPUTS, 1, source)
    record = network.forward(inputs)
    unit = torch.eye(OUTPUTS, dtype=record.outputs.dtype).expand(1, SAMPLES, OUTPUTS, OUTPUTS)
    kernels = torch.stack([layer_kernel(*pair) for pair in gradient_factors(network, record, network.backward(record, unit))])
    # ‖grad_{W_l} F_i‖_F^2 is the quadratic form of sample i's block of the layer kernel in its loss vector.
    blocks = kernels.view(DEPTH, SAMPLES, OUTPUTS, SAMPLES, OUTPUTS).diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)
    squares = (record.outputs[0, :, None] @ blocks @ record.outputs[0, :, :, None])[..., 0, 0]
    return float(squares.clamp_min(0).max()) ** 0.5, float(kernels.sum(0).diagonal(dim1=1, dim2=2).sum()) / width


def one(engine: Engine, width: int, threads: int) -> None:
    """Measure in this process and print JSON. Two repetitions at least, unless the first took long; the best counts."""
    torch.set_num_threads(threads)
    keep_freed_memory()  # as the command line does
    example(engine, 16, 0, threads)
    times: list[float] = []
    traces: list[float] = []
    while len(times) < 2 or (sum(times) < 1.0 and len(times) < 20):
        start = time.perf_counter()
        traces.append(example(engine, width, len(times), threads)[1])
        times.append(time.perf_counter() - start)
        if times[0] > 30:
            break
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(times), "megabytes": memory, "trace": float(np.mean(traces))}))


def measure(engine: Engine, width: int, threads: int) -> dict[str, float] | None:
    """None where it does not fit: the memory is there to be checked before, so that no machine is brought down by the attempt."""
    needed = 8.0 * width * (DEPTH * width if engine == "dense" else 4 * DEPTH * SAMPLES * (2 + OUTPUTS))
    if needed > 0.8 * free_bytes():
        return None
    command = [sys.executable, "-m", "benchmarks.fuzz_example", "--one", engine, "--widths", str(width), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--one", choices=["dense", "revealed"])
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.widths[0], arguments.threads)
        return
    rows: list[str] = []
    slow: set[Engine] = set()
    engines: tuple[Engine, ...] = ("dense", "revealed")
    for width in arguments.widths:
        cells, seconds = [f"{width:,}"], {}
        for engine in engines:
            facts = None if engine in slow else measure(engine, width, arguments.threads)
            cells += [f"{facts['seconds'] * 1e3:,.1f}", f"{facts['megabytes']:,.0f}"] if facts else ["does not fit", "-"]
            if facts is None or facts["seconds"] > BUDGET:
                slow.add(engine)
            if facts:
                seconds[engine] = facts["seconds"]
        cells.append(f"{seconds['dense'] / seconds['revealed']:.1f}" if len(seconds) == 2 else "-")
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    text = TEXT.format(machine=describe(arguments.threads), rows="\n".join(rows), n=SAMPLES, L=DEPTH, d=OUTPUTS, seed=SEED)
    Path(__file__).with_suffix(".md").write_text(text)


TEXT = """# One fuzz example of the random-initialization lemmas

Sample a network, forward pass, backward pass, all per-layer gradient norms, all layer kernels: n = {n}, L = {L}, d = {d}, float64, seed
{seed}; sampling is included. Milliseconds are the best of several repetitions, memory is the peak of a process that does nothing else.
Dense weights are tried until they do not fit into 80% of the free memory. {machine}

| m | dense, ms | dense, MB | revealed, ms | revealed, MB | times faster |
|---|---|---|---|---|---|
{rows}

Run it again: `python -m benchmarks.fuzz_example`
"""

if __name__ == "__main__":
    main()

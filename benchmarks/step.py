"""One full-batch step of gradient descent on dense weights, beside autograd with an optimizer and beside the memory floor, in one run.

A step must read every weight twice (forward, backward) and write it once; the memory floor is what reading and writing that much takes.
Its products take their arithmetic at the speed of the machine's best matrix product; of a few samples on one core that is the higher floor.
The methods take turns, so that whatever else the machine does hits all of them; the best of the rounds counts.
Run from the top of the repository:  python -m benchmarks.step [--width 1024] [--threads 1] [--dtype float64]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.machine import describe, matmul_peak
from checkers.dense import DenseWeights
from checkers.network import Network
from checkers.randomness import NormalSource, seed_sequence

DEPTH, SAMPLES, DIMENSION, OUTPUTS, SEED = 4, 16, 8, 4, 1
ROUNDS = 30
ETA = 1e-5  # far below what is stable: the numbers stay ordinary however many steps are timed


def setting(width: int, dtype: torch.dtype) -> tuple[Network, Tensor, Tensor]:
    """Network, inputs and targets."""
    source = NormalSource(seed_sequence(SEED, "step", width))
    network = Network.draw("dense", width, DEPTH, DIMENSION, OUTPUTS, 1, source, dtype=dtype)
    inputs = source.spawn("inputs").normal((SAMPLES, DIMENSION), 1.0, dtype)
    return network, inputs / inputs.norm(dim=1, keepdim=True), source.spawn("targets").normal((SAMPLES, OUTPUTS), 1.0, dtype)


def ours(network: Network, inputs: Tensor, targets: Tensor) -> Callable[[], Tensor]:
    """The trainer's step: rank-n updates in place."""

    def step() -> Tensor:
        record = network.forward(inputs)
        residual = record.outputs - targets
        network.step(record, residual, ETA)
        return residual.square().sum() / 2

    return step


def autograd(network: Network, inputs: Tensor, targets: Tensor, optimizer_name: str) -> Callable[[], Tensor]:
    """The same step as most people write it: a loss, backward(), and an optimizer of torch."""
    first = network.input_weights
    assert isinstance(first, DenseWeights)
    matrices = [weights.matrix[0].clone().requires_grad_() for weights in network.hidden if isinstance(weights, DenseWeights)]
    optimizer = torch.optim.SGD(matrices, lr=ETA, foreach=optimizer_name == "foreach", fused=optimizer_name == "fused")

    def step() -> Tensor:
        h = (inputs @ first.matrix[0].mT).relu()
        for matrix in matrices:
            h = (h @ matrix.mT).relu()
        loss = (h @ network.output[0].mT - targets).square().sum() / 2
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    return step


def floor(network: Network) -> Callable[[], Tensor]:
    """Reads as many bytes as the weights hold, twice, and writes them once, matrix by matrix as a step would."""
    matrices = [weights.matrix[0].clone() for weights in network.hidden if isinstance(weights, DenseWeights)]

    def step() -> Tensor:
        total = matrices[0].new_zeros(())
        for matrix in matrices:
            total = total + matrix.amax()
        for matrix in reversed(matrices):
            total = total + matrix.amax()
        for matrix in matrices:
            matrix.fill_(1.0)
        return total

    return step


def measure(width: int, dtype: torch.dtype, rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds a step of each method: the best of `rounds`, the methods taking turns."""
    network, inputs, targets = setting(width, dtype)
    steps = {f"autograd, {name} SGD": autograd(network, inputs, targets, name) for name in ("foreach", "fused")}
    methods = {"rank-n factors in place": ours(network.copy(), inputs, targets), **steps, "memory floor": floor(network)}
    seconds = dict.fromkeys(methods, float("inf"))
    for _ in range(rounds):
        for name, step in methods.items():
            start = time.perf_counter()
            step()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    arguments = parser.parse_args()
    print(describe(arguments.threads))
    seconds = measure(arguments.width, getattr(torch, arguments.dtype), arguments.rounds)
    # forward: L products of (n, m) with (m, m); backward: L - 1; update: L
    operations = 2.0 * (3 * DEPTH - 1) * SAMPLES * arguments.width**2
    peak = matmul_peak(arguments.threads) * (2 if arguments.dtype == "float32" else 1)
    seconds["arithmetic floor"] = operations / peak
    own, least = seconds["rank-n factors in place"], seconds["memory floor"]
    print(f"m = {arguments.width}, L = {DEPTH}, n = {SAMPLES}, d = {OUTPUTS}, {arguments.dtype}; best of {arguments.rounds}\n")
    print("| method | ms a step | times ours | times the floor |\n|---|---|---|---|")
    for name, value in seconds.items():
        print(f"| {name} | {1e3 * value:.2f} | {value / own:.2f} | {value / least:.2f} |")


if __name__ == "__main__":
    main()

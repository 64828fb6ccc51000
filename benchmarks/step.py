"""One full-batch step of gradient descent on dense weights, beside autograd with an optimizer and beside two floors, in one run.

Memory floor: a step must read every weight twice (forward, backward) and write it once; reading and writing that much, and nothing else.
Arithmetic floor: its matrix products alone, of these very shapes and matrices, 6 m^2 n operations a layer (4 m^2 n in the first, which
nothing is passed back through). Of more than a few samples on one core it is the higher one, so that no step comes near the other.
A step of ours needs fewer products: the first layer's inputs never change, so its change is kept in factors of rank n. The last floor
is that of the products that are left.
The methods take turns, so that whatever else the machine does hits all of them; the best of the rounds counts.
Run from the top of the repository:  python -m benchmarks.step [--width 1024] [--samples 16] [--threads 1] [--dtype float64]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.machine import describe
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights

DEPTH, DIMENSION, OUTPUTS, SEED = 4, 8, 4, 1
ROUNDS = 30
OURS = "rank-n factors in place"
ETA = 1e-5  # far below what is stable: the numbers stay ordinary however many steps are timed


def setting(width: int, samples: int, dtype: torch.dtype) -> tuple[Network, Tensor, Tensor]:
    """Network, inputs and targets."""
    source = NormalSource(seed_sequence(SEED, "step", width))
    network = Network.draw("dense", width, DEPTH, DIMENSION, OUTPUTS, 1, source, dtype=dtype)
    inputs = source.spawn("inputs").normal((samples, DIMENSION), 1.0, dtype)
    return network, inputs / inputs.norm(dim=1, keepdim=True), source.spawn("targets").normal((samples, OUTPUTS), 1.0, dtype)


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


def products(network: Network, samples: int, first: int) -> dict[str, Callable[[], None]]:
    """The matrix products of a step on the layers from `first` on, by kind: forward, backward (not of the first layer), update."""
    matrices = [weights.matrix.clone() for weights in network.hidden[first - 1 :] if isinstance(weights, DenseWeights)]
    x = matrices[0].new_ones(1, samples, network.width)
    small, result = 1e-12 * x, torch.empty_like(x)

    def forward() -> None:
        for matrix in matrices:
            torch.bmm(x, matrix.mT, out=result)

    def backward() -> None:
        for matrix in matrices[1 if first == 1 else 0 :]:
            torch.bmm(x, matrix, out=result)

    def update() -> None:
        for matrix in matrices:
            matrix.baddbmm_(small.mT, x)

    return {"forward": forward, "backward": backward, "update": update}


def measure(width: int, samples: int, dtype: torch.dtype, rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds a step of each method: the best of `rounds`, the methods taking turns."""
    network, inputs, targets = setting(width, samples, dtype)
    methods: dict[str, Callable[[], object]] = {OURS: ours(network.copy(), inputs, targets)}
    methods |= {f"autograd, {name} SGD": autograd(network, inputs, targets, name) for name in ("foreach", "fused")}
    methods["memory floor"] = floor(network)
    for first in (1, 2):
        methods |= {f"{kind} from layer {first}": product for kind, product in products(network, samples, first).items()}
    seconds = dict.fromkeys(methods, float("inf"))
    for _ in range(rounds):
        for name, step in methods.items():
            start = time.perf_counter()
            step()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def table(seconds: dict[str, float], width: int, samples: int) -> str:
    """Markdown: methods and floors, how fast each kind of product is, and which floor is the higher."""
    kinds = ("forward", "backward", "update")
    rows = {name: value for name, value in seconds.items() if not name.startswith(kinds)}
    rows["arithmetic floor"] = sum(seconds[f"{kind} from layer 1"] for kind in kinds)
    rows["arithmetic floor without the first layer"] = sum(seconds[f"{kind} from layer 2"] for kind in kinds)
    memory, arithmetic = rows["memory floor"], rows["arithmetic floor"]
    lines = ["| method | ms a step | times ours | times the memory floor | times the arithmetic floor |", "|---|---|---|---|---|"]
    for name, value in rows.items():
        lines.append(f"| {name} | {1e3 * value:.2f} | {value / rows[OURS]:.2f} | {value / memory:.2f} | {value / arithmetic:.2f} |")
    operations = 2.0 * (DEPTH - 1) * samples * width**2
    rates = ", ".join(f"{kind} {operations / seconds[f'{kind} from layer 2'] / 1e9:.1f}" for kind in kinds)
    higher = "arithmetic" if arithmetic > memory else "memory"
    lines += ["", f"Products of these shapes, in Gflop/s: {rates}. The higher floor is that of {higher}."]
    return "\n".join(lines)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    arguments = parser.parse_args()
    print(describe(arguments.threads))
    seconds = measure(arguments.width, arguments.samples, getattr(torch, arguments.dtype), arguments.rounds)
    print(f"m = {arguments.width}, L = {DEPTH}, n = {arguments.samples}, d = {OUTPUTS}, {arguments.dtype}; best of {arguments.rounds}\n")
    print(table(seconds, arguments.width, arguments.samples))


if __name__ == "__main__":
    main()

"""Layer kernels, gradient norms and lower bounds from rank-one factors, beside torch.func and plain autograd, in one run.

Each method gets a process of its own for every width, so that its peak memory is its own; the network is the same in all.
Run from the top of the repository:  python benchmarks/gradients.py [--widths 256 512] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.machine import describe, matmul_peak
from checkers.networks.kernels import gradient_factors, layer_kernel
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights

SAMPLES, DEPTH, OUTPUTS, DIMENSION, SEED = 16, 4, 4, 8, 1
CHUNK = 8  # of the memory that all columns at once would take, an eighth
Answer = tuple[Tensor, Tensor, Tensor]  # kernels (L, nd, nd), gradient norms of F (L,), least eigenvalue of the last kernel


def setting(width: int) -> tuple[Network, Tensor, Tensor]:
    """Network, inputs and loss vectors."""
    source = NormalSource(seed_sequence(SEED, "benchmark", width))
    network = Network.draw("dense", width, DEPTH, DIMENSION, OUTPUTS, 1, source)
    inputs = source.spawn("inputs").normal((SAMPLES, DIMENSION), 1.0)
    inputs = inputs / inputs.norm(dim=1, keepdim=True)
    return network, inputs, source.spawn("loss").normal((SAMPLES, OUTPUTS), 1.0)


def _from_kernels(kernels: Tensor, loss: Tensor) -> Answer:
    v = loss.reshape(-1)
    return kernels, (v @ kernels @ v).clamp_min(0).sqrt(), torch.linalg.eigvalsh(kernels[-1])[0]


def factors(network: Network, inputs: Tensor, loss: Tensor) -> Answer:
    """Ours: a forward pass, a backward pass, and Gram matrices of the factors."""
    record = network.forward(inputs)
    unit = torch.eye(OUTPUTS, dtype=inputs.dtype).expand(1, SAMPLES, OUTPUTS, OUTPUTS)
    backward = network.backward(record, unit)
    kernels = [layer_kernel(*pair)[0] for pair in gradient_factors(network, record, backward)]
    return _from_kernels(torch.stack(kernels), loss)


def _parts(network: Network) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
    first = network.input_weights
    assert isinstance(first, DenseWeights)
    hidden = tuple(weights.matrix[0] for weights in network.hidden if isinstance(weights, DenseWeights))
    return first.matrix[0], hidden, network.output[0]


def _function(network: Network) -> tuple[Callable[[tuple[Tensor, ...], Tensor], Tensor], tuple[Tensor, ...]]:
    """f(hidden weights, one input), and the weights."""
    first, hidden, last = _parts(network)

    def f(weights: tuple[Tensor, ...], x: Tensor) -> Tensor:
        h = torch.relu(first @ x)
        for matrix in weights:
            h = torch.relu(matrix @ h)
        return last @ h

    return f, hidden


def _contract(jacobians: tuple[Tensor, ...], loss: Tensor) -> Answer:
    rows = [jacobian.reshape(SAMPLES * OUTPUTS, -1) for jacobian in jacobians]
    return _from_kernels(torch.stack([row @ row.mT for row in rows]), loss)


def jacobian_contraction(network: Network, inputs: Tensor, loss: Tensor) -> Answer:
    """torch.func: vmap of jacrev over the samples, then J J^T."""
    from torch.func import jacrev, vmap

    f, weights = _function(network)
    return _contract(vmap(jacrev(f), (None, 0))(weights, inputs), loss)


def batched_vjp(network: Network, inputs: Tensor, loss: Tensor) -> Answer:
    """torch.func: one vjp of the whole batch, vmapped over the n d unit covectors, then J J^T."""
    from torch.func import vjp, vmap

    f, weights = _function(network)
    pull = vjp(lambda w: vmap(f, (None, 0))(w, inputs), weights)[1]
    unit = torch.eye(SAMPLES * OUTPUTS, dtype=inputs.dtype).view(-1, SAMPLES, OUTPUTS)
    return _contract(vmap(pull)(unit)[0], loss)


def vector_products(network: Network, inputs: Tensor, loss: Tensor) -> Answer:
    """torch.func: K_l e = J_l J_l^T e by a vjp and a jvp for each of the n d unit vectors and each layer, CHUNK at a time."""
    from torch.func import jvp, vjp, vmap

    f, weights = _function(network)
    kernels = []
    for layer in range(DEPTH):

        def of_layer(matrix: Tensor, layer: int = layer) -> Tensor:
            return vmap(lambda x: f((*weights[:layer], matrix, *weights[layer + 1 :]), x))(inputs).reshape(-1)

        pull = vjp(of_layer, weights[layer])[1]

        def column(unit: Tensor, layer: int = layer, pull: Callable[..., Any] = pull, of_layer: Callable[..., Tensor] = of_layer) -> Any:
            return jvp(of_layer, (weights[layer],), pull(unit))[1]

        kernels.append(vmap(column, chunk_size=CHUNK)(torch.eye(SAMPLES * OUTPUTS, dtype=inputs.dtype)))
    return _from_kernels(torch.stack(kernels), loss)


def autograd(network: Network, inputs: Tensor, loss: Tensor) -> Answer:
    """Plain autograd: one backward pass for every sample and output, gradients kept, then their Gram matrices."""
    first, hidden, last = _parts(network)
    free = [matrix.clone().requires_grad_() for matrix in hidden]
    h = torch.relu(inputs @ first.mT)
    for matrix in free:
        h = torch.relu(h @ matrix.mT)
    outputs = (h @ last.mT).reshape(-1)
    gradients = [torch.autograd.grad(value, free, retain_graph=True) for value in outputs]
    return _contract(tuple(torch.stack(layer) for layer in zip(*gradients, strict=True)), loss)


METHODS = {
    "factors": factors,
    "torch.func jacrev": jacobian_contraction,
    "torch.func vjp, batched": batched_vjp,
    "torch.func vjp and jvp": vector_products,
    "autograd": autograd,
}


def arithmetic_floor(width: int) -> float:
    """Multiplications and additions that no method avoids: 2 n m^2 a layer forward, 2 n d m^2 for each of L - 1 layers backward, and the
    Gram matrices of the n d factors."""
    columns = SAMPLES * OUTPUTS
    return 2.0 * SAMPLES * width**2 * DEPTH + 2.0 * columns * width**2 * (DEPTH - 1) + 2.0 * columns**2 * width * DEPTH


def one(method: str, width: int, threads: int) -> None:
    """Measure one method in this process and print its numbers as JSON."""
    torch.set_num_threads(threads)
    METHODS[method](*setting(8))  # imports and caches of the first call
    network, inputs, loss = setting(width)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times: list[float] = []
    with torch.set_grad_enabled(method != "factors"):
        while len(times) < 3 or (sum(times) < 1.0 and len(times) < 50):
            start = time.perf_counter()
            answer = METHODS[method](network, inputs, loss)
            times.append(time.perf_counter() - start)
            if times[0] > 60:
                break
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    facts = {"seconds": min(times), "megabytes": (after - before) / 1024, "norms": answer[1].tolist(), "least": float(answer[2])}
    print(json.dumps(facts | {"peak": matmul_peak(threads)}))


def measure(method: str, width: int, threads: int) -> dict[str, object] | None:
    """The numbers of one method in a process of its own; None if it did not finish (out of memory)."""
    command = [sys.executable, "-m", "benchmarks.gradients", "--one", method, "--widths", str(width), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{method} at width {width} did not finish: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", choices=METHODS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.widths[0], arguments.threads)
        return
    lines = []
    for width in arguments.widths:
        found = {method: measure(method, width, arguments.threads) for method in METHODS}
        ours = found["factors"]
        assert ours is not None
        for method, facts in found.items():
            if facts is None:
                lines.append(f"| {width} | {method} | did not finish | | | | | |")
                continue
            # All methods must agree: 1e-8 is far above rounding and far below any mistake.
            pairs = [*zip(facts["norms"], ours["norms"], strict=True), (facts["least"], ours["least"])]  # type: ignore[call-overload]
            assert all(abs(a - b) <= 1e-8 * abs(ours["norms"][0]) ** 2 for a, b in pairs), (method, width)  # type: ignore[index]
            seconds, memory = float(facts["seconds"]), float(facts["megabytes"])  # type: ignore[arg-type]
            faster, smaller = seconds / float(ours["seconds"]), memory / max(float(ours["megabytes"]), 0.1)  # type: ignore[arg-type]
            floor = arithmetic_floor(width) / float(facts["peak"])  # type: ignore[arg-type]
            lines.append(
                f"| {width} | {method} | {seconds * 1e3:.1f} | {faster:.1f} | {memory:.1f} | {smaller:.1f} | {seconds / floor:.1f}"
                f" | {100 * floor / seconds:.1f}% |"
            )
        print("\n".join(lines[-len(METHODS) :]), flush=True)
    text = TEXT.format(machine=describe(arguments.threads), rows="\n".join(lines), n=SAMPLES, L=DEPTH, d=OUTPUTS, seed=SEED)
    Path(__file__).with_suffix(".md").write_text(text)


TEXT = """# Layer kernels, gradient norms and lower bounds

All of: the L layer kernels (n d x n d), the gradient norms of F in every layer, the least eigenvalue of the last layer's kernel, for one
dense network in float64, n = {n}, L = {L}, d = {d}, seed {seed}. Best of several repetitions, one process for each method and width; all
methods agree to 1e-8. Memory: growth of the process's peak over what the network itself takes. Floor: the arithmetic that no method
avoids, at the matrix-product rate measured in the same process. {machine}

| m | method | ms | times ours | peak MB | times ours | times the floor | share of the matrix-product peak |
|---|---|---|---|---|---|---|---|
{rows}

Run it again: `python -m benchmarks.gradients`
"""

if __name__ == "__main__":
    main()

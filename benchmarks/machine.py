"""What the benchmarks say of the machine that they ran on."""

from __future__ import annotations

import os
import platform
import time

import torch


def matmul_peak(threads: int, size: int = 1024) -> float:
    """Multiplications and additions a second of a float64 matrix product: the best of five."""
    torch.set_num_threads(threads)
    a = torch.ones(size, size, dtype=torch.float64)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best


def describe(threads: int) -> str:
    """One sentence about processor, threads and versions."""
    rate = matmul_peak(threads) / 1e9
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {threads} used; matrix products at {rate:.1f} Gflop/s;"
        f" Python {platform.python_version()}, torch {torch.__version__}."
    )

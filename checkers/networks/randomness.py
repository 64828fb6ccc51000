"""Reproducible randomness: the same numbers on every machine, with any number of threads, and in every precision.

A source is keyed by a SeedSequence. Each call gets a number, each block of a call its own SFC64 generator keyed by
(call, block), so the order in which threads finish is irrelevant. float32 numbers are the rounded float64 numbers: what
was found in single precision can be tried again in double precision on the same network.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Generator = np.random.Generator

# A block of 2^16 float64 numbers is 512 KiB: it stays in a core's cache, and its 0.5 ms hide the 20 us a new generator costs.
BLOCK = 1 << 16

_most_threads = os.cpu_count() or 1


def draw_on_one_thread() -> None:
    """From now on: for a process that has others beside it on the other cores."""
    global _most_threads
    _most_threads = 1


def seed_sequence(run_seed: int, *names: str | int) -> np.random.SeedSequence:
    """The seed that belongs to (run_seed, *names). Distinct arguments give independent streams; 1 and "1" are distinct."""
    return _hashed([int(run_seed), *(name if isinstance(name, str) else int(name) for name in names)])


def _hashed(key: object) -> np.random.SeedSequence:
    digest = hashlib.sha256(json.dumps(key).encode()).digest()
    return np.random.SeedSequence(np.frombuffer(digest, dtype="<u4").tolist())


class NormalSource:
    """A stream of Gaussian tensors. threads: None for as many as are useful; it changes the speed, never the numbers."""

    def __init__(self, seed: np.random.SeedSequence, threads: int | None = None) -> None:
        self._seed = seed
        self._threads = threads or _most_threads
        self._calls = 0

    @property
    def seed(self) -> np.random.SeedSequence:
        """What this source is keyed by."""
        return self._seed

    @property
    def calls(self) -> int:
        """How many draws were taken: with the seed, all that the next one depends on. To be set where a stream is taken up again."""
        return self._calls

    @calls.setter
    def calls(self, count: int) -> None:
        self._calls = count

    def fill(self, size: int, sample: Callable[[Generator, slice], None], block: int = BLOCK) -> None:
        """Call `sample(generator, slice)` for each block of range(size), on threads: one draw of the stream."""
        call, self._calls = self._calls, self._calls + 1

        def one(index: int) -> None:
            key = (*self._seed.spawn_key, call, index)
            generator = Generator(np.random.SFC64(np.random.SeedSequence(self._seed.entropy, spawn_key=key)))
            sample(generator, slice(index * block, min(size, (index + 1) * block)))

        blocks = -(-size // block)
        if min(blocks, self._threads) <= 1:
            for index in range(blocks):
                one(index)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                for _ in pool.map(one, range(blocks)):
                    pass

    def normal(
        self,
        shape: Sequence[int],
        standard_deviation: float,
        dtype: torch.dtype = torch.float64,
        device: str | torch.device = "cpu",
    ) -> Tensor:
        """Independent N(0, standard_deviation^2) entries."""
        result = torch.empty(tuple(shape), dtype=dtype)
        flat: npt.NDArray[np.float64] = result.view(-1).numpy()

        def sample(generator: Generator, part: slice) -> None:
            if dtype == torch.float64:
                generator.standard_normal(out=flat[part])
                flat[part] *= standard_deviation
            else:
                flat[part] = standard_deviation * generator.standard_normal(part.stop - part.start)

        self.fill(prod(shape), sample)
        return result.to(device)

    def integers(self, shape: Sequence[int], low: int, high: int) -> Tensor:
        """Independent uniform integers in [low, high], both ends included; int64."""
        result = torch.empty(tuple(shape), dtype=torch.int64)
        flat: npt.NDArray[np.int64] = result.view(-1).numpy()

        def sample(generator: Generator, part: slice) -> None:
            flat[part] = generator.integers(low, high, part.stop - part.start, endpoint=True)

        self.fill(prod(shape), sample)
        return result

    def spawn(self, name: str | int) -> NormalSource:
        """The independent source called `name`; it does not depend on what this one has drawn."""
        return NormalSource(_hashed([str(self._seed.entropy), list(self._seed.spawn_key), name]), self._threads)

    def copy(self) -> NormalSource:
        """A source that will draw what this one will draw."""
        twin = NormalSource(self._seed, self._threads)
        twin._calls = self._calls
        return twin

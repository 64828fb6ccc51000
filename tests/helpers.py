"""What tests of several rooms share."""

from __future__ import annotations

from typing import Protocol

from checkers.networks.randomness import NormalSource, seed_sequence


class Sources(Protocol):
    """The randomness of one file of tests: another source for other names, the same one for the same."""

    def __call__(self, *names: str | int, threads: int | None = None) -> NormalSource: ...


def sources(seed: int, file: str) -> Sources:
    def source(*names: str | int, threads: int | None = None) -> NormalSource:
        return NormalSource(seed_sequence(seed, file, *names), threads)

    return source

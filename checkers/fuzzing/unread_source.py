"""Draws that depend on the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis.internal.conjecture import providers


@contextmanager
def source_unread() -> Iterator[None]:
    """Keep Hypothesis from drawing numbers that it reads in source files.

    It takes one number in twenty from a pool, half of which are the constants of the local modules loaded so far. Which these are depends
    on what a process did before, on the user's own files, and on whether lemmafuzz is installed or lies in a checkout: the same seed would
    search other instances. Hypothesis has no setting for it (6.170); older versions have no such pool.
    """
    if not hasattr(providers, "_get_local_constants"):
        yield
        return
    from hypothesis.internal.constants_ast import Constants

    read, none = providers._get_local_constants, Constants()
    providers._get_local_constants = lambda: none
    providers.CONSTANTS_CACHE.cache.clear()  # by the range of a draw, of both pools
    try:
        yield
    finally:
        providers._get_local_constants = read
        providers.CONSTANTS_CACHE.cache.clear()

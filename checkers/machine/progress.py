"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable


def silent(label: str, done: int, total: int) -> None:
    """No progress shown."""


# Called with (what is being done, how much is done, how much there is).
Progress = Callable[[str, int, int], None]

"""A constant of a statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """A constant that the paper hides. provenance: how its value was found. calibrated: `lemmafuzz calibrate` finds it.

    sharp: the value beyond which the claim is false (below it, for an upper bound), where one is known."""

    value: float
    provenance: str
    calibrated: bool = False
    sharp: float | None = None

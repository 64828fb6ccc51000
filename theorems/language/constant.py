"""A constant of a statement, one number or a table by bands of a size."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from theorems.language.formula import Formula

if TYPE_CHECKING:
    from theorems.language.instance import Instance

_formula = cache(Formula)  # which is read once


@dataclass(frozen=True)
class Bands:
    """Bands of a size, from the smallest instances to the largest. by: the size, a formula; edges: where the next band begins, increasing.

    Small networks are wild where a size of theirs is small, a number of flips or a width: what 3 flips may do by chance, 30 do not. One
    constant for both would leave the large networks, which tell exponents apart, the room that the small ones need.
    """

    by: str
    edges: tuple[float, ...]

    def of(self, instance: Instance, **given: Any) -> int:
        """The number of the band that the instance is in; given: what stands in place of its sizes."""
        return bisect_right(self.edges, float(_formula(self.by)(instance, **given)))

    @property
    def limits(self) -> list[tuple[float, float]]:
        """Where each band begins and ends; the last ends nowhere."""
        ends = (0.0, *self.edges, float("inf"))
        return list(pairwise(ends))


@dataclass(frozen=True)
class Constant:
    """A constant that the paper hides. provenance: how its value was found. calibrated: `lemmafuzz calibrate` finds it.

    value: of the largest sizes, where there are bands; it holds however large they become. bands, values: the table, a value for each band.
    sharp: the value beyond which the claim is false (below it, for an upper bound), where one is known."""

    value: float
    provenance: str
    calibrated: bool = False
    sharp: float | None = None
    bands: Bands | None = None
    values: tuple[float, ...] = ()

    def at(self, instance: Instance, **given: Any) -> float:
        """Its value at an instance; given: what stands in place of the instance's sizes."""
        return self.values[self.bands.of(instance, **given)] if self.bands and self.values else self.value

    def times(self, factor: float) -> Constant:
        """The constant, in every band, times a factor."""
        return Constant(
            self.value * factor, self.provenance, self.calibrated, self.sharp, self.bands, tuple(value * factor for value in self.values)
        )

    def __str__(self) -> str:
        """`4`, or `3.6, 1.9 and 1.1 where m omega^(2/3) L is below 2, below 8 and above`."""
        if not (self.bands and self.values):
            return f"{self.value:.3g}"
        *first, last = (f"{value:.3g}" for value in self.values)
        below = ", ".join(f"below {edge:g}" for edge in self.bands.edges)
        return f"{', '.join(first)} and {last} where {self.bands.by} is {below} and above"

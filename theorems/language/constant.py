"""A constant of a statement: one number, a table by bands of a size, or a limit with a finite-size term."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from theorems.language.formula import Formula

if TYPE_CHECKING:
    from theorems.language.instance import Instance

_formula = cache(Formula)  # which is read once


def in_parentheses(term: str) -> str:
    """A sum in parentheses, a product as it is."""
    return f"({term})" if len(Formula(term).terms) > 1 else term


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
class FiniteSize:
    """Finite networks: the constant is its limit times 1 + room * term, or, of a bound from below, the limit over that.

    term: a formula in the sizes, which goes to 0 as networks grow; room: how much of it.

    A margin on the whole constant would hide exponents that it is larger than. Where the limit is known, only the way to it is uncertain.
    """

    term: str
    room: float
    lower: bool = False

    def factor(self, instance: Instance, **given: Any) -> float:
        """What the limit is multiplied with at an instance; given: what stands in place of its sizes."""
        grown = 1 + self.room * self.size(instance, **given)
        return 1 / grown if self.lower else grown

    def size(self, instance: Instance, **given: Any) -> float:
        """The term at an instance."""
        return float(_formula(self.term)(instance, **given))


@dataclass(frozen=True)
class Constant:
    """A constant that the paper hides. provenance: how its value was found. calibrated: `lemmafuzz calibrate` finds it.

    value: of the largest sizes, where there are bands; it holds however large they become. bands, values: the table, a value for each band.
    sharp: the value beyond which the claim is false (below it, for an upper bound), where one is known. finite: how finite networks need
    more than the value, which is then a limit."""

    value: float
    provenance: str
    calibrated: bool = False
    sharp: float | None = None
    bands: Bands | None = None
    values: tuple[float, ...] = ()
    finite: FiniteSize | None = None

    def at(self, instance: Instance, **given: Any) -> float:
        """Its value at an instance; given: what stands in place of the instance's sizes."""
        if self.finite:
            return self.value * self.finite.factor(instance, **given)
        return self.values[self.bands.of(instance, **given)] if self.bands and self.values else self.value

    def times(self, factor: float) -> Constant:
        """The constant, in every band and at every size, times a factor."""
        return dataclasses.replace(self, value=self.value * factor, values=tuple(value * factor for value in self.values))

    def __str__(self) -> str:
        """`4`, or `3.6, 1.9 and 1.1 where m omega^(2/3) L is below 2, below 8 and above`, or `0.955/(1 + 19.7 sqrt(L/(m delta)))`."""
        if self.finite:
            return f"{self.value:.3g}{'/' if self.finite.lower else ' '}(1 + {self.finite.room:.3g} {in_parentheses(self.finite.term)})"
        if not (self.bands and self.values):
            return f"{self.value:.3g}"
        *first, last = (f"{value:.3g}" for value in self.values)
        below = ", ".join(f"below {edge:g}" for edge in self.bands.edges)
        return f"{', '.join(first)} and {last} where {self.bands.by} is {below} and above"

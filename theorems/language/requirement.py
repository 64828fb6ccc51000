"""What a theory asks of a data set: assumptions on its rows, and formulas of a width and a number of steps that are sure to do.

A theory declares them in its own folder, and so adds a row to `lemmafuzz compare`. Formulas speak of n, d, L and delta of an instance, eps
(the loss to be reached, as a share of the first one), p (the failure probability), Y = ‖y‖, C = max |y_i|, and of what `given` adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from theorems.language.formula import Formula
from theorems.language.instance import Array, Instance
from theorems.language.least import last_crossing

Rows = list[tuple[int, ...]]
# printed: the paper's formula, its hidden constant 1. derived: with the constants that our own proof of it gives. limit: what a condition
# that is decided from W(0) tends to as m grows.
Standing = Literal["printed", "derived", "limit"]


@dataclass(frozen=True)
class Predicate:
    """An assumption on data. broken_by: groups of rows, numbers from 0, that break it together, none where it is met. inputs: unit rows.
    remedy: what to do about it, in words."""

    says: str
    broken_by: Callable[[Array], Rows]
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A width that a theorem, or one step of its proof, asks for.

    name: what a table calls it. source: where the formula stands. trained: which weights. promises: that training converges, or only that
    the kernel is there at initialization. width, steps: formulas, the first may read m itself; steps "" where none is said. definitions:
    names that they use, each in terms of the later ones. given: symbols of this theory, of unit rows (n, d_in) and labels (n,).
    """

    id: str
    theory: str
    name: str
    source: str
    trained: str
    standing: Standing
    width: str
    steps: str = ""
    assumes: tuple[Predicate, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    given: Callable[[Array, Array], Mapping[str, float]] = lambda inputs, targets: {}
    promises: Literal["convergence", "kernel"] = "convergence"
    note: str = ""

    def formula(self, text: str) -> Formula:
        """The text as a formula, its definitions written out."""
        found = Formula(text)
        for name, meaning in self.definitions.items():
            found = found.with_definitions({name: meaning})
        return found

    def least_width(self, instance: Instance, values: Mapping[str, float], *, logarithms: bool = True) -> float:
        """The least m from which on the formula is met, 1 or more. logarithms: False for logarithms of m as 1."""
        right = self.formula(self.width)
        right = right if logarithms else right.without_logarithms(of="m")
        return last_crossing(lambda m: float(right(instance, **{**values, "m": m})))

    def least_steps(self, instance: Instance, values: Mapping[str, float]) -> float | None:
        """Steps to the share eps of the first loss; None where nothing is said."""
        return float(self.formula(self.steps)(instance, **values)) if self.steps else None


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A result that compare names without a number. why: it has none here."""

    source: str
    assumes: str
    width: str
    why: str


_requirements: dict[str, Requirement] = {}
_quoted: dict[str, Quoted] = {}


def requirement(**fields: object) -> Requirement:
    """Declare one: the fields of Requirement. Declared again, as by a module that is imported again, it replaces itself."""
    declared = Requirement(**fields)  # type: ignore[arg-type]
    _requirements[declared.id] = declared
    return declared


def quoted(**fields: str) -> Quoted:
    """Name a result without a number: the fields of Quoted."""
    declared = Quoted(**fields)
    _quoted[declared.source] = declared
    return declared


def requirements() -> Iterator[Requirement]:
    """All, in the order of their declaration."""
    yield from _requirements.values()


def quoted_results() -> Iterator[Quoted]:
    """All, in the order of their declaration."""
    yield from _quoted.values()


def forget(identifier: str) -> None:
    """Take one back: a test's own."""
    _requirements.pop(identifier)

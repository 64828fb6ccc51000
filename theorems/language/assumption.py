"""What a statement assumes of an instance, and with which probability over the initialization it may fail there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from theorems.language.formula import Formula
from theorems.language.instance import QUANTITIES

if TYPE_CHECKING:
    from theorems.language.instance import Instance


@dataclass(frozen=True)
class Assumption:
    """A condition on one quantity: `quantity >= bound` or `quantity <= bound`, in the paper's own form.

    bound: the right side, evaluated at the instance, as a formula or a function (instance, **constants). constants: those that the paper
    hides, as declared. A condition on one quantity can be drawn from as well as checked, so no instance is ever filtered away.
    """

    name: str
    formula: str
    quantity: str
    relation: Literal[">=", "<="]
    bound: Callable[..., float]
    constants: Mapping[str, float] = field(default_factory=dict)

    def latex(self) -> str:
        """`m \\ge n L`; empty where the right side is no formula."""
        if not isinstance(self.bound, Formula):
            return ""
        relation = r"\ge" if self.relation == ">=" else r"\le"
        return f"{Formula(QUANTITIES[self.quantity][0]).latex()} {relation} {self.bound.latex()}"

    def limit(self, instance: Instance) -> float:
        """The value that `quantity` is compared with."""
        return self.bound(instance, **self.constants)

    def depth(self, instance: Instance) -> float:
        """How far inside: the factor by which the quantity could worsen, hidden constants set to 1; infinite where it could without end.
        Inside iff >= 1."""
        limit, value = self.bound(instance, **dict.fromkeys(self.constants, 1.0)), instance.quantity(self.quantity)
        better, worse = (value, limit) if self.relation == ">=" else (limit, value)
        return better / worse if worse else float("inf")  # n L log(n L) is 0 where n = L = 1

    def holds(self, instance: Instance) -> bool:
        """Whether the instance satisfies the condition as declared."""
        value, limit = instance.quantity(self.quantity), self.limit(instance)
        return value >= limit if self.relation == ">=" else value <= limit


@dataclass(frozen=True)
class FailureProbability:
    """The claimed probability, over the initialization, that the inequality fails. bound: may exceed 1, where it says nothing."""

    formula: str
    bound: Callable[..., float]

    def latex(self) -> str:
        """The bound; empty where it is no formula."""
        return self.bound.latex() if isinstance(self.bound, Formula) else ""


def never(instance: Instance, **constants: float) -> float:
    """The failure probability of an identity."""
    return 0.0


NEVER = FailureProbability("0", never)

"""The declaration of a statement: what the paper claims, in a form that can be run, attacked and refuted."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from theorems.language.assumption import NEVER as NEVER
from theorems.language.assumption import Assumption as Assumption
from theorems.language.assumption import FailureProbability as FailureProbability
from theorems.language.bound import with_bound
from theorems.language.constant import Bands as Bands
from theorems.language.constant import Constant as Constant
from theorems.language.declaration_error import NOTE as NOTE
from theorems.language.declaration_error import DeclarationError as DeclarationError
from theorems.language.declaration_error import naming as naming
from theorems.language.formula import Formula
from theorems.language.instance import QUANTITIES
from theorems.language.subject import Comparison, Side
from theorems.language.variant import AIM
from theorems.language.variant import MERGED as MERGED
from theorems.language.variant import Variant as Variant
from theorems.language.variant import VariantKind as VariantKind

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Subject

Kind = Literal["identity", "derived", "declared"]
Engine = Literal["vectors", "exact law", "dense", "revealed", "gate law", "gates", "jacobian"]
Direction = Literal["at most", "at least", ""]
Certificate = Literal["", "upper bounds", "flips of one layer"]
Range = tuple[float, float]

# From the least dimension of any data to that of the digits of strategies.digits: their 64 pixels and the constant.
INPUTS: Range = (2, 65)

FULLY_CONNECTED = "fully connected"
KINDS = ("data", "labels")  # what an instance has beside its sizes
FIRST_THEORY = "allen-zhu"
EXACT_LAW: Engine = "exact law"
FLIPS: Certificate = "flips of one layer"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the paper.

    measure: function (subject, **constants) -> Comparison of left <= right. Where at_most or at_least has one side of the claim, function
    (subject, **those of the constants that it names) -> Side, the other one.
    at_most, at_least: the bound of what is measured, a formula (formula.py), or one for each index of the last axis, "part". Each
    {bound} in the claim stands for one of them.
    definitions: name -> formula, in sizes and constants: what the claim names beside its bound, a step size eta or a number of steps T.
    The measure is called with those that it names, bounds and later definitions may use them, and {T} in the claim stands for T's formula.
    reach: the largest value that the measured side takes but with a probability far below the claimed one, in sizes and constants. Where an
    upper bound is no smaller it says nothing, and the instance is vacuous.
    exponents: of the bound, in the quantities along which they are measured. scales: those that follow from the (first) formula instead.
    ranges: quantity -> (low, high); quantities not named keep the default of Instance. Drawn log-uniformly, lowest first.
    beyond: ranges outside the regime, drawn with the assumption on width dropped; they are counted apart and never are evidence.
    ladders: ranges of the ladders on which exponents are measured, where they are to go further than searches can afford.
    waived: assumptions that instances need not meet, but that still measure how far inside the regime they are.
    data, labels: names of the shapes of data and labels to draw from ("any": all valid ones).
    engines: what can answer the measure's questions, the cheapest that fits is used.
    exact: the measured left side is the true supremum over all that the claim quantifies over inside one instance.
    attack: the search inside the measure, where the supremum is looked for rather than computed.
    certificate: how balls can prove more of a drawn instance than that its measured sides compare. "upper bounds": the suprema that the
    measure searches for have proved upper bounds; "flips of one layer": the claim over the whole ball is one about flips (certification/).
    trained: it speaks of training runs, whose regime has a far side of its own.
    sharp: quantity -> the exponent of the true supremum, where it is proved or measured: what claims more than the bound and is still true.
    proved: a formula, or one a part ("" for none), that is proved to bound the measured side too, where a stronger proof is known: what
    claims more than the bound and no more than this is true.
    sharpens: the id of a statement about the same measured side that claims no more: what follows from this one is true there.
    tight: sizes, and the KINDS of data and labels, at which the bound is attained as networks grow; corners of the region lie there. A size
    may be a formula in those before it, and in constants.
    passes: how many times more the measure costs than one forward and backward pass; it divides the number of trials.
    trials: of one instance, at least, where few of its instances can be had and each network costs little beside what a statement is worth.
    adversary: names of the adversaries that move the weights inside the ball of radius `radius`; none: the weights stay.
    start: names of adversaries that first move the weights to a W~ in the ball, which is then the origin of a second move.
    variance: entries of A and W_l are drawn N(0, variance/m). The paper says 2.
    theory: the id of the theory that it belongs to (theory.py).
    architecture: the networks that it speaks of; the same id on another architecture is another form of the statement (registry.py).
    options: parameters of the architecture, by name; a false variant may change them.
    """

    id: str
    source: str
    claim: str
    kind: Kind
    measure: Callable[..., Any]
    ranges: Mapping[str, Range]
    at_most: str | tuple[str, ...] = ()
    at_least: str | tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    reach: str = ""
    beyond: Mapping[str, Range] = field(default_factory=dict)
    ladders: Mapping[str, Range] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    waived: tuple[Assumption, ...] = ()
    failure: FailureProbability = NEVER
    constants: Mapping[str, Constant] = field(default_factory=dict)
    exponents: Mapping[str, float] = field(default_factory=dict)
    scales: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    theory: str = FIRST_THEORY
    architecture: str = FULLY_CONNECTED
    options: Mapping[str, float] = field(default_factory=dict)
    engines: tuple[Engine, ...] = ("dense", "revealed")
    data: tuple[str, ...] = ("any",)
    labels: tuple[str, ...] = ("none",)
    exact: bool = False
    attack: str = ""
    certificate: Certificate = ""
    trained: bool = False
    sharp: Mapping[str, float] = field(default_factory=dict)
    proved: str | tuple[str, ...] = ()
    sharpens: str = ""
    tight: Mapping[str, float | str] = field(default_factory=dict)
    passes: int = 1
    trials: int = 1
    adversary: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    variance: float = 2.0
    note: str = ""
    variant_name: str = ""

    @property
    def stream(self) -> tuple[str, ...]:
        """What distinguishes this form's randomness from that of all other statements and forms."""
        return (self.id,) if self.architecture == FULLY_CONNECTED else (self.id, self.architecture)

    @cached_property
    def bounds(self) -> tuple[Formula, ...]:
        """The formulas of the claimed side, one a part; none where the measure returns both sides."""
        texts = self.at_most or self.at_least
        return tuple(map(Formula, (texts,) if isinstance(texts, str) else texts))

    @cached_property
    def proved_bounds(self) -> tuple[Formula | None, ...]:
        """The formulas that are proved besides, one a part; none where nothing is."""
        texts = (self.proved,) if isinstance(self.proved, str) else self.proved
        return tuple(Formula(text) if text else None for text in texts)

    @property
    def direction(self) -> Direction:
        """On which side the bound stands of what is measured; "" where the measure returns both sides."""
        return "at most" if self.at_most else "at least" if self.at_least else ""

    @cached_property
    def whole_bounds(self) -> tuple[Formula, ...]:
        """The bounds with the definitions written out."""
        written: dict[str, str] = {}
        for name, text in self.definitions.items():
            written[name] = Formula(text).with_definitions(written).text
        return tuple(bound.with_definitions(written) for bound in self.bounds)

    def proportional_to(self, constants: Collection[str]) -> bool:
        """Whether the claimed side, and it alone, grows in proportion to these constants together."""
        read = any(name in self.asked for name in constants)
        return bool(self.bounds) and not read and all(bound.proportional_to(constants) for bound in self.whole_bounds)

    @cached_property
    def sentence(self) -> str:
        """The claim with its formulas."""
        text = self.claim
        for bound in self.bounds:
            text = text.replace("{bound}", bound.text, 1)
        for name, formula in self.definitions.items():
            text = text.replace(f"{{{name}}}", formula)
        return text

    @property
    def axes(self) -> tuple[str, ...]:
        """The quantities in which the bound's exponents are claimed and measured."""
        return (*self.exponents, *(name for name in self.scales if name not in self.exponents))

    @cached_property
    def claimed_exponents(self) -> Mapping[str, float]:
        """The claimed exponent along each axis: as declared, else that of the first formula."""
        followed = {name: self.bounds[0].exponent(QUANTITIES[name][0]) for name in self.scales}
        return {name: (followed | dict(self.exponents))[name] for name in self.axes}

    @cached_property
    def _defined(self) -> Mapping[str, Formula]:
        return {name: Formula(text) for name, text in self.definitions.items()}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The constants and definitions that the measure is called with."""
        given = (*self.constants, *self.definitions)
        named = inspect.signature(self.measure).parameters if self.bounds else given
        return tuple(name for name in given if name in named)

    def constant_values(self, instance: Instance | None = None, **given: Any) -> dict[str, float]:
        """The constants as keyword arguments of `measure` and `failure.bound`, at an instance; None: at large sizes.

        given: as for values; a size given as a number decides the band too."""
        if instance is None:
            return {name: constant.value for name, constant in self.constants.items()}
        sizes = {name: one for name, one in given.items() if isinstance(one, int | float)}
        return {name: constant.at(instance, **sizes) for name, constant in self.constants.items()}

    def values(self, instance: Instance, **given: Any) -> dict[str, Any]:
        """The constants, and the definitions evaluated at the instance; given: what stands in place of one, or of a size."""
        found = {**self.constant_values(instance, **given), **given}
        for name, formula in self._defined.items():
            if name not in given:
                found[name] = formula(instance, **found)
        return found

    def claimed(self, instance: Instance, **given: Any) -> list[Any]:
        """The claimed side, one a part, at the instance; given: as for values, and what a measure gives: numbers, or tensors."""
        values = self.values(instance, **given)
        return [bound(instance, **values) for bound in self.bounds]

    def sides(self, subject: Subject) -> Comparison:
        """Both sides of the claim, measured on a subject; DeclarationError if the measure gives anything but tensors."""
        from torch import Tensor

        found = self.compare(subject)
        for name, side in (("left", found.left), ("right", found.right)):
            if not isinstance(side, Tensor):
                given = type(side).__name__
                raise DeclarationError(f"statement {self.id!r}: field 'measure' gave a {given} as the {name} side, not a tensor")
        return found

    def compare(self, subject: Subject) -> Comparison:
        """Both sides of the claim, in whatever the subject answers with: tensors, or balls."""
        with naming(self.id, "measure"):
            values = self.values(subject.instance)
            found = self.measure(subject, **{name: values[name] for name in self.asked})
        wanted = Side if self.bounds else Comparison
        if not isinstance(found, wanted):
            raise DeclarationError(f"statement {self.id!r}: field 'measure' gave a {type(found).__name__}, not a {wanted.__name__}")
        return self.against_bounds(found, subject.instance) if isinstance(found, Side) else found

    def against_bounds(self, found: Side, instance: Instance) -> Comparison:
        """What was measured at the instance, beside the bounds."""
        claimed = functools.partial(self.claimed, instance)
        return with_bound(self.id, found, claimed, parts=len(self.bounds), above=bool(self.at_most))

    def failure_probability(self, instance: Instance) -> float:
        """The claimed failure probability of this instance, at most 1."""
        with naming(self.id, "failure"):
            bound = self.failure.bound(instance, **self.constant_values(instance))
            sound = not isinstance(bound, complex) and bound >= 0  # which nan is not
        if not sound:
            raise DeclarationError(f"statement {self.id!r}: field 'failure' gave {bound!r}, which is no probability, for {instance}")
        return min(1.0, float(bound))

    def out_of_reach(self, instance: Instance) -> bool:
        """Whether every bound allows whatever the measured side can reach: nothing could refute it."""
        if not self.reach:
            return False
        most = Formula(self.reach)(instance, **self.constant_values(instance))
        return all(bound >= most for bound in self.claimed(instance))

    def says_something(self, instance: Instance) -> bool:
        """Whether anything is claimed of this instance that could be seen to fail: with probability at least 1/2, and within reach."""
        return self.failure_probability(instance) < 0.5 and not self.out_of_reach(instance)

    def inside(self, instance: Instance) -> bool:
        """Whether every assumption holds."""
        with naming(self.id, "assumptions"):
            return all(assumption.holds(instance) for assumption in self.assumptions)

    def regime_depth(self, instance: Instance) -> float:
        """The least depth over all assumptions: 1 at the border of the regime, hidden constants set to 1; infinite without assumptions."""
        with naming(self.id, "assumptions"):
            return min((assumption.depth(instance) for assumption in (*self.assumptions, *self.waived)), default=float("inf"))

    def beyond_regime(self) -> Statement:
        """The statement on `beyond`, without its assumption on the width: how it fares where the paper says nothing."""
        kept = tuple(assumption for assumption in self.assumptions if assumption.quantity != "width")
        waived = tuple(assumption for assumption in self.assumptions if assumption.quantity == "width")
        return dataclasses.replace(self, ranges=self.beyond, assumptions=kept, waived=waived, trials=1)

    @property
    def aimed(self) -> bool:
        """Whether it is a false variant with ranges, data or labels of its own: the corners of the statement's region are not its."""
        return any(AIM & variant.changes.keys() for variant in self.variants if variant.name == self.variant_name)

    def variant(self, name: str) -> Statement:
        """The statement with one false variant's changes applied."""
        for variant in self.variants:
            if variant.name == name:
                changes = dict(variant.changes)
                for merged in MERGED:
                    if merged in changes:
                        changes[merged] = {**getattr(self, merged), **changes[merged]}
                return dataclasses.replace(self, **changes, variant_name=name)
        raise KeyError(f"{self.id} has no false variant {name!r}; it has: {', '.join(v.name for v in self.variants)}")

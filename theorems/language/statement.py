"""The declaration of a statement: what the paper claims, in a form that can be run, attacked and refuted."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from theorems.language.formula import Formula, FormulaError
from theorems.language.instance import QUANTITIES
from theorems.language.subject import Comparison, Side

if TYPE_CHECKING:
    from theorems.language.along_training import Along
    from theorems.language.instance import Instance
    from theorems.language.subject import Subject

Kind = Literal["identity", "derived", "declared"]
Engine = Literal["vectors", "exact law", "dense", "revealed", "gate law", "gates"]
VariantKind = Literal["exponent", "assumption", "initialization", "constant", "implementation", "claim", "as printed"]
Range = tuple[float, float]

# From the least dimension of any data to that of the digits of strategies.digits: their 64 pixels and the constant.
INPUTS: Range = (2, 65)

# Mappings of which a variant, or a form on another architecture, says only what differs.
MERGED = ("constants", "definitions", "ranges")

FULLY_CONNECTED = "fully connected"
FIRST_THEORY = "allen-zhu"
EXACT_LAW: Engine = "exact law"


class DeclarationError(ValueError):
    """A declaration that cannot be right; raised when the module that holds it is imported, or when a function of it is first called."""


NOTE = "in field "  # how the notes of `naming` begin: others leave notes on errors too


@contextmanager
def naming(statement: Statement, name: str) -> Iterator[None]:
    """Note on an error that passes which field's function it came from: the error keeps its type for those who await it."""
    try:
        yield
    except (Exception, SystemExit) as error:
        note = f"{NOTE}{name!r} of statement {statement.id!r}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise


@dataclass(frozen=True)
class Constant:
    """A constant that the paper hides. provenance: how its value was found. calibrated: `lemmafuzz calibrate` finds it."""

    value: float
    provenance: str
    calibrated: bool = False


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

    def limit(self, instance: Instance) -> float:
        """The value that `quantity` is compared with."""
        return self.bound(instance, **self.constants)

    def depth(self, instance: Instance) -> float:
        """How far inside: the factor by which the quantity could worsen, hidden constants set to 1. Inside iff >= 1."""
        limit, value = self.bound(instance, **dict.fromkeys(self.constants, 1.0)), instance.quantity(self.quantity)
        return value / limit if self.relation == ">=" else limit / value

    def holds(self, instance: Instance) -> bool:
        """Whether the instance satisfies the condition as declared."""
        value, limit = instance.quantity(self.quantity), self.limit(instance)
        return value >= limit if self.relation == ">=" else value <= limit


@dataclass(frozen=True)
class FailureProbability:
    """The claimed probability, over the initialization, that the inequality fails. bound: may exceed 1, where it says nothing."""

    formula: str
    bound: Callable[..., float]


def never(instance: Instance, **constants: float) -> float:
    """The failure probability of an identity."""
    return 0.0


NEVER = FailureProbability("0", never)


@dataclass(frozen=True)
class Variant:
    """A wrong version of a statement, which the checker must refute. changes: fields of Statement that it replaces;
    the mappings `constants`, `definitions` and `ranges` are merged into the statement's own."""

    name: str
    kind: VariantKind
    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the paper.

    measure: function (subject, **constants) -> Comparison of left <= right. Where at_most or at_least has one side of the claim, function
    (subject, **those of the constants that it names) -> Side, the other one.
    at_most, at_least: the bound of what is measured, a formula (formula.py), or one for each index of the last axis, "part". Each
    {bound} in the claim stands for one of them.
    definitions: name -> formula, in sizes and constants: what the claim names beside its bound, a step size eta or a number of steps T.
    The measure is called with those that it names, bounds and later definitions may use them, and {T} in the claim stands for T's formula.
    exponents: of the bound, in the quantities along which they are measured. scales: those that follow from the (first) formula instead.
    ranges: quantity -> (low, high); quantities not named keep the default of Instance. Drawn log-uniformly, lowest first.
    beyond: ranges outside the regime, drawn with the assumption on width dropped; they are counted apart and never are evidence.
    ladders: ranges of the ladders on which exponents are measured, where they are to go further than searches can afford.
    waived: assumptions that instances need not meet, but that still measure how far inside the regime they are.
    data, labels: names of the shapes of data and labels to draw from ("any": all valid ones).
    engines: what can answer the measure's questions, the cheapest that fits is used.
    exact: the measured left side is the true supremum over all that the claim quantifies over inside one instance.
    attack: the search inside the measure, where the supremum is looked for rather than computed.
    passes: how many times more the measure costs than one forward and backward pass; it divides the number of trials.
    adversary: names of the adversaries that move the weights inside the ball of radius `radius`; none: the weights stay.
    start: names of adversaries that first move the weights to a W~ in the ball, which is then the origin of a second move.
    variance: entries of A and W_l are drawn N(0, variance/m). The paper says 2.
    theory: the id of the theory that it belongs to (theory.py).
    architecture: the networks that it speaks of; the same id on another architecture is another form of the statement (registry.py).
    options: parameters of the architecture, by name; a false variant may change them.
    along: the claimed side at a moment of a training run, for the lemmas that a run is explained by (along_training.py).
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
    passes: int = 1
    adversary: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    variance: float = 2.0
    note: str = ""
    along: Along | None = None
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
    def asked(self) -> tuple[str, ...]:
        """The constants and definitions that the measure is called with."""
        given = (*self.constants, *self.definitions)
        named = inspect.signature(self.measure).parameters if self.bounds else given
        return tuple(name for name in given if name in named)

    def constant_values(self) -> dict[str, float]:
        """The constants as keyword arguments of `measure` and `failure.bound`."""
        return {name: constant.value for name, constant in self.constants.items()}

    def values(self, instance: Instance) -> dict[str, float]:
        """The constants, and the definitions evaluated at the instance."""
        found = self.constant_values()
        for name, formula in self.definitions.items():
            found[name] = Formula(formula)(instance, **found)
        return found

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
        with naming(self, "measure"):
            values = self.values(subject.instance)
            found = self.measure(subject, **{name: values[name] for name in self.asked})
        wanted = Side if self.bounds else Comparison
        if not isinstance(found, wanted):
            raise DeclarationError(f"statement {self.id!r}: field 'measure' gave a {type(found).__name__}, not a {wanted.__name__}")
        return self._with_bound(found, subject.instance) if isinstance(found, Side) else found

    def _with_bound(self, found: Side, instance: Instance) -> Comparison:
        import torch

        values = found.values
        if not hasattr(values, "new_tensor"):
            raise DeclarationError(f"statement {self.id!r}: field 'measure' gave a {type(values).__name__} as its side, not a tensor")
        parts = len(self.bounds) > 1
        if parts and (values.ndim < 2 or values.shape[-1] != len(self.bounds)):
            raise DeclarationError(f"statement {self.id!r} has {len(self.bounds)} bounds, and its last axis is not as long")
        shape = tuple(values.shape[:-1] if parts else values.shape)
        # what is given once a trial stands beside every index
        given = {name: one.reshape(tuple(one.shape) + (1,) * (len(shape) - one.ndim)) for name, one in found.given.items()}
        try:
            sides = [bound(instance, **{**self.values(instance), **given}) for bound in self.bounds]
            whole = [(side if hasattr(side, "expand") else values.new_tensor(side)).expand(shape) for side in sides]
        except (FormulaError, RuntimeError) as error:
            raise DeclarationError(f"statement {self.id!r}: {error}") from error
        bound = torch.stack(whole, -1) if parts else whole[0]
        left, right = (values, bound) if self.at_most else (bound, values)
        return Comparison(left, right, found.axes, found.rounding, found.looked_at)

    def failure_probability(self, instance: Instance) -> float:
        """The claimed failure probability of this instance, at most 1."""
        with naming(self, "failure"):
            bound = self.failure.bound(instance, **self.constant_values())
            sound = not isinstance(bound, complex) and bound >= 0  # which nan is not
        if not sound:
            raise DeclarationError(f"statement {self.id!r}: field 'failure' gave {bound!r}, which is no probability, for {instance}")
        return min(1.0, float(bound))

    def inside(self, instance: Instance) -> bool:
        """Whether every assumption holds."""
        with naming(self, "assumptions"):
            return all(assumption.holds(instance) for assumption in self.assumptions)

    def regime_depth(self, instance: Instance) -> float:
        """The least depth over all assumptions: 1 at the border of the regime, hidden constants set to 1; infinite without assumptions."""
        with naming(self, "assumptions"):
            return min((assumption.depth(instance) for assumption in (*self.assumptions, *self.waived)), default=float("inf"))

    def beyond_regime(self) -> Statement:
        """The statement on `beyond`, without its assumption on the width: how it fares where the paper says nothing."""
        kept = tuple(assumption for assumption in self.assumptions if assumption.quantity != "width")
        waived = tuple(assumption for assumption in self.assumptions if assumption.quantity == "width")
        return dataclasses.replace(self, ranges=self.beyond, assumptions=kept, waived=waived)

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

"""All statements, validated when they are declared."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_args

from theorems.language.fields import mistake
from theorems.language.instance import QUANTITIES
from theorems.language.statement import EXACT_LAW, FULLY_CONNECTED, KINDS, DeclarationError, Engine, Kind, Statement
from theorems.language.theory import theories

Measure = TypeVar("Measure", bound=Callable[..., Any])
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FIELDS = frozenset(f.name for f in dataclasses.fields(Statement)) - {"id", "variants", "variant_name"}


class Registry:
    """Statements by id, in the order of their declaration; a statement may rest only on statements declared before it.

    A statement may have one form for each architecture, all of one id. The first form declared is what `registry[id]` gives; the others
    have their own constants, exponents, failure probabilities and false variants. Where a statement has no form, a reason can be left.
    """

    def __init__(self) -> None:
        self._forms: dict[str, dict[str, Statement]] = {}
        self._reasons: dict[tuple[str, str], str] = {}

    def __iter__(self) -> Iterator[Statement]:
        return (next(iter(forms.values())) for forms in self._forms.values())

    def __len__(self) -> int:
        return len(self._forms)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._forms

    def __getitem__(self, identifier: str) -> Statement:
        return next(iter(self._forms[identifier].values()))

    def position(self, identifier: str) -> int:
        """Place in the order of declaration, from 0: which share of the run's error budget the statement owns."""
        return list(self._forms).index(identifier)

    def forms(self, identifier: str) -> list[Statement]:
        """The statement on every architecture that it has a form for."""
        return list(self._forms[identifier].values())

    def form(self, identifier: str, architecture: str) -> Statement:
        """The statement on this architecture; KeyError if it has no form there."""
        return self._forms[identifier][architecture]

    def has_form(self, identifier: str, architecture: str) -> bool:
        """Whether the statement has a form for this architecture."""
        return architecture in self._forms.get(identifier, {})

    def cells(self) -> list[tuple[str, str]]:
        """(id, architecture) of every form, statement after statement."""
        return [(identifier, architecture) for identifier, forms in self._forms.items() for architecture in forms]

    def architectures(self, theory: str = "") -> list[str]:
        """All architectures that some statement, of that theory, has a form for, in the order in which they appeared."""
        forms = [form for forms in self._forms.values() for form in forms.values() if theory in ("", form.theory)]
        return list(dict.fromkeys(form.architecture for form in forms))

    def theory(self, identifier: str) -> list[Statement]:
        """The statements of that theory."""
        return [statement for statement in self if statement.theory == identifier]

    def reason(self, identifier: str, architecture: str) -> str:
        """Why the statement has no form for this architecture."""
        return self._reasons.get((identifier, architecture), "not declared for this architecture")

    def explains(self, identifier: str, architecture: str) -> bool:
        """Whether someone said why the statement has no form for this architecture."""
        return (identifier, architecture) in self._reasons

    def leave_out(self, identifier: str, architecture: str, reason: str) -> None:
        """Say why a statement has no form for an architecture."""
        if identifier not in self._forms or self.has_form(identifier, architecture):
            raise DeclarationError(f"statement {identifier!r} is unknown, or has a form for the architecture {architecture!r}")
        self._reasons[identifier, architecture] = reason

    def add(self, statement: Statement) -> Statement:
        """Validate and register; raises DeclarationError with one sentence that says what is wrong."""
        validate(statement, self)
        self._forms.setdefault(statement.id, {})[statement.architecture] = statement
        return statement

    def remove(self, identifier: str, architecture: str | None = None) -> None:
        """Forget a statement, or one form of it (a module of the user's that failed half way, a test's own statement)."""
        forms = self._forms.get(identifier, {})
        forms.pop(architecture, None) if architecture is not None else forms.clear()
        if not forms:
            self._forms.pop(identifier, None)

    def foundations(self, identifier: str) -> list[Statement]:
        """Everything the statement rests on, directly or not, earliest first."""
        needed: set[str] = set()
        pending = list(self[identifier].rests_on)
        while pending:
            name = pending.pop()
            if name not in needed:
                needed.add(name)
                pending.extend(self[name].rests_on)
        return [statement for statement in self if statement.id in needed]


def validate(statement: Statement, registry: Registry) -> None:
    """Refuse a declaration that cannot be right."""
    place = "" if statement.architecture == FULLY_CONNECTED else f" on {statement.architecture!r} networks"
    where = f"statement {statement.id!r}{place}"

    def refuse(reason: str) -> None:
        raise DeclarationError(f"{where} {reason}")

    if not isinstance(statement.id, str) or not _ID.fullmatch(statement.id):
        refuse("needs an id of lower-case words joined by hyphens")
    if registry.has_form(statement.id, statement.architecture):
        refuse("is declared twice")
    if wrong := mistake(statement):
        raise DeclarationError(f"{where}: {wrong}")
    for name in statement.rests_on:
        if name not in registry:
            refuse(f"rests on {name!r}, which is not declared before it")
    if statement.sharpens and statement.sharpens not in registry:
        refuse(f"sharpens {statement.sharpens!r}, which is not declared before it")
    if statement.theory not in theories():
        refuse(f"belongs to the unknown theory {statement.theory!r}; known: {', '.join(theories())}")
    if statement.kind not in get_args(Kind):
        refuse(f"is of the unknown kind {statement.kind!r}; known: {', '.join(get_args(Kind))}")
    for engine in statement.engines:
        if engine not in get_args(Engine):
            refuse(f"names the unknown engine {engine!r}; known: {', '.join(get_args(Engine))}")
        if engine == EXACT_LAW and statement.architecture != FULLY_CONNECTED:
            refuse(f"names the engine {engine!r}, which is the law of fully connected networks")
    quantities = [*statement.ranges, *statement.beyond, *statement.ladders, *statement.axes, *statement.sharp]
    quantities += [name for name in statement.tight if name not in KINDS]
    quantities += [assumption.quantity for assumption in statement.assumptions]
    quantities += [name for variant in statement.variants for name in variant.changes.get("ranges", ())]
    for name in quantities:
        if name not in QUANTITIES:
            refuse(f"names the unknown quantity {name!r}; known: {', '.join(QUANTITIES)}")
    for name, (low, high) in [*statement.ranges.items(), *statement.beyond.items(), *statement.ladders.items()]:
        if not 0 < low <= high < math.inf:
            refuse(f"has an empty or infinite range for {name}: {low} to {high}")
    if "width" not in statement.ranges:
        refuse("has no range for width")
    if len(statement.variants) < 2:
        refuse("needs at least two false variants: a checker that cannot fail is worth nothing")
    if len({variant.kind for variant in statement.variants}) < 2:
        refuse("needs false variants of at least two different kinds")
    if len({variant.name for variant in statement.variants}) < len(statement.variants):
        refuse("has two false variants of one name")
    for variant in statement.variants:
        unknown = set(variant.changes) - _FIELDS
        if unknown or not variant.changes:
            refuse(f"has a false variant {variant.name!r} that changes {sorted(unknown) or 'nothing'}")
        if wrong := mistake(statement.variant(variant.name)):
            raise DeclarationError(f"{where}: its false variant {variant.name!r}: {wrong}")


registry = Registry()


def statement(**declaration: Any) -> Callable[[Measure], Measure]:
    """Decorator: declare a statement whose measure is the decorated function. Keyword arguments: the fields of Statement."""

    def declare(measure: Measure) -> Measure:
        try:
            declared = Statement(measure=measure, **declaration)
        except TypeError as error:
            raise DeclarationError(f"statement {declaration.get('id', measure.__name__)!r}: {error}") from error
        registry.add(declared)
        return measure

    return declare

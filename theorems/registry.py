"""All statements, validated when they are declared."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

from theorems.instance import QUANTITIES
from theorems.statement import DeclarationError, Engine, Kind, Statement
from theorems.subject import Comparison

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FIELDS = frozenset(f.name for f in dataclasses.fields(Statement)) - {"id", "variants", "variant_name"}


class Registry:
    """Statements by id, in the order of their declaration; a statement may rest only on statements declared before it."""

    def __init__(self) -> None:
        self._statements: dict[str, Statement] = {}

    def __iter__(self) -> Iterator[Statement]:
        return iter(self._statements.values())

    def __len__(self) -> int:
        return len(self._statements)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._statements

    def __getitem__(self, identifier: str) -> Statement:
        return self._statements[identifier]

    def position(self, identifier: str) -> int:
        """Place in the order of declaration, from 0: which share of the run's error budget the statement owns."""
        return list(self._statements).index(identifier)

    def add(self, statement: Statement) -> Statement:
        """Validate and register; raises DeclarationError with one sentence that says what is wrong."""
        validate(statement, self)
        self._statements[statement.id] = statement
        return statement

    def remove(self, identifier: str) -> None:
        """Forget a statement (a module of the user's that failed half way, a test's own statement)."""
        self._statements.pop(identifier, None)

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
    where = f"statement {statement.id!r}"

    def refuse(reason: str) -> None:
        raise DeclarationError(f"{where} {reason}")

    if not _ID.fullmatch(statement.id):
        refuse("needs an id of lower-case words joined by hyphens")
    if statement.id in registry:
        refuse("is declared twice")
    for name in statement.rests_on:
        if name not in registry:
            refuse(f"rests on {name!r}, which is not declared before it")
    if statement.kind not in get_args(Kind):
        refuse(f"is of the unknown kind {statement.kind!r}; known: {', '.join(get_args(Kind))}")
    for engine in statement.engines:
        if engine not in get_args(Engine):
            refuse(f"names the unknown engine {engine!r}; known: {', '.join(get_args(Engine))}")
    quantities = [*statement.ranges, *statement.beyond, *statement.exponents, *(a.quantity for a in statement.assumptions)]
    quantities += [name for variant in statement.variants for name in variant.changes.get("ranges", ())]
    for name in quantities:
        if name not in QUANTITIES:
            refuse(f"names the unknown quantity {name!r}; known: {', '.join(QUANTITIES)}")
    for name, (low, high) in [*statement.ranges.items(), *statement.beyond.items()]:
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
    parameters = list(inspect.signature(statement.measure).parameters)[1:]
    for name in parameters:
        if name not in statement.constants:
            refuse(f"measures with a constant {name!r} that it does not declare")


registry = Registry()


def statement(**declaration: Any) -> Callable[[Callable[..., Comparison]], Callable[..., Comparison]]:
    """Decorator: declare a statement whose measure is the decorated function. Keyword arguments: the fields of Statement."""

    def declare(measure: Callable[..., Comparison]) -> Callable[..., Comparison]:
        try:
            declared = Statement(measure=measure, **declaration)
        except TypeError as error:
            raise DeclarationError(f"statement {declaration.get('id', measure.__name__)!r}: {error}") from error
        registry.add(declared)
        return measure

    return declare

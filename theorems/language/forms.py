"""The words of a declaration: conditions, probabilities and false variants by their formulas, and forms on other architectures."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from theorems.language.formula import SYMBOLS, Formula
from theorems.language.registry import registry
from theorems.language.statement import EXACT_LAW, FLIPS, Assumption, DeclarationError, FailureProbability, Statement
from theorems.language.variant import MERGED, Variant, VariantKind

FALSE = "false variant"


def form(identifier: str, architecture: str, **changes: Any) -> Statement:
    """Declare the statement of that id on an architecture. changes: fields of Statement; those of MERGED say only what differs from the
    fully connected ones, the rest replaces them. False variants, the exact law of fully connected networks, numbers of
    trials and what is known to be sharp or certified over their whole ball are never inherited, and outside the regime nothing is drawn
    unless said.
    """
    base = registry[identifier]
    inherited = {name: dataclasses.replace(one, sharp=None) for name, one in base.constants.items()}
    changes["constants"] = {**inherited, **changes.get("constants", {})}
    for merged in MERGED:
        changes[merged] = {**getattr(base, merged), **changes.get(merged, {})}
    changes.setdefault("beyond", {})
    changes.setdefault("rests_on", tuple(name for name in base.rests_on if registry.has_form(name, architecture)))
    changes.setdefault("engines", tuple(engine for engine in base.engines if engine != EXACT_LAW))
    changes.setdefault("certificate", "" if base.certificate == FLIPS else base.certificate)
    changes.setdefault("sharp", {})
    changes.setdefault("proved", ())
    changes.setdefault("tight", {})
    changes.setdefault("trials", 1)
    changes.setdefault("note", "")
    return registry.add(dataclasses.replace(base, architecture=architecture, **changes))


def wrong(name: str, kind: VariantKind, **changes: Any) -> Variant:
    """A false variant; changes as in Variant."""
    return Variant(name, kind, changes)


def assume(condition: str, why: str = "", *, name: str = "", **constants: float) -> Assumption:
    """A condition on one quantity, said by its formula: `omega <= c/(L^(9/2) log(m)^3)`. constants: those that the paper hides, 1 unless
    given. why: printed behind the condition. name: what tables call it; the quantity's unless given."""
    relation: Literal[">=", "<="] = ">=" if ">=" in condition else "<="
    symbol, _, bound = (part.strip() for part in condition.partition(relation))
    if symbol not in SYMBOLS or not bound:
        raise DeclarationError(f"the condition {condition!r} must read `m >= n L`: one of {', '.join(SYMBOLS)}, a relation, and a formula")
    right = Formula(bound)
    hidden = {**dict.fromkeys(right.names & {"c", "C"}, 1.0), **constants}
    if unknown := right.names - SYMBOLS.keys() - hidden.keys():
        raise DeclarationError(f"the condition {condition!r} speaks of {', '.join(sorted(unknown))}, which no instance has")
    return Assumption(name or SYMBOLS[symbol], f"{condition}, {why}" if why else condition, SYMBOLS[symbol], relation, right, hidden)


def probability(formula: str) -> FailureProbability:
    """A failure probability said by its formula, in the sizes of the instance and the declared constants."""
    return FailureProbability(formula, Formula(formula))

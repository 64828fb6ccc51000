"""Which of the statements checked along a training run speak of networks of its sizes at all."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.training import OutsideRegime
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.least import least_value
from theorems.language.statement import FULLY_CONNECTED, Statement

SIZES = ("width", "depth", "samples", "outputs", "separation")  # what a run fixes before it moves; its radius is another matter


def outside_regime(instance: Instance, identifiers: Sequence[str], architecture: str = FULLY_CONNECTED) -> list[OutsideRegime]:
    """The conditions on sizes, of each statement and of those that its proof rests on, that the run does not meet.

    As declared, hidden constants included: beyond them a check refutes nothing. A condition that several share comes once. limit: from
    where on it would hold, the other sizes being the run's.
    """
    if instance.width < 2:  # log m is 0
        return [OutsideRegime(ids=list(identifiers), of=[], formula="m >= 2", quantity="width", value=1, limit=2)]
    if instance.separation == 0:
        return [OutsideRegime(ids=list(identifiers), of=[], formula="delta > 0", quantity="separation", value=0, limit=0)]
    found: dict[tuple[str, float], OutsideRegime] = {}
    for identifier in identifiers:
        for form in _forms(identifier, architecture):
            for assumption in form.assumptions:
                if assumption.quantity not in SIZES or assumption.holds(instance):
                    continue
                formula, lower = assumption.formula.split(", ")[0], assumption.relation == ">="
                limit = least_value(assumption, instance) if lower else assumption.limit(instance)
                value = instance.quantity(assumption.quantity)
                new = OutsideRegime(ids=[], of=[], formula=formula, quantity=assumption.quantity, value=value, limit=limit)
                one = found.setdefault((formula, limit), new)
                one.ids.extend({identifier} - set(one.ids))
                one.of.extend({form.id} - set(one.of))
    return list(found.values())


def _forms(identifier: str, architecture: str) -> list[Statement]:
    """The statement and all that it rests on, on this architecture."""
    names = [identifier, *(one.id for one in registry.foundations(identifier))]
    return [registry.form(name, architecture) for name in names if registry.has_form(name, architecture)]

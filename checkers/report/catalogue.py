"""What can be named in an option or in a declaration, beside the statements: the entries of `list losses`, `list adversaries`, ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from theorems import registry
from theorems.language.statement import Statement
from theorems.language.theory import theories as known_theories

Entry = dict[str, str | int | float]


def theories() -> list[Entry]:
    """For --theory."""
    return [
        {"theory": one.id, "statements": len(registry.theory(one.id)), "paper": one.paper, "assumes": one.assumes}
        for one in known_theories().values()
    ]


def losses() -> list[Entry]:
    """For `train --loss`."""
    from theorems.laws.losses import losses as known

    return [
        {"loss": one.name, "promised": one.conclusion, "smoothness": one.smoothness, "source": one.source, "meaning": _sentence(one.value)}
        for one in known.values()
    ]


def architectures() -> list[Entry]:
    """For --architecture."""
    from checkers.networks.architectures.by_name import known

    cells = [architecture for _, architecture in registry.cells()]
    return [{"architecture": name, "statements": cells.count(name)} for name in dict.fromkeys((*known(), *registry.architectures()))]


def adversaries() -> list[Entry]:
    """For the fields `adversary` and `start` of a statement."""
    from checkers.adversaries import ADVERSARIES, COSTLY

    return [
        {"adversary": name, "statements": _users(name, "adversary", "start"), "revealed weights": "left out" if name in COSTLY else "asked",
         "meaning": _sentence(adversary)}
        for name, adversary in ADVERSARIES.items()
    ]  # fmt: skip


def data() -> list[Entry]:
    """For the field `data` of a statement; "any" is all but the faulty ones, which are for false variants."""
    from strategies import ALL_SHAPES, FAULTY_SHAPES, SHAPES

    anyhow = _users("any", "data")
    return [
        {"data": name, "statements": _users(name, "data") + (name in SHAPES) * anyhow, "samples from": shape.minimum_samples,
         "input dimension up to": shape.highest_dimension or "any", "promise": "broken" if name in FAULTY_SHAPES else "kept"}
        for name, shape in ALL_SHAPES.items()
    ]  # fmt: skip


def labels() -> list[Entry]:
    """For the field `labels` of a statement."""
    from strategies import LABELS

    return [{"labels": name, "statements": _users(name, "labels")} for name in LABELS]


def profiles() -> list[Entry]:
    """For --profile."""
    from checkers.evidence.profiles import PROFILES

    return [
        {"profile": one.name, "instances": one.examples, "of a false variant": one.power_examples, "numbers a decision": one.normals,
         "width, stored": one.dense_width, "width, revealed": one.revealed_width, "depth": one.depth}
        for one in PROFILES.values()
    ]  # fmt: skip


CATALOGUE: Mapping[str, Callable[[], list[Entry]]] = {
    "theories": theories, "losses": losses, "architectures": architectures, "adversaries": adversaries, "data": data, "labels": labels,
    "profiles": profiles,
}  # fmt: skip


def _users(name: str, *fields: str) -> int:
    """How many forms of statements name it in a field, or have a false variant that does."""

    def names(one: Statement) -> bool:
        variants = (one.variant(variant.name) for variant in one.variants)
        return any(name in getattr(form, field) for form in (one, *variants) for field in fields)

    return sum(names(registry.form(*cell)) for cell in registry.cells())


def _sentence(function: Any) -> str:
    """The first sentence of a function's docstring."""
    return re.split(r"(?<!\.)\. ", " ".join((function.__doc__ or "").split()))[0].rstrip(".")  # not at "W_L ... D_1"

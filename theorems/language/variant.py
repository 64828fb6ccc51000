"""False variants: wrong versions of a statement, each with what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

VariantKind = Literal["exponent", "assumption", "initialization", "constant", "implementation", "claim", "as printed"]

# Mappings of which a variant, or a form on another architecture, says only what differs.
MERGED = ("constants", "definitions", "ranges")

AIM = frozenset({"ranges", "data", "labels"})  # fields by which a false variant says where it is to be tried


@dataclass(frozen=True)
class Variant:
    """A wrong version of a statement, which the checker must refute. changes: fields of Statement that it replaces;
    the mappings `constants`, `definitions` and `ranges` are merged into the statement's own."""

    name: str
    kind: VariantKind
    changes: Mapping[str, Any]

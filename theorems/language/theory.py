"""Theories: what statements belong to. A folder of theorems/ is one, and names itself with `theory` before its statements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Theory:
    """A paper, or several that refine each other, with assumptions of its own.

    id: what --theory takes and a statement names. paper: authors, title and where it appeared. assumes: in one sentence, of networks,
    data and width.
    """

    id: str
    paper: str
    year: int
    assumes: str


_theories: dict[str, Theory] = {}


def theory(**fields: object) -> Theory:
    """Declare a theory: the fields of Theory. Declared again, as by a module that is imported again, it replaces itself."""
    declared = Theory(**fields)  # type: ignore[arg-type]
    _theories[declared.id] = declared
    return declared


def theories() -> dict[str, Theory]:
    """All theories by id, in the order of their declaration, as a copy."""
    return dict(_theories)

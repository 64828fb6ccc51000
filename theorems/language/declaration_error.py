"""What is said of a declaration that cannot be right, and of which field an error came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class DeclarationError(ValueError):
    """A declaration that cannot be right; raised when the module that holds it is imported, or when a function of it is first called."""


NOTE = "in field "  # how the notes of `naming` begin: others leave notes on errors too


@contextmanager
def naming(identifier: str, name: str) -> Iterator[None]:
    """Note on an error that passes which field's function it came from: the error keeps its type for those who await it."""
    try:
        yield
    except (Exception, SystemExit) as error:
        note = f"{NOTE}{name!r} of statement {identifier!r}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise

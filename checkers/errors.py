"""The one error that is the user's to fix, and words for the others."""

from __future__ import annotations

from theorems.language.statement import NOTE


class InputError(Exception):
    """Bad input, in one clear sentence that names the argument, the row or the field. The command line exits with 2."""


class JobError(Exception):
    """An unforeseen error in another process, in words; its traceback is its cause."""


def in_words(error: BaseException) -> str:
    """An error that nobody foresaw: its kind, its reason, and the field of a statement that it came from, on one line."""
    if isinstance(error, JobError):
        return str(error)
    named = ": ".join(part for part in (type(error).__name__, str(error)) if part)
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(NOTE)]
    return " ".join(", ".join([named, *notes]).split())

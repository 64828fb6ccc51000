"""The one error that is the user's to fix."""

from __future__ import annotations


class InputError(Exception):
    """Bad input, in one clear sentence that names the argument, the row or the field. The command line exits with 2."""

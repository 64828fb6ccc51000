"""Writing a result to a file: all of it or nothing, and refused before the work rather than after it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from checkers.errors import InputError


def check_destination(path: Path) -> None:
    """Raise InputError unless a file can be written at `path`."""
    if os.path.isdir(path):  # unlike Path.is_dir, an answer for names that no file can have
        raise InputError(f"cannot write to {path}: it is a folder")
    if not os.path.isdir(path.parent):
        raise InputError(f"cannot write to {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"cannot write to {path}: the folder {path.parent} is read-only")
    try:
        _temporary(path).lstat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"cannot write to {path}: {error.strerror or error}") from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def write_whole(path: Path, content: str | bytes | Callable[[BinaryIO], object]) -> None:
    """Write a temporary file beside `path`, then rename it: a reader sees the old content or the new, never a part.

    content: or a function that writes it, where memory does not hold it twice. On the disk before it gets its name, so that a power cut
    leaves one or the other too. Raises OSError.
    """
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

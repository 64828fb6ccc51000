"""Writing a result to a file: all of it or nothing, and refused before the work rather than after it."""

from __future__ import annotations

import os
from pathlib import Path

from checkers.errors import InputError


def check_destination(path: Path) -> None:
    """Raise InputError unless a file can be written at `path`."""
    if path.is_dir():
        raise InputError(f"cannot write to {path}: it is a folder")
    if not path.parent.is_dir():
        raise InputError(f"cannot write to {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"cannot write to {path}: the folder {path.parent} is read-only")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a temporary file beside `path`, then rename it: a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

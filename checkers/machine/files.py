"""Writing a result to a file: all of it or nothing, and refused before the work rather than after it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


STAGE = ".lemmafuzz"  # then the machine and the process that fills it


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A new folder inside `folder`; when all is done its files are moved there, and where it is not they are removed.

    What a killed process left behind is removed by the next one on its machine. Raises OSError.
    """
    for left in folder.glob(f"{STAGE}-{platform.node()}-*"):
        if not _runs(left.name.rpartition("-")[2]):
            shutil.rmtree(left, ignore_errors=True)
    stage = folder / f"{STAGE}-{platform.node()}-{os.getpid()}"
    stage.mkdir()
    try:
        yield stage
        # those beside the folders last: a report comes after the figures that it shows
        for path in sorted((path for path in stage.rglob("*") if path.is_file()), key=lambda path: path.parent == stage):
            destination = folder / path.relative_to(stage)
            destination.parent.mkdir(exist_ok=True)
            path.replace(destination)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _runs(process: str) -> bool:
    """Whether another process of that number does."""
    if process == str(os.getpid()):
        return False
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True

"""Statements and losses of the user's own: a Python file that declares them as theorems/ does, named by --module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from traceback import format_exception

from checkers.errors import InputError, in_words
from checkers.networks.architectures.by_name import known, restore
from theorems import registry
from theorems.language.statement import DeclarationError
from theorems.laws.losses import losses

HOME = __name__.removesuffix("checkers.runs.jobs.own_statements")  # of our packages: none in a checkout, "lemmafuzz." in a wheel
# What the guides had users import before there was a public face, and where it is: files written then still run.
MOVED = {
    "theorems": "theorems",
    "theorems.statement": "theorems.language.statement",
    "theorems.subject": "theorems.language.subject",
    "theorems.instance": "theorems.language.instance",
    "theorems.registry": "theorems.language.registry",
    "theorems.forms": "theorems.language.forms",
    "theorems.losses": "theorems.laws.losses",
    "checkers.architecture": "checkers.networks.architectures.architecture",
    "checkers.architectures": "checkers.networks.architectures.by_name",
}


@contextmanager
def own_statements(paths: Sequence[Path], *, probed: bool = False) -> Iterator[list[str]]:
    """Import the files, and yield the ids that they declared. Afterwards, or if one fails, the registry is what it was before.

    probed: try the measures on a tiny instance first, as every run that decides must.
    Raises InputError with one sentence if a file does not exist, does not import, or declares nothing or nothing valid.
    """
    before, before_losses, before_architectures = set(registry.cells()), set(losses), known()
    names: list[str] = []
    try:
        for path in paths:
            declared = len(registry.cells()) + len(losses)
            names.append(f"own_statements_{path.stem.replace('-', '_')}")
            _import(path, names[-1])
            if len(registry.cells()) + len(losses) == declared:
                raise InputError(f"module {path} declares no statement and no loss")
        own = [cell for cell in registry.cells() if cell not in before]
        if probed and own:
            from checkers.evidence.probe import examine

            examine(registry.form(*cell) for cell in own)
        yield list(dict.fromkeys(identifier for identifier, _ in own))
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        _explain(error, paths)
        raise
    finally:
        for cell in [cell for cell in registry.cells() if cell not in before]:
            registry.remove(*cell)
        for loss in set(losses) - before_losses:
            del losses[loss]
        restore(before_architectures)
        for name in names:
            sys.modules.pop(name, None)


def _explain(error: BaseException, paths: Sequence[Path]) -> None:
    """Raise InputError if the error comes from a line of one of the user's files."""
    trace = "".join(format_exception(error))  # as text, for so it also comes from another process
    for path in paths:
        lines = re.findall(rf'File "{re.escape(str(path.absolute()))}", line (\d+)', trace)
        if lines:
            raise InputError(f"module {path}, line {lines[-1]}: {in_words(error)}") from error


def _stand_in(text: bytes) -> None:
    """Let the old addresses that a file names lead to the new ones, unless another package has that name."""
    for old in (old for old in MOVED if old.encode() in text):
        top = old.split(".")[0]
        ours = importlib.import_module(HOME + top)
        if top not in sys.modules and importlib.util.find_spec(top) is None:
            sys.modules[top] = ours
        if sys.modules.get(top) is ours:
            sys.modules.setdefault(old, importlib.import_module(HOME + MOVED[old]))


def _import(path: Path, name: str) -> None:
    if not os.path.isfile(path):  # unlike Path.is_file, an answer for names that no file can have
        raise InputError(f"module {path} {'is not a file' if os.path.exists(path) else 'does not exist'}")
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise InputError(f"module {path} is not a Python file: its name must end in .py")
    _stand_in(path.read_bytes())
    module = sys.modules[name] = importlib.util.module_from_spec(specification)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # leave nothing beside the user's file
    try:
        specification.loader.exec_module(module)
    except DeclarationError as error:
        raise InputError(f"module {path}: {error}") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"module {path} does not import: {in_words(error)}") from error
    finally:
        sys.dont_write_bytecode = writes

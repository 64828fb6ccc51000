"""What a number depends on besides its seed: the code, the statement as declared, the libraries; and where it was computed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec

from checkers.records.counterexamples import Versions
from theorems.language.statement import Statement


def versions() -> Versions:
    """The versions that bits depend on."""
    try:
        own = version("lemmafuzz")
    except PackageNotFoundError:
        own = "unknown"
    return Versions(lemmafuzz=own, python=platform.python_version(), torch=version("torch"), numpy=version("numpy"))


ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("theorems", "strategies", "checkers")


@cache
def code() -> str:
    """A digest of the three packages."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".json"):
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def software() -> dict[str, str]:
    """Everything whose change may change a decision: the versions of the libraries, and the code."""
    return {**{name: str(value) for name, value in msgspec.to_builtins(versions()).items()}, "code": code()}


def difference(then: dict[str, str], now: dict[str, str]) -> str:
    """What differs between two results of `software`, in words; empty if nothing does."""
    changed = [f"{name} {then.get(name)} there, {now[name]} here" for name in now if name != "code" and then.get(name) != now[name]]
    return "; ".join(changed) or ("the code of lemmafuzz is not the same" if then.get("code") != now["code"] else "")


def edition(statement: Statement) -> str:
    """A digest of what a statement claims: evidence about another bound, constant or range is about another claim."""
    assumptions = [(one.name, one.formula, sorted(one.constants.items())) for one in statement.assumptions]
    ranges = {name: list(map(float, limits)) for name, limits in statement.ranges.items()}
    constants = {name: [*one.values, one.value, *([str(one)] if one.finite else [])] for name, one in statement.constants.items()}
    parts = [statement.sentence, statement.kind, statement.failure.formula, constants, ranges, assumptions, statement.variance]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def machine() -> dict[str, Any]:
    """Where a run takes place: it changes no verdict, but a reader may wonder."""
    return {"host": platform.node(), "system": platform.system(), "machine": platform.machine(), "processors": os.cpu_count()}

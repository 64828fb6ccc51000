"""Files that a report is written from: its own facts, `lemmafuzz report --from`, and a run of `lemmafuzz mutants`, `--mutants`."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any, Final

import msgspec

from checkers.errors import InputError
from checkers.records.mutants import MutantRun
from checkers.records.report import Facts

NAME: Final = "report/facts.msgpack.gz"  # beside the pages; no JSON, which has no infinite ratios


def packed(facts: Facts) -> bytes:
    """The same bytes for the same facts."""
    return gzip.compress(msgspec.msgpack.encode(facts), mtime=0)


def read_facts(path: Path) -> Facts:
    """What `packed` wrote. InputError where it cannot be read, or was written by a version whose facts are others."""
    try:
        return msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=Facts)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or 'it holds no facts of a report'}") from error
    except (EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise InputError(f"cannot read {path}: it holds no facts of a report of this version") from error


def read_mutants(path: Path) -> MutantRun:
    """What `lemmafuzz mutants --json` wrote. InputError where it cannot be read."""
    try:
        found: Any = msgspec.json.decode(path.read_bytes())
        for one in found["mutants"]:
            one["ratio"] = math.nan if one["ratio"] is None else one["ratio"]  # JSON has no infinite ratios
        return msgspec.convert(found, MutantRun)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (KeyError, TypeError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise InputError(f"cannot read {path}: it is not what `lemmafuzz mutants --json` writes") from error

"""The facts of a report as a file, from which it can be written again: `lemmafuzz report --from`."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Final

import msgspec

from checkers.errors import InputError
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

"""Files that a report is written from: its own facts, `lemmafuzz report --from`, and runs of `lemmafuzz mutants` and
`lemmafuzz sharpen`, `--mutants` and `--conjectures`."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec

from checkers.errors import InputError
from checkers.records.mutants import MutantRun
from checkers.records.report import Facts
from checkers.records.sharpened import SharpenRun

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
    with _reading(path, "mutants"):
        found: Any = msgspec.json.decode(path.read_bytes())
        for one in found["mutants"]:
            one["ratio"] = math.nan if one["ratio"] is None else one["ratio"]  # JSON has no infinite ratios
        return msgspec.convert(found, MutantRun)


def joined_mutants(paths: Sequence[Path]) -> MutantRun:
    """The runs of several files as one; what a later file says of a form replaces what an earlier one did. InputError where a file cannot
    be read, or was run with another seed, profile or error rate."""
    runs = [read_mutants(path) for path in paths]
    for path, run in zip(paths, runs, strict=True):
        if (run.seed, run.profile, run.alpha) != (runs[0].seed, runs[0].profile, runs[0].alpha):
            raise InputError(f"{path} is of seed {run.seed}, profile {run.profile}; {paths[0]} of {runs[0].seed}, {runs[0].profile}")
    scores, mutants = {}, {}
    for run in runs:
        for score in run.scores:
            cell = score.id, score.architecture
            scores[cell] = score
            mutants[cell] = [one for one in run.mutants if (one.id, one.architecture) == cell]
    return msgspec.structs.replace(
        runs[0], scores=list(scores.values()), mutants=list(chain.from_iterable(mutants.values())), seconds=sum(run.seconds for run in runs)
    )


def read_conjectures(path: Path) -> SharpenRun:
    """What `lemmafuzz sharpen --json` wrote. InputError where it cannot be read."""
    with _reading(path, "sharpen"):
        return msgspec.json.decode(path.read_bytes(), type=SharpenRun)


@contextmanager
def _reading(path: Path, command: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (KeyError, TypeError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise InputError(f"cannot read {path}: it is not what `lemmafuzz {command} --json` writes") from error

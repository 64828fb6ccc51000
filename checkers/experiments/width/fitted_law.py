"""The law m = C n^a L^b delta^-c that `lemmafuzz threshold` fits to the smallest widths that suffice, and the file that keeps one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from checkers.errors import InputError
from checkers.machine.files import write_whole
from checkers.records.experiments import ThresholdFit

FILE = Path(__file__).with_name("fitted_law.json")


def read_fit(path: Path = FILE) -> ThresholdFit | None:
    """The fit kept at `path`, None where there is no file. Raises InputError for a file that holds none."""
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=ThresholdFit)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(f"cannot read {path}: it does not hold a fitted width ({error})") from error


def write_fit(fit: ThresholdFit, path: Path) -> None:
    """Write it whole or not at all."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(fit), indent=2) + b"\n")

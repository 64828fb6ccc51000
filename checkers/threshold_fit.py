"""The law m = C n^a L^b delta^-c that `lemmafuzz threshold` fits to the smallest widths that suffice, and the file that keeps one."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
from msgspec import Struct

from checkers.errors import InputError
from checkers.files import write_whole

FILE = Path(__file__).with_name("threshold_fit.json")
SYMBOLS = {"samples": "n", "depth": "L", "separation": "delta"}


class ThresholdFit(Struct, frozen=True, kw_only=True):
    """exponents: of samples, depth and separation. ranges: least and largest of each on the ladders. note: how it was found."""

    constant: float
    exponents: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    seed: int
    note: str

    def width(self, samples: int, depth: int, separation: float | None) -> tuple[float, list[str]]:
        """The fitted width, and the symbols of those quantities that lie beyond the ladders. separation None (one sample): the largest."""
        largest = self.ranges["separation"][1]
        values = {"samples": samples, "depth": depth, "separation": largest if separation is None else separation}
        width = self.constant * math.prod(value ** self.exponents[name] for name, value in values.items())
        slack = 1e-9  # distances are rounded
        beyond = [
            SYMBOLS[name] for name, value in values.items()
            if not self.ranges[name][0] * (1 - slack) <= value <= self.ranges[name][1] * (1 + slack)
        ]  # fmt: skip
        return max(width, 1.0), beyond


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

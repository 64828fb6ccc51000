"""Does the first line of a table name its columns? Decided by what stands below each of its cells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from checkers.data.columns import missing, number

ROWS = 1000  # below the first line that are looked at
FEWEST_NUMBERS = 3  # two numbers that follow one another are too often a sample
MANY_NUMBERS = 10  # columns numbered from 0 or 1 over whole numbers: no sample of so many looks so


@dataclass(frozen=True)
class Header:
    """there: the first line holds names. doubtful: it might as well be the other way round."""

    there: bool
    doubtful: bool = False


def _is_number(cell: str) -> bool:
    return not math.isnan(number(cell)) or cell.lower().lstrip("+-") == "nan"


def _is_whole(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d{1,15}", cell))


def header_of(first: Sequence[str], below: Sequence[Sequence[str]]) -> Header:
    """first: the cells of the first line. below: for each of them, the cells of its column.

    Names, not numbers, over most columns of numbers are a header. So are whole numbers in equal steps (0, 1, 2, ...; 1990, 1991, ...),
    over columns of which at least half hold not one whole number.
    """
    below = [[cell for cell in cells if not missing(cell)] for cells in below]
    over_numbers = [k for k, cells in enumerate(below) if cells and 2 * sum(map(_is_number, cells)) >= len(cells)]
    texts = {k for k, cell in enumerate(first) if not _is_number(cell) and not missing(cell)}
    figures = [cell for cell in first if _is_number(cell)]
    if not figures:
        again = any(first[k] in below[k] for k in texts)
        return Header(bool(texts) and (not again or any(k in texts for k in over_numbers)))
    whole = all(map(_is_whole, figures))
    steps = {int(b) - int(a) for a, b in pairwise(figures)} if whole else set()
    equal = len(steps) == 1 and min(steps) > 0
    if texts:
        named = [k for k in over_numbers if k in texts]
        return Header(bool(named) and (2 * len(named) > len(over_numbers) or (equal and int(figures[0]) in (0, 1))))
    fractional = [k for k, cells in enumerate(below) if cells and first[k] and not any(map(_is_whole, cells))]
    if equal and len(figures) >= FEWEST_NUMBERS and 2 * len(fractional) >= len(figures):
        return Header(True)
    if equal and min(steps) == 1 and int(figures[0]) in (0, 1):
        rows = zip(*(cells for k, cells in enumerate(below) if first[k]), strict=False)
        if len(figures) >= MANY_NUMBERS and not any(set(row) == set(figures) for row in rows):
            return Header(True)
    alike = whole and len(set(figures)) == len(figures) > 1
    return Header(False, doubtful=alike and len(fractional) == len(figures))

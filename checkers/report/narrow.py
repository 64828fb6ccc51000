"""Tables on a terminal that is narrower than they are: cells wrap between words, and what can be spared is left out and named."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

GAP: Final = 2  # between columns
# What a narrow table does without, the first first: --json has it, and `show` or another table says it, too.
SPARE: Final = (
    "paper", "at a corner", "instances", "kind", "smoothness", "rests on", "at step", "median ratio", "at", "half of its kind", "margin",
    "networks", "moved by", "grade", "trials", "bits", "steps", "without mutants", "mutants", "why", "interval", "from, to",
    "slack",
)  # fmt: skip


def terminal_width() -> int:
    """Columns of the terminal that text goes to; 0 where it goes to a file or another program."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else 0


def wrapped(cell: str, width: int) -> str:
    """The cell on several lines, no word broken: a number or an id is to be read and copied whole."""
    return "\n".join(textwrap.wrap(cell, max(width, 1), break_long_words=False, break_on_hyphens=False)) or cell


def narrow_table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """The table within the width, as far as words allow, and the names of columns that were left out."""
    kept, left_out = list(range(len(headers))), []
    columns = [[header, *(row[place] for row in rows)] for place, header in enumerate(headers)]
    least = [max((len(word) for cell in column for word in cell.split()), default=0) for column in columns]
    for name in SPARE:
        if _total([least[place] for place in kept]) <= width:
            break
        if name in headers and len(kept) > 1:
            kept.remove(headers.index(name))
            left_out.append(name)
    widths = {place: max(map(len, columns[place])) for place in kept}
    while _total(list(widths.values())) > width:
        slack = {place: widths[place] - least[place] for place in kept}
        widest = max(kept, key=lambda place: (slack[place] > 0, widths[place]))
        if slack[widest] <= 0:  # a word is wider than the terminal
            break
        widths[widest] -= 1
    ruled = [[headers[place] for place in kept], ["-" * widths[place] for place in kept], *([row[place] for place in kept] for row in rows)]
    lines = [line for row in ruled for line in _lines(row, list(widths.values()))]
    if left_out:
        lines += ["", wrapped(f"left out on a terminal of {width} columns: {', '.join(left_out)}", width)]
    return "\n".join(lines)


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [wrapped(cell, width).split("\n") for cell, width in zip(row, widths, strict=True)]
    height = max(map(len, cells))
    padded = [[*cell, *[""] * (height - len(cell))] for cell in cells]
    lines = zip(*padded, strict=True)
    return [(" " * GAP).join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)

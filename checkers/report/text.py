"""Numbers and tables in the one form that the terminal and REPORT.md share."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from checkers.report.narrow import narrow_table, terminal_width

WIDEST = 180  # of a padded Markdown table


def number(value: float | None, digits: int = 3) -> str:
    """A number as one would write it on a board: 12, 2,097,152, 0.0123, 1.2e-06."""
    if value is None or math.isnan(value):
        return "-"
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.{digits}g}"


class Markup(str):
    """A cell that is Markdown already; all others are text, in which nothing is to be read as Markdown."""


def plain(line: str) -> str:
    """The line with nothing in it that Markdown, or GitHub in its formulas, would read as its own."""
    return re.sub(r"([\\*_~`$]|\](?=[(\[])|<(?=[A-Za-z/!?])|^[#>+-](?= ))", r"\\\1", line)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], style: str = "simple", width: int | None = None) -> str:
    """A table of text; style: a tablefmt of tabulate, "simple" for the terminal and "github" for Markdown.

    width: of the lines on a terminal, the terminal's own if not given; 0: as wide as the table is.
    """
    cells = [list(map(_cell, row)) if style == "github" else list(row) for row in rows]
    names = list(map(_cell, headers)) if style == "github" else list(headers)
    text = tabulate(cells, headers=names, tablefmt=style, disable_numparse=True)
    if style == "simple" and 0 < (room := terminal_width() if width is None else width) < max(map(len, text.split("\n"))):
        return narrow_table(headers, cells, room)
    if style == "github" and (len(text.split("\n", 1)[0]) > WIDEST or any("](" in cell for row in cells for cell in row)):
        text = re.sub(r"-{3,}", "---", re.sub(r" {2,}", " ", text))  # too wide to read as text, or full of links: no padding
    return text


def _cell(cell: str) -> str:
    return (cell if isinstance(cell, Markup) else plain(cell)).replace("|", "\\|")

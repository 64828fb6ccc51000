"""A text file to named columns of cells: encoding, delimiter, decimal sign and header are found out, lines keep their numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from checkers.data.columns import THOUSANDS, Column, Reading, Source, number, some
from checkers.data.header import ROWS, header_of
from checkers.data.plain_text import read_plain_text
from checkers.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 50  # lines that decide the delimiter
WHITESPACE = r"\s+"
DELIMITERS = {"\t": "tab", ";": "';'", "|": "'|'", ",": "','", WHITESPACE: "whitespace"}
COMMA_DECIMAL = r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*"
POINT_DECIMAL = r"\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*"


def read_text(path: Path, label_column: str | None, reading: Reading) -> Source:
    """Raises InputError if the file is no text, is empty, or has lines of different lengths."""
    text, encoding = read_plain_text(path)
    lines = re.sub("\r\n?", "\n", text).split("\n")
    originals = list(lines)
    comments = [k for k, line in enumerate(lines) if line.lstrip().startswith("#")]
    for k in comments:
        lines[k] = ""
    sample = [line for line in lines if line.strip()][:SAMPLE]
    if not sample:
        raise InputError(f"{path} is empty" + (" but for comments" if comments else ""))
    delimiter = reading.delimiter or _delimiter(sample)
    begin = lines.index(sample[0])
    if begin - 1 in comments and reading.header is not False and _names(own := originals[begin - 1].lstrip("# \t"), sample[0], delimiter):
        lines[begin - 1], sample = own, [own, *sample]  # a comment of as many words as there are columns, right above them
        comments.remove(begin - 1)
    lines[lines.index(sample[0])] = _completed(sample, delimiter)
    cells, numbers = _tokenized(path, lines, delimiter)
    how = [f"encoding {encoding}"] * (encoding not in ("utf-8", "utf-8-sig"))
    how += [f"separated by {DELIMITERS.get(delimiter, repr(delimiter))}"] * (delimiter != "," and len(cells.columns) > 1)
    if delimiter != "," and "," in text and _comma_decimals(cells):
        how.append("decimal comma")
        cells = cells.apply(lambda column: column.mask(column.str.fullmatch(COMMA_DECIMAL), column.str.replace(",", ".")))
    left_out = [f"{len(comments)} comment line{'s' * (len(comments) > 1)}"] * bool(comments)
    first = [cell.strip() for cell in cells.iloc[0]]
    header, warnings = _header(first, cells, numbers[0], label_column, reading.header)
    if header:
        cells, numbers = cells.iloc[1:], numbers[1:]
    names = first if header else [str(k) for k in range(len(first))]
    columns: list[Column] = [cells[k].to_numpy(dtype=object) for k in cells.columns]
    if len(names) > 1 and not (header and names[-1]) and all(not cell.strip() for cell in columns[-1]):  # each line ends with a delimiter
        names, columns = names[:-1], columns[:-1]
        left_out.append("an empty last column")
    rows = [f"line {line}" for line in numbers]
    how.insert(0, f"header: {'yes' if header else 'no'}")
    return Source(path, names, columns, rows, header, reading.header is not None, tuple(how), tuple(left_out), tuple(warnings))


def _header(first: list[str], cells: pd.DataFrame, line: int, label_column: str | None, given: bool | None) -> tuple[bool, list[str]]:
    """Does the first line name the columns? And what to warn of."""
    if given is not None:
        return given, []
    if label_column in first and number(label_column) != number(label_column):
        return True, []
    found = header_of(first, [[cell.strip() for cell in cells[k].iloc[1 : 1 + ROWS]] for k in cells.columns])
    if found.doubtful and not found.there:
        return False, [f"line {line} ({some(first)}) is taken for a row; if it names the columns, say --header"]
    if found.there and any(cell and number(cell) == number(cell) for cell in first):
        return True, [f"line {line} ({some(first)}) is taken for the names of the columns; if it is a row, say --no-header"]
    return found.there, []


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == WHITESPACE:
        return [cell.strip('"') for cell in re.findall(r'"[^"]*"|\S+', line)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter != "\t"))]
    except csv.Error:  # a cell beyond the csv module's limit
        return line.split(delimiter)


def _delimiter(sample: list[str]) -> str:
    """The delimiter that splits most lines into the same number of cells, most of them numbers."""

    def score(delimiter: str) -> float:
        rows = [_fields(line, delimiter) for line in sample]
        usual = Counter(map(len, rows)).most_common(1)[0][0]
        if usual == 1 or len(rows[0]) == 1:
            return 0.0
        alike = [cells for cells in rows if len(cells) == usual]
        share = sum(number(cell) == number(cell) or bool(re.fullmatch(THOUSANDS, cell)) for cells in alike for cell in cells) / usual
        return len(alike) * 0.01 + share  # the shape of the lines decides where nothing is a number

    scores = {delimiter: score(delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def _names(line: str, row: str, delimiter: str) -> bool:
    """Are these the names of the columns of this row?"""
    cells = _fields(line, delimiter)
    return len(cells) == len(_fields(row, delimiter)) > 1 and all(cell and number(cell) != number(cell) for cell in cells)


def _completed(sample: list[str], delimiter: str) -> str:
    """The first line; with an empty cell if it only names, and one cell less than all others have: R's tables do not name the column of
    rows, and other lines may end with a delimiter where the names do not."""
    first, *others = [_fields(line, delimiter) for line in sample]
    if len(first) == 1 or {len(cells) for cells in others} != {len(first) + 1} or any(number(cell) == number(cell) for cell in first):
        return sample[0]
    mark = " " if delimiter == WHITESPACE else delimiter
    return f'{sample[0]}{mark}""' if not any(cells[-1] for cells in others) else f'""{mark}{sample[0]}'


def _tokenized(path: Path, lines: list[str], delimiter: str) -> tuple[pd.DataFrame, list[int]]:
    """The cells as text, without blank lines, and the line that each row begins on, counted from 1."""
    import pandas as pd

    begin = next(k for k, line in enumerate(lines) if line.strip())
    text = "\n".join(lines[begin:])

    def read(rows: int | None = None) -> pd.DataFrame:
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=object, na_filter=False, nrows=rows, engine="c", index_col=False,
            skip_blank_lines=False, skipinitialspace=delimiter not in ("\t", WHITESPACE),
        )  # fmt: skip

    def starts(cells: pd.DataFrame) -> npt.NDArray[np.int64]:
        """(rows + 1,): the line after each row is its own number, 1 and the line breaks within its cells later."""
        lines = np.ones(len(cells), np.int64)
        for k in cells.columns if '"' in text else ():
            lines += cells[k].str.count("\n").to_numpy(dtype=np.int64)
        return begin + 1 + np.concatenate([[0], np.cumsum(lines)])

    try:
        cells = read()
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if not found:
            raise InputError(f"cannot read {path}: it is not a csv file ({' '.join(str(error).split())})") from error
        expected, record, saw = map(int, found.groups())
        line = int(starts(read(record - 1))[-1]) if record > 1 else begin + 1
        raise InputError(_ragged(path, line, saw, expected, begin)) from error
    numbers = [int(line) for line in starts(cells)[:-1]]
    width = len(cells.columns)
    kept = (cells.map(str.strip) != "").any(axis=1).to_numpy()
    for row in np.flatnonzero(kept & (cells[width - 1] == "").to_numpy()):
        # pandas fills what is missing at the end of a line; a line with too few delimiters was too short
        own = lines[numbers[row] - 1]
        saw = len(own.split()) if delimiter == WHITESPACE else own.count(delimiter) + 1
        if saw < width and '"' not in own:
            raise InputError(_ragged(path, numbers[row], saw, width, begin))
    return cells[kept].reset_index(drop=True), [numbers[row] for row in np.flatnonzero(kept)]


def _ragged(path: Path, line: int, saw: int, expected: int, begin: int) -> str:
    where = f"line {begin + 1}" if begin else "the first line"
    remedy = "; --delimiter says what separates cells" if 1 in (saw, expected) else ""
    return f"{path}, line {line}: has {saw} cells where {where} has {expected}{remedy}"


def _comma_decimals(cells: pd.DataFrame) -> bool:
    """Are there numbers with a decimal comma, and none with a point?"""

    def any_like(pattern: str) -> bool:
        return any(bool(cells[k].str.fullmatch(pattern).any()) for k in cells)

    return any_like(COMMA_DECIMAL) and not any_like(POINT_DECIMAL)

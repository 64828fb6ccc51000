"""From the named columns of a user's file to inputs and labels: what is dropped, what holds the labels, what cannot be an input."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checkers.errors import InputError

Array = npt.NDArray[np.float64]
Column = npt.NDArray[Any]  # float64, NaN where nothing was; or str objects, as written
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "#n/a", "<na>"})  # of a label, in any case; "-" and "none" are names of classes
INDEX_NAMES = frozenset({"id", "ids", "index", "idx", "row", "rows", "rowid", "rowname", "rownames", "rownum", "row_id", "row_number"})
THOUSANDS = r"[+-]?\d*(,\d+)+(\.\d*)?|[+-]?\d+(\.\d+)+,\d*"  # 1,234.5 or 1.234,5, and a comma where the others have a point
TRUTH = {"true": 1.0, "false": 0.0}
FEWEST_COUNTED = 4  # rows: that three whole numbers follow one another may well be chance


@dataclass(frozen=True)
class Reading:
    """What the user says of a file; None: to be found out. inputs: the array of an npz file. drop: columns, by name or number.
    header: does the first line hold names? regression: are the labels numbers to fit (else classes)?
    drop_duplicates: leave out rows that rounding cannot tell from an earlier one once they have unit norm."""

    inputs: str | None = None
    drop: tuple[str, ...] = ()
    header: bool | None = None
    delimiter: str | None = None
    regression: bool | None = None
    drop_duplicates: bool = False


FOUND_OUT = Reading()


@dataclass(frozen=True)
class Table:
    """features: (rows, columns), finite. labels: one per row, as written, or None; label: what they are called. rows, columns: what to
    call each in a sentence. how: how the file was read; left_out, warnings: what else its reader should know. All in words."""

    features: Array
    labels: list[str] | None
    rows: list[str]
    columns: list[str]
    label: str = ""
    how: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A file's columns before anything is decided. named: the file itself names its columns. header_known: not by guessing."""

    path: Path
    names: list[str]
    columns: list[Column]
    rows: list[str]
    named: bool
    header_known: bool = True
    how: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def some(names: Sequence[str], most: int = 8) -> str:
    """The names, or the first of them and how many there are."""
    return ", ".join(map(shortened, names[:most])) + (f", ... ({len(names)} in all)" if len(names) > most else "")


def shortened(text: str, most: int = 40) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else text[:most] + "..."


def number(cell: Any) -> float:
    """The number that a cell holds, true and false being 1 and 0; NaN if it holds none."""
    try:
        return float(cell)
    except ValueError:
        return TRUTH.get(cell.strip().lower(), math.nan)


def numbers(cells: Column) -> Array:
    """(n,) cells -> (n,) numbers, NaN where a cell holds none."""
    try:
        return cells.astype(np.float64)
    except ValueError:
        return np.array([number(cell) for cell in cells])


def missing(cell: str) -> bool:
    """Does this label say that there is none?"""
    return cell.lower() in MISSING


def position(wanted: str, names: list[str], path: Path, what: str = "column", hint: str = "") -> int:
    """Where a column is that the user asks for: a name of the header first, then a number."""
    if names.count(wanted) > 1:
        raise InputError(f"{path} has {names.count(wanted)} columns named {wanted!r}: say which by its number, counted from 0")
    if wanted in names:
        return names.index(wanted)
    place = int(wanted) if re.fullmatch(r"[+-]?[0-9]{1,9}", wanted.strip()) else len(names)
    if not -len(names) <= place < len(names):
        raise InputError(f"{path} has no {what} {wanted!r}; its columns are {some(names)}{hint}")
    return place % len(names)


def counts(values: Array) -> bool:
    """Is every number the one before it plus 1?"""
    return len(values) >= FEWEST_COUNTED and bool(np.all(np.diff(values) == 1))


def _names_rows(name: str, first: bool, cells: Column) -> bool:
    """Is this an index: without a name and in front, or named as one; whole numbers or text, and no two alike?"""
    if name.strip().lower() not in INDEX_NAMES and not (first and (not name.strip() or re.fullmatch(r"Unnamed: 0(\.\d+)?", name))):
        return False
    values = numbers(cells)
    whole = bool(np.all(np.isfinite(values) & (values == np.round(values))))
    return len(set(cells.tolist())) == len(cells) and (whole or bool(np.all(np.isnan(values))))


def table_of(source: Source, label_column: str | None, drop: Iterable[str]) -> Table:
    """The inputs and labels among the columns. Raises InputError if a column is not there, or holds what cannot be an input."""
    path, names = source.path, source.names
    if not source.rows:
        raise InputError(f"{path} has {'a header and ' if source.named else ''}no rows")
    hint = "" if source.named or source.header_known else "; if its first line names them, say --header"
    hint = "; --delimiter says what separates them" if len(names) == 1 else hint
    place = None if label_column is None else position(label_column, names, path, "label column", hint)
    dropped = {position(name, names, path, "column", hint) for name in drop}
    if place in dropped:
        raise InputError(f"{path}: column {names[place or 0]!r} cannot both hold the labels and be dropped")
    used = [index for index in range(len(names)) if index != place and index not in dropped]
    indices = [index for index in used if source.named and len(used) > 1 and _names_rows(names[index], index == 0, source.columns[index])]
    used = [index for index in used if index not in indices]
    left_out = [*source.left_out, *(f"column {names[index]}" for index in sorted(dropped))]
    left_out += [f"column {names[index] or '0, without a name'} (numbers or names the rows)" for index in indices]
    if not used:
        raise InputError(f"{path} has no column of inputs")
    columns = [names[index] or str(index) for index in used]
    features = np.empty((len(source.rows), len(used)))
    for k, index in enumerate(used):
        features[:, k] = numbers(source.columns[index])
        _check_inputs(source, columns[k], source.columns[index], features[:, k], place is None)
    warnings = list(source.warnings)
    for k, column in enumerate(columns):
        if counts(features[:, k]) and len(used) > 1:
            warnings.append(f"column {column} counts the rows; if it is no input, leave it out with --drop {shlex.quote(column)}")
    label = "" if place is None else names[place] or str(place)
    table = Table(features, None, source.rows, columns, label, source.how, tuple(left_out), tuple(warnings))
    return table if place is None else with_labels(table, path, label, source.columns[place])


def _check_inputs(source: Source, name: str, cells: Column, values: Array, unlabelled: bool) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if not len(bad):
        return
    row, quoted = bad[0], shlex.quote(name)
    cell = cells[row].strip() if isinstance(cells[row], str) else float(cells[row])
    text = [one for one in cells[bad].tolist() if isinstance(one, str) and not missing(one.strip()) and math.isnan(number(one))]
    if isinstance(cell, str) and re.fullmatch(THOUSANDS, cell):
        remedy = "its decimal sign is not that of the file's other numbers, or separates thousands"
    elif len(source.names) == 1 and text and re.search(r"[,;:|\s]", text[0]):
        remedy = "--delimiter says what separates the cells of a line"
    elif row == 0 and len(bad) < len(cells) and text and not source.named and not source.header_known:
        remedy = "if that line names the columns, say --header"
    elif len(text) == len(cells) and unlabelled:
        remedy = f"if that column holds the labels, say --label-column {quoted}, else leave it out with --drop {quoted}"
    elif len(bad) == len(cells):
        remedy = f"leave that column out with --drop {quoted}"
    else:
        remedy = f"leave out that row, or the column with --drop {quoted}"
    written = repr(shortened(cell)) if isinstance(cell, str) else str(cell)
    raise InputError(f"{source.path}, {source.rows[row]}, column {name}: {written} is not a finite number; {remedy}")


def with_labels(table: Table, path: Path, name: str, cells: Column) -> Table:
    """The table with these labels, one a row, without the rows whose label is missing. Raises InputError for an infinite one."""
    labels = [cell.strip() if isinstance(cell, str) else repr(float(cell)) for cell in cells]
    values = numbers(np.array(labels, dtype=object))
    for row in np.flatnonzero(np.isinf(values)):
        raise InputError(f"{path}, {table.rows[row]}, column {name}: the label is {labels[row]}, not a finite number")
    kept = [row for row, label in enumerate(labels) if not missing(label)]
    if not kept:
        raise InputError(f"{path}: every label of column {name} is missing")
    left_out = table.left_out
    if len(kept) < len(labels):
        written = some(sorted({label or "empty" for label in labels if missing(label)}))
        count = len(labels) - len(kept)
        left_out += (f"{count:,} row{'s' * (count > 1)} (label missing: {written})",)
    return Table(
        table.features[kept], [labels[row] for row in kept], [table.rows[row] for row in kept], table.columns,
        name, table.how, left_out, table.warnings,
    )  # fmt: skip

"""Reading a user's data file: csv, npy or npz to numbers, or one sentence that says which row is wrong and how."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from checkers.errors import InputError

Array = npt.NDArray[np.float64]
MOST_NUMBERS = 2**27  # of an array, one GiB: no data set of this size can be trained on, and a header may promise anything


@dataclass(frozen=True)
class Table:
    """features: (rows, columns), finite. labels: one per row, as written, or None. rows, columns: what to call each in a sentence."""

    features: Array
    labels: list[str] | None
    rows: list[str]
    columns: list[str]


def read_table(path: Path, label_column: str | None) -> Table:
    """Read a file of numbers. label_column: a name of the csv's header or of the npz's array, or a number counted from 0 (-1: the last).

    An npz file holds `inputs`, (rows, columns), and the labels in the array that label_column names, `labels` by default.
    Raises InputError if the file cannot be read, is empty, has the wrong shape, or holds anything that is not a finite number.
    """
    readers = {".csv": _read_csv, ".npy": _read_npy, ".npz": _read_npz}
    if path.suffix.lower() not in readers:
        raise InputError(f"cannot read {path}: data files are .csv, .npy or .npz")
    if not os.path.isfile(path):  # unlike Path.is_file, an answer for names that no file can have
        raise InputError(f"cannot read {path}: {'it is a folder' if os.path.isdir(path) else 'there is no such file'}")
    try:
        return readers[path.suffix.lower()](path, label_column)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _position(label_column: str, columns: list[str], path: Path) -> int:
    """Where the label column is: a name of the header first, then a number."""
    if label_column in columns:
        return columns.index(label_column)
    try:
        position = int(label_column)
    except ValueError:
        position = len(columns)
    if not -len(columns) <= position < len(columns):
        raise InputError(f"{path} has no label column {label_column!r}; its columns are {_some(columns)}")
    return position % len(columns)


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f", ... ({len(names)} in all)" if len(names) > most else "")


def _read_csv(path: Path, label_column: str | None) -> Table:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: it is not a csv file in UTF-8 ({error})") from error
    if not lines:
        raise InputError(f"{path} is empty")
    first = lines[0][1]
    # A header is a first row that holds the label column's name, or not one number.
    named = label_column is not None and not _is_number(label_column) and label_column in first
    header = named or not any(_is_number(cell) for cell in first)
    columns = first if header else [str(index) for index in range(len(first))]
    lines = lines[1:] if header else lines
    if not lines:
        raise InputError(f"{path} has a header and no rows")
    position = None if label_column is None else _position(label_column, columns, path)
    used = [index for index in range(len(columns)) if index != position]
    features = np.empty((len(lines), len(used)))
    for row, (number, cells) in enumerate(lines):
        if len(cells) != len(columns):
            raise InputError(f"{path}, line {number}: has {len(cells)} cells where the first line has {len(columns)}")
        for place, index in enumerate(used):
            value = float(cells[index]) if _is_number(cells[index]) else math.nan
            if not math.isfinite(value):
                raise InputError(f"{path}, line {number}, column {columns[index]}: {cells[index]!r} is not a finite number")
            features[row, place] = value
        if position is not None and cells[position].lower() in ("", "nan"):
            raise InputError(f"{path}, line {number}, column {columns[position]}: the label is missing")
    labels = None if position is None else [cells[position] for _, cells in lines]
    return _table(path, features, labels, [f"line {number}" for number, _ in lines], [columns[index] for index in used])


def _check_promise(path: Path, name: str, file: IO[bytes], available: int) -> None:
    """Refuse an array whose header promises more than the file holds, before memory is set aside for it."""
    major, minor = np.lib.format.read_magic(file)
    if (major, minor) == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
    elif (major, minor) == (2, 0):
        shape, _, kind = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"format {major}.{minor}, which plain numbers do not need")
    numbers = math.prod(shape)
    if min(shape, default=0) < 0 or numbers > MOST_NUMBERS or numbers * kind.itemsize > available:
        raise InputError(f"{path}: {name} promises shape {shape}, more than the file holds or than {MOST_NUMBERS:,} numbers")


def _load_array(path: Path, name: str, array: object) -> npt.NDArray[np.generic]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} holds {getattr(array, 'dtype', type(array).__name__)} where numbers are needed")
    return array


def _two_dimensional(path: Path, name: str, array: npt.NDArray[np.generic]) -> Array:
    if array.ndim != 2:
        raise InputError(f"{path}: {name} has shape {array.shape} where (rows, columns) is needed")
    return array.astype(np.float64)


def _read_npy(path: Path, label_column: str | None) -> Table:
    try:
        with path.open("rb") as file:  # opened here, for numpy forgets to close a file that it cannot read
            _check_promise(path, "the array", file, path.stat().st_size)
            file.seek(0)
            loaded = np.load(file, allow_pickle=False)
    except InputError:
        raise
    except Exception as error:  # numpy, zipfile and zlib raise whatever their parsers run into
        raise InputError(f"cannot read {path}: it is not an npy file of plain numbers ({_reason(error)})") from error
    array = _two_dimensional(path, "the array", _load_array(path, "the array", loaded))
    columns = [str(index) for index in range(array.shape[1])]
    if label_column is None or not columns:
        return _from_arrays(path, array, None, columns)
    position = _position(label_column, columns, path)
    return _from_arrays(path, np.delete(array, position, axis=1), array[:, position], columns[:position] + columns[position + 1 :])


def _read_npz(path: Path, label_column: str | None) -> Table:
    wanted = label_column or "labels"
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(archive)
            for name in ("inputs", wanted):
                if name in names:
                    member = archive.zip.getinfo(f"{name}.npy")
                    with archive.zip.open(member) as inner:
                        _check_promise(path, name, inner, member.file_size)
                    arrays[name] = _load_array(path, name, archive[name])
    except InputError:
        raise
    except Exception as error:  # numpy, zipfile and zlib raise whatever their parsers run into
        raise InputError(f"cannot read {path}: it is not an npz file of plain numbers ({_reason(error)})") from error
    if "inputs" not in arrays:
        raise InputError(f"{path} has no array 'inputs'; its arrays are {_some(names) or 'none'}")
    if label_column is not None and wanted not in arrays:
        raise InputError(f"{path} has no label array {wanted!r}; its arrays are {_some(names)}")
    inputs = _two_dimensional(path, "inputs", arrays["inputs"])
    labels = arrays.get(wanted)
    if labels is not None and labels.shape != (len(inputs),):
        raise InputError(f"{path}: {wanted} has shape {labels.shape} where ({len(inputs)},) is needed, one label a row of inputs")
    return _from_arrays(path, inputs, labels, [str(index) for index in range(inputs.shape[1])])


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _from_arrays(path: Path, features: Array, labels: npt.NDArray[np.generic] | None, columns: list[str]) -> Table:
    rows = [f"row {row}" for row in range(len(features))]
    if labels is None:
        return _table(path, features, None, rows, columns)
    numbers = labels.astype(np.float64)
    for row in np.flatnonzero(~np.isfinite(numbers)):
        raise InputError(f"{path}, {rows[row]}: the label is {numbers[row]}, not a finite number")
    return _table(path, features, [repr(float(number)) for number in numbers], rows, columns)


def _table(path: Path, features: Array, labels: list[str] | None, rows: list[str], columns: list[str]) -> Table:
    if features.shape[0] == 0:
        raise InputError(f"{path} has no rows")
    if features.shape[1] == 0:
        raise InputError(f"{path} has no column of inputs")
    for row, column in np.argwhere(~np.isfinite(features)):
        raise InputError(f"{path}, {rows[row]}, column {columns[column]}: {features[row, column]} is not a finite number")
    return Table(features, labels, rows, columns)

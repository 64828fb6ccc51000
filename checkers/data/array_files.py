"""Arrays of numpy's files as inputs and labels: which of them, of what shape; nothing is unpickled, no promise of a header is believed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from checkers.data.columns import Column, Source, Table, some, table_of, with_labels
from checkers.errors import InputError

Loaded = npt.NDArray[np.generic]
MOST_NUMBERS = 2**27  # of an array, one GiB: no data set of this size can be trained on, and a header may promise anything
INPUTS = ("inputs", "x", "data", "images", "features")  # names of arrays, in any case; the first that is there
LABELS = ("labels", "y", "target", "targets", "classes")


def read_npy(path: Path, label_column: str | None, drop: tuple[str, ...]) -> Table:
    """One array, (rows, columns) or images; the labels may be a column of it."""
    try:
        with path.open("rb") as file:  # opened here, for numpy forgets to close a file that it cannot read
            check_promise(path, "the array", file, path.stat().st_size)
            file.seek(0)
            loaded = np.load(file, allow_pickle=False)
    except InputError:
        raise
    except Exception as error:  # numpy, zipfile and zlib raise whatever their parsers run into
        raise InputError(f"cannot read {path}: it is not an npy file of plain numbers ({_reason(error)})") from error
    return table_of(_inputs(path, "the array", loaded), label_column, drop)


def read_npz(path: Path, inputs: str | None, labels: str | None, drop: tuple[str, ...]) -> Table:
    """inputs, labels: names of arrays, None for the usual ones. Labels are one a row, (rows, 1), or one-hot."""
    arrays: dict[str, Loaded] = {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(archive)
            chosen = _chosen(path, names, inputs, labels)
            for name in filter(None, chosen):
                member = archive.zip.getinfo(f"{name}.npy")
                with archive.zip.open(member) as inner:
                    check_promise(path, name, inner, member.file_size)
                arrays[name] = archive[name]
    except InputError:
        raise
    except Exception as error:  # numpy, zipfile and zlib raise whatever their parsers run into
        raise InputError(f"cannot read {path}: it is not an npz file of plain numbers ({_reason(error)})") from error
    name, label = chosen
    table = table_of(_inputs(path, name, arrays[name]), None, drop)
    return table if label is None else with_labels(table, path, label, _labels(path, label, arrays[label], len(table.features)))


def _chosen(path: Path, names: list[str], inputs: str | None, labels: str | None) -> tuple[str, str | None]:
    """The names of the arrays of inputs and of labels."""

    def usual(known: tuple[str, ...]) -> Iterator[str]:
        for name in known:
            alike = [one for one in names if one.lower() == name]
            yield from alike[:1] if len(alike) == 1 else []  # of X and x neither is meant for sure

    for wanted, what in ((inputs, "array"), (labels, "label array")):
        if wanted is not None and wanted not in names:
            raise InputError(f"{path} has no {what} {wanted!r}; its arrays are {some(names) or 'none'}")
    label = labels or next(usual(LABELS), None)
    others = [name for name in names if name != label]
    found = inputs or next((name for name in usual(INPUTS) if name in others), others[0] if len(others) == 1 else None)
    if found is None:
        raise InputError(f"{path} has no array 'inputs'; its arrays are {some(names) or 'none'}: --inputs and --label-column name them")
    return found, None if label == found else label


def check_promise(path: Path, name: str, file: IO[bytes], available: int) -> None:
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


def _inputs(path: Path, name: str, array: object) -> Source:
    """(rows, ...) -> columns, images being laid out in one row each."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} holds {getattr(array, 'dtype', type(array).__name__)} where numbers are needed")
    if array.ndim < 2:
        raise InputError(f"{path}: {name} has shape {array.shape} where (rows, columns) is needed")
    flat = array.reshape(len(array), math.prod(array.shape[1:])).astype(np.float64)
    how: tuple[str, ...] = () if name == "the array" else (f"array: {name}",)
    if array.ndim > 2:
        how += (f"each row {' x '.join(map(str, array.shape[1:]))} numbers",)
    names = [str(column) for column in range(flat.shape[1])]
    return Source(path, names, list(flat.T), [f"row {row}" for row in range(len(flat))], False, how=how)


def _labels(path: Path, name: str, array: Any, rows: int) -> Column:
    """(rows,): the labels as numbers or text; of one-hot rows, which entry is 1."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufUS":
        raise InputError(f"{path}: {name} holds {getattr(array, 'dtype', type(array).__name__)} where numbers or text are needed")
    if array.shape == (rows, 1):
        array = array[:, 0]
    elif array.ndim == 2 and len(array) == rows and array.dtype.kind in "biuf" and _one_hot(array):
        array = array.argmax(axis=1)
    if array.shape != (rows,):
        raise InputError(f"{path}: {name} has shape {array.shape} where ({rows},) is needed, one label a row of inputs (or one-hot rows)")
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    labels: Column = array.astype(object if array.dtype.kind == "U" else np.float64)
    return labels


def _one_hot(array: Loaded) -> bool:
    return bool(np.all((array == 0) | (array == 1)) and np.all(array.astype(np.float64).sum(axis=1) == 1))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__

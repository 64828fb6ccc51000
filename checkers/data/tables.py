"""Reading a user's data file, whatever kind it turns out to be: inputs and labels, or one sentence that says what is wrong and where."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from checkers.data.array_files import MOST_NUMBERS, read_npy, read_npz
from checkers.data.columns import FOUND_OUT, Column, Reading, Source, Table, some, table_of
from checkers.data.text_files import read_text
from checkers.errors import InputError

KINDS = ".csv, .tsv, .txt or .data (also .gz, .bz2, .xz), .parquet, .npy or .npz"
OTHERS = (".xlsx", ".xls", ".ods", ".json", ".arff", ".mat", ".h5", ".hdf5", ".pkl", ".pickle", ".pt", ".feather", ".png", ".jpg")


def read_table(path: Path, label_column: str | None, reading: Reading = FOUND_OUT) -> Table:
    """Read a file of numbers. label_column: a column's name, or its number counted from 0 (-1: the last); of an npz file, an array's name.

    The kind is told by the first bytes, not by the name. Raises InputError if the file cannot be read, is empty, has the wrong shape, or
    holds anything that is not a finite number where an input is needed. Rows whose label is missing are left out.
    """
    if not os.path.isfile(path):  # unlike Path.is_file, an answer for names that no file can have
        raise InputError(f"cannot read {path}: {_no_file(path)}")
    try:
        with path.open("rb") as file:
            start = file.read(6)
        arrays = start == b"\x93NUMPY" or start[:2] == b"PK" or path.suffix.lower() in (".npy", ".npz")
        text = not arrays and start[:4] != b"PAR1" and path.suffix.lower() != ".parquet"
        if path.suffix.lower() in OTHERS:
            raise InputError(f"cannot read {path}: data files are {KINDS}")
        if reading.inputs is not None and start[:2] != b"PK":
            raise InputError(f"--inputs {reading.inputs} names an array of an npz file, and {path} is none")
        for option, given in (("--header", reading.header), ("--delimiter", reading.delimiter)):
            if given is not None and not text:
                raise InputError(f"{option} is for text, and {path} is none")
        if text:
            return table_of(read_text(path, label_column, reading), label_column, reading.drop)
        if not arrays:
            return table_of(_read_parquet(path), label_column, reading.drop)
        if start == b"\x93NUMPY" or path.suffix.lower() == ".npy":
            return read_npy(path, label_column, reading.drop)
        return read_npz(path, reading.inputs, label_column, reading.drop)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _no_file(path: Path) -> str:
    if os.path.isdir(path):
        return "it is a folder"
    return "it is not a plain file" if os.path.exists(path) else "there is no such file"


def _read_parquet(path: Path) -> Source:
    """Numbers stay numbers; whatever else a column holds becomes its text."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            if rows * len(schema) > MOST_NUMBERS:
                raise InputError(f"{path} promises {rows:,} rows of {len(schema)} columns, more than {MOST_NUMBERS:,} numbers")
            nested = [field.name for field in schema if pa.types.is_nested(field.type)]
            if nested:
                raise InputError(f"{path}: column {some(nested)} is nested: each column must hold one number, or one label, a row")
            frame = file.read().to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise InputError(f"cannot read {path}: it is not a parquet file ({' '.join(str(error).split()).rstrip('.')})") from error
    index = [name for name in frame.columns if str(name).startswith("__index_level_")]  # pandas' own name for an index that has none

    def column(values: pd.Series) -> Column:
        if pd.api.types.is_numeric_dtype(values):
            return values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.array(["" if pd.isna(value) else str(value) for value in values], dtype=object)

    names = [str(name) for name in frame.columns if name not in index]
    left_out = tuple(f"column {name} (numbers or names the rows)" for name in index)
    columns = [column(frame.iloc[:, k]) for k, name in enumerate(frame.columns) if name not in index]
    return Source(path, names, columns, [f"row {row}" for row in range(len(frame))], True, left_out=left_out)

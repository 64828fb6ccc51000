"""Data to train on: the bundled digits or a user's file, in the paper's form (unit norm, last coordinate 1/√2, separated)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from checkers.data.coinciding import coinciding_rows
from checkers.data.columns import FOUND_OUT, Reading, Table, some
from checkers.data.labels import Labels, class_count, read_labels, true_targets
from checkers.data.tables import read_table
from checkers.errors import InputError
from strategies.labels import label_set

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

DEFAULT_SAMPLES = 100
MOST_ROWS = 5000  # the eigenvalues of a larger kernel take minutes


@dataclass(frozen=True)
class TrainingData:
    """inputs: (samples, d_in + 1), valid for the paper. targets: (samples, outputs). classes: (samples,), or None for a regression.
    name, labels: what they are, in words. read: how the file was read, in a line; warnings: what of it may not be meant so."""

    inputs: Array
    targets: Array
    classes: Classes | None = None
    name: str = ""
    labels: str = ""
    read: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldOut:
    """Samples that are not trained on. inputs: (k, d_in + 1); classes: (k,), or None where there are none."""

    inputs: Array
    classes: Classes | None = None


def scaled_rows(features: Array, rows: list[str], where: str) -> Array:
    """(n, d) -> (n, d): each row scaled to unit norm. Raises InputError for a zero row."""
    largest = np.abs(features).max(axis=1, keepdims=True)
    for row in np.flatnonzero(largest[:, 0] == 0):
        raise InputError(f"{where}, {rows[row]}: all inputs are zero, which has no direction")
    scaled = features / largest  # so that no square overflows or underflows
    directions: Array = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    return directions


def directed_rows(features: Array, rows: list[str], where: str) -> Array:
    """(n, d) -> (n, d + 1): each row z, scaled to unit norm, becomes x = (z, 1)/√2. Raises InputError for a zero row."""
    directions = scaled_rows(features, rows, where)
    inputs: Array = np.hstack([directions, np.ones((len(directions), 1))]) / math.sqrt(2.0)
    return inputs


def unit_rows(features: Array, rows: list[str], where: str) -> Array:
    """directed_rows, refusing also two rows of one direction: InputError."""
    inputs = directed_rows(features, rows, where)
    for first, second in coinciding_rows(inputs):
        after = "" if np.array_equal(features[first], features[second]) else " after scaling to unit norm"
        raise InputError(
            f"{where}: {rows[first]} and {rows[second]} are the same{after}, and the theory speaks of inputs that differ: "
            "--drop-duplicates leaves out one of the two; `lemmafuzz diagnose` names all such rows"
        )
    return inputs


@dataclass(frozen=True)
class Loaded:
    """A table, what its labels are (None: it has none), and how it was read, in words."""

    table: Table
    labels: Labels | None
    read: str


def load_table(source: str, label_column: str | None, reading: Reading, outputs: int | None) -> Loaded:
    """Of "digits" or a file."""
    if source == "digits":
        if reading != Reading(drop_duplicates=reading.drop_duplicates, regression=reading.regression):
            raise InputError("digits is no file: --inputs, --drop, --header and --delimiter say how to read one")
        table = _digits()
    else:
        table = read_table(Path(source), label_column, reading)
    notes = list(table.left_out)
    if reading.drop_duplicates:
        pairs = coinciding_rows(directed_rows(table.features, table.rows, source))
        if pairs:
            kept = np.setdiff1d(np.arange(len(table.rows)), [later for _, later in pairs])
            own = table.labels
            differ = 0 if own is None else sum(own[first] != own[later] for first, later in pairs)
            other = f"; {differ:,} with another label" if differ else ""
            notes.append(f"{len(pairs):,} row{'s' * (len(pairs) > 1)} (coinciding with an earlier one{other})")
            table = replace(
                table, features=table.features[kept], rows=[table.rows[row] for row in kept], labels=own and [own[row] for row in kept]
            )  # fmt: skip
    labels = None if table.labels is None else read_labels(table.labels, table.rows, source, reading.regression, outputs)
    parts = [*table.how, f"{len(table.rows):,} row{'s' * (len(table.rows) > 1)}", f"inputs: {some(table.columns)}"]
    parts.append("no labels" if labels is None else f"labels: {table.label}, {labels.in_words}")
    parts += [f"left out: {', '.join(notes)}"] if notes else []
    return Loaded(table, labels, "" if source == "digits" else f"read {source}: {'; '.join(parts)}")


def load_training_data(
    source: str, *, label_column: str | None = None, samples: int | None = None, labels: str = "true", outputs: int | None = None,
    seed: int, reading: Reading = FOUND_OUT,
) -> TrainingData:  # fmt: skip
    """Read `source`, "digits" or a file; choose `samples` of its rows (None: 100, or all if fewer); make targets of its labels ("true"),
    draw them ("random"), or take the bottom eigenvector of the limit kernel ("hardest").

    Random labels are uniform over the classes and independent of the data, as in Zhang et al. 2017. Both the rows and the random labels
    follow from `seed` alone. Raises InputError if the data cannot be what section 1 of the paper assumes.
    """
    where = source
    loaded = load_table(source, label_column, reading, outputs)
    table = loaded.table
    rows_seed, labels_seed = np.random.SeedSequence(seed).spawn(2)
    chosen = chosen_rows(table, min(DEFAULT_SAMPLES, len(table.features)) if samples is None else samples, rows_seed, where)
    names = [table.rows[row] for row in chosen]
    inputs = unit_rows(table.features[chosen], names, where)

    def made(targets: Array, classes: Classes | None, in_words: str) -> TrainingData:
        return TrainingData(inputs, targets, classes, where, in_words, loaded.read, table.warnings)

    if labels == "random":
        number = outputs or class_count(loaded.labels)
        drawn = np.random.Generator(np.random.SFC64(labels_seed)).integers(max(number, 2), size=len(chosen))
        if number == 1:
            return made(np.where(drawn[:, None] > 0, 1.0, -1.0), None, "random signs")
        return made(np.eye(number)[drawn], drawn, f"random, {number} classes")
    if labels == "hardest":
        generator = np.random.Generator(np.random.SFC64(labels_seed))
        return made(label_set("hardest", generator, inputs, outputs or 1), None, "the kernel's bottom eigenvector")
    if loaded.labels is None:
        raise InputError(f"--labels true needs the labels of {where}: name their column with --label-column, or choose --labels random")
    return made(*true_targets(loaded.labels, chosen, outputs, where))


def held_out_rows(
    source: str, *, label_column: str | None = None, loaded: TrainingData, count: int, seed: int, reading: Reading = FOUND_OUT
) -> HeldOut:
    """`count` further rows of the source that `loaded` was chosen from with the same seed, with their own classes where the training
    labels are true ones. Raises InputError if there are too few."""
    if count == 0:
        return HeldOut(loaded.inputs[:0])
    whole = load_table(source, label_column, reading, loaded.targets.shape[1])
    table = whole.table
    available, taken = len(table.features), len(loaded.inputs)
    if count > available - taken:
        raise InputError(f"--held-out {count} asks for more than the {available - taken} rows of {source} that are not trained on")
    rows_seed, _, further_seed = np.random.SeedSequence(seed).spawn(3)
    trained = np.random.Generator(np.random.SFC64(rows_seed)).choice(available, taken, replace=False)
    left = np.setdiff1d(np.arange(available), trained)
    chosen = np.sort(np.random.Generator(np.random.SFC64(further_seed)).choice(left, count, replace=False))
    inputs = unit_rows(table.features[chosen], [table.rows[row] for row in chosen], source)
    if loaded.classes is None or not loaded.labels.startswith("true") or whole.labels is None:
        return HeldOut(inputs)
    return HeldOut(inputs, true_targets(whole.labels, chosen, None, source)[1])


@dataclass(frozen=True)
class Rows:
    """inputs: (n, d_in + 1), as the paper wants them but perhaps with equal rows: coinciding, pairs of numbers. rows, labels: their names.
    classes: outputs that a network needs for the labels, 1 without labels. read, warnings: as of TrainingData."""

    inputs: Array
    rows: list[str]
    labels: list[str] | None
    coinciding: list[tuple[int, int]]
    classes: int
    read: str
    warnings: tuple[str, ...]


def load_rows(
    source: str, *, label_column: str | None, samples: int | None, seed: int, outputs: int | None = None, reading: Reading = FOUND_OUT
) -> Rows:
    """The rows of a file that load_training_data would choose (None: all), whether or not they can be trained on.

    Raises InputError as it does, except for rows that coincide.
    """
    loaded = load_table(source, label_column, reading, outputs)
    table, labels = loaded.table, loaded.labels
    count = len(table.features) if samples is None else samples
    if count > MOST_ROWS:
        raise InputError(f"{source} has {count:,} rows to diagnose, and the limit is {MOST_ROWS:,}: choose some of them with --samples")
    chosen = chosen_rows(table, count, np.random.SeedSequence(seed).spawn(2)[0], source)
    names = [table.rows[row] for row in chosen]
    inputs = directed_rows(table.features[chosen], names, source)
    own = None if labels is None else [labels.own[row] for row in chosen]
    classes = 1 if labels is None or labels.regression else len(labels.names)
    return Rows(inputs, names, own, coinciding_rows(inputs), classes, loaded.read, table.warnings)


def chosen_rows(table: Table, count: int, seed: np.random.SeedSequence, where: str) -> npt.NDArray[np.intp]:
    """`count` of the rows, ascending; InputError if there are fewer."""
    available = len(table.features)
    if count > available:
        raise InputError(f"--samples {count} asks for more than the {available} rows of {where}")
    chosen: npt.NDArray[np.intp] = np.sort(np.random.Generator(np.random.SFC64(seed)).choice(available, count, replace=False))
    return chosen


def _digits() -> Table:
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    return Table(
        np.asarray(features, dtype=np.float64),
        [str(label) for label in labels],
        [f"row {row}" for row in range(len(features))],
        [str(column) for column in range(features.shape[1])],
    )

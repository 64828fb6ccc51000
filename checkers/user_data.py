"""Data to train on: the bundled digits or a user's file, in the paper's form (unit norm, last coordinate 1/√2, separated)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from checkers.errors import InputError
from checkers.user_tables import Table, read_table
from strategies.labels import label_set

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

# Below this distance two unit rows cannot be told apart: their squared distance, 2 - 2<x_i, x_j>, is lost in the rounding of the product.
INDISTINGUISHABLE = 2.0**-25
DEFAULT_SAMPLES = 100
MOST_ROWS = 5000  # the eigenvalues of a larger kernel take minutes


@dataclass(frozen=True)
class TrainingData:
    """inputs: (samples, d_in + 1), valid for the paper. targets: (samples, outputs). classes: (samples,), or None for a regression.
    name, labels: what they are, in words."""

    inputs: Array
    targets: Array
    classes: Classes | None
    name: str
    labels: str


def directed_rows(features: Array, rows: list[str], where: str) -> Array:
    """(n, d) -> (n, d + 1): each row z, scaled to unit norm, becomes x = (z, 1)/√2. Raises InputError for a zero row."""
    largest = np.abs(features).max(axis=1, keepdims=True)
    for row in np.flatnonzero(largest[:, 0] == 0):
        raise InputError(f"{where}, {rows[row]}: all inputs are zero, which has no direction")
    scaled = features / largest  # so that no square overflows or underflows
    directions = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    inputs: Array = np.hstack([directions, np.ones((len(directions), 1))]) / math.sqrt(2.0)
    return inputs


def coinciding_rows(inputs: Array) -> list[tuple[int, int]]:
    """(i, j) for every row x_j = (z, 1)/√2 that rounding cannot tell from an earlier one; i is the first of those."""
    directions = inputs[:, :-1] * math.sqrt(2.0)
    # candidates, within the rounding of a product; decided by the difference
    candidates = np.triu(directions @ directions.T > 1 - 1e-6, k=1)
    pairs = []
    for j in np.flatnonzero(candidates.any(axis=0)):
        earlier = np.flatnonzero(candidates[:, j])
        equal = earlier[np.linalg.norm(inputs[earlier] - inputs[j], axis=1) <= INDISTINGUISHABLE]
        if len(equal):
            pairs.append((int(equal[0]), int(j)))
    return pairs


def unit_rows(features: Array, rows: list[str], where: str) -> Array:
    """directed_rows, refusing also two rows of one direction: InputError."""
    inputs = directed_rows(features, rows, where)
    for first, second in coinciding_rows(inputs):
        after = "" if np.array_equal(features[first], features[second]) else " after scaling to unit norm"
        raise InputError(
            f"{where}: {rows[first]} and {rows[second]} are the same{after}, and the theory speaks of inputs that differ: "
            "leave one of the two out; `lemmafuzz diagnose` names all such rows"
        )
    return inputs


def one_hot(classes: Classes, outputs: int) -> Array:
    """(n,) -> (n, outputs)."""
    rows: Array = np.eye(outputs)[classes]
    return rows


def load_training_data(
    source: str, *, label_column: str | None, samples: int | None, labels: str, outputs: int | None, seed: int
) -> TrainingData:
    """Read `source`, "digits" or a file; choose `samples` of its rows (None: 100, or all if fewer); make targets of its labels ("true"),
    draw them ("random"), or take the bottom eigenvector of the limit kernel ("hardest").

    Random labels are uniform over the classes and independent of the data, as in Zhang et al. 2017. Both the rows and the random labels
    follow from `seed` alone. Raises InputError if the data cannot be what section 1 of the paper assumes.
    """
    where = source
    table = _digits() if source == "digits" else read_table(Path(source), label_column)
    rows_seed, labels_seed = np.random.SeedSequence(seed).spawn(2)
    chosen = _chosen_rows(table, min(DEFAULT_SAMPLES, len(table.features)) if samples is None else samples, rows_seed, where)
    names = [table.rows[row] for row in chosen]
    inputs = unit_rows(table.features[chosen], names, where)
    if labels == "random":
        number = outputs or _class_count(table)
        drawn = np.random.Generator(np.random.SFC64(labels_seed)).integers(max(number, 2), size=len(chosen))
        if number == 1:
            signs: Array = np.where(drawn[:, None] > 0, 1.0, -1.0)
            return TrainingData(inputs, signs, None, where, "random signs")
        return TrainingData(inputs, one_hot(drawn, number), drawn, where, f"random, {number} classes")
    if labels == "hardest":
        generator = np.random.Generator(np.random.SFC64(labels_seed))
        return TrainingData(inputs, label_set("hardest", generator, inputs, outputs or 1), None, where, "the kernel's bottom eigenvector")
    if table.labels is None:
        raise InputError(f"--labels true needs the labels of {where}: name their column with --label-column, or choose --labels random")
    return _true_targets(table, chosen, inputs, outputs, where)


def held_out_rows(source: str, *, label_column: str | None, loaded: TrainingData, count: int, seed: int) -> tuple[Array, Classes | None]:
    """`count` further rows of the source that `loaded` was chosen from with the same seed: inputs (count, d_in), and their own classes
    where the training labels are true ones. Raises InputError if there are too few."""
    table = _digits() if source == "digits" else read_table(Path(source), label_column)
    available, taken = len(table.features), len(loaded.inputs)
    if count > available - taken:
        raise InputError(f"--held-out {count} asks for more than the {available - taken} rows of {source} that are not trained on")
    rows_seed, _, further_seed = np.random.SeedSequence(seed).spawn(3)
    trained = np.random.Generator(np.random.SFC64(rows_seed)).choice(available, taken, replace=False)
    left = np.setdiff1d(np.arange(available), trained)
    chosen = np.sort(np.random.Generator(np.random.SFC64(further_seed)).choice(left, count, replace=False))
    inputs = unit_rows(table.features[chosen], [table.rows[row] for row in chosen], source)
    if loaded.classes is None or not loaded.labels.startswith("true") or table.labels is None:
        return inputs, None
    return inputs, _true_targets(table, chosen, inputs, None, source).classes


@dataclass(frozen=True)
class Rows:
    """inputs: (n, d_in + 1), as the paper wants them but perhaps with equal rows: coinciding, pairs of numbers. rows, labels: their names.
    classes: outputs that a network needs for the labels, 1 without labels."""

    inputs: Array
    rows: list[str]
    labels: list[str] | None
    coinciding: list[tuple[int, int]]
    classes: int


def load_rows(source: str, *, label_column: str | None, samples: int | None, seed: int) -> Rows:
    """The rows of a file that load_training_data would choose (None: all), whether or not they can be trained on.

    Raises InputError as it does, except for rows that coincide.
    """
    table = _digits() if source == "digits" else read_table(Path(source), label_column)
    count = len(table.features) if samples is None else samples
    if count > MOST_ROWS:
        raise InputError(f"{source} has {count:,} rows to diagnose, and the limit is {MOST_ROWS:,}: choose some of them with --samples")
    chosen = _chosen_rows(table, count, np.random.SeedSequence(seed).spawn(2)[0], source)
    names = [table.rows[row] for row in chosen]
    inputs = directed_rows(table.features[chosen], names, source)
    if table.labels is None:
        return Rows(inputs, names, None, coinciding_rows(inputs), 1)
    numbers = _as_numbers(table.labels)
    regression = numbers is not None and bool(np.any(numbers != np.round(numbers)))
    own = table.labels if numbers is None or regression else [str(int(value)) for value in numbers]  # 3 and 3.0 are one class
    return Rows(inputs, names, [own[row] for row in chosen], coinciding_rows(inputs), 1 if regression else max(1, len(set(own))))


def _chosen_rows(table: Table, count: int, seed: np.random.SeedSequence, where: str) -> npt.NDArray[np.intp]:
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


def _class_count(table: Table) -> int:
    """Classes of the file's own labels where it has few enough to be classes, else two."""
    count = len(set(table.labels or []))
    return count if 2 <= count <= max(2, len(table.features) // 2) else 2


def _true_targets(table: Table, chosen: npt.NDArray[np.intp], inputs: Array, outputs: int | None, where: str) -> TrainingData:
    assert table.labels is not None
    numbers = _as_numbers(table.labels)
    fractional = numbers is not None and bool(np.any(numbers != np.round(numbers)))
    if numbers is not None and (fractional or outputs == 1):
        centred = numbers - numbers.mean()
        scale = np.abs(centred).max()
        if scale == 0:
            raise InputError(f"{where}: all labels are the same")
        if outputs not in (None, 1):
            raise InputError(f"--outputs {outputs} does not fit the labels of {where}, which are real numbers: one output")
        targets: Array = (centred / scale)[chosen, None]
        return TrainingData(inputs, targets, None, where, "true, centred and scaled to [-1, 1]")
    own = table.labels if numbers is None else [str(int(value)) for value in numbers]  # 3 and 3.0 are one class
    names = sorted(set(own)) if numbers is None else sorted(set(own), key=int)
    if len(names) < 2:
        raise InputError(f"{where}: all labels are the same")
    if outputs is not None and outputs != len(names):
        raise InputError(f"--outputs {outputs} does not fit the labels of {where}, which has {len(names)} classes")
    place = {name: index for index, name in enumerate(names)}
    classes = np.array([place[own[row]] for row in chosen], dtype=np.int64)
    return TrainingData(inputs, one_hot(classes, len(names)), classes, where, f"true, {len(names)} classes")


def _as_numbers(labels: list[str]) -> Array | None:
    try:
        numbers = np.array([float(label) for label in labels])
    except ValueError:
        return None
    return numbers if bool(np.all(np.isfinite(numbers))) else None

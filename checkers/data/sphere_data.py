"""Data to compare theories on: rows of a user's file or of the digits, or rows drawn by name, on the unit sphere and with one label each.

Unlike one_output.py it takes rows that coincide: which theory's assumption they break is what the comparison says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checkers.data.columns import FOUND_OUT, Reading
from checkers.data.labels import Labels, true_targets
from checkers.data.training_data import chosen_rows, load_table, scaled_rows
from checkers.errors import InputError
from strategies.data import SPHERE_SHAPES, data_set
from theorems.language.instance import Array

DRAWN = tuple(SPHERE_SHAPES)
DRAWN_SAMPLES, FILE_SAMPLES = 10, 50  # what is compared in a minute
LEAST_SEPARATION = 1e-6  # that drawn rows promise; random ones are farther apart


@dataclass(frozen=True)
class SphereData:
    """inputs: unit rows, (n, d). targets: (n,), at most 1 in absolute value. rows: their names. name, labels, read, warnings: in words.
    unseen, unseen_targets: further rows, (k, d), and their labels, (k,)."""

    inputs: Array
    targets: Array
    rows: list[str]
    name: str
    labels: str
    unseen: Array
    unseen_targets: Array
    read: str = ""
    warnings: tuple[str, ...] = ()


def load_sphere(
    source: str, *, label_column: str | None = None, samples: int | None = None, dimension: int | None = None, labels: str = "true",
    seed: int, reading: Reading = FOUND_OUT, held_out: int = 0,
) -> SphereData:  # fmt: skip
    """`samples` rows (None: 10 drawn ones, 50 of a file, or all if fewer), scaled to unit norm, in an order that follows from the seed.

    labels: "true" or "random", fair signs. True ones of two classes are -1 and 1; of more, those of the first half of the classes are -1;
    numbers are centred and scaled to [-1, 1]. Rows that are drawn, or have no labels, get random ones. dimension: of drawn rows.
    held_out: further rows, with true labels.
    """
    rows_seed, labels_seed, order_seed = np.random.SeedSequence(seed).spawn(3)
    coins = np.random.Generator(np.random.SFC64(labels_seed))
    if source in DRAWN:
        count = samples or DRAWN_SAMPLES
        wanted = dimension or (count if source == "sphere" else None)
        try:
            inputs = data_set(source, np.random.Generator(np.random.SFC64(rows_seed)), count, wanted, LEAST_SEPARATION)
        except ValueError as error:
            raise InputError(str(error)) from error
        if held_out:
            raise InputError(f"--held-out needs rows with labels of their own, and those of {source} are drawn")
        names = [f"row {row}" for row in range(count)]
        return SphereData(inputs, _signs(coins, count), names, source, "random signs", inputs[:0], np.zeros(0))
    if dimension is not None:
        raise InputError(f"--dimension is for rows that are drawn by name ({', '.join(DRAWN)}), not for {source}")
    loaded = load_table(source, label_column, reading, None)
    table = loaded.table
    count = min(FILE_SAMPLES, len(table.features)) if samples is None else samples
    left = len(table.features) - count
    if held_out > left >= 0:
        raise InputError(f"--held-out {held_out} asks for more than the {left:,} rows of {source} that are left")
    chosen = chosen_rows(table, count + held_out, rows_seed, source)
    chosen = np.random.Generator(np.random.SFC64(order_seed)).permutation(chosen)
    names = [table.rows[row] for row in chosen]
    inputs = scaled_rows(table.features[chosen], names, source)
    if held_out and loaded.labels is None:
        raise InputError(f"--held-out needs the labels of {source}: name their column with --label-column")
    if labels == "random" or loaded.labels is None:
        targets, words = _signs(coins, len(chosen)), "random signs"
    else:
        targets, words = _true(loaded.labels, chosen, source)
    return SphereData(
        inputs[:count], targets[:count], names[:count], source, words, inputs[count:], targets[count:], loaded.read, table.warnings
    )  # fmt: skip


def _signs(generator: np.random.Generator, count: int) -> Array:
    return np.asarray(2.0 * generator.integers(2, size=count) - 1)


def _true(labels: Labels, chosen: npt.NDArray[np.intp], where: str) -> tuple[Array, str]:
    """One number for each chosen row, and what they are in words."""
    targets, classes, words = true_targets(labels, chosen, None, where)
    if classes is None:
        return targets[:, 0], words
    half = (len(labels.names) + 1) // 2
    sides = [part[0] if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in (labels.names[:half], labels.names[half:])]
    return np.where(classes < half, -1.0, 1.0), f"true, -1 for {sides[0]} and +1 for {sides[1]}"

"""Data for theories on the unit sphere with one output: a user's file, the bundled digits, or rows drawn by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from checkers.data.columns import FOUND_OUT, Reading
from checkers.data.training_data import DEFAULT_SAMPLES, Array, load_rows
from checkers.errors import InputError
from strategies.data import SPHERE_SHAPES, data_set

LEAST_SEPARATION = 1e-6  # that drawn rows promise: random ones are farther apart
DRAWN = tuple(SPHERE_SHAPES)


@dataclass(frozen=True)
class SphereData:
    """inputs: unit rows, (n, d). targets: (n,), at most 1 in absolute value. rows: their names. name, labels, read, warnings: in words."""

    inputs: Array
    targets: Array
    rows: list[str]
    name: str
    labels: str
    read: str = ""
    warnings: tuple[str, ...] = ()

    def part(self, chosen: slice) -> SphereData:
        """Those rows."""
        return SphereData(self.inputs[chosen], self.targets[chosen], self.rows[chosen], self.name, self.labels, self.read, self.warnings)


def load_sphere(
    source: str, *, label_column: str | None = None, samples: int | None, dimension: int | None = None, labels: str = "true", seed: int,
    reading: Reading = FOUND_OUT,
) -> SphereData:  # fmt: skip
    """`samples` rows (None: 10 drawn ones, 100 of a file, or all if fewer), scaled to unit norm, in an order that follows from the seed.

    labels: "true" or "random", fair signs. True ones of two classes are -1 and 1; of more, those of the first half of the classes are -1;
    numbers are centred and scaled to [-1, 1]. Rows that are drawn, or have no labels, get random ones.
    """
    generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed).spawn(3)[2]))
    if source in DRAWN:
        count = 10 if samples is None else samples
        try:
            inputs = data_set(source, generator, count, dimension or (count if source == "sphere" else None), LEAST_SEPARATION)
        except ValueError as error:
            raise InputError(str(error)) from error
        names = [f"row {row}" for row in range(count)]
        return SphereData(inputs, _signs(generator, count), names, f"{source}, drawn", "random signs")
    if dimension is not None:
        raise InputError(f"--dimension is for rows that are drawn by name, {', '.join(DRAWN)}, not for {source}")
    loaded = load_rows(source, label_column=label_column, samples=samples, seed=seed, reading=reading)
    directions = loaded.inputs[:, :-1] / np.linalg.norm(loaded.inputs[:, :-1], axis=1, keepdims=True)
    order = generator.permutation(len(directions))[: samples or DEFAULT_SAMPLES]
    if labels == "random" or loaded.labels is None:
        targets, words = _signs(generator, len(order)), "random signs"
    else:
        targets, words = _true([loaded.labels[row] for row in order], regression=loaded.classes == 1, where=source)
    return SphereData(
        np.ascontiguousarray(directions[order]), targets, [loaded.rows[row] for row in order], source, words, loaded.read, loaded.warnings
    )  # fmt: skip


def _signs(generator: np.random.Generator, count: int) -> Array:
    return np.asarray(2.0 * generator.integers(2, size=count) - 1)


def _true(labels: list[str], *, regression: bool, where: str) -> tuple[Array, str]:
    names = sorted(set(labels), key=_in_order)
    if len(names) < 2:
        raise InputError(f"{where}: all labels are the same")
    if regression:
        values = np.array([float(label) for label in labels])
        values = values - values.mean()
        return values / np.abs(values).max(), "true, centred and scaled to [-1, 1]"
    first = names[: (len(names) + 1) // 2]
    sides = [f"{some[0]} to {some[-1]}" if len(some) > 1 else some[0] for some in (first, names[len(first) :])]
    return np.where(np.isin(labels, first), -1.0, 1.0), f"true, {sides[0]} against {sides[1]}"


def _in_order(name: str) -> tuple[float, str]:
    """Numbers as numbers, before words."""
    return (float(name), "") if re.fullmatch(r"[+-]?\d+(\.\d*)?", name) else (float("inf"), name)

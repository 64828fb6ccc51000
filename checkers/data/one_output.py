"""Data for theories of networks with one output, whose inputs are plain unit rows without the first paper's constant coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checkers.data.coinciding import coinciding_rows
from checkers.data.columns import FOUND_OUT, Reading, some
from checkers.data.labels import Labels, true_targets
from checkers.data.training_data import DEFAULT_SAMPLES, chosen_rows, load_table, scaled_rows
from checkers.errors import InputError
from theorems.language.instance import Array


@dataclass(frozen=True)
class OneOutputData:
    """inputs: (n, d), no two of one direction; targets: (n,). labels: what they are; read: how the file was read, in a line; warnings: what
    of it may not be meant so."""

    inputs: Array
    targets: Array
    name: str
    labels: str
    read: str
    warnings: tuple[str, ...]


def load_one_output(
    source: str, *, label_column: str | None = None, samples: int | None = None, labels: str = "true", positive: str | None = None,
    seed: int, reading: Reading = FOUND_OUT, as_they_are: bool = False, constant: bool = False,
) -> OneOutputData:  # fmt: skip
    """Rows of `source`, "digits" or a file (samples: how many, None: 100, or all if fewer), and one number to fit for each.

    labels: "true" or "random" signs. positive: the class that is +1 where all others are -1. as_they_are: neither are rows scaled to unit
    norm nor labels centred. constant: append a coordinate 1, for biases. Raises InputError for what no theory of such networks speaks of.
    """
    loaded = load_table(source, label_column, reading, None)
    table = loaded.table
    rows_seed, labels_seed = np.random.SeedSequence(seed).spawn(2)
    chosen = chosen_rows(table, min(DEFAULT_SAMPLES, len(table.features)) if samples is None else samples, rows_seed, source)
    names = [table.rows[row] for row in chosen]
    features = table.features[chosen]
    inputs = features if as_they_are else scaled_rows(features, names, source)
    if constant:
        inputs = np.hstack([inputs, np.ones((len(inputs), 1))])
    for first, second in coinciding_rows(scaled_rows(inputs, names, source)):
        after = "" if np.array_equal(features[first], features[second]) else " in direction"
        raise InputError(
            f"{source}: {names[first]} and {names[second]} are the same{after}, so lambda_min(H(0)) = 0 at every width and nothing can be"
            " certified: --drop-duplicates leaves out one of the two"
        )
    if labels == "random":
        drawn = np.random.Generator(np.random.SFC64(labels_seed)).integers(2, size=len(chosen))
        targets, in_words = np.where(drawn > 0, 1.0, -1.0), "random signs"
    elif loaded.labels is None:
        raise InputError(f"--labels true needs the labels of {source}: name their column with --label-column, or choose --labels random")
    else:
        targets, in_words = _targets(loaded.labels, chosen, positive, as_they_are, source)
    return OneOutputData(inputs, targets, source, in_words, loaded.read, table.warnings)


def _targets(labels: Labels, chosen: npt.NDArray[np.intp], positive: str | None, as_they_are: bool, where: str) -> tuple[Array, str]:
    """One number for each chosen row, and what they are in words."""
    if positive is not None:
        if positive not in labels.names:
            raise InputError(f"--positive {positive} is no class of {where}; its classes are {some(labels.names)}")
        return np.array([1.0 if labels.own[row] == positive else -1.0 for row in chosen]), f"+1 for {positive}, -1 for all others"
    if as_they_are and labels.numbers is not None:
        return labels.numbers[chosen], "the numbers as they are"
    if not labels.regression and len(labels.names) > 2:
        numbers = "" if labels.numbers is None else "; --regression says that they are numbers"
        raise InputError(
            f"{where} has {len(labels.names)} classes ({some(labels.names, 4)}) and the network has one output: --positive"
            f" {labels.names[0]} makes that class +1 and all others -1{numbers}"
        )
    targets, classes, in_words = true_targets(labels, chosen, None, where)
    if classes is None:
        return targets[:, 0], in_words
    return np.where(classes > 0, 1.0, -1.0), f"+1 for {labels.names[1]}, -1 for {labels.names[0]}"

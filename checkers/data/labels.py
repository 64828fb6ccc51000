"""What the labels of a user's data are: classes, or the numbers of a regression; and the targets that they make."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checkers.data.columns import shortened, some
from checkers.errors import InputError

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """own: one per row, 3 and 3.0 being one; names: the different ones, in order. numbers: (rows,), or None where some are none.
    regression: they are numbers to fit, not classes."""

    own: list[str]
    names: list[str]
    numbers: Array | None
    regression: bool

    @property
    def in_words(self) -> str:
        if self.regression and self.numbers is not None:
            return f"a regression, {self.numbers.min():g} to {self.numbers.max():g}"
        return f"{len(self.names)} class{'es' * (len(self.names) != 1)} ({some(self.names, 4)})"


def read_labels(labels: list[str], rows: list[str], where: str, regression: bool | None, outputs: int | None) -> Labels:
    """labels: as written, none missing. regression: what the user says they are (None: found out).

    Numbers are a regression if some are fractions, if the network has one output, or if they are many: more than 2 sqrt n different ones,
    unless they are 0, ..., k - 1 or 1, ..., k, each twice on average. Of 400 faces, 10 of each of 40 people, the names are still classes.
    """
    values = np.array([_number(label) for label in labels])
    bad = np.flatnonzero(np.isnan(values))
    if len(bad):
        if regression or (regression is None and 2 * len(bad) < len(values)):
            remedy = "choose --classes" if regression else "leave that row out, or say --classes"
            raise InputError(f"{where}, {rows[bad[0]]}: the label {shortened(labels[bad[0]])!r} is not a number, as others are; {remedy}")
        return Labels(labels, sorted(set(labels)), None, False)
    different = np.unique(values)
    if regression is None:
        whole = bool(np.all(different == np.round(different)))
        codes = different[0] in (0, 1) and different[-1] - different[0] == len(different) - 1 and 2 * len(different) <= len(values)
        many = len(different) > 2 * math.sqrt(len(values)) and not codes
        regression = not whole or outputs == 1 or many
    own = [_name(label) for label in labels]
    return Labels(own, sorted(set(own), key=float), values, regression)


def _number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        return math.nan


def _name(label: str) -> str:
    if re.fullmatch(r"[+-]?\d{1,100}", label):
        return str(int(label))  # beyond 2^53 a float would take different ones for one
    value = float(label)
    return str(int(value)) if value == round(value) else repr(value)


def class_count(labels: Labels | None) -> int:
    """Classes of the file's own labels where it has few enough to be classes, else two."""
    count = 0 if labels is None else len(labels.names)
    return count if labels is not None and 2 <= count <= max(2, len(labels.own) // 2) else 2


def true_targets(labels: Labels, chosen: npt.NDArray[np.intp], outputs: int | None, where: str) -> tuple[Array, Classes | None, str]:
    """Targets (len(chosen), outputs) and classes of the chosen rows, and what they are in words."""
    if len(labels.names) < 2:
        raise InputError(f"{where}: all labels are the same")
    if labels.regression and labels.numbers is not None:
        if outputs not in (None, 1):
            raise InputError(
                f"--outputs {outputs} does not fit the labels of {where}, which are real numbers: one output; "
                "--classes says that they are classes"
            )
        centred = labels.numbers - labels.numbers.mean()
        return (centred / np.abs(centred).max())[chosen, None], None, "true, centred and scaled to [-1, 1]"
    if outputs is not None and outputs != len(labels.names):
        raise InputError(f"--outputs {outputs} does not fit the labels of {where}, which has {len(labels.names)} classes")
    place = {name: index for index, name in enumerate(labels.names)}
    classes = np.array([place[labels.own[row]] for row in chosen], dtype=np.int64)
    return np.eye(len(labels.names))[classes], classes, f"true, {len(labels.names)} classes"

"""What a statement measures, asked and held to its form: the trials first, then one named axis for each further dimension.

A measure with another dimension in the place of the trials, or none, would be judged all the same: over layers as if they were networks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import numpy as np

from checkers.errors import InputError
from theorems.language.instance import Instance
from theorems.language.statement import Statement
from theorems.language.subject import Comparison, Subject

# How long an axis of this name may be; a name that is not here may have any length. Layers: 1..L, 0..L or 1..L+1.
LENGTHS: Final[dict[str, Callable[[Instance], Collection[int]]]] = {
    "sample": lambda instance: (instance.samples,),
    "i": lambda instance: (instance.samples,),
    "j": lambda instance: (instance.samples,),
    "output": lambda instance: (instance.outputs,),
    "layer": lambda instance: (instance.depth, instance.depth + 1),
    "interval": lambda instance: range(1, instance.depth * (instance.depth + 1) // 2 + 1),
    "neuron": lambda instance: (instance.neurons,),
    "position": lambda instance: (instance.positions,),
}


class NotInForm(InputError):
    """Sides of a comparison that are not the trials and one named axis for each further dimension."""


def measured(statement: Statement, subject: Subject) -> Comparison:
    """What the statement measures of the subject; NotInForm with one sentence if its sides are not as Comparison says."""
    comparison = statement.sides(subject)
    fault = _fault(comparison, subject.instance, subject.trials)
    if fault:
        variant = f", false variant {statement.variant_name!r}," if statement.variant_name else ""
        raise NotInForm(f"statement {statement.id!r}{variant} measures {fault}")
    return comparison


def _fault(comparison: Comparison, instance: Instance, trials: int) -> str:
    """What is wrong with the shapes; empty if nothing is."""
    axes = comparison.axes
    form = f"({', '.join(('trials', *axes))})"
    for name, side in (("left", comparison.left), ("right", comparison.right)):
        shape = tuple(side.shape)
        if len(shape) != 1 + len(axes):
            return f"a {name} side of shape {shape}, which is not {form}: the trials first, and one axis name for each further dimension"
        # A side without the trials may be one that was reduced over them, which broadcasting would hide.
        if shape[0] != trials:
            return f"a {name} side of shape {shape}, whose first dimension is not the {trials} trials"
    try:
        full = np.broadcast_shapes(tuple(comparison.left.shape), tuple(comparison.right.shape))
    except ValueError:
        return f"sides of shapes {tuple(comparison.left.shape)} and {tuple(comparison.right.shape)}, which do not fit each other"
    if len(set(axes)) < len(axes):
        return f"along two axes of one name: {form}"
    for axis, given in comparison.names.items():
        if axis not in axes or len(given) != full[1 + axes.index(axis)]:
            return f"{len(given)} names of indices along {axis!r}, which is none of its axes or not as long: {form}"
    for axis, length in zip(axes, full[1:], strict=True):
        lengths = LENGTHS[axis](instance) if axis in LENGTHS else ()
        if not length or (lengths and length not in lengths):
            return f"{length} values along the axis {axis!r}, which has {_words(lengths)} here" if lengths else f"nothing along {axis!r}"
    return ""


def _words(lengths: Collection[int]) -> str:
    least, most = min(lengths), max(lengths)
    return str(least) if least == most else f"{least} to {most}"

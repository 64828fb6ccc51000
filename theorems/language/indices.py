"""What an index of a measured side is called: in the paper's notation, i = 1..n, l = 1..L or 0..L, (a, b), where dimensions count from 0.

The one place where that is decided: decisions, counterexample files, replays, autopsies and reports all say what this says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.statement import Statement

# The letter that the paper counts an axis with, from 1. Other axes are called by their own name.
LETTERS: Final = {"sample": "i", "i": "i", "j": "j", "output": "c", "neuron": "k", "coordinate": "k", "position": "p"}
# How many values of an axis there are, in the paper's letters: what a union bound over it costs. Layers: layer_count.
COUNTS: Final = {"sample": "n", "i": "n", "j": "n", "output": "d", "interval": "L(L+1)/2", "neuron": "m", "position": "P"}
PART: Final = "part"  # the axis of a claim of several parts
ONE_LESS: Final = " - 1"  # ends the name of an axis whose index is one less than what it counts


def counted(letter: str, first: int, count: int) -> tuple[str, ...]:
    """`a = 1`, `a = 2`, ...: so many names."""
    return tuple(f"{letter} = {number}" for number in range(first, first + count))


def interval_names(pairs: Iterable[tuple[int, int]]) -> dict[str, tuple[str, ...]]:
    """The names of the axis "interval", `(a, b) = (1, 6)`: of the products W_b ... W_a."""
    return {"interval": tuple(f"(a, b) = ({a}, {b})" for a, b in pairs)}


def layer_count(length: int, instance: Instance) -> str:
    """Layers 1..L, or one more."""
    return "L" if length == instance.depth else "(L+1)"


def index_name(
    statement: Statement, instance: Instance, axis: str, index: int, length: int, names: Mapping[str, Sequence[str]]
) -> str:
    """What one index of an axis of so many values is called; names: what the measure itself calls those of some axes."""
    own = names[axis][index] if axis in names else ""
    if axis == PART and len(statement.bounds) > 1:
        relation = "<=" if statement.at_most else ">="
        return f"{own or f'part {index + 1},'} {relation} {statement.bounds[index].text}"
    if own:
        return own
    if axis in LETTERS:
        return f"{LETTERS[axis]} = {index + 1}"
    if axis == "layer":
        return f"l = {index + 1 if length == instance.depth else index}"
    return f"{axis.removesuffix(ONE_LESS)} {index + 1}"


def place_in_words(
    statement: Statement, instance: Instance, axes: Sequence[str], indices: Sequence[int], shape: Sequence[int],
    names: Mapping[str, Sequence[str]],
) -> str:
    """`l = 1, i = 2`: where in a measured side something is; empty where the claim has no index."""
    cells = zip(axes, indices, shape, strict=True)
    return ", ".join(index_name(statement, instance, axis, index, length, names) for axis, index, length in cells)

"""The trials of a decision in batches: what one takes of the memory does not grow with the number of trials.

How many trials make a batch follows from the statement and the instance alone, not from the machine, the profile or who asks; and every
batch has a stream of its own: each number, and with it each verdict, is the same whoever decides.
"""

from __future__ import annotations

from typing import Final

from checkers.networks.randomness import NormalSource
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement

BYTES: Final = 2**29  # of one batch, as estimated here; the estimate is within a factor of two
COPIES: Final = 4  # of dense matrices that are alive at once: as drawn, in the product of a pass, and moved
# Vectors of m numbers that a batch holds for each direction that one pass asks for: all that every adversary asked for stay known.
KEPT: Final = 8
SEARCHED: Final = 3


def batch_sizes(statement: Statement, instance: Instance, engine: Engine, trials: int) -> list[int]:
    """The trials of each batch, all of them full but the last."""
    most = max(1, BYTES // (8 * numbers_held(statement, instance, engine)))
    return [min(most, trials - first) for first in range(0, trials, most)]


def batch_source(source: NormalSource, number: int) -> NormalSource:
    """All randomness of one batch; of the first, the decision's own."""
    return source if number == 0 else source.spawn(f"batch {number}")


def numbers_held(statement: Statement, instance: Instance, engine: Engine) -> int:
    """Numbers that one trial keeps in memory, nearly."""
    if engine in ("vectors", "exact law"):
        return 16 * (instance.width if engine == "vectors" else instance.depth + 1)
    if engine == "gate law":  # a count for each pattern, and kernels made of them
        return 16 << instance.samples
    # what one pass asks for: n vectors forward and n d backward in every layer, at every position
    layers, rows = instance.depth * instance.patch, instance.samples * (1 + instance.outputs)
    # every adversary asks for the passes of its move, a run for those of its steps, a search inside the measure for SEARCHED times what it
    # is declared to cost
    moves = 1 + len(statement.adversary) * max(1, len(statement.start))
    if engine == "revealed" and (statement.attack or statement.trained):
        moves += (SEARCHED if statement.attack else 1) * statement.passes
    vectors = KEPT * moves * layers * instance.neurons * rows + instance.depth * rows**2
    return vectors + (COPIES * layers * instance.width**2 if engine == "dense" else 0)

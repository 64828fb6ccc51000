"""An instance: everything that a statement says "for all" about, except the random weights.

Hypothesis chooses instances (strategies/); statistics own the weights; an adversary owns the perturbations.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# name -> (symbol on the board, meaning). Only these may be ranged over, assumed about, or claimed as an exponent.
QUANTITIES: Final[dict[str, tuple[str, str]]] = {
    "width": ("m", "neurons in each layer"),
    "depth": ("L", "number of trained layers"),
    "samples": ("n", "number of data points"),
    "input_dimension": ("d_in", "dimension of an input"),
    "outputs": ("d", "dimension of an output"),
    "separation": ("delta", "least distance promised between two inputs"),
    "tolerance": ("eps", "accuracy that the statement speaks of"),
    "radius": ("omega", "spectral radius of the ball of perturbations"),
    "sparsity": ("s", "nonzero coordinates allowed"),
    "positions": ("P", "positions on the circle"),
    "patch": ("q", "positions in a patch, an odd number"),
}
INTEGER_QUANTITIES: Final = frozenset({"width", "depth", "samples", "input_dimension", "outputs", "sparsity", "positions", "patch"})
# Quantities of one architecture, which the others leave at 1.
ARCHITECTURAL: Final = ("positions", "patch")
# Integer quantities of which only the odd values are meant.
ODD: Final = frozenset({"patch"})


def _empty() -> Array:
    return np.zeros((0, 0))


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Sizes, data and radii of one instance.

    inputs: (samples, input_dimension), rows of unit norm with last coordinate 1/sqrt 2, pairwise at least `separation` apart.
    targets: (samples, outputs), the labels y_i; empty for statements that need none.
    """

    width: int
    depth: int = 1
    samples: int = 1
    input_dimension: int = 2
    outputs: int = 1
    separation: float = 1.0
    tolerance: float = 1.0
    radius: float = 0.0
    sparsity: int = 1
    positions: int = 1
    patch: int = 1
    data: str = "random"
    labels: str = "none"
    data_seed: int = 0
    inputs: Array = field(default_factory=_empty, compare=False, repr=False)
    targets: Array = field(default_factory=_empty, compare=False, repr=False)

    def quantity(self, name: str) -> float:
        """The value of one of QUANTITIES."""
        if name not in QUANTITIES:
            raise KeyError(f"unknown quantity {name!r}; known: {', '.join(QUANTITIES)}")
        return float(getattr(self, name))

    def sizes(self) -> dict[str, int | float | str]:
        """The scalar fields, in declaration order: what a table or a file shows. Quantities of an architecture are left out at 1."""
        shown = [name for name in QUANTITIES if name not in ARCHITECTURAL or getattr(self, name) != 1]
        return {name: getattr(self, name) for name in (*shown, "data", "labels", "data_seed")}

    @property
    def neurons(self) -> int:
        """Entries of an activation: the width, at each position."""
        return self.width * self.positions

    def key(self) -> str:
        """A digest of the whole instance, arrays included; it seeds the initialization, so equal instances get equal weights."""
        digest = hashlib.sha256(json.dumps(self.sizes(), sort_keys=True).encode())
        for array in (self.inputs, self.targets):
            digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

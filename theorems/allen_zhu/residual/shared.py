"""What the chapters on residual networks share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.stability import FAILURE_AT_START
from theorems.language.forms import at_most, exponential, informative
from theorems.language.statement import Assumption, Constant

if TYPE_CHECKING:
    from theorems.language.instance import Instance

RESIDUAL = "residual"
SEEN = "1.3 times the worst that the search of the quick profile saw with seed 100"
# tau = 1 at every depth; the chain without its identity. Both need layers below the last to be felt.
TAU_ONE = {"options": {"step": 1.0}}
NO_SKIP = {"options": {"identity": 0.0}}
# For false variants: the initialization itself.
AT_START = {"assumptions": (), "adversary": (), "failure": FAILURE_AT_START}


def flips(instance: Instance) -> float:
    """m omega^{2/3}: the signs that one layer yields, and the exponent of the failure probability."""
    return instance.width * math.pow(instance.radius, 2 / 3)


SMALL = at_most("radius", "omega <= c/(L log^3 m)", "radius", lambda i: 1 / (i.depth * math.log(i.width) ** 3))
KERNEL_SMALL = at_most("radius", "omega <= c/(L^{3/2} log^{3/2} m), c = 1/4", "radius",
                       lambda i: 0.25 / (math.pow(i.depth, 1.5) * math.log(i.width) ** 1.5))  # fmt: skip
NETWORKS = {"width": (64, 16384), "depth": (1, 8), "samples": (1, 2), "radius": (1e-9, 1e-1)}
FLIP_FAILURE = exponential("exp(-c m omega^{2/3})", flips)
FLIP_C = Constant(1.0, "as for fully connected networks, without L")
SHARP = Constant(4.0, "as for fully connected networks, without L: no failure in the quick profile with seed 100")


def enough_flips(c: float = 1.0) -> Assumption:
    """The radius from which the failure probability exp(-c m omega^{2/3}) is below 1/20."""
    return informative("m omega^{2/3}", c, "radius", lambda i, count: (count / i.width) ** 1.5)


SHARED = {"ranges": NETWORKS, "failure": FLIP_FAILURE, "passes": 4}

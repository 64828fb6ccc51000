"""What the chapters on residual networks share."""

from __future__ import annotations

from theorems.allen_zhu.stability import FAILURE_AT_START, informative_radius
from theorems.language.forms import assume, probability
from theorems.language.statement import Constant

RESIDUAL = "residual"
SEEN = "1.3 times the worst that the search of the quick profile saw with seed 100"
# tau = 1 at every depth; the chain without its identity. Both need layers below the last to be felt.
TAU_ONE = {"options": {"step": 1.0}}
NO_SKIP = {"options": {"identity": 0.0}}
# For false variants: the initialization itself.
AT_START = {"assumptions": (), "adversary": (), "failure": FAILURE_AT_START}


SMALL = assume("omega <= c/(L log(m)^3)")
KERNEL_SMALL = assume("omega <= c/(L^(3/2) log(m)^(3/2))", c=0.25)
MORE = informative_radius("4 m")
ENOUGH, EVERYWHERE = informative_radius("m", "n L"), informative_radius("4 m", "n L")  # unions over samples and layers
NETWORKS = {"width": (64, 16384), "depth": (1, 8), "samples": (1, 2), "radius": (1e-9, 1e-1)}
FLIP_FAILURE = probability("exp(-c m omega^(2/3))")  # m omega^{2/3}: the signs that one layer yields
EVERYWHERE_FAILURE = probability("n L exp(-c m omega^(2/3))")
FLIP_C = Constant(1.0, "as for fully connected networks, without L")
SHARP = Constant(4.0, "as for fully connected networks, without L: no failure in the quick profile with seed 100")
SHARED = {"ranges": NETWORKS, "failure": FLIP_FAILURE, "passes": 4}

"""What the chapters on convolutional networks share."""

from __future__ import annotations

from theorems.allen_zhu.stability import FAILURE_AT_START, FLIP_FAILURE
from theorems.language.forms import assume
from theorems.language.statement import Constant

CONVOLUTIONAL = "convolutional"
CIRCLE = {"positions": (3, 8), "patch": (3, 5)}
AT_MOST_ALL = assume("q <= P")
# Entries of W_l with variance 2/m: the factor q is missing. A patch of 3 or 5 then lengthens ‖h‖^2 by as much in every layer.
NO_FAN_IN = {"options": {"shared_fan_in": False}}
# For false variants: the initialization itself.
AT_START = {"assumptions": (AT_MOST_ALL,), "adversary": (), "failure": FAILURE_AT_START}

SMALL = assume("omega <= c/(L^(9/2) log(m)^3 sqrt(q))")
KERNEL_SMALL = assume("omega <= c/(L^9 log(m)^(3/2) sqrt(q))", c=0.25)
NETWORKS = {"width": (64, 2048), "depth": (1, 3), "samples": (1, 2), "radius": (1e-9, 1e-1), **CIRCLE}
TWICE = Constant(2.0, "no failure in the quick profile with seed 100: gradients are quadratic forms, which concentrate like m")
FLIP_C = Constant(1.0, "as for fully connected networks")
SHARP = Constant(4.0, "as for fully connected networks: no failure in the quick profile with seed 100")
SHARED = {"ranges": NETWORKS, "failure": FLIP_FAILURE, "passes": 4}

"""Training convolutional networks."""

from __future__ import annotations

import math

from theorems.convergence import _radius
from theorems.convolutional.shared import (
    AT_MOST_ALL,
    CIRCLE,
    CONVOLUTIONAL,
)
from theorems.forms import FALSE, at_most, form, wrong
from theorems.registry import registry
from theorems.statement import Assumption, Constant

# One sample and one layer: the kernel is near q m/(2d), and its patches are P directions that never change.
GD = {
    "assumptions": (
        AT_MOST_ALL, at_most("separation", "delta <= c/L", "separation", lambda i: 1 / i.depth),
        Assumption("width", "m >= c n^24 L^12 log^5(m) d/delta^8", "width", ">=", constant=1 / 16,
                   bound=lambda i: i.samples**24 * i.depth**12 * i.outputs * math.log(i.width) ** 5 / i.separation**8),
    ),
    "ranges": {"width": (2**13, 2**15), "depth": (1, 1), "separation": (0.8, 1.0), **CIRCLE},
    "beyond": {"width": (64, 128), "depth": (1, 2), "samples": (1, 4), "input_dimension": (2, 8), "outputs": (1, 2),
    "separation": (0.05, 0.4),
               **CIRCLE},
}  # fmt: skip
form(
    "gd-rate", CONVOLUTIONAL, **GD,
    claim="F(W(t)) <= (1 - c eta delta q m/(d n^2))^t F(W(0)) for every t, with eta = c' d delta/(n^4 L^2 q m)",
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
form(
    "gd-radius", CONVOLUTIONAL, **GD,
    claim="‖W(t) - W(0)‖_F <= C n^3 sqrt(d) log(m)/(delta sqrt(q m)) for every t",
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent",
              measure=lambda subject, C, step: _radius(subject, C, step, width_exponent=1.0)),
        wrong("a hundredth of log(m)", "constant", constants={"C": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
registry.leave_out("relu-difference", CONVOLUTIONAL, "a fact about phi and two vectors: no network in it")
for _identifier in ("gd-convergence", "sgd-convergence", "other-losses", "classification"):
    registry.leave_out(_identifier, CONVOLUTIONAL, "its number of steps there is not derived; gd-rate and gd-radius are checked")

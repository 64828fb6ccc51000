"""Training residual networks."""

from __future__ import annotations

import math

from theorems.convergence import _radius, _rate
from theorems.forms import FALSE, at_most, form, wrong
from theorems.registry import registry
from theorems.residual.shared import (
    RESIDUAL,
)
from theorems.statement import Assumption, Constant

# One sample: the kernel is near m/(2d) whatever the depth, for layers l < L add at most 4 L tau^2 of it.
WIDE = Assumption(
    "width", "m >= c n^24 log^5(m) d/delta^8", "width", ">=",
    lambda i: i.samples**24 * i.outputs * math.log(i.width) ** 5 / i.separation**8, constant=1 / 16,
)  # fmt: skip
GD = {
    "assumptions": (at_most("separation", "delta <= c", "separation", lambda i: 1.0), WIDE),
    "ranges": {"width": (2**13, 2**16), "depth": (1, 4), "separation": (0.8, 1.0)},
    "beyond": {"width": (64, 256), "depth": (2, 6), "samples": (1, 6), "input_dimension": (2, 8), "outputs": (1, 3),
    "separation": (0.05, 0.5)},
}  # fmt: skip
form(
    "gd-rate", RESIDUAL, **GD,
    claim="F(W(t)) <= (1 - c eta delta m/(d n^2))^t F(W(0)) for every t, with eta = c' d delta/(n^4 m)",
    measure=lambda subject, c, step: _rate(subject, c, step * subject.instance.depth**2),
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
    note="No power of L: the kernel of the last layer carries the descent, and the layers below it add a factor of at most 1 + 2 L tau^2.",
)  # fmt: skip
form(
    "gd-radius", RESIDUAL, **GD,
    measure=lambda subject, C, step: _radius(subject, C, step * subject.instance.depth**2),
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent",
              measure=lambda subject, C, step: _radius(subject, C, step * subject.instance.depth**2, width_exponent=1.0)),
        wrong("a fiftieth of log(m)", "constant", constants={"C": Constant(0.02, FALSE)}),
    ),
)  # fmt: skip
registry.leave_out("relu-difference", RESIDUAL, "a fact about phi and two vectors: no network in it")
for _identifier in ("gd-convergence", "sgd-convergence", "other-losses", "classification"):
    registry.leave_out(_identifier, RESIDUAL, "its number of steps there is not derived; gd-rate and gd-radius are checked")

"""Stochastic gradient descent on residual networks, at widths of some hundreds: eight instances of it are to take seconds."""

from __future__ import annotations

from theorems.allen_zhu.residual.shared import RESIDUAL, TAU_ONE
from theorems.allen_zhu.residual.training import SEPARATED, hidden_width
from theorems.allen_zhu.stochastic import EQUAL_INPUTS, wrong_descents
from theorems.language.forms import form, wrong
from theorems.language.statement import Constant

form(
    "sgd-convergence", RESIDUAL,
    definitions={"eta": "step delta d/(n^2 m log(m)^2)", "T": "C n^2 log(m)^2/delta^2 log(n log(m)/eps)"},
    ranges={"width": (128, 256), "depth": (1, 3), "samples": (1, 3)},
    assumptions=(SEPARATED, hidden_width(1e-15)),
    constants={
        "step": Constant(20.0, "as for fully connected networks: b eta lambda_max is at most 0.5 at m = 128"),
        "C": Constant(0.3, "as for fully connected networks: the last layer's kernel is theirs, and the others add to it"),
    },
    exponents={"samples": 2.0, "depth": 0.0, "separation": -2.0},
    variants=(
        *wrong_descents(3),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (6, 8), "samples": (1, 1)}),
        EQUAL_INPUTS,
    ),
    note="A probability over the initialization and the minibatches together: every trial has its own of both.",
)  # fmt: skip

"""Stochastic gradient descent on convolutional networks: few positions and channels, so that eight instances of it take seconds."""

from __future__ import annotations

from theorems.allen_zhu.convergence import SEPARATED
from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CONVOLUTIONAL
from theorems.allen_zhu.convolutional.training import hidden_width
from theorems.allen_zhu.stochastic import EQUAL_INPUTS, wrong_descents
from theorems.language.forms import form
from theorems.language.statement import Constant

form(
    "sgd-convergence", CONVOLUTIONAL, assumptions=(AT_MOST_ALL, SEPARATED, hidden_width(1e-15)),
    definitions={
        "eta": "step delta d/(n^2 L^2 q m log(m)^2)", "T": "C n^2 L^2 sqrt(P/q) log(m)^2/delta^2 log(n log(m)/eps)",
    },
    ranges={"width": (48, 96), "samples": (1, 3), "outputs": (1, 2), "positions": (3, 4), "patch": (3, 3)},
    constants={
        "step": Constant(20.0, "b eta lambda_max is step b delta/(2 n log^2 m), at most 0.7 at m = 48"),
        "C": Constant(0.3, "as for fully connected networks"),
    },
    exponents={"samples": 2.0, "separation": -2.0, "positions": 0.5, "patch": -0.5},
    variants=(*wrong_descents(3), EQUAL_INPUTS),
    note="A probability over the initialization and the minibatches together: every trial has its own of both.",
)  # fmt: skip

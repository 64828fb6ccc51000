"""Stochastic gradient descent on convolutional networks: few positions and channels, so that eight instances of it take seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.allen_zhu.convergence import SEPARATED, patch_spread
from theorems.allen_zhu.convolutional.shared import AT_MOST_ALL, CONVOLUTIONAL
from theorems.allen_zhu.convolutional.training import hidden_width
from theorems.allen_zhu.stochastic import EQUAL_INPUTS, last_losses, wrong_descents
from theorems.language.forms import form
from theorems.language.statement import Constant

if TYPE_CHECKING:
    from theorems.language.subject import Comparison, Subject


def _descent(subject: Subject, step: float, C: float, never: int = -1) -> Comparison:
    """The fully connected numbers with q m in place of m, and sqrt(P/q) times as many steps, as gradient-lower asks for."""
    return last_losses(subject, step, C * patch_spread(subject.instance), never)


form(
    "sgd-convergence", CONVOLUTIONAL, measure=lambda subject, step, C: _descent(subject, step, C),
    assumptions=(AT_MOST_ALL, SEPARATED, hidden_width(1e-15)),
    claim="F(W(T)) <= eps at T = C n^2 L^2 sqrt(P/q) log^2(m)/(b delta^2) log(n log(m)/eps), with eta = c' b delta d/(n^2 L^2 q m "
    "log^2 m), for every batch size b from 1 to n",
    ranges={"width": (48, 96), "samples": (1, 3), "outputs": (1, 2), "positions": (3, 4), "patch": (3, 3)},
    constants={
        "step": Constant(20.0, "eta lambda_max is c b delta/(2 n log^2 m), at most 0.7 at m = 48"),
        "C": Constant(0.3, "as for fully connected networks"),
    },
    exponents={"samples": 2.0, "separation": -2.0, "positions": 0.5, "patch": -0.5},
    variants=(*wrong_descents(_descent, 3), EQUAL_INPUTS),
    note="A probability over the initialization and the minibatches together: every trial has its own of both.",
)  # fmt: skip

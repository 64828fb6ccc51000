"""Stochastic gradient descent on residual networks, at widths of some hundreds: eight instances of it are to take seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.allen_zhu.residual.shared import RESIDUAL, TAU_ONE
from theorems.allen_zhu.residual.training import SEPARATED, hidden_width
from theorems.allen_zhu.stochastic import EQUAL_INPUTS, last_losses, wrong_descents
from theorems.language.forms import form, wrong
from theorems.language.statement import Constant

if TYPE_CHECKING:
    from theorems.language.subject import Comparison, Subject


def _descent(subject: Subject, step: float, C: float, never: int = -1) -> Comparison:
    """eta = c' b delta d/(n^2 m log^2 m) and T = C n^2 log^2(m)/(b delta^2) log(n log(m)/eps): the fully connected ones without L."""
    return last_losses(subject, step * subject.instance.depth**2, C / subject.instance.depth**2, never)


form(
    "sgd-convergence", RESIDUAL, measure=lambda subject, step, C: _descent(subject, step, C),
    claim="F(W(T)) <= eps at T = C n^2 log^2(m)/(b delta^2) log(n log(m)/eps), with eta = c' b delta d/(n^2 m log^2 m), for every batch "
    "size b from 1 to n",
    ranges={"width": (128, 256), "depth": (1, 3), "samples": (1, 3)},
    assumptions=(SEPARATED, hidden_width(1e-15)),
    constants={
        "step": Constant(20.0, "as for fully connected networks: eta lambda_max is at most 0.5 at m = 128"),
        "C": Constant(0.3, "as for fully connected networks: the last layer's kernel is theirs, and the others add to it"),
    },
    exponents={"samples": 2.0, "depth": 0.0, "separation": -2.0},
    variants=(
        *wrong_descents(_descent, 3),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (6, 8), "samples": (1, 1)}),
        EQUAL_INPUTS,
    ),
    note="A probability over the initialization and the minibatches together: every trial has its own of both.",
)  # fmt: skip

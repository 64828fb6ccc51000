"""Stochastic gradient descent finds a global minimum: Theorem 2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from theorems.allen_zhu.convergence import DUPLICATES, FAILURE, HIDDEN_WIDTH, SEPARATED
from theorems.language.forms import FALSE, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Constant, Variant
from theorems.language.subject import Descent, Side

if TYPE_CHECKING:
    from theorems.language.subject import Subject


def sgd_envelope(decay: float, steps: Sequence[int], initial: float, alarm: float) -> list[float]:
    """What F(W(t)) stays below at all of the steps at once, with probability at least 1 - alarm over the minibatches.

    The proof of Theorem 2 shows E[F(W(t + 1)) | W(t)] <= decay F(W(t)) for each step, so that F(W(t))/decay^t is a supermartingale. It is
    not negative, so it ever exceeds F(W(0))/alarm with a probability of at most `alarm` (Ville's inequality).
    """
    return [decay**step * initial / alarm for step in steps]


def last_losses(subject: Subject, eta: float, T: float, never: int = -1) -> Side:
    """F(W(T/b)) for every batch size b = 1..n, with W -= b eta (n/b) sum_{i in S} grad F_i: (trials, n). never: a sample left out, a false
    variant."""
    import torch

    ends = []
    for batch in range(1, subject.instance.samples + 1):
        steps = max(1, math.ceil(T / batch))
        run = subject.train(batch * eta, steps, Descent(batch=batch, every=steps, distances=False, never=never))
        ends.append(run.loss[:, -1].nan_to_num(torch.inf))
    return Side(torch.stack(ends, 1), axes=("batch size - 1",), rounding=4 * subject.rounding)


def wrong_descents(samples: int) -> tuple[Variant, ...]:
    """False variants with up to so many samples."""
    return (
        wrong("a sample that no minibatch ever holds", "implementation", ranges={"samples": (2, samples), "tolerance": (0.2, 0.2)},
              measure=partial(last_losses, never=0)),
        wrong("a thirtieth of the steps", "constant", constants={"C": Constant(0.01, FALSE)}),
        wrong("step size several times beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(2000.0, FALSE)}, ranges={"samples": (2, samples)}),
    )  # fmt: skip


EQUAL_INPUTS = wrong(
    DUPLICATES, "assumption", ranges={"samples": (2, 2), "tolerance": (0.2, 0.2)}, data=("duplicate rows",), labels=("opposite",)
)


@statement(
    id="sgd-convergence",
    source="Theorem 2",
    trained=True,
    claim="F(W(T/b)) <= {bound} for T = {T}, with the step size b eta, eta = {eta}, for every batch size b from 1 to n",
    kind="declared",
    ranges={
        "width": (256, 2**12), "depth": (1, 1), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 3), "separation": (0.5, 1.0),
        "tolerance": (0.2, 0.5),
    },
    assumptions=(SEPARATED, HIDDEN_WIDTH),
    # Of the polynomials that the paper hides in poly(n, L): the least for which the step is stable at every batch size.
    definitions={"eta": "step delta d/(n^2 L^2 m log(m)^2)", "T": "C n^2 L^2 log(m)^2/delta^2 log(n log(m)/eps)"},
    at_most="eps",
    failure=FAILURE,
    constants={
        "step": Constant(20.0, "b eta lambda_max is step b delta/(2 n log^2 m) <= 1/3 at m = 256, and at every larger width"),
        "C": Constant(0.3, "two samples delta apart need log(F(0)/eps)/(2 eta lambda_min), lambda_min = delta m/(4d): 0.1; thrice that"),
    },
    exponents={"samples": 2.0, "separation": -2.0},  # of T
    rests_on=("gd-rate", "gd-radius"),
    data=("pairs", "orthogonal", "arc", "random"),
    labels=("hardest", "signs"),
    engines=("dense",),
    passes=64,
    variants=(*wrong_descents(4), EQUAL_INPUTS),
    note="A probability over the initialization and the minibatches together: every trial has its own of both. The hidden constant of the "
    "width is declared tiny: with 1 no width in reach has two samples, and of one sample there is only one minibatch.",
)  # fmt: skip
def sgd_convergence(subject: Subject, eta: float, T: float) -> Side:
    """F(W(T/b)), for every batch size."""
    return last_losses(subject, eta, T)

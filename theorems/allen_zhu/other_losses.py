"""Gradient descent on other losses: Appendix A. What is promised depends on the kind of loss (theorems/laws/losses.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from theorems.allen_zhu.convergence import DUPLICATES, FAILURE, HIDDEN_WIDTH, SEPARATED, STEP, STEP_SIZE
from theorems.language.forms import FALSE, wrong
from theorems.language.indices import counted
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, Range, Variant
from theorems.language.subject import Descent, Side
from theorems.laws.losses import Conclusion, Loss, losses

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject, Trajectory

STEPS = 20
BUILT_IN = tuple(loss for loss in losses.values() if loss.name != "squared")
# Conclusion -> the bound of its losses, with eta/beta as the step size. The second: for a fixed kernel with least eigenvalue lambda,
# descent on a convex function of the outputs has F(t) - F(z) <= ‖f(0) - z‖^2/(2 lambda eta t). The third: by summing
# F(t + 1) <= F(t) - eta/2 ‖grad F‖^2.
PROMISES: dict[Conclusion, str] = {
    "linear rate": "max(1 - c mu eta delta m/(beta d n^2), 0)^t F_0",
    "global minimum": "F_z + C n^2 d beta gap/(eta delta m t)",
    "stationary point": "2 C beta F_0/(eta t)",
}


def in_place(conclusion: Conclusion) -> int:
    """Which of a form's bounds is that of losses with this conclusion."""
    return list(PROMISES).index(conclusion)


def promised(
    loss: Loss, conclusion: Conclusion, targets: Tensor, run: Trajectory, start: Tensor, references: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """What is bounded at the recorded steps t >= 1, and what the bounds speak of, for so many reference outputs z, those of the loss in
    turn: (trials, references, recorded - 1) each.

    Bounded is F(W(t)), or min_{s < t} ‖grad F(W(s))‖_F^2 at a stationary point. A loss that declares no mu is taken at its best.
    start: f(W(0)), (trials, n, d). run: with gradients, recorded from step 0 on.
    """
    import torch

    found = loss.references(targets)
    outputs = [found[k % len(found)] for k in range(references)]
    least = run.gradient[:, :-1].cummin(1).values  # of the recorded s < t, which are at most as good as all of them
    left = least if conclusion == "stationary point" else run.loss[:, 1:].nan_to_num(torch.inf)
    given = {
        "t": torch.tensor(run.steps[1:]).to(run.loss),
        "F_0": run.loss[:, :1, None],
        "F_z": torch.stack([loss.value(z, targets).sum(-1) for z in outputs])[:, None],
        "gap": torch.stack([(start - z).square().sum((1, 2)) for z in outputs], 1)[:, :, None],
        "mu": torch.tensor(loss.domination or loss.smoothness).to(run.loss),
    }
    shape = (len(start), references, len(run.steps) - 1)
    return left[:, None].expand(shape), {name: one.expand(shape) for name, one in given.items()}


def promised_losses(subject: Subject, eta: float, instead: Mapping[Conclusion, Conclusion] | None = None) -> Side:
    """Every loss in the place of its kind, for every z, at t = 1..STEPS: (trials, losses, z, STEPS, kinds). instead: a wrong kind."""
    import torch

    start = subject.network_outputs()
    targets = torch.as_tensor(subject.instance.targets).to(start)
    references = max(len(loss.references(targets)) for loss in BUILT_IN)
    sides, facts = [], []
    for loss in BUILT_IN:
        conclusion = (instead or {}).get(loss.conclusion, loss.conclusion)
        run = subject.train(eta / loss.smoothness, STEPS, Descent(loss=loss.name, gradients=True, distances=False))
        left, given = promised(loss, conclusion, targets, run, start, references)
        nothing = torch.full_like(left, -torch.inf)  # is promised of other kinds
        sides.append(torch.stack([left if kind == conclusion else nothing for kind in PROMISES], -1))
        facts.append({**given, "beta": torch.full_like(left, loss.smoothness)})
    together = {name: torch.stack([one[name] for one in facts], 1) for name in facts[0]}
    names = {"loss": [loss.name for loss in BUILT_IN], "step - 1": counted("t", 1, len(run.steps) - 1)}
    axes = ("loss", "z", "step - 1", "part")
    return Side(torch.stack(sides, 1), axes=axes, rounding=8 * subject.rounding, given=together, names=names)


SIZES = {
    "width": (1024, 2**14), "depth": (1, 1), "samples": (1, 3), "input_dimension": INPUTS, "outputs": (2, 4), "separation": (0.5, 1.0),
}  # fmt: skip


def wrong_promises(promises: Mapping[Conclusion, str]) -> tuple[Variant, ...]:
    """False variants of these promises: that of another kind of loss, or too large a constant."""
    linear = promises["linear rate"]
    return (
        wrong("a linear rate for convex losses", "claim", at_most=(linear, linear, promises["stationary point"])),
        wrong("a linear rate for bounded losses", "claim", labels=("random",),
              measure=partial(promised_losses, instead={"stationary point": "linear rate"})),
        wrong("mu = 8 in place of 1/32", "constant", constants={"c": Constant(128.0, FALSE)}),
        wrong("step size several times beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(16.0, FALSE)}),
    )  # fmt: skip


@statement(
    id="other-losses",
    source="Appendix A",
    trained=True,
    claim="with the step size eta/beta, eta = {eta}, beta the loss's smoothness, F_0 = F(W(0)): gradient-dominated losses have F(W(t)) <= "
    "{bound}, convex ones F(W(t)) <= {bound} for every z, where F_z = F(z) and gap = ‖f(0) - z‖^2, and bounded smooth ones "
    "min_{s<t} ‖grad F(W(s))‖_F^2 <= {bound}",
    kind="declared",
    ranges=SIZES,
    assumptions=(SEPARATED, HIDDEN_WIDTH),
    definitions={"eta": STEP_SIZE},
    at_most=tuple(PROMISES.values()),
    failure=FAILURE,
    constants={
        "step": STEP,
        "C": Constant(1.5, "1 for a fixed kernel with the limit's m/(2d) at n = L = 1, by the derivations above; half as much again"),
        "c": Constant(0.5, "as in gd-rate"),
    },
    exponents={"separation": 1.0, "samples": -2.0},  # of what the factor of the linear rate is below 1
    rests_on=("gradient-upper", "gradient-lower", "semi-smoothness"),
    labels=("one-hot",),
    passes=6 * STEPS,
    variants=wrong_promises(PROMISES),
    note="Losses: " + ", ".join(f"{loss.name} ({loss.conclusion})" for loss in BUILT_IN) + ". All start from the same initialization.",
)  # fmt: skip
def other_losses(subject: Subject, eta: float) -> Side:
    """Each loss, at every step, in the place of its kind."""
    return promised_losses(subject, eta)


def worst_cross_entropy(subject: Subject, eta: float, T: float, never: int = -1) -> Side:
    """min over t <= T of the largest cross-entropy of a sample: (trials,). never: a sample left out, a false variant."""
    import torch

    loss, steps = losses["cross-entropy"], max(1, math.ceil(T))
    batch, every = 0 if never < 0 else subject.instance.samples, max(1, steps // 8)
    descent = Descent(loss=loss.name, batch=batch, every=every, distances=False, never=never)
    worst = subject.train(eta / loss.smoothness, steps, descent).worst
    return Side(worst.nan_to_num(torch.inf).amin(1), rounding=8 * subject.rounding)


def wrong_classifications(ranges: Mapping[str, Range], assumptions: tuple[Assumption, ...]) -> tuple[Variant, ...]:
    """False variants: too few steps; of two samples, of these ranges, one cannot be learned."""
    constants = {"step": Constant(8.0, "half of what one sample has"), "C": Constant(1.0, "of 2^6 as many steps")}
    pairs = {"constants": constants, "ranges": {"samples": (2, 2), **ranges}, "assumptions": assumptions}
    return (
        wrong("a twentieth of the steps", "constant", constants={"C": Constant(0.5, FALSE)}),
        wrong("a sample that is never seen", "implementation", **pairs, measure=partial(worst_cross_entropy, never=0)),
        wrong(DUPLICATES, "assumption", **pairs, data=("duplicate rows",)),
    )


@statement(
    id="classification",
    source="Appendix A, classification",
    trained=True,
    claim="with cross-entropy and the step size 2 eta, eta = {eta}, 100% training accuracy within T = {T} steps: max_i F_i(W(t)) < {bound} "
    "for some t <= T",
    kind="declared",
    ranges={**SIZES, "samples": (1, 2)},
    assumptions=(SEPARATED, HIDDEN_WIDTH),
    definitions={"eta": STEP_SIZE, "T": "C n^6 L^2/delta^2"},
    at_most="log(2)",
    failure=FAILURE,
    constants={
        "step": Constant(1.0, "eta lambda_max times the smoothness 1/2 is near 1/2 at n = L = 1"),
        "C": Constant(10.0, "for n = L = 1 the margin of the right class grows by 1/2 a step and more until it wins, from -3 at the worst"),
    },
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0},  # of T
    rests_on=("other-losses",),
    labels=("one-hot",),
    passes=64,
    variants=wrong_classifications({"width": (256, 512), "separation": (0.8, 1.0)}, (SEPARATED,)),
    note="A sample with cross-entropy below log 2 has more than half of the probability on its class, so it is classified rightly.",
)  # fmt: skip
def classification(subject: Subject, eta: float, T: float) -> Side:
    """The largest cross-entropy of a sample, at the best step up to T."""
    return worst_cross_entropy(subject, eta, T)

"""Gradient descent finds a global minimum: Theorem 1 and the steps of its proof in Section 12."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.language.forms import FALSE, wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability, Variant
from theorems.language.subject import Comparison, Descent

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.language.subject import Subject

STEPS = 10  # inside the regime the loss falls by (1 - 1/8)^2 a step: to 7% in 10 steps, and the bounds below separate long before


def required_width(instance: Instance) -> float:
    """The least m with m >= n^24 L^12 log^5(m) d/delta^8, hidden constant 1, solved for m."""
    factor = instance.samples**24 * instance.depth**12 * instance.outputs / instance.separation**8
    width = math.exp(10.0)
    for _ in range(200):  # m -> factor log^5 m contracts above e^10 wherever the fixed point is larger than that
        width = max(math.exp(10.0), factor * math.log(width) ** 5)
    return width


def step_size(instance: Instance, constant: float) -> float:
    """c d delta/(n^4 L^2 m), the paper's step size; q m in place of m where patches of q make the gradients longer."""
    return constant * instance.outputs * instance.separation / (instance.samples**4 * instance.depth**2 * instance.patch * instance.width)


def rate(instance: Instance, eta: float, c: float) -> float:
    """The paper's factor per step, 1 - c eta delta m/(d n^2); q m in place of m, as for the step size."""
    return 1 - c * eta * instance.separation * instance.patch * instance.width / (instance.outputs * instance.samples**2)


def radius(instance: Instance, C: float) -> float:
    """C n^3 sqrt(d) log(m)/(delta sqrt(m)), how far gradient descent travels; sqrt(q m) in place of sqrt(m), as for the step size."""
    gradient = instance.patch * instance.width / instance.outputs
    return C * instance.samples**3 / math.sqrt(gradient) * math.log(instance.width) / instance.separation


def patch_spread(instance: Instance) -> float:
    """sqrt(P/q), and at least 1: by how much the least gradient of P positions falls short of delta q m/(d n), as in gradient-lower."""
    return math.sqrt(max(instance.positions / instance.patch, 1.0))


def _failure(instance: Instance, **constants: float) -> float:
    return math.exp(-math.log(instance.width) ** 2)


PAPER_WIDTH = Assumption("width", "m >= n^24 L^12 log^5(m) d/delta^8", "width", ">=", required_width)
SEPARATED = Assumption("separation", "delta <= c/L", "separation", "<=", lambda i: 1 / i.depth)
# The paper hides the constant of the width in Omega. With 1, no width in reach has two samples; with this one, four at distance 1 fit
# into a few thousand neurons. A smaller constant makes a statement say more, never less.
HIDDEN_WIDTH = Assumption("width", "m >= c n^24 L^12 log^5(m) d/delta^8", "width", ">=", lambda i, c: c * required_width(i), {"c": 1e-15})
FAILURE = FailureProbability("exp(-log^2 m)", _failure)
# One sample and one layer: the paper's condition admits nothing larger below m = 2^24.
INSIDE = {
    "width": (2**18, 2**21), "depth": (1, 1), "samples": (1, 1), "input_dimension": INPUTS, "outputs": (1, 2), "separation": (0.8, 1.0),
}  # fmt: skip
BEYOND = {
    "width": (64, 1024), "depth": (1, 3), "samples": (1, 6), "input_dimension": INPUTS, "outputs": (1, 3), "separation": (0.05, 1.0),
}  # fmt: skip
STEP = Constant(0.25, "the kernel is near m/(2d) at n = L = 1, so eta = 2/lambda_max is c = 4 there; a sixteenth of that")


def losses_along_descent(subject: Subject, c: float, step: float, whole: bool = True) -> Comparison:
    """F(W(t)) against the geometric decay, t = 1..STEPS: (trials, STEPS). whole=False: a false variant, delta/n^2 left out of the rate."""
    import torch

    instance = subject.instance
    eta = step_size(instance, step)
    loss = subject.train(eta, STEPS).loss
    decay = rate(instance, eta, c) if whole else 1 - c * eta * instance.width / instance.outputs
    powers = max(decay, 0.0) ** torch.arange(1, STEPS + 1, dtype=loss.dtype, device=loss.device)
    return Comparison(loss[:, 1:], powers * loss[:, :1], axes=("step",), rounding=4 * subject.rounding)


@statement(
    id="gd-rate",
    source="Theorem 1, proof in Section 12",
    trained=True,
    claim="F(W(t)) <= (1 - c eta delta m/(d n^2))^t F(W(0)) for every t, with eta = c' d delta/(n^4 L^2 m)",
    kind="declared",
    ranges=INSIDE,
    beyond=BEYOND,
    assumptions=(SEPARATED, PAPER_WIDTH),
    failure=FAILURE,
    constants={
        "c": Constant(0.5, "for n = L = 1 the loss falls by (1 - eta m/(2d))^2 a step, so 1 is sharp as eta m/d -> 0; half of that"),
        "step": STEP,
    },
    exponents={"separation": 1.0, "samples": -2.0},
    rests_on=("gradient-upper", "gradient-lower", "semi-smoothness"),
    labels=("random", "signs"),
    passes=2 * STEPS,
    variants=(
        Variant("three times the sharp rate", "constant", {"constants": {"c": Constant(3.0, "false variant")}}),
        Variant(
            "step size beyond 2 over the largest kernel eigenvalue",
            "assumption",
            {"constants": {"step": Constant(8.0, "false variant"), "c": Constant(0.01, "false variant")}},
        ),
        Variant(
            "rate without delta/n^2, on close pairs of opposite labels",
            "exponent",
            {
                "measure": lambda subject, c, step: losses_along_descent(subject, c, step, whole=False),
                "ranges": {"width": (256, 2048), "samples": (2, 4), "separation": (0.01, 0.1)},
                "assumptions": (SEPARATED,),
                "data": ("pairs",),
                "labels": ("opposite",),
            },
        ),
    ),
    note="The step size carries the paper's factor delta/(n^4 L^2): far below what is stable.",
)
def gd_rate(subject: Subject, c: float, step: float) -> Comparison:
    """F(W(t)) against the geometric decay, at every step."""
    return losses_along_descent(subject, c, step)


def distances_along_descent(subject: Subject, C: float, step: float, width_exponent: float = 0.5) -> Comparison:
    """‖W(t) - W(0)‖_F against C n^3 sqrt(d) log(m)/(delta m^width_exponent), t = 1..STEPS: (trials, STEPS)."""
    import torch

    instance = subject.instance
    distance = subject.train(step_size(instance, step), STEPS).distance[:, 1:]
    right = radius(instance, C) * instance.width ** (0.5 - width_exponent)
    return Comparison(distance, torch.full_like(distance, right), axes=("step",), rounding=4 * subject.rounding)


@statement(
    id="gd-radius",
    source="Theorem 1, proof in Section 12",
    trained=True,
    claim="‖W(t) - W(0)‖_F <= C n^3 sqrt(d) log(m)/(delta sqrt(m)) for every t",
    kind="declared",
    ranges=INSIDE,
    beyond=BEYOND,
    assumptions=(SEPARATED, PAPER_WIDTH),
    failure=FAILURE,
    constants={
        "C": Constant(
            1.0, "for n = L = 1 the distance is near sqrt(2d/m) ‖loss(0)‖ at most, and ‖loss(0)‖ > log(m)/sqrt 2 has probability "
            "e^{-Omega(log^2 m)}",
        ),
        "step": STEP,
    },
    exponents={"width": -0.5, "separation": -1.0, "samples": 3.0},
    rests_on=("gradient-upper", "gd-rate"),
    labels=("random", "signs"),
    passes=2 * STEPS,
    variants=(
        Variant(
            "1/m in place of 1/sqrt(m)",
            "exponent",
            {"measure": lambda subject, C, step: distances_along_descent(subject, C, step, width_exponent=1.0)},
        ),
        Variant("a fiftieth of log(m)", "constant", {"constants": {"C": Constant(0.02, "false variant")}}),
    ),
)  # fmt: skip
def gd_radius(subject: Subject, C: float, step: float) -> Comparison:
    """Distance from the initialization, over all trained layers, at every step."""
    return distances_along_descent(subject, C, step)


def steps_to(instance: Instance, C: float) -> int:
    """C (n^6 L^2/delta^2) log(1/eps), the paper's number of steps."""
    needed = C * instance.samples**6 * instance.depth**2 / instance.separation**2 * math.log(1 / instance.tolerance)
    return max(1, math.ceil(needed))


def largest_eigenvalue(subject: Subject) -> Tensor:
    """Of the tangent kernel at the initialization, all layers: (trials,)."""
    import torch

    layers = [subject.layer_kernel(layer) for layer in range(1, subject.instance.depth + 1)]
    largest: Tensor = torch.linalg.eigvalsh(torch.stack(layers).sum(0))[:, -1]
    return largest


STABLE = 1.5  # of the 2/lambda_max that a fixed kernel allows; the rest is for its drift


def least_losses(subject: Subject, step: float, C: float) -> Comparison:
    """min over t <= T of F(W(t)) against eps, with the paper's step size and with the largest stable one: (trials, 2)."""
    import torch

    instance = subject.instance
    steps = steps_to(instance, C)
    sizes = (step_size(instance, step), STABLE / float(largest_eigenvalue(subject).max()))
    every = max(1, steps // 8)  # F falls all the time: looking rarely misses nothing that the last look does not see
    reached = [subject.train(size, steps, Descent(every=every)).loss.nan_to_num(torch.inf).amin(1) for size in sizes]
    left = torch.stack(reached, 1)
    return Comparison(left, torch.full_like(left, instance.tolerance), axes=("step size",), rounding=4 * subject.rounding)


FEW_STEPS = wrong("a thirtieth of the steps", "constant", constants={"C": Constant(0.08, FALSE)})
UNSTABLE = wrong("step size twice beyond 2 over the largest kernel eigenvalue", "assumption", constants={"step": Constant(8.0, FALSE)})
DUPLICATES = "duplicate inputs with different labels"
# With these constants distinct inputs are learned in time (tests/theorems/allen_zhu/test_convergence.py).
TWO_SAMPLES = {"step": Constant(16.0, "as for one sample"), "C": Constant(0.4, "of 2^6 as many steps")}


@statement(
    id="gd-convergence",
    source="Theorem 1",
    trained=True,
    claim="F(W(t)) <= eps for some t <= T = C (n^6 L^2/delta^2) log(1/eps), with eta = c' d delta/(n^4 L^2 m) and with 1.5/lambda_max",
    kind="declared",
    ranges={**INSIDE, "tolerance": (0.03, 0.1)},
    assumptions=(SEPARATED, PAPER_WIDTH),
    failure=FAILURE,
    constants={
        "step": Constant(1.0, "at n = L = 1 the kernel is near m/(2d), so eta = 2/lambda_max is c = 4 there; a quarter of that"),
        "C": Constant(2.5, "at n = L = 1 the loss falls by (1 - delta/2)^2 a step: at most log(F(0)/eps)/delta steps; 2.5 for log F(0)"),
    },
    exponents={"samples": 6.0, "depth": 2.0, "separation": -2.0},
    rests_on=("gd-rate", "gd-radius"),
    labels=("random", "signs", "hardest"),
    passes=128,
    variants=(
        FEW_STEPS,
        UNSTABLE,
        Variant(
            DUPLICATES,
            "assumption",
            {
                "constants": TWO_SAMPLES,
                "ranges": {"width": (256, 512), "samples": (2, 2), "separation": (0.8, 1.0), "tolerance": (0.1, 0.1)},
                "assumptions": (SEPARATED,),
                "data": ("duplicate rows",),
                "labels": ("opposite",),
            },
        ),
    ),
    note="F need only be below eps once: how it falls at every step is gd-rate.",
)  # fmt: skip
def gd_convergence(subject: Subject, step: float, C: float) -> Comparison:
    """The least F(W(t)), t <= T, against eps."""
    return least_losses(subject, step, C)

"""How wide is wide enough: the smallest width at which training succeeds with probability at least 0.95, on ladders of n, L and delta.

Success: gradient descent from random initialization with the step 1/lambda_max(K), K = (m/d) K_inf, brings F below GOAL F(0) within
FACTOR times the number of steps that the kernel needs for that, whatever the labels. So a network succeeds that trains as its kernel
predicts, up to that factor: the mechanism of the proof, not merely some descent.

At each width `trials` networks are drawn, all in one batch. By the exact binomial (Clopper-Pearson) bounds the success probability is
below 0.95 at a width, or at least 0.95, or undecided; the largest width of the first kind and the smallest of the second enclose the
threshold if success does not get rarer with width, which is assumed. All enclosures of a run hold together with probability LEVEL.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from checkers.experiments.width.limit_kernel import LimitDescent
from checkers.machine.threads import one_thread
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener
from checkers.records.experiments import FittedExponent, Rung, Threshold, ThresholdFit, Tried
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import Group, jobs
from strategies.data import data_set
from theorems.allen_zhu.convergence import PAPER_WIDTH
from theorems.allen_zhu.requirements import ZOU_GU_WIDTH
from theorems.language.formula import Formula
from theorems.language.instance import QUANTITIES, Array

PROBABILITY, GOAL, FACTOR, SHARE, LEVEL = 0.95, 0.01, 2, 1.0, 0.95
MOST_WIDTHS = 20  # tried at one rung
FIRST, LARGEST = 32, 2**14
BASE = {"samples": 2, "depth": 1, "separation": 1.0}  # where a ladder does not climb


@dataclass(frozen=True)
class Ladders:
    """Values of each quantity, the others at n = 2, L = 1, delta = 1; trials at each width; resolution: of the widths, as a factor."""

    values: dict[str, tuple[float, ...]]
    trials: int
    resolution: float


LADDERS = {
    "quick": Ladders({"samples": (2, 4, 8), "depth": (1, 2, 3), "separation": (1.0, 0.7, 0.5)}, 300, 2**0.5),
    "standard": Ladders({"samples": (2, 4, 8, 16), "depth": (1, 2, 4, 8), "separation": (1.0, 0.7, 0.5, 0.35)}, 1000, 2**0.25),
    "thorough": Ladders({"samples": (2, 4, 8, 16, 32), "depth": (1, 2, 4, 8), "separation": (1.0, 0.7, 0.5, 0.35, 0.25)}, 2000, 2**0.25),
}


def claimed_exponents(axis: str) -> dict[str, float]:
    """What the papers ask of m: paper -> the exponent of that quantity, log factors aside."""
    assert isinstance(PAPER_WIDTH.bound, Formula)
    papers = {"Allen-Zhu, Li & Song 2019": PAPER_WIDTH.bound, "Zou & Gu 2019": Formula(ZOU_GU_WIDTH)}
    return {who: bound.exponent(QUANTITIES[axis][0]) for who, bound in papers.items()}


def side(successes: int, trials: int, alpha: float) -> str:
    """Which side of 0.95 the success probability lies on, each answer wrong with probability at most alpha."""
    from scipy.stats import binom

    if float(binom.sf(successes - 1, trials, PROBABILITY)) <= alpha:
        return "above"
    return "below" if float(binom.cdf(successes, trials, PROBABILITY)) <= alpha else ""


def problem(samples: int, depth: int, separation: float) -> tuple[Array, LimitDescent]:
    """The inputs of a rung, (samples, d_in), and what their kernel predicts."""
    shape = "orthogonal" if separation == 1.0 else "pairs"
    inputs = data_set(shape, np.random.Generator(np.random.SFC64(samples)), samples, None, separation)
    return inputs, LimitDescent.of(inputs, depth)


def succeeded(
    samples: int, depth: int, separation: float, width: int, trials: int, source: NormalSource, device: str = "cpu"
) -> Tensor:
    """Which of `trials` networks succeed: (trials,), bool. Data: n orthogonal directions for separation 1, else pairs at that distance.
    Labels: random signs; in a pair, opposite ones."""
    inputs, kernel = problem(samples, depth, separation)
    steps = kernel.steps(GOAL, SHARE)
    assert steps is not None
    # A single layer is only ever asked about its n inputs; others about n more a step, from both sides.
    directions = samples if depth == 1 else samples * (FACTOR * steps + 1)
    engine: Engine = "revealed" if width > 8 * directions else "dense"
    network = Network.draw(engine, width, depth, inputs.shape[1], 1, trials, source.spawn("weights"), device=device)
    signs = 2.0 * source.spawn("labels").integers((trials, samples, 1), 0, 1) - 1
    if separation < 1:
        signs[:, 1::2] = -signs[:, ::2]
    signs = signs.to(device)
    least = torch.full((trials,), torch.inf, dtype=torch.float64, device=device)
    first = least
    for step in range(FACTOR * steps + 1):
        record = network.forward(inputs)
        residual = record.outputs - signs
        loss = 0.5 * residual.square().sum((1, 2))
        first = loss if step == 0 else first
        least = torch.minimum(least, loss)
        if bool((least <= GOAL * first).all()) or step == FACTOR * steps:
            break
        network.step(record, residual, kernel.step_size(width, 1, SHARE))
    return least <= GOAL * first


def climb(
    axis: str, samples: int, depth: int, separation: float, ladders: Ladders, alpha: float, source: NormalSource, device: str = "cpu"
) -> Rung:
    """Bracket the threshold by doubling and halving, then close in on both ends of what stays undecided."""
    tried: dict[int, Tried] = {}

    def ask(width: int) -> str:
        if width not in tried:
            successes = int(succeeded(samples, depth, separation, width, ladders.trials, source.spawn(width), device).sum())
            tried[width] = Tried(width=width, trials=ladders.trials, successes=successes, side=side(successes, ladders.trials, alpha))
        return tried[width].side

    width = FIRST
    while ask(width) != "below" and width > 1:
        width //= 2
    low = width if ask(width) == "below" else 0
    width = max(FIRST, width)
    while ask(width) != "above" and width < LARGEST:
        width *= 2
    high = width if ask(width) == "above" else None

    def close_in(inner: int, outer: int, lower: Callable[[str], bool]) -> tuple[int, int]:
        """Bisect, in the logarithm, between a width whose side is `lower` and one whose is not."""
        while inner and outer / inner > ladders.resolution * 1.01 and len(tried) < MOST_WIDTHS:
            middle = round(math.sqrt(inner * outer))
            if middle in (inner, outer):
                break
            inner, outer = (middle, outer) if lower(ask(middle)) else (inner, middle)
        return inner, outer

    low, _ = close_in(low, min((w for w, one in tried.items() if one.side != "below" and w > low), default=low), lambda s: s == "below")
    if high is not None:
        _, high = close_in(max((w for w, one in tried.items() if one.side != "above"), default=0), high, lambda s: s != "above")
    _, kernel = problem(samples, depth, separation)
    points = [tried[width] for width in sorted(tried)]
    return Rung(
        axis=axis, samples=samples, depth=depth, separation=separation, predicted_steps=kernel.steps(GOAL, SHARE) or 0,
        estimate=crossing(points, max(low, 1), high), low=low, high=high, tried=points,
    )  # fmt: skip


def crossing(points: Sequence[Tried], low: float, high: float | None) -> float:
    """Where P(success) = Phi(a + b log m), fitted by maximum likelihood with b >= 0, crosses 0.95; kept inside [low, high]."""
    from scipy.optimize import minimize
    from scipy.stats import norm

    logs = np.log([one.width for one in points])
    successes, trials = (np.array([getattr(one, name) for one in points], dtype=float) for name in ("successes", "trials"))

    def loss(parameters: np.ndarray) -> float:
        z = parameters[0] + math.exp(parameters[1]) * (logs - logs.mean())
        return -float((successes * norm.logcdf(z) + (trials - successes) * norm.logcdf(-z)).sum())

    found = minimize(loss, np.array([0.0, 0.0]), method="Nelder-Mead").x
    estimate = math.exp(float((norm.ppf(PROBABILITY) - found[0]) * math.exp(-found[1]) + logs.mean()))
    return float(min(max(estimate, low), high if high is not None else max(estimate, low)))


def slope(values: Sequence[float], rungs: Sequence[Rung]) -> tuple[float, float, float]:
    """The least-squares slope of log threshold on log value, and its extremes while each threshold stays in its enclosure."""
    x = np.log(values)
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    low = np.log([max(rung.low, 1) for rung in rungs])
    high = np.array([math.log(rung.high) if rung.high is not None else math.inf for rung in rungs])
    middle = np.log([rung.estimate for rung in rungs])
    used = weights != 0
    least = float(np.where(weights > 0, weights * low, np.where(used, weights, 0) * np.where(used, high, 0)).sum())
    most = float(np.where(weights < 0, weights * low, np.where(used, weights, 0) * np.where(used, high, 0)).sum())
    return float((weights * middle).sum()), least, most


def one_rung(
    settings: tuple[int, Ladders, float, str], listener: Listener, axis: str, samples: int, depth: int, separation: float
) -> Rung:
    """A rung by itself: a job for any process or machine. settings: the run's seed, its ladders, the error rate of one answer, and where
    tensors live."""
    seed, ladders, alpha, device = settings
    source = NormalSource(seed_sequence(seed, "threshold", *map(repr, (samples, depth, separation))))
    with one_thread():
        return climb(axis, samples, depth, separation, ladders, alpha, source, device)


def threshold(
    *, seed: int, profile: str, progress: Listener, device: str = "cpu", processes: int = 1, cluster: str = ""
) -> Threshold:
    """All ladders of the profile. processes, cluster (address of a Dask scheduler): who does the work; the numbers do not depend on it."""
    start = time.monotonic()
    found = in_order(each(rung_groups(seed, profile, device), processes, (), progress, cluster=cluster))
    return of_rungs(found, seed, profile, time.monotonic() - start)


def rung_groups(seed: int, profile: str, device: str = "cpu") -> list[Group]:
    """The work of `threshold`: outcomes are rungs, each once where ladders meet."""
    ladders = LADDERS[profile]
    places = [(axis, {**BASE, axis: value}) for axis, values in ladders.values.items() for value in values]
    alpha = (1 - LEVEL) / (len(places) * MOST_WIDTHS)
    first = {tuple(place.values()): axis for axis, place in reversed(places)}  # the ladders meet where all quantities are least
    rungs = [(first[key], *key) for key in dict.fromkeys(tuple(place.values()) for _, place in places)]
    return jobs(one_rung, (seed, ladders, alpha, device), rungs, "rungs")


def of_rungs(found: list[Rung], seed: int, profile: str, seconds: float) -> Threshold:
    """Exponents and the fitted law."""
    ladders = LADDERS[profile]
    rungs = {(rung.samples, rung.depth, rung.separation): rung for rung in found}
    exponents = []
    for axis, values in ladders.values.items():
        fitted, low, high = slope(values, [rungs[tuple({**BASE, axis: value}.values())] for value in values])  # type: ignore[index]
        exponents.append(FittedExponent(axis=axis, fitted=fitted, low=low, high=high, claimed=claimed_exponents(axis)))
    return Threshold(
        seed=seed, profile=profile, probability=PROBABILITY, goal=GOAL, factor=FACTOR, level=LEVEL, trials=ladders.trials,
        rungs=found, exponents=exponents, fit=fitted_law(found, ladders, seed, profile), seconds=seconds,
    )  # fmt: skip


def fitted_law(rungs: Sequence[Rung], ladders: Ladders, seed: int, profile: str) -> ThresholdFit:
    """Least squares of log threshold on log n, log L and log delta together."""
    names = ("samples", "depth", "separation")
    rows = np.array([[1.0, *(math.log(getattr(rung, name)) for name in names)] for rung in rungs])
    solution = np.linalg.lstsq(rows, np.log([rung.estimate for rung in rungs]), rcond=None)[0]
    return ThresholdFit(
        constant=float(math.exp(solution[0])), exponents=dict(zip(names, map(float, solution[1:]), strict=True)),
        ranges={name: (float(min(values)), float(max(values))) for name, values in ladders.values.items()}, seed=seed,
        note=f"lemmafuzz threshold --profile {profile} --seed {seed}: F <= {GOAL:g} F(0) with probability {PROBABILITY:g}, random signs,"
        f" within {FACTOR} times the steps that the kernel predicts",
    )  # fmt: skip

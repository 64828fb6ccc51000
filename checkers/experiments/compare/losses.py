"""Which inequality of the two-layer proof loses how much width on the user's data.

A width m is asked for by 2 ‖X‖ r_0 <= sqrt(m) lambda0 R and by a bound on ‖H(W) - H(0)‖, linear in R, that has to stay below lambda0/4:
what such a bound is too large by, the width is too large by squared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch

from checkers.experiments.compare.measured import Problem, follow
from checkers.networks.randomness import NormalSource
from checkers.records.comparison import Deviation, Losses, LostFactor
from checkers.subjects.two_layer import TwoLayerSubject
from theorems.language.instance import Instance
from theorems.laws.gate_laws import crowding, near_probability
from theorems.two_layer.requirements import given
from theorems.two_layer.shared import spectral

LEAST_WIDTH = 512  # at which deviations are looked at: of fewer neurons a radius says little
NETWORKS = 3


def deviations(problem: Problem, width: int, p: float, source: NormalSource) -> tuple[float, list[Deviation]]:
    """‖H(W) - H(0)‖ at the radius R of the neuron that training moves farthest, from the loosest bound to what training does."""
    network = problem.draw(width, source, NETWORKS)
    run = follow(network, torch.from_numpy(problem.targets), problem.floor)
    radius = float(run.lengths(network).amax(-1).median())
    samples, dimension = problem.inputs.shape
    instance = Instance(width=width, samples=samples, input_dimension=dimension, radius=radius, inputs=problem.inputs)
    subject = TwoLayerSubject(network, instance, source)
    changes = [spectral(subject.kernel_change(radius, top)) for top in (True, False)]
    gates = (network.pre_activations + run.change >= 0).double()
    trained = spectral(network.gram * (gates.mT @ gates) / width - network.kernel())
    found = {
        "Markov's 1/p, n^2 pairs: 4 n^2 R/(sqrt(2 pi) p)": 4 * samples**2 * radius / (math.sqrt(2 * math.pi) * p),
        "Chernoff, rows of rho: 4 p_R S": 4 * near_probability(radius, 1.0) * crowding(problem.inputs),
        "certificate, gates counted: ‖U(R)‖": float(spectral(subject.flip_bound(radius)).median()),
        "attack, the worst W found": float(torch.stack(changes).amax(0).median()),
        "training, where it ends": float(trained.median()),
    }
    values = [*found.values(), 0.0]
    ratios = [larger / smaller if smaller > 0 else None for larger, smaller in pairwise(values)]
    return radius, [Deviation(name=name, value=value, ratio=ratio) for (name, value), ratio in zip(found.items(), ratios, strict=True)]


def losses(
    problem: Problem, widths: dict[str, float], p: float, certified: float | None, measured: int | None, source: NormalSource
) -> Losses | None:
    """widths: asked for, by the id of the requirement. certified: the certificate's. None where it or the measured one is missing."""
    if measured is None or certified is None:
        return None
    width = max(LEAST_WIDTH, measured)
    radius, found = deviations(problem, width, p, source)
    symbols = given(problem.inputs, problem.targets)
    n, size, crowd, square = len(problem.inputs), symbols["X"], symbols["S"], symbols["r_0"] ** 2
    largest = float(abs(problem.targets).max())
    factors = [
        LostFactor(name="n for ‖X‖^2", factor=n / size**2, why="all rows as if they were one"),
        LostFactor(name="Markov for r_0^2", factor=3 * n * (largest**2 + 0.5) / (p * square), why="3 n (C^2 + 1/2)/p for ‖y‖^2 + n/2"),
        LostFactor(name="n^2 pairs", factor=(n**2 / crowd) ** 2,
                   why="n^2 for S = max_i sum_j |rho_ij| in the bound on ‖H - H(0)‖; squared"),
    ]  # fmt: skip
    factors.append(_rest("Markov for near gates", widths["du-markov"] / widths["converge-sharp"], factors, "3/p and constants, squared"))
    end, start = measured, widths["du-markov"]
    factors.append(LostFactor(
        name="laws for the network drawn", factor=widths["converge-sharp"] / certified,
        why="4 p_R S for ‖U(R)‖, lambda0/2 all over the ball for the integral of lambda_R: the certificate's width, or its limit",
    ))  # fmt: skip
    factors.append(_squared("all gates near flip", found[2], "‖U(R)‖ for the worst W found, squared"))
    factors.append(_squared("any W in the ball", found[3], "the worst W for where training goes, squared"))
    why = "the rest: training succeeds where lambda_min has fallen below lambda0/2, or where the kernel has changed for the better"
    factors.append(_rest("what no kernel explains", start / end, factors, why))
    return Losses(
        start="the width that Markov and Hoeffding ask for", end="the width measured", factors=factors, width=width, radius=radius,
        deviations=found,
    )  # fmt: skip


def _product(factors: Sequence[LostFactor]) -> float:
    return math.prod(one.factor for one in factors)


def _rest(name: str, whole: float, others: Sequence[LostFactor], why: str) -> LostFactor:
    """What is left of a factor once these are taken out of it."""
    return LostFactor(name=name, factor=whole / _product(others), why=why)


def _squared(name: str, deviation: Deviation, why: str) -> LostFactor:
    """Of a deviation that is too large by a ratio, which the width has squared; 1 where the next one is zero."""
    return LostFactor(name=name, factor=(deviation.ratio or 1.0) ** 2, why=why)

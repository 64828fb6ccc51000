"""Sign flips of one layer over all perturbations at once: the claim of Lemma 8.2b where its supremum is known.

In one layer W' moves g = W h_0 by u = W' h_0, and u may be any vector of norm at most omega ‖h_0‖. Flipping neuron k takes
|u_k| >= |g_k|, and |u_k| > |g_k| suffices. So neurons flip together only if their g_k^2 sum to no more than (omega ‖h_0‖)^2, and do for
some W' if to less: the flips are at most as many as the smallest |g_k| that fit, and what the flipped neurons carried,
sqrt(sum of their g_k^2), is at most omega ‖h_0‖, and at least what fits when the largest are tried first. What they carry afterwards,
|g_k + u_k| = |u_k| - |g_k| each, is at most omega ‖h_0‖ together, and omega ‖h_0‖ - min |g_k| where all of u is spent on one of them.
"""

from __future__ import annotations

import numpy as np
from flint import arb
from torch import Tensor

from checkers.certification.balls import Balls
from checkers.certification.subjects import tensor
from theorems.language.subject import Comparison, Subject


def most_flips(pre_activations: np.ndarray, budget: arb) -> int:
    """At most so many entries have squares that sum to `budget` or less: with lower ends of the squares, so never too few."""
    spent, count = arb(0), 0
    for square in sorted((x * x).nonnegative_part().lower() for x in pre_activations.tolist()):
        spent = spent + square
        if spent > budget:
            break
        count += 1
    return count


def flips_found(pre_activations: np.ndarray, budget: arb) -> tuple[int, arb]:
    """So many entries have squares that sum to less than `budget`, and other ones such a sum: upper ends, so that both are proved."""
    squares = sorted((x * x).upper() for x in pre_activations.tolist())
    spent, count = arb(0), 0
    for square in squares:
        if not spent + square < budget:
            break
        spent, count = spent + square, count + 1
    carried = arb(0)
    for square in reversed(squares):
        if carried + square < budget:
            carried = carried + square
    return count, carried


def over_all_perturbations(subject: Subject, comparison: Comparison) -> Comparison:
    """sign-flips' three parts with the left sides replaced by their suprema over the ball, enclosed; right sides as the statement's."""
    instance = subject.instance
    if instance.depth != 1:
        raise ValueError("the supremum over perturbations is known for one layer")
    h, g = Balls(subject.activations(0)), Balls(subject.pre_activations(1))
    sides = []
    for sample in range(instance.samples):
        reach = (h[0, sample].norm() * instance.radius).data.item()
        pre_activations, budget = g.data[0, sample], reach * reach
        count, carried = flips_found(pre_activations, budget)
        pushed = max((reach - abs(x)).lower() for x in pre_activations.tolist())
        after = pushed.union(reach) if pushed > 0 else arb(0).union(reach)
        sides.append([[arb(count).union(arb(most_flips(pre_activations, budget))), carried.sqrt().union(reach), after]])
    left: Tensor = tensor(Balls(np.array([sides], dtype=object)))
    return Comparison(left, comparison.right, comparison.axes)

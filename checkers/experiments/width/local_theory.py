"""Whether the theory of local Jacobians speaks of one deep network: the deviation of its Jacobian attacked from below and bounded from
above.

os-gd asks that on a ball of radius 4 r_0/alpha, alpha <= sigma_min(J) and ‖J‖ <= beta there, J change by alpha^2/(2 beta) at most between
any two places; os-flow that the integral of sigma_min(J(0)) - omega(s) over a path exceed r_0, ‖J - J(0)‖ <= omega(s) at distance s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.certification.spectral_norms import Norm
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource
from checkers.records.training_certificates import LocalTheory, TrainingCertificate
from checkers.subjects.network import NetworkSubject
from theorems.language.instance import Array, Instance
from theorems.local_jacobian.deep import change_bound, jacobian_change

ATTACKS = ("hidden alignment", "weighted sign flips", "heavy sign flips", "joint weighted flips", "joint heavy flips")
NODES = 16  # distances at which the deviation is bounded, and FEWER at which it is attacked
FEWER = 6
COARSE = 1.6  # from one to the next
SMALL = 1 / 16  # of alpha, at most, is the deviation at the first distance: so much of an integral of alpha - omega is lost there
TURNED = 60  # quarterings of the first distance, at most
ROUNDED = 1 + 1e-9  # a move scaled to a distance may be longer by the rounding of a norm, which is far less


def local_theory(
    network: Network, inputs: Array, norms: Sequence[Norm], found: TrainingCertificate, source: NormalSource
) -> LocalTheory | None:  # fmt: skip
    """None where J(0) has no rank. norms: of W_1..W_L."""
    alpha, beta, residual = math.sqrt(max(0.0, found.floor)), math.sqrt(found.top), found.residual
    if alpha == 0:
        return None
    instance = Instance(width=network.width, depth=network.depth, samples=len(inputs), input_dimension=inputs.shape[1], inputs=inputs)
    still = NetworkSubject(network, instance, source.spawn("questions"))
    known = [torch.full((1, 1), norm.whole, dtype=torch.float64) for norm in norms]

    def bounded(distance: float) -> float:
        return float(change_bound(still, torch.full((1,), distance, dtype=torch.float64), norms=known))

    def attacked(distance: float) -> float:
        return _attacked(network, still, source, distance)

    radius = 4 * residual / alpha
    depth, flow_depth = _reach(alpha, beta, residual, bounded)
    return LocalTheory(
        alpha=alpha, beta=beta, radius=radius, allowed=alpha**2 / (2 * beta), attacked=attacked(radius), bounded=bounded(radius),
        depth=depth, flow_depth=flow_depth, flow_most=_flow_most(alpha, residual, attacked),
    )  # fmt: skip


def _reach(alpha: float, beta: float, residual: float, bounded: Callable[[float], float]) -> tuple[float, float]:
    """Depths of the theorem and of the flow, by a bound that grows with the distance."""
    distance = residual / alpha
    for _ in range(TURNED):
        if bounded(distance) <= SMALL * alpha:
            break
        distance /= 4
    theorem = flow = before = 0.0
    for _ in range(NODES):
        off = bounded(distance)
        if off >= alpha:
            break
        least, most = alpha - off, beta + off
        if 2 * off <= least**2 / (2 * most):
            theorem = distance * least / 4
        flow += (distance - before) * least
        before, distance = distance, distance * COARSE
    return theorem / residual, flow / residual


def _flow_most(alpha: float, residual: float, attacked: Callable[[float], float]) -> float:
    """Over the last path that leaves alpha - omega positive, omega at least what was attacked at the node before."""
    distance, total, before, off = residual / alpha / 2, 0.0, 0.0, 0.0
    for _ in range(FEWER):
        total += (distance - before) * (alpha - off)
        before, off = distance, max(off, attacked(distance))
        if off >= alpha:
            return total / residual
        distance *= 2
    return math.inf


def _attacked(network: Network, still: NetworkSubject, source: NormalSource, distance: float) -> float:
    """The largest ‖J(W') - J(W)‖ that an adversary reaches with ‖W' - W‖_F <= distance."""
    largest = 0.0
    for name in ATTACKS:
        omega, reached = distance / math.sqrt(network.depth), 0.0
        for _ in range(2):  # the second time with what the first leaves of the Frobenius norm
            instance = Instance(**{**vars(still.instance), "radius": omega})
            attack = Attack(network, instance, source.spawn(name), _objective(still), still.record)
            moved = NetworkSubject(ADVERSARIES[name](attack), instance, source.spawn("questions"), still)
            size = float(np.linalg.norm([float(weights.change_norm()) for weights in moved.network.hidden]))
            if size <= distance * ROUNDED:
                reached = max(reached, float(jacobian_change(moved)))
            if size == 0:
                break
            omega *= distance / size
        largest = max(largest, reached)
    return largest


def _objective(still: NetworkSubject) -> Callable[[Network], torch.Tensor]:
    return lambda network: jacobian_change(still.standing_in(network, origin=still))

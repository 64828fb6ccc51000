"""Whether training a smooth deep network converges by the path of all its weights: where H(0) is far from a multiple of the identity.

smooth_deep_start.py has the letters. Let s bound ‖W' - W‖_F, and E, D, P, Q the roots of sums over the rows of the data of ‖h' - h‖^2,
‖g' - g‖^2, ‖a' - a‖^2 and ‖u' - u‖^2. With ‖h_l‖ and ‖a_l‖ the norms of the matrices of all rows,

    D_l <= ‖W_l‖ E_{l-1} + s (‖h_{l-1}‖ + E_{l-1}), E_l <= Gamma D_l, P_l <= M max|u_l| D_l + Gamma Q_l,
    Q_{l-1} <= ‖W_l‖ P_l + s (‖a_l‖ + P_l), ‖J'_l - J_l‖ <= max‖h_{l-1,i}‖ P_l + max‖a_{l,i}‖ E_{l-1} + P_l E_{l-1},

and omega(s) is the root of the sum of the squares of the last. From one place in the ball to another the same lines hold with ‖W_l‖ + s in
the place of ‖W_l‖ and so on: J changes by ell(s) times their distance at most. So with alpha = sigma_min(J(0)), beta =
‖J(0)‖ and theta = eta ((beta + omega(s))^2 + ell(s) r_0), as long as the path stays below s, ‖r(k+1)‖ <= ‖r(k)‖ - (1 - theta/2) (alpha -
omega(s_k)) (s_{k+1} - s_k), as in smooth_certificate.py, and it does if

    r_0 < (1 - theta/2) (integral of alpha - omega over [0, s]),

at a rate of (1 - theta/2) (alpha - omega(s))^2. Flow is eta = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import torch
from flint import arb
from torch import Tensor

from checkers.certification.deep_change import AGAIN
from checkers.certification.smooth_deep_start import SmoothDeepStart
from checkers.certification.travel_integral import rounded_down, rounded_up
from checkers.records.training_certificates import Promise

FINER = 1.03  # from one length s that is tried to the next
FIRST, MOST = 1e-4, 1000  # of r_0/alpha, the first length; and how many


@dataclass(frozen=True)
class _Layer:
    """‖h_{l-1}‖, max‖h_{l-1,i}‖, ‖a_l‖, max‖a_{l,i}‖, max|u_l|, ‖W_l‖; roundings of D, E, P and Q."""

    features: float
    longest: float
    factors: float
    largest: float
    tallest: float
    norm: float
    off: tuple[float, ...]


@dataclass(frozen=True)
class Ball:
    """At one distance s: omega and ell."""

    distance: float
    omega: float
    ell: float


def _layers(start: SmoothDeepStart) -> list[_Layer]:
    def whole(gram: Tensor, lengths: Tensor) -> float:
        room = 4 * (start.up - 1) * float(lengths.square().sum())
        return math.sqrt(max(0.0, float(torch.linalg.eigvalsh(gram)[-1])) + room) * AGAIN

    return [
        _Layer(
            features=whole(one.forward, one.lengths), longest=float(one.lengths.max()), factors=whole(one.backward, one.size),
            largest=float(one.size.max()), tallest=float(one.tallest.max()), norm=one.norm.whole,
            off=tuple(2 * float(size) for size in (
                one.norm.slack * one.lengths.norm(), one.off.norm(), one.grain.norm(), one.norm.slack * one.size.norm()
            )),
        )
        for one in start.layers
    ]  # fmt: skip


def ball(start: SmoothDeepStart, distance: float) -> Ball:
    return _ball(start, _layers(start), distance)


def _ball(start: SmoothDeepStart, layers: Sequence[_Layer], distance: float) -> Ball:
    s, steep, bend = distance, start.phi.steep, start.phi.bend
    e, grown = [2 * float(start.unsure.norm())], [0.0]  # E_0..E_L, and what they change by over a distance
    d, spread = [], []
    for one in layers:
        d.append(one.norm * e[-1] + s * (one.features + e[-1]) + one.off[0])
        spread.append((one.norm + s) * grown[-1] + one.features + e[-1])
        e.append(steep * d[-1] + one.off[1])
        grown.append(steep * spread[-1])
    q = turned = omega = ell = 0.0
    for k, one in reversed(list(enumerate(layers))):
        p = bend * one.tallest * d[k] + steep * q + one.off[2]
        bent = bend * (one.tallest + q) * spread[k] + steep * turned
        omega += (one.longest * p + one.largest * e[k] + p * e[k]) ** 2
        ell += ((one.longest + e[k]) * bent + (one.largest + p) * grown[k]) ** 2
        q, turned = one.norm * p + s * (one.factors + p) + one.off[3], (one.norm + s) * bent + one.factors + p
    return Ball(distance, math.sqrt(omega) * AGAIN, math.sqrt(ell) * AGAIN)


def balls_of(start: SmoothDeepStart, alpha: float, residual: float) -> list[Ball]:
    """Until nothing of alpha is left."""
    layers, distance, found = _layers(start), FIRST * residual / alpha, list[Ball]()
    while len(found) < MOST and math.isfinite(distance):
        found.append(_ball(start, layers, distance))
        if found[-1].omega >= alpha:
            found.pop()
            break
        distance *= FINER
    return found


def path_promise(balls: Sequence[Ball], alpha: arb, beta: arb, residual: arb, step_sizes: Sequence[float]) -> Promise:
    """Of the first of these step sizes (0: flow) that is certified, with the shortest path. depth: of the best. alpha: at least; beta,
    residual: at most."""
    deepest, found = 0.0, Promise(certified=False, depth=0.0)
    for step_size in step_sizes:
        total, before = arb(0), 0.0
        for one in balls:
            left = alpha - one.omega
            total, before = total + (arb(one.distance) - before) * left, one.distance
            theta = step_size * ((beta + one.omega) ** 2 + one.ell * residual)
            if not (theta < 2 and left > 0):
                break
            allowed = (1 - theta / 2) * total
            deepest = max(deepest, rounded_down(allowed / residual))
            if not found.certified and allowed > residual:
                rate, far = rounded_down((1 - theta / 2) * left**2), rounded_up(arb(one.distance))
                found = Promise(certified=True, depth=0.0, rate=rate, travel=far, radius=far, step_size=step_size)
    return msgspec.structs.replace(found, depth=deepest)

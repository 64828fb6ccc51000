"""What W(0), the data and the labels prove of a two-layer network with a smooth activation: f(x) = sum_r v_r phi(w_r . x), w_r trained.

J, the Jacobian in W, is Lipschitz: its row i moves in block r by v_r (phi'(w'_r . x_i) - phi'(w_r . x_i)) x_i, so ‖J(W') - J(W)‖ <=
L ‖W' - W‖_F with L = sup|phi''| max|v_r| ‖X‖ max‖x_i‖. Let alpha = sigma_min(J(0)), s the length of the path, g = J^T r, r = y - u. The
mean Jacobian along a step is off by L eta ‖g‖/2 at most, so with theta = eta ((‖J(0)‖ + L s)^2 + L r_0), as long as the path stays below s,
‖r(k+1)‖^2 <= ‖r(k)‖^2 - eta (2 - theta) ‖g(k)‖^2, and ‖g(k)‖ >= (alpha - L s_k) ‖r(k)‖. So ‖r(k+1)‖ <= ‖r(k)‖ - (1 - theta/2)
(alpha - L s_k) (s_{k+1} - s_k); the sum is above the integral, and the path never exceeds s <= alpha/L if

    r_0 <= (1 - theta/2) (alpha s - L s^2/2).

Then ‖r(k+1)‖ <= (1 - eta lambda) ‖r(k)‖ with lambda = (1 - theta/2) (alpha - L s)^2. Flow, eta = 0: 2 L r_0 < alpha^2 is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from flint import arb

from checkers.certification.activations import SMOOTH
from checkers.certification.balls import precision
from checkers.certification.linear import eigenvalues, matrix_product
from checkers.certification.training_certificate import BITS, SHARES, as_balls
from checkers.certification.travel_integral import rounded_down, rounded_up
from checkers.errors import InputError
from checkers.records.training_certificates import Promise, TrainingCertificate
from theorems.language.instance import Array

MOST_GATES = 1 << 20  # slopes, or weights, in balls: some seconds
FINER = 1.02  # from one length s that is tried to the next


@dataclass(frozen=True)
class _Start:
    """At W(0), enclosed: alpha at least, ‖J(0)‖, L and r_0 at most."""

    alpha: arb
    beta: arb
    lipschitz: arb
    residual: arb


def smooth_certificate(
    weights: Array, output: Array, inputs: Array, labels: Array, activation: str, *, shares: tuple[float, ...] = SHARES
) -> TrainingCertificate:
    """weights: w_r, (m, d); output: v_r, (m,); inputs: x_i, (n, d); labels: y, (n,); activation: a name in SMOOTH.

    Of its promises, travel and radius are both of ‖W(k) - W(0)‖_F. shares: of 1/‖J(0)‖^2, step sizes to try.
    """
    if len(weights) * max(inputs.shape) > MOST_GATES:
        size = f"{len(weights):,} neurons, {len(inputs)} rows"
        raise InputError(f"{size}: more slopes of {activation} or weights than are enclosed, {MOST_GATES:,}")
    phi = SMOOTH[activation]
    with precision(BITS):
        rows, v = as_balls(inputs), as_balls(output)
        z = matrix_product(as_balls(weights), rows.T)
        slopes = np.frompyfunc(phi.slope, 1, 1)(z) * v[:, None]
        gram = matrix_product(rows, rows.T)
        spectrum = eigenvalues(gram * matrix_product(slopes.T, slopes))
        apart = as_balls(labels) - matrix_product(v, np.frompyfunc(phi.value, 1, 1)(z))
        norm = eigenvalues(gram)[-1].nonnegative_part().sqrt()
        longest = max((gram[k, k].sqrt().upper() for k in range(len(inputs))), key=float)
        start = _Start(
            spectrum[0].lower().max(arb(0)).sqrt().lower(), spectrum[-1].nonnegative_part().sqrt().upper(),
            (phi.bend * float(np.abs(output).max()) * norm * longest).upper() * (1 + arb(2) ** -50),
            sum((x * x for x in apart), arb(0)).nonnegative_part().sqrt().upper(),
        )  # fmt: skip
        step_sizes = [share / rounded_up(start.beta**2) for share in shares] if start.beta > 0 else []
        return TrainingCertificate(
            width=len(weights), samples=len(inputs), residual=rounded_up(start.residual), floor=rounded_down(start.alpha**2),
            top=rounded_up(start.beta**2), data_norm=rounded_up(norm), bits=BITS, descent=_promise(start, step_sizes),
            flow=_promise(start, [0.0]),
        )  # fmt: skip


def _paths(start: _Start) -> Iterator[arb]:
    """Lengths s, from the least that can be enough, r_0/alpha, to alpha/L."""
    longest = rounded_down(start.alpha / start.lipschitz)
    path = rounded_up(start.residual / start.alpha)
    while path < longest:
        yield arb(path)
        path *= FINER
    yield arb(longest)


def _promise(start: _Start, step_sizes: list[float]) -> Promise:
    """Of the first of these step sizes (0: flow) that is certified, with the shortest path. depth: of the best."""
    deepest, found = 0.0, Promise(certified=False, depth=0.0)
    for step_size in step_sizes if start.alpha > 0 else []:
        for path in _paths(start):
            left = start.alpha - start.lipschitz * path
            theta = step_size * ((start.beta + start.lipschitz * path) ** 2 + start.lipschitz * start.residual)
            allowed = (1 - theta / 2) * (start.alpha + left) * path / 2
            deepest = max(deepest, rounded_down(allowed / start.residual))
            if not found.certified and allowed >= start.residual and left > 0 and theta < 2:
                rate, travel = rounded_down((1 - theta / 2) * left**2), rounded_up(path)
                found = Promise(certified=True, depth=0.0, rate=rate, travel=travel, radius=travel, step_size=step_size)
    return msgspec.structs.replace(found, depth=deepest)

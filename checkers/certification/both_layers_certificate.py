"""What W(0), v(0), the data and the labels prove where both layers are trained: f(x) = sum_r v_r relu(w_r . x).

A step moves w_r along v_r sum_i r_i D_ri x_i, by eta, and v_r along sum_i r_i h_ri, by eta c^2, h_ri = relu(w_r . x_i): c = 1 is descent
on both, and c = s where v_r = s a_r and the a_r are trained, as of Du et al., s = 1/sqrt(m). H_ij = rho_ij sum_r v_r^2 D_ri D_rj +
c^2 sum_r h_ri h_rj. With t, the travel, the sum of eta ‖r‖, |v_r| moves by A_r and w_r by B_r at most,

    A' = c^2 (‖h_r‖ + ‖X‖ B), B' = ‖X‖ (|v_r| + A), so with w = c ‖X‖
    A = |v_r| (cosh(w t) - 1) + (c/‖X‖) ‖h_r‖ sinh(w t), B = (|v_r|/c) sinh(w t) + (‖h_r‖/‖X‖) (cosh(w t) - 1),

for what is in front of eta ‖r‖ never falls. A gate is near if |w_r . x_i| <= B_r ‖x_i‖. A product of J's at two places that training may
be at, as a step with its mean Jacobian is one of, differs from H entry by entry by at most

    |rho_ij| sum_r ((|v_r| + A)^2 + v_r^2 [A > |v_r|]) [i or j near, each open or near]
    + |rho_ij| sum_r (2 |v_r| A + A^2) [both open, none near]
    + c^2 sum_r (e_ri h_rj + h_ri e_rj + e_ri e_rj), e_ri = B_r ‖x_i‖ [open or near],

so q(t) = lambda_min(H(0)) - ‖U(t)‖ for eta <= 1/lambda_max(H(0)), and travel_integral.py has the rest. A number added to f, trained like
v, adds c^2 to every H_ij, and nothing of that is ever lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from flint import arb

from checkers.certification.balls import precision
from checkers.certification.gate_tables import EPS, TINY, GateTables
from checkers.certification.linear import eigenvalues, matrix_product
from checkers.certification.training_certificate import BITS, SHARES, as_balls
from checkers.certification.travel_integral import integrated, rounded_down, rounded_up
from checkers.records.training_certificates import Promise, TrainingCertificate
from theorems.language.instance import Array

FIRST, COARSE, LEFT = 0.99, 1.15, 0.02  # of lambda_min(H(0)): what is left of q at the first node and at the last; travels' ratio
MOST = 100.0  # w t, whose sinh is finite
TRIES = 40  # of halving the first travel


@dataclass(frozen=True)
class Tables:
    """opened, near: D_ri and |w_r . x_i|, from below, in units of ‖x_i‖; hidden: h_ri, from above; v: |v_r|; all of (m, n) or (m,). size:
    ‖h_r‖, from above; lengths: ‖x_i‖; norm: ‖X‖, from above; c. up: room for the rounding of a sum over neurons. gram: |rho|, from
    above."""

    opened: Array
    near: Array
    hidden: Array
    v: Array
    size: Array
    lengths: Array
    norm: float
    c: float
    up: float
    gram: Array

    def moved(self, travel: float) -> tuple[Array, Array]:
        """A_r and B_r."""
        w = self.c * self.norm * travel * (1 + 8 * EPS)
        rise, curve = np.sinh(w) * (1 + 64 * EPS), 2 * np.sinh(w / 2) ** 2 * (1 + 64 * EPS)  # cosh - 1
        a = (self.v * curve + self.c / self.norm * self.size * rise) * (1 + 16 * EPS)
        b = (self.v / self.c * rise + self.size / self.norm * curve) * (1 + 16 * EPS)
        return a, b

    def lost(self, travel: float) -> Array:
        """U, (n, n)."""
        a, b = self.moved(travel)
        near = (self.near <= b[:, None]).astype(np.float64)
        able, surely = np.maximum(self.opened, near), self.opened * (1 - near)
        changed, grown = (self.v + a) ** 2 + self.v**2 * (a > self.v), 2 * self.v * a + a**2
        gates = (able * changed[:, None]).T @ able - (surely * changed[:, None]).T @ surely * (1 - 2 * (self.up - 1))
        gates += (surely * grown[:, None]).T @ surely
        far = b[:, None] * self.lengths * able
        mixed = far.T @ self.hidden
        found: Array = (self.gram * gates + self.c**2 * (mixed + mixed.T + far.T @ far)) * self.up + TINY
        return found

    def reach(self, travel: float) -> float:
        """The farthest that a neuron may have moved."""
        return float(self.moved(travel)[1].max())


def both_layers_certificate(
    weights: Array, output: Array, inputs: Array, labels: Array, c: float, *, bias: bool = False, shares: tuple[float, ...] = SHARES
) -> TrainingCertificate:
    """weights: w_r, (m, d); output: v_r, (m,); inputs: (n, d); labels: (n,); c: root of the output layer's step over the hidden one's.
    bias: whether a number added to f is trained with the output layer; the labels are less what it is at the start."""
    tables = GateTables(weights, output, inputs)
    with precision(BITS):
        rows = as_balls(inputs)
        gram = matrix_product(rows, rows.T)
        norm = eigenvalues(gram)[-1].nonnegative_part().sqrt()
        one = tables_of(weights, output, inputs, gram, norm, c)
        features = one.hidden.T @ one.hidden
        # h is above the true one by two errors at most: a product of two is off by 2 h times one, with its mirror image below; and as much
        # again for the rounding of the sum
        slack = features * (one.up - 1) + (one.hidden.T @ _error(weights, inputs)) * 4
        unit = arb(tables.largest) ** 2
        kernel = gram * as_balls(tables.open.value, tables.open.error) * unit + as_balls(features, slack + slack.T) * arb(c) ** 2
        if bias:
            kernel = kernel + arb(c) ** 2
        spectrum = eigenvalues(kernel)
        floor, top = spectrum[0].lower(), spectrum[-1].upper()
        outputs, error = tables.outputs()
        residual = sum((x * x for x in as_balls(labels) - as_balls(outputs, error)), arb(0)).nonnegative_part().sqrt().upper()
        nodes = _nodes(one, floor, residual) if floor > 0 else []
        step_sizes = [share / rounded_up(top) * (1 - 2**-50) for share in shares] if top > 0 else []
        return TrainingCertificate(
            width=len(weights), samples=len(inputs), residual=rounded_up(residual), floor=rounded_down(floor), top=rounded_up(top),
            data_norm=rounded_up(norm), bits=BITS, descent=_promise(one, nodes, residual, step_sizes),
            flow=_promise(one, nodes, residual, [0]),
        )  # fmt: skip


def _error(weights: Array, inputs: Array) -> Array:
    """How far w_r . x_i may be off, (m, n)."""
    sizes, lengths = np.linalg.norm(weights, axis=1), np.linalg.norm(inputs, axis=1)
    error: Array = (2 * inputs.shape[1] + 16) * EPS * sizes[:, None] * lengths + TINY
    return error


def tables_of(weights: Array, output: Array, inputs: Array, gram: np.ndarray, norm: arb, c: float) -> Tables:
    """gram: rho, enclosed; norm: ‖X‖."""
    z, error, lengths = weights @ inputs.T, _error(weights, inputs), np.linalg.norm(inputs, axis=1)
    hidden = np.maximum(z, 0) + error
    size = np.linalg.norm(hidden, axis=1) * (1 + (inputs.shape[0] + 8) * EPS)
    near = np.maximum(0, np.abs(z) - error) / lengths * (1 - 8 * EPS)
    return Tables(
        opened=(z >= 0).astype(np.float64), near=near, hidden=hidden, v=np.abs(output), size=size,
        lengths=lengths * (1 + (inputs.shape[1] + 8) * EPS), norm=rounded_up(norm), c=c, up=1 + (len(weights) + 64) * EPS,
        gram=np.array([[rounded_up(abs(x)) for x in row] for row in gram]),
    )  # fmt: skip


def _node(one: Tables, floor: arb, travel: float) -> tuple[float, arb]:
    lost = one.lost(travel)
    return travel, (floor - eigenvalues(as_balls((lost + lost.T) / 2))[-1]).lower()


def _nodes(one: Tables, floor: arb, residual: arb) -> list[tuple[float, arb]]:
    travel = min(rounded_up(residual / floor), MOST / (one.c * one.norm))
    for _ in range(TRIES):
        travel /= 2
        if _node(one, floor, travel)[1] >= FIRST * floor:
            break
    found = [_node(one, floor, travel)]
    while found[-1][1] > LEFT * floor and travel * one.c * one.norm < MOST:
        travel *= COARSE
        found.append(_node(one, floor, travel))
    return found


def _promise(one: Tables, nodes: list[tuple[float, arb]], residual: arb, step_sizes: list[float] | list[int]) -> Promise:
    """Of the first of these step sizes (0: flow) that is certified; travel, radius: how far a neuron moves at most."""
    deepest, promise = 0.0, Promise(certified=False, depth=0.0)
    for step_size in step_sizes:
        depth, place, rate = integrated(residual, nodes, step_size)
        deepest = max(deepest, depth)
        if not promise.certified and rate > 0:
            far = one.reach(nodes[place][0])
            promise = Promise(certified=True, depth=0.0, rate=rate, travel=far, radius=far, step_size=float(step_size))
    return msgspec.structs.replace(promise, depth=deepest)

"""What W(0), the data and the labels prove: that training the first layer converges, how fast, and how far any neuron moves.

f(x) = sum_r v_r relu(w_r . x), only the w_r trained, on 1/2 ‖y - u‖^2; rho_ij = <x_i, x_j>, H_ij = rho_ij sum_r v_r^2 D_ri D_rj. A step
moves w_r by |v_r| eta ‖X‖ ‖y - u‖ at most: let t, the travel, be the sum of eta ‖X‖ ‖y - u‖. Let q, which falls, be such that a step on
which the travel stays below t multiplies ‖y - u‖ by 1 - eta q(t) at most. Two such q:

- *flips*: u(k+1) - u(k) = eta H~ (y - u), H~_ij = rho_ij sum_r v_r^2 Dbar_ri D_rj with Dbar in [0, 1] the mean gate along the step. So
  |H~ - H(0)| <= U(t) entry by entry, U_ij = |rho_ij| sum_r v_r^2 [i or j near, each open or near], and q = lambda_min(H(0)) - ‖U(t)‖ for
  eta <= 1/lambda_max(H(0)).
- *still neurons*, those without a near gate. With r = y - u, A_r = sum_i D_ri r_i x_i, B_r the same with Dbar, C_r = B_r - A_r, and
  theta = eta (lambda_max(H(0)) + ‖U(t)‖), ‖y - u‖^2 falls by eta sum_r v_r^2 (2 A_r . B_r - theta ‖A_r‖^2) at least. Where r is still that
  is (2 - theta) ‖A_r‖^2. Elsewhere only near gates add to C_r, and relu being convex, those of inputs with v_r r_i > 0 add nothing negative
  to A_r . C_r; with C_r the rest, (2 - theta) ‖A_r‖^2 - 2 ‖A_r‖ ‖C_r‖ >= -‖C_r‖^2/(2 - theta). So q = (1 - theta/2) lambda_min(S(t))
  - max(‖N+(t)‖, ‖N-(t)‖)/(2 (2 - theta)), S over still neurons, N_ij = |rho_ij| sum_r v_r^2 [i and j near] over those of one sign of v_r.

How far training travels follows from q (travel_integral.py). In flow, eta = 0, lambda_min(S) alone may stand for q: its kernel is a sum
over neurons, none of which is negative. Norms of the x_i and the v_r are arbitrary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb

from checkers.certification.balls import precision
from checkers.certification.gate_tables import GateTables, Sum
from checkers.certification.linear import eigenvalues, matrix_product
from checkers.certification.travel_integral import integrated, rounded_down, rounded_up
from checkers.records.training_certificates import Promise, TrainingCertificate
from theorems.language.instance import Array

BITS = 128
SHARES = tuple(2.0**-k for k in range(7))  # of 1/lambda_max(H(0)), the step sizes that are tried, largest first
NODES = 48  # of the integral, at squares of a uniform grid: the step function loses about 3% of it
FEWER, HOPELESS = 12, 0.5  # nodes that are enough where depth is less than that
LEFT = 0.02  # of lambda_min(H(0)): where q has fallen to that, the integral may end
ROUNDS, FINE = 4, 6  # of nodes put in before the one where the promise begins, so that it begins within 1/7^4 of their distance
SCALES = 2.0 ** np.arange(-30, 12)  # of ‖X‖ r_0/lambda_min(H(0)), the least travel there can be: among them is where the integral may end


@dataclass(frozen=True)
class _Start:
    """Enclosures at W(0). gram: rho; unit: the largest v_r^2; needed: ‖X‖ r_0 at most."""

    gram: np.ndarray
    unit: arb
    floor: arb
    top: arb
    data_norm: arb
    residual: arb

    @property
    def needed(self) -> arb:
        return (self.data_norm * self.residual).upper()


@dataclass(frozen=True)
class _Node:
    """At one travel: ‖U‖ and the larger ‖N‖ at most, lambda_min(S) at least."""

    travel: float
    flips: arb
    near: arb
    still: arb


def certificate(
    weights: Array, output: Array, inputs: Array, labels: Array, *, shares: tuple[float, ...] = SHARES, nodes: int = NODES
) -> TrainingCertificate:
    """weights: w_r, (m, d); output: v_r, (m,), +-1/sqrt(m) in the theory; inputs: x_i, (n, d), none of them zero; labels: y, (n,).

    shares: of 1/lambda_max(H(0)), step sizes to try, of which the first that is certified is taken.
    """
    tables = GateTables(weights, output, inputs)
    with precision(BITS):
        start = _start(tables, inputs, labels)
        found: list[_Node] = []
        if start.floor > 0:
            end = _end(tables, start)
            found = _on_grid(tables, start, end, FEWER)
            if _integrated(start, found, 0.0)[0] >= HOPELESS:
                found = _on_grid(tables, start, end, nodes)
        # so that eta lambda_max <= 1 survives the division
        descent = _promise(tables, start, found, [share / rounded_up(start.top) * (1 - 2**-50) for share in shares])
        flow = _promise(tables, start, found, [0.0])
    return TrainingCertificate(
        width=len(weights), samples=len(inputs), residual=rounded_up(start.residual), floor=rounded_down(start.floor),
        top=rounded_up(start.top), data_norm=rounded_up(start.data_norm), bits=BITS, descent=descent, flow=flow,
    )  # fmt: skip


def as_balls(values: Array, errors: Array | None = None) -> np.ndarray:
    """Object array of balls around exact numbers."""
    result = np.empty(values.shape, dtype=object)
    radii = np.zeros(values.size) if errors is None else errors.reshape(-1)
    result.reshape(-1)[:] = [arb(mid, radius) for mid, radius in zip(values.reshape(-1).tolist(), radii.tolist(), strict=True)]
    return result


def _kernel(start: np.ndarray, unit: arb, total: Sum, *, absolute: bool = False) -> np.ndarray:
    """rho_ij (or |rho_ij|) times a sum over neurons."""
    gram = np.abs(start) if absolute else start
    kernel: np.ndarray = gram * as_balls(total.value, total.error) * unit
    return kernel


def _start(tables: GateTables, inputs: Array, labels: Array) -> _Start:
    rows = as_balls(inputs)
    gram = matrix_product(rows, rows.T)
    unit = arb(tables.largest) ** 2
    spectrum = eigenvalues(_kernel(gram, unit, tables.open))
    outputs, error = tables.outputs()
    apart = as_balls(labels) - as_balls(outputs, error)
    residual = sum((x * x for x in apart), arb(0)).nonnegative_part().sqrt()
    norm = eigenvalues(gram)[-1].nonnegative_part().sqrt()
    return _Start(gram, unit, spectrum[0].lower(), spectrum[-1].upper(), norm.upper(), residual.upper())


def _node(tables: GateTables, start: _Start, travel: float) -> _Node:
    moved = tables.at(travel)
    flips = eigenvalues(_kernel(start.gram, start.unit, moved.flips, absolute=True))[-1].upper()
    pushing, pulling = (eigenvalues(_kernel(start.gram, start.unit, one, absolute=True))[-1].upper() for one in moved.near)
    still = eigenvalues(_kernel(start.gram, start.unit, moved.still))[0].lower()
    return _Node(travel, flips, pushing.max(pulling), still)


def _on_grid(tables: GateTables, start: _Start, end: float, nodes: int) -> list[_Node]:
    return [_node(tables, start, end * ((node + 1) / nodes) ** 2) for node in range(nodes)]


def _end(tables: GateTables, start: _Start) -> float:
    """About where little is left of the q of flow, by bisection in floating point: it only chooses the grid."""
    gram = np.array([[float(x.mid()) for x in row] for row in start.gram])
    unit, floor = float(start.unit.mid()), float(start.floor.mid())
    least = max(float(start.needed.mid()), 1e-300) / floor

    def left(travel: float) -> bool:
        moved = tables.at(travel)
        flips = np.linalg.eigvalsh(np.abs(gram) * moved.flips.value)[-1] * unit
        return bool(max(floor - flips, np.linalg.eigvalsh(gram * moved.still.value)[0] * unit) > LEFT * floor)

    low, high = 0, len(SCALES) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if left(least * SCALES[middle]) else (low, middle)
    inside, beyond = least * SCALES[low], least * SCALES[high]
    for _ in range(3):
        between = (inside + beyond) / 2
        inside, beyond = (between, beyond) if left(between) else (inside, between)
    return float(beyond)


def _rate(start: _Start, node: _Node, step_size: float) -> arb:
    """q at least."""
    by_flips = start.floor - node.flips
    if step_size == 0:
        return by_flips.max(node.still).lower()
    theta = (arb(step_size) * (start.top + node.flips)).upper()
    if not theta < 2:
        return by_flips.lower()
    by_still = (1 - theta / 2) * node.still - node.near / (2 * (2 - theta)) if node.still > 0 else by_flips
    return by_flips.max(by_still).lower()


def _integrated(start: _Start, nodes: Sequence[_Node], step_size: float) -> tuple[float, int, float]:
    return integrated(start.needed, [(node.travel, _rate(start, node, step_size)) for node in nodes], step_size)


def _promise(tables: GateTables, start: _Start, nodes: list[_Node], step_sizes: Sequence[float]) -> Promise:
    """Of the first of these step sizes (0: flow) that is certified. depth: of the best."""
    found = [(step_size, *_integrated(start, nodes, step_size)) for step_size in step_sizes]
    depth = max((depth for _, depth, _, _ in found), default=0.0)
    for step_size, _, place, rate in found:
        if rate <= 0:
            continue
        finer = nodes[: place + 1]
        for _ in range(ROUNDS):
            low, high = finer[place - 1].travel if place else 0.0, finer[place].travel
            between = [_node(tables, start, low + (high - low) * (k + 1) / (FINE + 1)) for k in range(FINE)]
            finer[place:place] = between
            _, place, rate = _integrated(start, finer, step_size)
        travel = finer[place].travel
        radius = rounded_up(arb(tables.largest) * arb(travel))
        return Promise(certified=True, depth=depth, rate=rate, travel=travel, radius=radius, step_size=step_size)
    return Promise(certified=False, depth=depth)

"""What W(0), the data and the labels prove of the first paper's networks: that training all hidden layers converges, how fast, how far.

f = b . h_L, h_l = relu(W_l h_{l-1}), h_0 = relu(A x), of which W_1..W_L are trained on 1/2 ‖y - f‖^2. One step takes r = y - f to (I - eta
H~) r, H~ = J~ J^T with J~ the mean Jacobian along the step. deep_change.py bounds what H~ can have lost of the kernel H(0) after a travel t
= eta sum ‖r‖, H~ = H(0) + E with |E| <= U(t) entry by entry, so q(t) = lambda_min(H(0)) - ‖U(t)‖ for eta <= 1/lambda_max(H(0)). In flow ‖r‖
falls at the rate of J J^T, which loses less; and (sigma_min(J(0)) - omega(t))^2, omega >= ‖J - J(0)‖, may stand for q, as in the derivation
of os-flow. How far training travels follows from q (travel_integral.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from flint import arb
from torch import Tensor

from checkers.certification.balls import precision
from checkers.certification.deep_change import Change, changed, unmoved
from checkers.certification.deep_start import Passes, deep_start, refuse_overflow
from checkers.certification.linear import eigenvalues, matrix_product
from checkers.certification.spectral_norms import DIRECTIONS, Norm, norm_of
from checkers.certification.training_certificate import BITS, SHARES, as_balls
from checkers.certification.travel_integral import integrated, rounded_down, rounded_up
from checkers.errors import InputError
from checkers.networks.network import Network
from checkers.records.training_certificates import Promise, TrainingCertificate
from theorems.language.instance import Array

FIRST = 0.97  # of lambda_min(H(0)) is left of q at the first node of the integral, at least
COARSE = 1.25  # from one node's travel to the next
LEFT = 0.02  # of lambda_min(H(0)): where q in flow has fallen to that, the integral ends
SMALLER, TRIES = 4.0, 24  # of the first node's travel, and how often; then the least flips cost too much
FINE = 6  # nodes in the place of the one where the promise begins


Changed = Callable[[float, Change], Change | None]  # after a travel, from what it is at a smaller one; None where nothing is known


@dataclass(frozen=True)
class _Start:
    """Enclosures at W(0): of the kernel's least eigenvalue from below and its largest from above, and of ‖y - f‖ from above."""

    floor: arb
    top: arb
    residual: arb
    still: Change
    changed: Changed


@dataclass(frozen=True)
class _Node:
    """At one travel: q of a step and of flow, at least."""

    change: Change
    step: arb
    flow: arb

    def rate(self, step_size: float) -> tuple[float, arb]:
        return self.change.travel, self.step if step_size else self.flow


def deep_norms(network: Network, variance: float = 2.0) -> list[Norm]:
    """Of A and W_1..W_L. variance: of their entries, over the width, by which norms of revealed weights are known."""
    return [norm_of(one, variance / network.width) for one in (network.input_weights, *network.hidden)]


def deep_certificate(
    network: Network, inputs: Array, labels: Array, norms: Sequence[Norm] | None = None, *, shares: tuple[float, ...] = SHARES
) -> TrainingCertificate:
    """network: one fully connected network with one output, whose weights are stored or revealed as they are asked for, its layers as wide
    as they like; inputs: (n, d_in); labels: (n,). norms: as deep_norms finds them.

    All sums over neurons allow for their rounding. Stored weights are proved about as they are; of revealed ones the norms hold with a
    probability, and 1 - `failure` is that of the proof. shares: of 1/lambda_max(H(0)), step sizes to try, the first certified is taken.
    """
    samples = len(inputs)
    if samples + (samples**2 * network.depth if network.depth > 1 else 0) > DIRECTIONS:
        raise InputError(f"{samples} rows on {network.depth} layers ask for more vectors than a certificate looks at: take fewer rows")
    norms = norms or deep_norms(network)
    start = deep_start(network, torch.as_tensor(inputs), norms[1:], norms[0])
    return certified(start, partial(changed, start), inputs, labels, norms, shares)


def certified(
    start: Passes, changed: Changed, inputs: Array, labels: Array, norms: Sequence[Norm], shares: tuple[float, ...]
) -> TrainingCertificate:  # fmt: skip
    """By what is known of the network's change, whatever its activation. norms: of A and W_1..W_L."""
    refuse_overflow(start.outputs_error, *(layer.forward * layer.backward for layer in start.layers))
    with precision(BITS):
        one = _start(start, changed, labels)
        nodes = _nodes(one) if one.floor > 0 else []
        descent = _promise(one, nodes, [share / rounded_up(one.top) * (1 - 2**-50) for share in shares] if one.top > 0 else [])
        flow = _promise(one, nodes, [0.0])
        rows = as_balls(inputs)
        norm = eigenvalues(matrix_product(rows, rows.T))[-1].nonnegative_part().sqrt()
    return TrainingCertificate(
        width=max(one.rows for one in norms), samples=len(inputs), residual=rounded_up(one.residual), floor=rounded_down(one.floor),
        top=rounded_up(one.top), data_norm=rounded_up(norm), bits=BITS, descent=descent, flow=flow, failure=sum(n.failure for n in norms),
    )  # fmt: skip


def _with_errors(values: Tensor, errors: Tensor) -> np.ndarray:
    return as_balls(values.numpy().copy(), errors.numpy().copy())


def _start(start: Passes, changed: Changed, labels: Array) -> _Start:
    kernel: np.ndarray = np.full((len(labels), len(labels)), arb(0), dtype=object)
    for layer in start.layers:
        forward, backward = (
            _with_errors(gram, (start.up - 1) * gram.diagonal().sqrt()[:, None] * gram.diagonal().sqrt())
            for gram in (layer.forward, layer.backward)
        )
        kernel = kernel + forward * backward
    spectrum = eigenvalues((kernel + kernel.T) / 2)  # the order of a sum's terms may differ from an entry to its mirror image
    apart = as_balls(labels) - _with_errors(start.outputs, start.outputs_error)
    residual = sum((x * x for x in apart), arb(0)).nonnegative_part().sqrt()
    return _Start(spectrum[0].lower(), spectrum[-1].upper(), residual.upper(), unmoved(start), changed)


def _norm(matrix: Tensor) -> arb:
    largest: arb = eigenvalues(as_balls(((matrix + matrix.mT) / 2).numpy()))[-1].upper()
    return largest


def _node(one: _Start, travel: float, before: Change) -> _Node | None:
    change = one.changed(travel, before)
    if change is None:
        return None
    kept = one.floor.sqrt() - arb(change.jacobian)
    by_jacobian = kept**2 if kept > 0 else arb(0)
    step, flow = ((one.floor - _norm(matrix)).lower() for matrix in (change.step, change.flow))
    return _Node(change, step, flow.max(by_jacobian).lower())


def _nodes(one: _Start) -> list[_Node]:
    """From where most of q is left to where little is, or to none where even the least travel costs too much."""
    travel, first = FIRST * rounded_up(one.residual / one.floor), None
    for _ in range(TRIES):
        travel /= SMALLER
        first = _node(one, travel, one.still)
        if first is not None and min(first.step, first.flow) >= FIRST * one.floor:
            break
    found: list[_Node] = []
    node = first
    while node is not None and node.flow > LEFT * one.floor:
        found.append(node)
        travel *= COARSE
        node = _node(one, travel, node.change)
    return found


def _promise(one: _Start, nodes: list[_Node], step_sizes: Sequence[float]) -> Promise:
    """Of the first of these step sizes (0: flow) that is certified. depth: of the best."""

    def depth(among: list[_Node], step_size: float) -> tuple[float, int, float]:
        return integrated(one.residual, [node.rate(step_size) for node in among], step_size)

    found = [(step_size, *depth(nodes, step_size)) for step_size in step_sizes]
    deepest = max((deep for _, deep, _, _ in found), default=0.0)
    for step_size, _, place, rate in found:
        if rate <= 0:
            continue
        finer = _finer(one, nodes[: place + 1])
        _, place, rate = depth(finer, step_size)
        change = finer[place].change
        return Promise(certified=True, depth=deepest, rate=rate, travel=change.distance, radius=change.distance, step_size=step_size)
    return Promise(certified=False, depth=deepest)


def _finer(one: _Start, nodes: list[_Node]) -> list[_Node]:
    """The same, with nodes before the last one."""
    *kept, last = nodes
    before = kept[-1].change if kept else one.still
    for k in range(1, FINE):
        travel = before.travel + (last.change.travel - before.travel) / (FINE - k + 1)
        node = _node(one, travel, before)
        if node is None:
            break
        kept.append(node)
        before = node.change
    return [*kept, last]

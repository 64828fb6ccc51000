"""The chain of lemmas on the actual weights of a run: what each inequality is worth at W(t), step by step.

Between W(0) and the loss at step t stand, in the paper's order: gradient bounds at W(t) (Theorem 3), semi-smoothness of the step that is
taken there (Theorem 4), the tangent kernel's drift (Theorem 5c). Here each is evaluated for the run's own loss vectors v_i = l'(f(x_i)),
with ‖v_i‖^2/2 in the place of F_i (they are equal for the squared loss), and its own step, with the distance travelled as the radius.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from checkers.kernels import layer_kernel
from checkers.network import Network, Record
from theorems import registry
from theorems.instance import Instance
from theorems.losses import Loss

# id -> [(step, left, right), ...]
Rows = dict[str, list[tuple[int, float, float]]]
DENSELY = 20  # steps from the start of which all are examined
# Spectral norm of a step, by layers: half of ‖W(0)‖_2 = 2 sqrt 2. What moves the weights farther is no perturbation to Theorem 4.
LONGEST = math.sqrt(2)
GROWTH = 1.05  # of the steps examined later, each from the last: some 14 a doubling


def examined_steps(steps: int) -> frozenset[int]:
    """The steps at which the chain is evaluated: each of the first, then ever fewer, and the last."""
    chosen = set(range(min(DENSELY, steps) + 1)) | {steps}
    step = float(DENSELY)
    while step < steps:
        chosen.add(round(step))
        step *= GROWTH
    return frozenset(chosen)


@dataclass
class Chain:
    """Evaluates the chain on one network, and keeps what it found as plain numbers: all of it goes into a checkpoint.

    rows: both sides of every inequality. kernel: (step, least eigenvalue, largest) of one output's tangent kernel.
    squares: (step, ‖grad F‖_F^2). descent: (step, what the gradient promises F to fall by in the step, what it fell by).
    start: the kernel at W(0). pending: the examined step whose outcome is not known yet.
    """

    instance: Instance
    loss: Loss
    step_size: float
    rows: Rows = field(default_factory=dict)
    kernel: list[tuple[int, float, float]] = field(default_factory=list)
    squares: list[tuple[int, float]] = field(default_factory=list)
    descent: list[tuple[int, float, float]] = field(default_factory=list)
    start: Tensor | None = None
    pending: dict[str, float] | None = None

    def see(self, identifier: str, step: int, left: Tensor | float, right: Tensor | float) -> None:
        self.rows.setdefault(identifier, []).append((step, float(left), float(right)))

    def finish_step(self, step: int, value: float) -> None:
        """F(W(t + 1)) of a step that was examined at t."""
        waiting, self.pending = self.pending, None
        if waiting is None or waiting["step"] != step - 1:
            return
        fell, promised = waiting["value"] - value, waiting["promised"]
        self.descent.append((step - 1, promised, fell))
        if self.loss.name == "squared" and waiting["size"] < LONGEST:  # Theorem 4 is about F = 1/2 sum_i ‖f(x_i) - y_i‖^2
            self.see("semi-smoothness", step - 1, promised - fell, waiting["remainder"])

    def examine(self, step: int, network: Network, record: Record, vectors: Tensor, moving: Tensor, value: float) -> None:
        """At W(t). vectors: l'(f(x_i)), (1, n, d), of F's gradient. moving: those of the step to come: of a minibatch, n/b larger, or 0."""
        n, d, m, depth = self.instance.samples, self.instance.outputs, self.instance.width, self.instance.depth
        factors = [factor[0, :, 0] for factor in network.backward(record, vectors[:, :, None])]
        same = moving is vectors or bool(torch.equal(moving, vectors))
        steps = factors if same else [factor[0, :, 0] for factor in network.backward(record, moving[:, :, None])]
        activations = [h[0] for h in record.activations[:-1]]
        half = vectors[0].square().sum(-1) / 2
        upper, lower = _constants("gradient-upper"), _constants("gradient-lower")
        worst, squares, inner, spectral = 0.0, [], 0.0, 0.0
        for s, moved, h in zip(factors, steps, activations, strict=True):
            gram = h @ h.mT
            inner += float((gram * (s @ moved.mT)).sum())
            squares.append(float((gram * (s @ s.mT)).sum()))
            own = s.square().sum(-1) * gram.diagonal()
            worst = max(worst, float((own / half.clamp_min(1e-300)).max()), squares[-1] / max(n * float(half.sum()), 1e-300))
            spectral = max(spectral, self.step_size * spectral_norm(moved, h))
        self.see("gradient-upper", step, worst, upper["C"] * m / d)
        self.see("gradient-lower", step, lower["c"] * self.instance.separation * m / (d * n) * half.max(), squares[-1])
        self.squares.append((step, sum(squares)))
        distance = float(network.distance()[0])
        omega = max(distance, spectral)
        C = _constants("semi-smoothness")["C"]
        flips = math.sqrt(n * max(value, 0.0)) * math.cbrt(omega) * depth**2 * math.sqrt(m * math.log(m) / d)
        remainder = C * (flips * spectral + n * depth**2 * m / d * spectral**2)
        self.pending = {"step": step, "size": spectral, "value": value, "promised": self.step_size * inner, "remainder": remainder}
        if depth == 1 or _stored(network):
            self._kernel(step, network, record, activations, distance)

    def _kernel(self, step: int, network: Network, record: Record, activations: list[Tensor], distance: float) -> None:
        """Of the first output: all outputs have one law. Revealed weights would be asked n more questions a layer; they are left alone."""
        unit = torch.eye(network.outputs, dtype=record.outputs.dtype, device=record.outputs.device)[:1]
        factors = network.backward(record, unit.expand(1, self.instance.samples, 1, -1))
        layers = [layer_kernel(s[:, :, :, None], h[None, :, None])[0] for s, h in zip(factors, activations, strict=True)]
        kernel = torch.stack(layers).sum(0)
        values = torch.linalg.eigvalsh(kernel)
        self.kernel.append((step, float(values[0]), float(values[-1])))
        if self.start is None:
            self.start = kernel
            return
        own = self.start.diagonal().clamp_min(1e-300).sqrt()
        constant = _constants("kernel-stability")["C"]
        right = constant * math.sqrt(math.log(self.instance.width)) * math.cbrt(distance) * self.instance.depth**3
        self.see("kernel-stability", step, ((kernel - self.start).abs() / (own[:, None] * own)).max(), right)


def _constants(identifier: str) -> dict[str, float]:
    return registry[identifier].constant_values()


def _stored(network: Network) -> bool:
    from checkers.dense import DenseWeights

    return isinstance(network.hidden[0], DenseWeights)


def spectral_norm(left: Tensor, right: Tensor) -> float:
    """‖left^T right‖_2 of (n, m) factors: with left^T = Q R and right^T = P S it is that of R S^T."""
    first, second = torch.linalg.qr(left.mT, mode="r").R, torch.linalg.qr(right.mT, mode="r").R
    return float(torch.linalg.matrix_norm(first @ second.mT, ord=2))

"""The chain of lemmas on the actual weights of a run: what each inequality is worth at W(t), step by step.

Between W(0) and the loss at step t stand, in the paper's order: gradient bounds at W(t) (Theorem 3), semi-smoothness of the step that is
taken there (Theorem 4), the tangent kernel's drift (Theorem 5c). Here each is evaluated for the run's own loss vectors v_i = l'(f(x_i)),
with ‖v_i‖^2/2 in the place of F_i (they are equal for the squared loss), and its own step, with the distance travelled as the radius.
The claimed sides are the formulas of the forms on the network's architecture, at the run's own F, size, omega and tau_l.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor

from checkers.networks.gradient import Gradient
from checkers.networks.kernels import gradient_factors, layer_kernel
from checkers.networks.network import ForwardPass, Network
from theorems import registry
from theorems.language.formula import SYMBOLS
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED
from theorems.laws.losses import Loss

# id -> [(step, left, right), ...]
Rows = dict[str, list[tuple[int, float, float]]]
DENSELY = 20  # steps from the start of which all are examined
TINY = 1e-300  # in place of a divisor of zero
# The lemmas between W(0) and the loss at step t.
CHAIN = ("gradient-upper", "gradient-lower", "semi-smoothness", "kernel-stability")
# What a run knows beside sizes: F, or max_i F_i where the claim has that; max_l ‖W'_l‖_2 of the step; the factor before W_l. omega is the
# radius of a ball around W(0) that holds W(t) and W(t) + W'.
KNOWN: Final = frozenset({"F", "size", "tau_l"})
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
    architecture: str = FULLY_CONNECTED
    rows: Rows = field(default_factory=dict)
    kernel: list[tuple[int, float, float]] = field(default_factory=list)
    squares: list[tuple[int, float]] = field(default_factory=list)
    descent: list[tuple[int, float, float]] = field(default_factory=list)
    start: Tensor | None = None
    pending: dict[str, float] | None = None

    def see(self, identifier: str, step: int, left: Tensor | float, right: Tensor | float) -> None:
        self.rows.setdefault(identifier, []).append((step, float(left), float(right)))

    def claimed(self, identifier: str, **known: float) -> list[float]:
        """The claimed side, one a part, of the statement's form on this architecture; none where it has no form, or one that says nothing
        of runs. known: of KNOWN, and omega."""
        if not _speaks(identifier, self.architecture):
            return []
        return [float(side) for side in registry.form(identifier, self.architecture).claimed(self.instance, **known)]

    def finish_step(self, step: int, value: float) -> None:
        """F(W(t + 1)) of a step that was examined at t."""
        waiting, self.pending = self.pending, None
        if waiting is None or waiting["step"] != step - 1:
            return
        fell, promised = waiting["value"] - value, waiting["promised"]
        self.descent.append((step - 1, promised, fell))
        if "remainder" in waiting:
            self.see("semi-smoothness", step - 1, promised - fell, waiting["remainder"])

    def examine(self, step: int, network: Network, record: ForwardPass, vectors: Tensor, moving: Tensor, value: float) -> None:
        """At W(t). vectors: l'(f(x_i)), (1, n, d), of F's gradient. moving: those of the step to come: of a minibatch, n/b larger, or 0."""
        same = moving is vectors or bool(torch.equal(moving, vectors))
        pairs = gradient_factors(network, record, network.backward(record, vectors[:, :, None]))
        steps = pairs if same else gradient_factors(network, record, network.backward(record, moving[:, :, None]))
        half = vectors[0].square().sum(-1) / 2
        distance = float(network.distance()[0])
        bounds: list[tuple[float, float]] = []  # of gradients: both sides, layer by layer, of one F_i and of F
        squares, inner, spectral = [], 0.0, 0.0
        for layer, ((s, h), (moved, _)) in enumerate(zip(pairs, steps, strict=True), start=1):
            gradient, move = Gradient(s[0, :, 0], h[0]), Gradient(moved[0, :, 0], h[0])
            squares.append(gradient.inner(gradient))
            inner += squares[-1] if same else gradient.inner(move)
            found = (float((gradient.own_squares() / half.clamp_min(TINY)).max()), squares[-1] / max(float(half.sum()), TINY))
            scale = network.architecture.scale(layer, len(pairs), network.width)
            bounds += zip(found, self.claimed("gradient-upper", tau_l=scale, omega=distance), strict=False)
            spectral = max(spectral, self.step_size * move.spectral_norm())
        if bounds:
            self.see("gradient-upper", step, *max(bounds, key=lambda sides: sides[0] / sides[1]))
        apart = self.instance.separation > 0  # of equal inputs nothing is asked
        for lower in self.claimed("gradient-lower", F=float(half.max())) if apart else ():
            self.see("gradient-lower", step, lower, squares[-1])
        self.squares.append((step, sum(squares)))
        self.pending = {"step": step, "size": spectral, "value": value, "promised": self.step_size * inner}
        # Theorem 4 is about F = 1/2 sum_i ‖f(x_i) - y_i‖^2, and a step that moves the weights too far is no perturbation to it.
        if self.loss.name == "squared" and spectral < longest_step(network):
            for remainder in self.claimed("semi-smoothness", F=value, omega=max(distance, spectral), size=spectral):
                self.pending["remainder"] = remainder
        if len(pairs) == 1 or _stored(network):
            self._kernel(step, network, record, distance)

    def _kernel(self, step: int, network: Network, record: ForwardPass, distance: float) -> None:
        """Of the first output: all outputs have one law. Revealed weights would be asked n more questions a layer; they are left alone."""
        unit = torch.eye(network.outputs, dtype=record.outputs.dtype, device=record.outputs.device)[:1]
        factors = network.backward(record, unit.expand(1, self.instance.samples, 1, -1))
        kernel = torch.stack([layer_kernel(*pair)[0] for pair in gradient_factors(network, record, factors)]).sum(0)
        values = torch.linalg.eigvalsh(kernel)
        self.kernel.append((step, float(values[0]), float(values[-1])))
        if self.start is None:
            self.start = kernel
            return
        own = self.start.diagonal().clamp_min(TINY).sqrt()
        for right in self.claimed("kernel-stability", omega=distance):
            self.see("kernel-stability", step, ((kernel - self.start).abs() / (own[:, None] * own)).max(), right)


def longest_step(network: Network) -> float:
    """Half of ‖W_l(0)‖_2, which is near sqrt(2/fan-in) (sqrt(rows) + sqrt(columns)): what moves weights farther is no perturbation."""
    rows, columns = network.architecture.hidden_shape(network.width)
    return math.sqrt(2 / network.architecture.fan_in(network.width)) * (math.sqrt(rows) + math.sqrt(columns)) / 2


def _speaks(identifier: str, architecture: str) -> bool:
    """Whether the statement has a form there, whose bound is a formula of what a run knows."""
    if not registry.has_form(identifier, architecture):
        return False
    form = registry.form(identifier, architecture)
    known = {*SYMBOLS, *form.constants, *form.definitions, *KNOWN}
    return bool(form.bounds) and all(bound.names <= known for bound in form.bounds)


def left_out(architecture: str) -> list[tuple[str, str]]:
    """(id, why) of the chain's statements that are not evaluated along runs on this architecture."""
    silent = "its bound there is no formula of what a run knows"
    reasons = {name: silent if registry.has_form(name, architecture) else registry.reason(name, architecture) for name in CHAIN}
    return [(name, reason) for name, reason in reasons.items() if not _speaks(name, architecture)]


def _stored(network: Network) -> bool:
    from checkers.networks.weights.dense import DenseWeights

    return isinstance(network.hidden[0], DenseWeights)

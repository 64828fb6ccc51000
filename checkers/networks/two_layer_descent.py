"""Gradient descent on the first layer of a two-layer network of any width: a table of the few neurons whose gates may change, no weights.

f(x) = sum_r v_r relu(w_r . x) on 1/2 ‖y - u‖^2. As long as no ‖w_r - w_r(0)‖ exceeds |v_r| T, a neuron with |w_r(0) . x_i| > |v_r| T ‖x_i‖
for all i is *still*: its gates stay, and what it has taken up is v_r sum_i D_ri P_i x_i with P = eta sum_k r(k), r = y - u. All of them
together add the linear map rho_ij sum_r v_r^2 D_ri D_rj of P to the outputs. The others, few at large width, are followed one by one
through z_ri = w_r . x_i. T is taken on trust, and every step says whether it still holds: of a certificate, or a guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from theorems.language.instance import Array

GUESS = 1.5  # times as far as a neuron would go if no gate changed
AGAIN = 2.0  # times what turned out to be too little
MOST_PATTERNS = 1 << 14  # of still neurons' gates, over which their farthest is looked for at every step
BLOCK = 1 << 16

Blocks = Callable[[], Iterable[tuple[Tensor, Tensor]]]  # the neurons, (b, d) and (b,) at a time, the same at every call


@dataclass(frozen=True)
class TwoLayerStep:
    """After `step` steps. residual: y - u, (n,). farthest: the largest ‖w_r - w_r(0)‖/|v_r|, or where still neurons are of too many
    patterns to look at, at most that. trusted: whether farthest stayed below T, without which the rest means nothing."""

    step: int
    residual: Tensor
    farthest: float
    trusted: bool


def in_blocks(weights: Array, output: Array) -> Blocks:
    """Of arrays (m, d) and (m,)."""

    def blocks() -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(weights), BLOCK):
            part = slice(start, start + BLOCK)
            yield torch.from_numpy(weights[part]), torch.from_numpy(output[part])

    return blocks


@dataclass(frozen=True)
class _Neurons:
    """still: their kernel, (n, n); patterns: their gates, (p, n), None if too many; outputs: theirs at W(0). z, v: of the others."""

    still: Tensor
    patterns: Tensor | None
    outputs: Tensor
    z: Tensor
    v: Tensor


def _sorted_out(blocks: Blocks, inputs: Tensor, travel: float) -> _Neurons:
    samples = len(inputs)
    lengths = inputs.norm(dim=1)
    counts, outputs = torch.zeros(samples, samples, dtype=inputs.dtype), torch.zeros(samples, dtype=inputs.dtype)
    patterns: Tensor | None = torch.zeros(0, samples, dtype=torch.bool)
    moving: list[tuple[Tensor, Tensor]] = []
    for weights, v in blocks():
        z = weights @ inputs.mT
        near = (z.abs() <= travel * v.abs()[:, None] * lengths).any(1)
        moving.append((z[near], v[near]))
        z, v = z[~near], v[~near]
        opened = (z >= 0).to(z)
        counts += (opened * v.square()[:, None]).mT @ opened
        outputs += v @ z.clamp_min(0)
        if patterns is not None and len(z):
            packed = np.concatenate([np.packbits(part.numpy(), axis=1) for part in (patterns, z[v != 0] >= 0)])
            distinct = np.unpackbits(np.unique(packed, axis=0), axis=1, count=samples)
            patterns = torch.from_numpy(distinct.astype(np.bool_)) if len(distinct) <= MOST_PATTERNS else None
    z, v = (torch.cat(parts) for parts in zip(*moving, strict=True))
    return _Neurons(inputs @ inputs.mT * counts, patterns, outputs, z, v)


def _farthest(patterns: Tensor | None, pushed: Tensor, inputs: Tensor) -> float:
    """The largest ‖sum_i D_ri P_i x_i‖ over still neurons, or a bound where their patterns are too many."""
    if patterns is None:
        return float(torch.linalg.matrix_norm(inputs, 2) * pushed.norm())
    return float(torch.linalg.vector_norm((patterns * pushed) @ inputs, dim=1).max()) if len(patterns) else 0.0


@torch.no_grad()
def descend_two_layer(
    blocks: Blocks, inputs: Tensor, labels: Tensor, travel: float, step_size: float, steps: int
) -> Iterator[TwoLayerStep]:
    """Yields step 0, ..., `steps`. inputs: (n, d); labels: (n,), float64; travel: T."""
    neurons = _sorted_out(blocks, inputs, travel)
    gram = inputs @ inputs.mT
    z, v = neurons.z.clone(), neurons.v
    patterns = None if neurons.patterns is None else neurons.patterns.to(inputs)
    pushed, taken = torch.zeros_like(labels), torch.zeros_like(z)  # P, and of each moving neuron eta sum_k D_ri r_i
    trusted = True
    for step in range(steps + 1):
        residual = labels - neurons.outputs - neurons.still @ pushed - v @ z.clamp_min(0)
        moved = float(((taken @ gram) * taken).sum(1).amax().clamp_min(0).sqrt()) if len(z) else 0.0
        farthest = max(moved, _farthest(patterns, pushed, inputs))
        trusted = trusted and farthest <= travel
        yield TwoLayerStep(step, residual, farthest, trusted)
        if step < steps:
            push = (z >= 0) * (step_size * residual)
            z += v[:, None] * (push @ gram)
            taken += push
            pushed = pushed + step_size * residual


def descend_smooth(
    weights: Array, output: Array, inputs: Tensor, labels: Tensor, activation: str, step_size: float, steps: int
) -> Iterator[TwoLayerStep]:
    """The same for f(x) = sum_r v_r phi(w_r . x), whose weights all move: farthest is ‖W - W(0)‖_F. activation: phi, as torch calls it."""
    phi: Callable[[Tensor], Tensor] = getattr(torch.nn.functional, activation)
    start, v = torch.from_numpy(weights), torch.from_numpy(output)
    now = start
    for step in range(steps + 1):
        z = (now @ inputs.mT).requires_grad_()
        values = phi(z)
        (slopes,) = torch.autograd.grad(values.sum(), z)
        residual = labels - v @ values.detach()
        yield TwoLayerStep(step, residual, float(torch.linalg.vector_norm(now - start)), True)
        now = now + step_size * v[:, None] * ((slopes * residual) @ inputs)


@torch.no_grad()
def train_two_layer(blocks: Blocks, inputs: Tensor, labels: Tensor, share: float, steps: int) -> tuple[float, list[TwoLayerStep]]:
    """eta = share/lambda_max(H(0)), and all steps of descent with it, T being found out."""
    start = _sorted_out(blocks, inputs, -1.0)  # none is near
    values, vectors = torch.linalg.eigh(start.still)
    step_size = share / float(values[-1])
    parts = vectors.mT @ (labels - start.outputs)
    # (steps, n): P of the linear descent, whose residual has (1 - eta lambda)^k of each part
    shrunk = (1 - step_size * values[:, None]) ** torch.arange(steps)
    pushed = (vectors @ (step_size * shrunk * parts[:, None]).cumsum(1)).mT
    travel = GUESS * max(_farthest(start.patterns, row, inputs) for row in pushed)
    while True:
        run = list(descend_two_layer(blocks, inputs, labels, travel, step_size, steps))
        farthest = run[-1].farthest
        if run[-1].trusted or not math.isfinite(farthest):  # or it diverged
            return step_size, run
        travel = AGAIN * max(travel, farthest)

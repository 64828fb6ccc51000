"""The largest singular value of a matrix that is known only through products: Lanczos on M^T M, batched.

With V the orthonormal basis built so far, sigma_max(M V^T) is a lower bound on ‖M‖ whatever the start. For a Gaussian start
in dimension p the relative error of its square after k steps exceeds e with probability at most
1.648 sqrt(p) exp(-sqrt(e) (2k - 1)) (Kuczynski & Wozniakowski 1992, theorem 4.2), and k = p is exact almost surely.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Operator = Callable[[Tensor], Tensor]


def largest_singular_pair(apply: Operator, apply_transpose: Operator, start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Lower bound on the norms and the unit right vectors that attain it.

    start: (trials, k, dimension), one generic vector for each of the trials x k operators.
    apply: (trials, k, dimension) -> (trials, k, rows), each operator on its own vector; apply_transpose the other way.
    Returns (trials, k) and (trials, k, dimension). Where the start has no part along the top singular vector (as a zero
    start) the bound holds but need not be tight. A zero operator gives 0 and no particular vector.
    """
    if steps < 1:
        raise ValueError(f"Lanczos needs at least one step, not {steps}")
    steps = min(steps, start.shape[-1])
    basis = start.new_zeros(*start.shape[:2], steps, start.shape[-1])
    gram = start.new_zeros(*start.shape[:2], steps, steps)
    residual = start
    for step in range(steps):
        # Normalizing magnifies whatever the residual still has of the basis, so project once more: a direction that was
        # rounding noise inside the basis loses its length and becomes zero; noise outside of it is as good a start as any.
        direction = _orthogonal(_unit(residual, 0.0), basis[:, :, :step])
        direction = _unit(direction, 0.5)
        if not bool((direction != 0).any()):
            break
        basis[:, :, step] = direction
        residual = apply_transpose(apply(direction))
        # Row `step` of V M^T M V^T, measured rather than assumed tridiagonal; eigh reads the lower triangle only.
        gram[:, :, step, : step + 1] = (basis[:, :, : step + 1] @ residual[..., None])[..., 0]
        residual = _orthogonal(residual, basis[:, :, : step + 1])
    values, vectors = torch.linalg.eigh(gram)
    top = (vectors[..., None, :, -1] @ basis)[..., 0, :]
    return values[..., -1].clamp(min=0).sqrt(), top


def _orthogonal(x: Tensor, basis: Tensor) -> Tensor:
    """x minus its projection on the rows of the basis; x: (trials, k, dimension), basis: (trials, k, j, dimension)."""
    return x - ((basis @ x[..., None]).mT @ basis)[..., 0, :]


def _unit(x: Tensor, floor: float) -> Tensor:
    """x / ‖x‖ where ‖x‖ > floor, else zero."""
    size = x.norm(dim=-1, keepdim=True)
    return torch.where(size > floor, x / torch.where(size > floor, size, 1), 0)

"""Orthonormal rows that span what given rows span, for every trial at once."""

from __future__ import annotations

import torch
from torch import Tensor

WELL_CONDITIONED = 0.1  # a row of which a tenth remains loses at most one digit


def row_norms(x: Tensor) -> Tensor:
    """Of each row: (..., k, dimension) -> (..., k)."""
    # float64 sums: a unit vector of 10^7 float32 entries must be one to better than 1e-3.
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, dtype=torch.float64)
    return norm.to(x.dtype)


def orthonormal(block: Tensor, norm: Tensor, floor: Tensor) -> tuple[Tensor, Tensor | None]:
    """Gram-Schmidt on the rows (trials, k, dimension), of the norms (trials, k); a row whose remainder is at most `floor` (trials, k)
    becomes zero.

    With C = L L^T the rows' correlations, Gram-Schmidt's result is L^{-1} times the unit rows, and L_ii is what of row i remains. Where
    nothing nearly vanishes that is as accurate (Yamamoto et al. 2015), and a few products. Second result: the coordinates of the rows
    along the first, in that case.
    """
    if bool((norm > floor).all()):
        scale = 1 / norm
        lower, failed = torch.linalg.cholesky_ex((block @ block.mT) * scale[..., None] * scale[:, None])
        left = lower.diagonal(dim1=1, dim2=2)
        if not bool(failed.any()) and bool(((left > WELL_CONDITIONED) & (left * norm > floor)).all()):
            identity = torch.eye(lower.shape[1], dtype=lower.dtype, device=lower.device)
            inverse: Tensor = torch.linalg.solve_triangular(lower, identity, upper=False)
            return (inverse * scale[:, None]) @ block, norm[..., None] * lower
    result = torch.zeros_like(block)
    for i in range(block.shape[1]):
        earlier, row = result[:, :i], block[:, i : i + 1]
        row = row - (row @ earlier.mT) @ earlier
        left = row_norms(row)
        kept = left > floor[:, i : i + 1]
        result[:, i : i + 1] = torch.where(kept, 1 / torch.where(kept, left, 1), 0)[..., None] * row
    return result, None

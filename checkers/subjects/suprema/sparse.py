"""Suprema over sparse vectors, sup |u^T M v| over unit u and v with few nonzeros, for matrices known through products: from below.

For fixed u the best s-sparse unit v keeps the s largest entries of |M^T u| (Cauchy-Schwarz on every support), and the other way
round. So alternating truncation never decreases |u^T M v|, and is the power method where nothing is truncated. It ends in a local
maximum, of which sparse problems have many: the starts matter. A single coordinate is as good as its column is long, and with one
probe for every row all columns are seen; the leading singular vector serves the supports that are large. Long rows say nothing of sparse
u, so where v may have any number of nonzeros and u may not, it is the transpose whose columns are to be seen.
"""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.subjects.suprema.singular_values import Operator


def truncated(x: Tensor, sparsity: int | None) -> Tensor:
    """Unit vectors along x with all but the `sparsity` largest entries (None: all are kept) set to zero; zero stays zero."""
    if sparsity is not None and sparsity < x.shape[-1]:
        kept = x.abs().topk(sparsity, dim=-1).indices
        x = torch.zeros_like(x).scatter(-1, kept, x.gather(-1, kept))
    norm = x.norm(dim=-1, keepdim=True)
    return x / torch.where(norm > 0, norm, 1)


def sparse_pairs(
    apply: Operator, apply_transpose: Operator, probes: Tensor, left: int | None, right: int | None, starts: int = 4, steps: int = 8
) -> tuple[Tensor, Tensor, Tensor]:
    """Values u^T M v found, u and v unit vectors with at most `left` and `right` nonzeros (None: any number), with u and v.

    Shapes (trials, k, pairs), (trials, k, pairs, rows), (trials, k, pairs, columns).

    apply: (trials, k, p, columns) -> (trials, k, p, rows), M of each of the trials x k operators on p vectors; apply_transpose back.
    probes: (trials, k, p, rows), vectors u to look at M with: the identity shows all of it, a few Gaussian ones the long columns.
    starts: that many best columns and the probes that see most are followed, for `steps` rounds, besides the leading singular vector.
    """
    if right is None and left is not None:
        raise ValueError("the search ranks columns: transpose the matrix, so that the sparse side is theirs")
    images = apply_transpose(probes)
    shown = images.abs().mT  # entry (j, p): what probe p sees of column j
    if left is not None and left < shown.shape[-1]:
        shown = shown.topk(left, dim=-1).values
    best = shown.norm(dim=-1).topk(min(starts, images.shape[-1]), dim=-1).indices
    columns = torch.zeros_like(images[..., :1, :]).expand(*images.shape[:2], best.shape[-1], -1).scatter(-1, best[..., None], 1)
    leading = images.sum(dim=2, keepdim=True)
    for _ in range(steps):  # towards the leading singular vector: it is a start, and truncation corrects it
        leading = apply_transpose(apply(truncated(leading, None)))
    seen = images.abs() if right is None or right >= images.shape[-1] else images.abs().topk(right, dim=-1).values
    most = seen.norm(dim=-1).topk(min(starts, images.shape[2]), dim=-1).indices  # with a probe for every row, the best rows
    rows = images.gather(2, most[..., None].expand(-1, -1, -1, images.shape[-1]))
    v = truncated(torch.cat([columns, rows, leading], dim=2), right)
    value = v.new_zeros(v.shape[:3])
    for step in range(steps):
        u = truncated(apply(v), left)
        along = apply_transpose(u)
        v = truncated(along, right)
        larger = (along * v).sum(dim=-1)
        if step and bool((larger <= value * (1 + 1e-3)).all()):  # a local maximum, to far less than constants are known
            break
        value = larger
    return larger, u, v

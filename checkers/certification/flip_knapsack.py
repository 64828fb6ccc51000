"""What the neurons that flip are worth at most, if the squares of what it takes to flip them sum to a given room."""

from __future__ import annotations

import torch
from torch import Tensor

from checkers.certification.gate_tables import EPS

LOOKED_AT = 1 << 13  # neurons by which the multiplier is chosen: any is a proof


def flip_bound(weight: Tensor, worth: Tensor, room: float) -> Tensor:
    """max sum_k s_k worth_k over 0 <= s <= 1 with sum_k s_k weight_k <= room is at most c room + sum_k (worth_k - c weight_k)_+ for every
    c >= 0. weight: (m,), worth: (items, m), neither negative; the bounds, (items,), have room for their rounding."""
    stride = max(1, weight.shape[-1] // LOOKED_AT)
    some, prize = weight[::stride].expand_as(worth[:, ::stride]), worth[:, ::stride]
    ratio, order = (prize / some.clamp_min(1e-300)).sort(dim=-1, descending=True)
    filled = some.gather(-1, order).cumsum(-1) * stride
    place = (filled < room).sum(-1, keepdim=True)  # the first that does not fit
    last = ratio.gather(-1, place.clamp_max(ratio.shape[-1] - 1))
    multiplier = torch.where(place < ratio.shape[-1], last, 0.0).clamp_max(1e250)
    total = torch.stack([torch.relu_(torch.addcmul(one, weight, c, value=-1)).sum() for one, c in zip(worth, multiplier, strict=True)])
    found: Tensor = (total + multiplier[:, 0] * room) * (1 + (weight.shape[-1] + 64) * EPS)
    return found

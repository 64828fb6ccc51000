"""The knapsack's greedy choice, for many knapsacks at once: what does not fit is skipped, and the scan goes on.

Going through the items in some order and taking all that fit is the same as this: leave out the items that are heavier than the room
that is left (they never fit again), take the longest first part of the others that fits, and repeat. Every round ends at an item that
is then left out, so no more rounds are needed than there are items that do not fit; each is a cumulative sum over all of them.

The order of worth per weight takes at least the optimum less one item (the one that the linear relaxation splits); the order of
worth takes the most valuable item that fits. The better of the two is worth at least half the optimum.
"""

from __future__ import annotations

import torch
from torch import Tensor

# A round takes on until the next item exceeds what is left, so what is left is on average half an item or less, and halves again: after
# eight rounds 1/100 of an item is still to be filled. tests/checkers/adversaries/test_flips.py compares with the scan item by item.
ROUNDS = 8


def greedy(order: Tensor, weight: Tensor, room: Tensor) -> Tensor:
    """Which items the scan in this order takes. order: indices, (..., items); weight: >= 0, infinite for those that must not be taken;
    room: (...,). Boolean, (..., items)."""
    sorted_weight = weight.gather(-1, order)
    taken = torch.zeros_like(order, dtype=torch.bool)
    left = room[..., None]
    for _ in range(ROUNDS):
        fits = (sorted_weight <= left) & ~taken
        if not bool(fits.any()):
            break
        offered = torch.where(fits, sorted_weight, 0)
        fits &= offered.cumsum(-1) <= left
        taken |= fits
        left = (left - torch.where(fits, offered, 0).sum(-1, keepdim=True)).clamp_min(0)
    return torch.zeros_like(taken).scatter(-1, order, taken)


def knapsack(weight: Tensor, worth: Tensor, room: Tensor) -> Tensor:
    """Items of total weight at most `room` that are worth much together, at least half of the most. weight, worth: (..., items), weight
    infinite or worth not positive for those that must not be taken; room: (...,). Boolean, (..., items)."""
    weight = torch.where(worth > 0, weight, torch.inf)
    # Of a wide layer's neurons a few per cent are light enough at all: only they are sorted.
    few = int((weight <= room[..., None]).sum(-1).max())
    light, items = weight.topk(few, dim=-1, largest=False)
    prize = worth.gather(-1, items)
    by_worth = prize.argsort(dim=-1, descending=True, stable=True)
    # What is worth its weight has one price, whatever rounding makes of it: in single precision it has, and the worthier goes first.
    tiny = torch.finfo(worth.dtype).tiny
    share = prize / prize.sum(-1, keepdim=True).clamp_min(tiny)
    price = light / room[..., None].clamp_min(tiny) / share.clamp_min(tiny)
    by_price = by_worth.gather(-1, price.gather(-1, by_worth).float().argsort(dim=-1, stable=True))
    cheap, large = greedy(by_price, light, room), greedy(by_worth, light, room)
    better = torch.where(large, prize, 0).sum(-1) > torch.where(cheap, prize, 0).sum(-1)
    return torch.zeros_like(worth, dtype=torch.bool).scatter(-1, items, torch.where(better[..., None], large, cheap))

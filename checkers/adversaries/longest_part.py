"""Moves of one layer along the longest of the vectors that its weights are applied to.

W' = (u/scale) v^T/‖v‖^2 adds u to what the layer's pre-activation is where W_l is applied to v. In fully connected layers v is h_{l-1}
and u is added to all of g_l; where W_l is applied to several parts of h, the longest costs the least.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack


@dataclass(frozen=True)
class LongestPart:
    """v: (trials, 1, columns), the longest part of h; place: its number; scale: the layer's factor in front of W_l."""

    attack: Attack
    v: Tensor
    place: Tensor
    scale: float

    @property
    def budget(self) -> Tensor:
        """How long u may be, (trials,)."""
        length: Tensor = torch.linalg.vector_norm(self.v[:, 0], dim=-1)
        return self.attack.radius * self.scale * length

    def seen(self, x: Tensor) -> Tensor:
        """The entries of a vector over neurons that W' reaches: (trials, neurons) -> (trials, rows)."""
        split = self.attack.origin.architecture.split(x)
        return split.gather(1, self.place.expand(-1, 1, split.shape[-1]))[:, 0]

    def move(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The factors of W' from u, (trials, rows)."""
        squared = self.v.square().sum(-1, keepdim=True)
        left = u[:, None] if self.scale == 1.0 else u[:, None] / self.scale
        return left, torch.where(squared > 0, self.v / squared.clamp_min(torch.finfo(u.dtype).tiny), 0)


def longest_part(attack: Attack, layer: int, h: Tensor) -> LongestPart:
    """h: (trials, 1, neurons), the activation that layer `layer` sees."""
    architecture = attack.origin.architecture
    parts = architecture.patches(h)[:, 0]  # (trials, r, columns)
    place = parts.square().sum(-1).argmax(-1)[:, None, None]
    v = parts.gather(1, place.expand(-1, 1, parts.shape[-1]))
    return LongestPart(attack, v, place, architecture.scale(layer, attack.origin.depth, attack.origin.width))

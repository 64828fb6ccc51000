"""Moves of one layer along one direction of what its weights are applied to.

W' = u v^T with ‖v‖ = 1 has the norm ‖u‖ and adds (scale <v, x_r>) u to part r of g_l, where x_r is the r-th vector that W_l is applied
to. In fully connected layers there is one, h_{l-1}, and v lies along it; where there are several, one u reaches all parts at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from checkers.adversaries.attack import Attack, unit


@dataclass(frozen=True)
class Line:
    """v: (trials, samples, columns), of norm 1 or 0; reach: scale <v, x_r>, (trials, samples, r), not negative. One for each sample."""

    attack: Attack
    v: Tensor
    reach: Tensor

    def split(self, x: Tensor) -> Tensor:
        """The parts of a vector over neurons: (trials, samples, neurons) -> (trials, samples, r, rows)."""
        return self.attack.origin.architecture.split(x)

    def nearest(self, x: Tensor) -> Tensor:
        """The part of the largest reach: (trials, samples, neurons) -> (trials, samples, rows)."""
        place = self.reach.argmax(-1)[..., None, None]
        split = self.split(x)
        return split.gather(-2, place.expand(*place.shape[:-1], split.shape[-1]))[..., 0, :]

    def where(self, kept: Tensor, other: Line) -> Line:
        """This line for the samples where `kept`, (trials, samples, 1), else the other."""
        return Line(self.attack, torch.where(kept, self.v, other.v), torch.where(kept, self.reach, other.reach))

    def change(self, u: Tensor) -> Tensor:
        """What each sample's own W' adds to g_l: (trials, samples, rows) -> (trials, samples, neurons)."""
        return self.attack.origin.architecture.join(self.reach[..., None] * u[..., None, :])

    def move(self, u: Tensor, sample: int) -> tuple[Tensor, Tensor]:
        """The factors of one sample's W'."""
        chosen = slice(sample, sample + 1)
        return u[:, chosen], self.v[:, chosen]


def _line(attack: Attack, layer: int, parts: Tensor, along: Tensor) -> Line:
    v = unit(along)
    scale = attack.origin.architecture.scale(layer, attack.origin.depth, attack.origin.width)
    return Line(attack, v, scale * (parts @ v[..., None])[..., 0].clamp_min(0))


def longest_part(attack: Attack, layer: int, h: Tensor) -> Line:
    """Along the longest of the x_r: the largest reach that there is. h: (trials, samples, neurons), what layer `layer` sees."""
    parts = attack.origin.architecture.patches(h)
    place = parts.square().sum(-1).argmax(-1)[..., None, None]
    return _line(attack, layer, parts, parts.gather(-2, place.expand(*place.shape[:-1], parts.shape[-1]))[..., 0, :])


def lines(attack: Attack, layer: int, h: Tensor) -> list[Line]:
    """The directions worth trying: along the longest x_r and, where there are several, along their top right direction together, whose
    reaches have the largest sum of squares. No reach is negative, for h >= 0."""
    found = [longest_part(attack, layer, h)]
    parts = attack.origin.architecture.patches(h)
    if parts.shape[-2] > 1:
        shares = torch.linalg.eigh(parts @ parts.mT).eigenvectors[..., -1].abs()
        found.append(_line(attack, layer, parts, (shares[..., None, :] @ parts)[..., 0, :]))
    return found

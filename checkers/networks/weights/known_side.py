"""What is known of a revealed matrix from one side, and how a question is split along it.

Asking again. In training a question differs little from the last one: what is split as x = c Q + r is the change since then, whose
rounding is that much smaller, and a question repeated costs nothing.

Rounding. r is projected a second time where the first leaves it with components along Q ("twice is enough", Parlett). Where it is
below what rounding leaves of a dependent vector, or loses half of its length the second time (it was rounding noise, not a
direction), the trial gets a zero row instead, which contributes nothing. So trials of different ranks share a batch, and no trial
ever holds more directions than there are dimensions. What is left out of one question is part of the change that the next one asks for.
"""

from __future__ import annotations

import copy
from math import sqrt

import torch
from torch import Tensor
from torch.nn.functional import pad

from checkers.networks.weights.orthonormal import WELL_CONDITIONED, row_norms
from checkers.networks.weights.row_blocks import RowBlocks

ALONG = 1e-6  # a direction may have components along the others of this size, or of 4096 roundings, whichever is less
NEAR = 0.5  # a question this near to the last one, relative to its length, is asked as a change


def prefixed(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state as a part of a larger one."""
    return {f"{name} {key}": tensor for key, tensor in state.items()}


def without_prefix(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """That part of a larger state."""
    return {key.removeprefix(f"{name} "): tensor for key, tensor in state.items() if key.startswith(f"{name} ")}


def padded(matrix: Tensor, count: int) -> Tensor:
    """The matrix with columns of zeros appended, `count` in all."""
    return pad(matrix, (0, count - matrix.shape[-1]))


class KnownSide:
    """What is known from one side: orthonormal directions, the image of each under W(0), and the last question as c Q."""

    def __init__(self, trials: int, dimension: int, image_dimension: int, dtype: torch.dtype, device: str | torch.device) -> None:
        self.directions = RowBlocks(trials, dimension, dtype, device)
        self.images = RowBlocks(trials, image_dimension, dtype, device)
        self.asked: Tensor | None = None
        self.coordinates: Tensor | None = None

    @property
    def count(self) -> int:
        return self.directions.count

    @property
    def nbytes(self) -> int:
        last = sum(tensor.nbytes for tensor in (self.asked, self.coordinates) if tensor is not None)
        return self.directions.nbytes + self.images.nbytes + last

    def copy(self) -> KnownSide:
        """Another asker of the same matrix: what either asks for is known to both."""
        return copy.copy(self)

    def state(self) -> dict[str, Tensor]:
        last = {"asked": self.asked, "coordinates": self.coordinates}
        held = {name: tensor for name, tensor in last.items() if tensor is not None}
        return held | prefixed("directions", self.directions.state()) | prefixed("images", self.images.state())

    def resume(self, state: dict[str, Tensor]) -> None:
        self.directions.resume(without_prefix("directions", state))
        self.images.resume(without_prefix("images", state))
        asked, coordinates = state.get("asked"), state.get("coordinates")
        if asked is not None and coordinates is not None:
            shape = (self.directions.trials, asked.shape[1], self.directions.dimension)
            if asked.shape != shape or coordinates.shape[:2] != shape[:2] or coordinates.shape[2] > self.count:
                raise ValueError("the last question is not of these weights")
        if (asked is None) != (coordinates is None) or self.images.count != self.count:
            raise ValueError("directions and images, or a question and its coordinates, do not belong together")
        self.asked, self.coordinates = asked, coordinates

    def since_last(self, x: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
        """(c, y) with x = c Q + y: c that of a multiple of the last question where x is near one, else c = 0 and y = x. size: ‖x‖.

        In training a gradient's left vectors shrink with the loss, and what is new about them is what is not a multiple.
        """
        zero = x.new_zeros(*x.shape[:2], self.count)
        if self.asked is None or self.coordinates is None or self.asked.shape != x.shape:
            return zero, x
        # cos^2 of the angle to the last question, by one pass over both: most questions are nowhere near it
        asked = row_norms(self.coordinates)  # of c Q, to the roundings by which Q is not orthonormal
        cosine = (x[..., None, :] @ self.asked[..., None])[..., 0, 0] / (size * asked).clamp(min=torch.finfo(x.dtype).tiny)
        if bool((cosine.square() < 1 - 2 * NEAR**2).all()):
            return zero, x
        last = padded(self.coordinates, self.count)
        change = x - self.asked
        if bool((row_norms(change) <= torch.finfo(x.dtype).eps * size).all()):
            return last, change
        multiple = (x * self.asked).sum(-1) / row_norms(self.asked).square().clamp(min=torch.finfo(x.dtype).tiny)
        change = torch.addcmul(x, self.asked, multiple[..., None], value=-1)
        near = (row_norms(change) <= NEAR * size)[..., None]
        if not bool(near.any()):
            return zero, x
        last = multiple[..., None] * last
        return (last, change) if bool(near.all()) else (torch.where(near, last, 0), torch.where(near, change, x))

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(c, r, ‖r‖, floor) with x = c Q + r, r orthogonal to Q; r is rounding noise where ‖r‖ is at most the floor.

        The floor, (trials, k), is what rounding leaves of a dependent vector: that of x's own entries, and that of the projection of the
        change since the last question, sums of `count` terms of random sign and inner products, whose terms may all have one sign: some
        sqrt(dimension) roundings, in 32 or more partial sums.
        """
        size = row_norms(x)
        c, rest = self.since_last(x, size)
        norm = size if rest is x else row_norms(rest)
        floor = torch.finfo(x.dtype).eps * (size + 8 * self._spread(x) * norm)
        if not self.count or not bool((norm > floor).any()):
            return c, rest, norm, floor
        return self.project(c, rest, norm, floor)

    def project(self, c: Tensor, rest: Tensor, before: Tensor, floor: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(c', r, ‖r‖, floor') with c Q + rest = c' Q + r; as for `split`, with an infinite floor where it was noise that is left. before:
        ‖rest‖."""
        part = self.directions.inner(rest)
        c, rest = c + part, self.directions.combine(part, rest, -1)
        eps = torch.finfo(rest.dtype).eps
        norm, along = row_norms(rest), min(ALONG, 4096 * eps)
        if bool((max(WELL_CONDITIONED, 8 * self._spread(rest) * eps / along) * before <= norm).all()):
            return c, rest, norm, floor  # what rounding leaves along Q is less than that
        part = self.directions.inner(rest)
        if bool((row_norms(part) > along * norm).any()):
            c, rest, before = c + part, self.directions.combine(part, rest, -1), norm
            norm = row_norms(rest)
            floor = torch.where(norm < 0.5 * before, torch.inf, floor)
        return c, rest, norm, floor

    def _spread(self, x: Tensor) -> float:
        """Roundings, relative to ‖x‖, in the projection of x."""
        return sqrt(self.count + 1) * max(1.0, sqrt(x.shape[-1]) / 32)

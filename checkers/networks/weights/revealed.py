"""Gaussian weights too large to store, revealed only along the directions that were asked for; exact in law.

Kept, as rows: Q orthonormal right directions with images Y = W(0) Q^T, U orthonormal left directions with images V = W(0)^T U^T.
Write P = Q^T Q and R = U^T U for the projections on what is known.

Law. Everything known is a function of W(0) P and R W(0). A Gaussian matrix with independent N(0, s^2) entries has the
same law in all orthonormal bases, and each new direction is a function of what was known before it; so, given all that
is known, (I - R) W(0) (I - P) is distributed as (I - R) G (I - P) with G a fresh copy of W(0).

Asking. For a unit vector q orthogonal to Q,    W(0) q = R W(0) q + (I - R) W(0) q = U^T (V q) + (I - R) g,
g ~ N(0, s^2 I): the first term because <u_j, W(0) q> = <V_j, q>, the second by the law. Likewise W(0)^T u = Q^T (Y u) + (I - P) g
for u orthogonal to U. Several q's orthogonal to each other: independent g's.

Changing. A gradient step adds terms u v^T with v and u in the spans of Q and U, for the passes have asked for both. So
W(t) - W(0) = U^T M Q with a small matrix M of coefficients: a step costs no pass over anything long, ‖W(t) - W(0)‖ is ‖M‖ in every
unitarily invariant norm, and W(t) x for x = c Q is c Y + (c M^T) U. Where u was not asked for (a first layer's never is), its part
is kept as E, rows W' Q^T in full: W(t) - W(0) = U^T M Q + E^T Q; from the left that is U_j -> (M + N)_j Q with N = U E^T.

Copies change apart and speak of one W(0): Q, Y, U and V are one store, to which the questions of each are added; M, E and N are its own.
A direction that another copy asked for is orthogonal to all that this one knew: M has no coordinates along it, and N has U E^T there.
"""

from __future__ import annotations

import copy
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from checkers.networks.randomness import NormalSource
from checkers.networks.weights.known_side import KnownSide, padded, prefixed, without_prefix
from checkers.networks.weights.orthonormal import orthonormal, row_norms
from checkers.networks.weights.row_blocks import RowBlocks


class _Product(torch.autograd.Function):
    """W x or W^T x, differentiable in x: the derivative asks the same matrix a question from the other side."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: RevealedWeights, transposed: bool) -> Tensor:
        ctx.weights, ctx.transposed = weights, transposed
        return weights._apply(x, transposed)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return ctx.weights._apply(gradients[0], not ctx.transposed), None, None


class RevealedWeights:
    """Matrices with independent N(0, variance) entries, exact in law jointly over all calls, in memory O(directions asked x dimension).

    The answers depend on the order of the questions, those of copies included: whatever original and copies are asked, their W(0) is one
    matrix, and each has its own change of it.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        variance: float,
        trials: int,
        source: NormalSource,
        dtype: torch.dtype = torch.float64,
        device: str | torch.device = "cpu",
    ) -> None:
        self.trials, self.rows, self.columns = trials, rows, columns
        self._deviation = sqrt(variance)
        self._source = source
        self._right = KnownSide(trials, columns, rows, dtype, device)
        self._left = KnownSide(trials, rows, columns, dtype, device)
        self._inside = torch.zeros(trials, 0, 0, dtype=dtype, device=device)  # M: (trials, left, right)
        self._beside = RowBlocks(trials, rows, dtype, device)  # E: (trials, right, rows), zero beyond its count
        self._across = self._inside  # N = U E^T: (trials, left, right)
        self._changed = False

    @property
    def directions(self) -> tuple[int, int]:
        """How many right and left directions are held."""
        return self._right.count, self._left.count

    @property
    def bytes_held(self) -> int:
        small = self._inside.nbytes + (0 if self._across is self._inside else self._across.nbytes)
        return self._right.nbytes + self._left.nbytes + self._beside.nbytes + small

    def apply(self, x: Tensor) -> Tensor:
        product: Tensor = _Product.apply(x, self, False)  # type: ignore[no-untyped-call]
        return product

    def apply_transpose(self, u: Tensor) -> Tensor:
        product: Tensor = _Product.apply(u, self, True)  # type: ignore[no-untyped-call]
        return product

    @torch.no_grad()
    def _apply(self, x: Tensor, transposed: bool) -> Tensor:
        side, other = (self._left, self._right) if transposed else (self._right, self._left)
        c, moved = self._coordinates(transposed, x)
        answer = side.images.combine(c)
        if moved is not None:
            answer += moved
        elif self._changed and other.count:
            answer = other.directions.combine(c @ self._change(transposed), answer)
        if not transposed and self._beside.count:
            answer = self._beside.combine(c, answer)
        return answer

    def _change(self, transposed: bool) -> Tensor:
        """What takes coordinates on one side to those of the change's image on the other: M + N from the left, M^T from the right."""
        shape = (self._left.count, self._right.count)
        known = self._across.shape[1]
        if known < shape[0] and self._beside.count:
            fresh = padded(self._beside.inner(self._left.directions.since(known)), shape[1])
            self._across = torch.cat([_grown(self._across, known, shape[1]), fresh], 1)
        self._inside, self._across = (_grown(matrix, *shape) for matrix in (self._inside, self._across))
        return self._inside + self._across if transposed else self._inside.mT

    @torch.no_grad()
    def add_outer(self, u: Tensor, v: Tensor) -> None:
        self._changed = True
        right, _ = self._coordinates(False, v)
        left, _, norm, floor = self._left.split(u)
        self._change(True)  # grown to the directions now known
        if not bool((norm > floor).any()):
            self._inside = self._inside + left.mT @ right
            return
        missing = self._right.count - self._beside.count
        self._beside.append(u.new_zeros(self.trials, missing, self.rows))
        self._beside.add(right, u)
        self._across = self._across + self._left.directions.inner(u).mT @ right

    def change_norm(self) -> Tensor:
        self._change(True)
        inside, across = self._inside.double(), self._across.double()
        square = (inside * (inside + 2 * across)).sum((1, 2))
        for part in self._beside.parts:
            square = square + torch.linalg.vector_norm(part, dim=(1, 2), dtype=torch.float64).square()
        return square.clamp(min=0).sqrt().to(self._inside.dtype)

    def change_spectral_norm(self) -> Tensor:
        self._change(True)
        inside, across = self._inside.double(), self._across.double()
        if not inside.shape[2]:
            return inside.new_zeros(self.trials).to(self._inside.dtype)
        mixed = inside.mT @ across
        gram = inside.mT @ inside + mixed + mixed.mT
        if self._beside.count:
            beside = self._beside.rows
            gram += pad((beside @ beside.mT).double(), 2 * (0, inside.shape[2] - beside.shape[1]))
        square: Tensor = torch.linalg.eigvalsh(gram)[:, -1]
        return square.clamp(min=0).sqrt().to(self._inside.dtype)

    def copy(self) -> RevealedWeights:
        twin = copy.copy(self)
        twin._right, twin._left, twin._beside = self._right.copy(), self._left.copy(), self._beside.copy()
        return twin

    def state(self) -> dict[str, Tensor]:
        """All that the answers to come depend on, beside the seed: `bytes_held` bytes and a few."""
        self._change(True)  # grown to the directions now known
        small = {"inside": self._inside, "across": self._across, "changed": torch.tensor(self._changed)}
        small["draws"] = torch.tensor(self._source.calls)
        sides = prefixed("right", self._right.state()) | prefixed("left", self._left.state())
        return small | sides | prefixed("beside", self._beside.state())

    def resume(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state` of weights with the same seed and shape. Raises ValueError or KeyError if it is none."""
        if any(tensor.is_floating_point() and tensor.dtype != self._inside.dtype for tensor in state.values()):
            raise ValueError(f"the weights are stored in another precision than {self._inside.dtype}")
        state = {name: tensor.to(self._inside.device) for name, tensor in state.items()}
        self._right.resume(without_prefix("right", state))
        self._left.resume(without_prefix("left", state))
        self._beside.resume(without_prefix("beside", state))
        inside, across = state["inside"], state["across"]
        shape = (self.trials, self._left.count, self._right.count)
        if inside.shape != shape or across.shape != shape or self._beside.count > self._right.count:
            raise ValueError("the change is not one between the directions")
        self._inside, self._across, self._changed = inside, across, bool(state["changed"])
        self._source.calls = int(state["draws"])

    def _coordinates(self, transposed: bool, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """c (trials, k, directions) with x = c Q up to rounding, after revealing what x has outside of Q; of U if transposed.

        Also (c M^T) U, what the change W(t) - W(0) adds to the answer, where the images of new directions were computed beside it.
        """
        side = self._left if transposed else self._right
        c, rest, norm, floor = side.split(x)
        moved: Tensor | None = None
        while bool((outside := norm > floor).any()):
            block = rest if bool(outside.all()) else torch.where(outside[..., None], rest, 0)
            fresh, part = orthonormal(block, torch.where(outside, norm, 0), floor)
            present: Tensor | None = None
            alone = part is not None and rest.shape[1] == 1 and not self._changed
            if part is None:
                fresh = side.directions.combine(side.directions.inner(fresh), fresh, -1)
                fresh, _ = orthonormal(fresh, row_norms(fresh), torch.full_like(floor, 0.5))
                present = (fresh != 0).any(-1)
                fresh, present = fresh[:, present.any(0)], present[:, present.any(0)]
                if fresh.shape[1] == 0:
                    break
                part = rest @ fresh.mT
            moved = self._reveal(transposed, fresh, present, c)  # M has no coordinates along new directions
            c = torch.cat([c, part], -1)
            if alone:  # what is left of one row is its rounding
                side.asked, side.coordinates = x, c
                return c, moved
            rest = torch.baddbmm(rest, part, fresh, alpha=-1)
            norm = row_norms(rest)
            if bool((norm > floor).any()):  # the directions are orthonormal to a few digits less than rounding
                c, rest, norm, floor = side.project(c, rest, norm, floor)
                moved = None
        side.asked, side.coordinates = x - rest if rest is x else torch.sub(x, rest, out=rest), c
        return c, moved

    def _reveal(self, transposed: bool, fresh: Tensor, present: Tensor | None, c: Tensor) -> Tensor | None:
        """Take new orthonormal directions q, orthogonal to the known ones, with images U^T (V q) + (I - U^T U) g = g + U^T (V q - U g).

        present: (trials, k), False for a trial's zero rows, None if there are none. In the same pass over U: (c M^T) U, None where that is
        zero, for U is empty or nothing has changed, or not all of the change.
        """
        side, other = (self._left, self._right) if transposed else (self._right, self._left)
        g = self._source.normal((*fresh.shape[:2], other.directions.dimension), self._deviation, fresh.dtype, fresh.device)
        moved: Tensor | None = None
        image = g
        if other.count:
            coefficients = self._known(other, fresh) - self._overlap(other, g)
            if self._changed:
                both = other.directions.combine(torch.cat([coefficients, c @ self._change(transposed)], 1))
                image, moved = torch.split(both, [fresh.shape[1], c.shape[1]], 1)
                image = g.add_(image)
            else:
                image = other.directions.combine(coefficients, g)
        if present is not None:
            image = image * present[..., None]
        if transposed and self._beside.count:
            moved = None  # N has coordinates along the new directions too
        side.directions.append(fresh)
        side.images.append(image)
        return moved

    def _known(self, other: KnownSide, fresh: Tensor) -> Tensor:
        """V q: the coordinates along U that the image must have."""
        return other.images.inner(fresh)

    def _overlap(self, other: KnownSide, g: Tensor) -> Tensor:
        """U g: the coordinates along U that fresh Gaussians have."""
        return other.directions.inner(g)


def _grown(matrix: Tensor, rows: int, columns: int) -> Tensor:
    """The matrices with rows and columns of zeros appended."""
    return matrix if matrix.shape[1:] == (rows, columns) else pad(matrix, (0, columns - matrix.shape[2], 0, rows - matrix.shape[1]))

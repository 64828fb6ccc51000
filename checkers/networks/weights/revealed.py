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
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from checkers.networks.randomness import NormalSource
from checkers.networks.weights.row_blocks import RowBlocks

# A row of which a tenth remains loses at most one digit.
WELL_CONDITIONED = 0.1
ALONG = 1e-6  # a direction may have components along the others of this size, or of 4096 roundings, whichever is less
NEAR = 0.5  # a question this near to the last one, relative to its length, is asked as a change


def _norm(x: Tensor) -> Tensor:
    # float64 sums: a unit vector of 10^7 float32 entries must be one to better than 1e-3.
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, dtype=torch.float64)
    return norm.to(x.dtype)


def _named(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name} {key}": tensor for key, tensor in state.items()}


def _within(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name} "): tensor for key, tensor in state.items() if key.startswith(f"{name} ")}


def _columns(matrix: Tensor, count: int) -> Tensor:
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
        return held | _named("directions", self.directions.state()) | _named("images", self.images.state())

    def resume(self, state: dict[str, Tensor]) -> None:
        self.directions.resume(_within("directions", state))
        self.images.resume(_within("images", state))
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
        cosine = (x[..., None, :] @ self.asked[..., None])[..., 0, 0] / (size * _norm(self.asked)).clamp(min=torch.finfo(x.dtype).tiny)
        if bool((cosine.square() < 1 - 2 * NEAR**2).all()):
            return zero, x
        last = _columns(self.coordinates, self.count)
        change = x - self.asked
        if bool((_norm(change) <= torch.finfo(x.dtype).eps * size).all()):
            return last, change
        multiple = (x * self.asked).sum(-1) / _norm(self.asked).square().clamp(min=torch.finfo(x.dtype).tiny)
        change = torch.addcmul(x, self.asked, multiple[..., None], value=-1)
        near = (_norm(change) <= NEAR * size)[..., None]
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
        size = _norm(x)
        c, rest = self.since_last(x, size)
        norm = size if rest is x else _norm(rest)
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
        norm, along = _norm(rest), min(ALONG, 4096 * eps)
        if bool((max(WELL_CONDITIONED, 8 * self._spread(rest) * eps / along) * before <= norm).all()):
            return c, rest, norm, floor  # what rounding leaves along Q is less than that
        part = self.directions.inner(rest)
        if bool((_norm(part) > along * norm).any()):
            c, rest, before = c + part, self.directions.combine(part, rest, -1), norm
            norm = _norm(rest)
            floor = torch.where(norm < 0.5 * before, torch.inf, floor)
        return c, rest, norm, floor

    def _spread(self, x: Tensor) -> float:
        """Roundings, relative to ‖x‖, in the projection of x."""
        return sqrt(self.count + 1) * max(1.0, sqrt(x.shape[-1]) / 32)


def _orthonormal(block: Tensor, norm: Tensor, floor: Tensor) -> tuple[Tensor, Tensor | None]:
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
        left = _norm(row)
        kept = left > floor[:, i : i + 1]
        result[:, i : i + 1] = torch.where(kept, 1 / torch.where(kept, left, 1), 0)[..., None] * row
    return result, None


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
            fresh = _columns(self._beside.inner(self._left.directions.since(known)), shape[1])
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
        sides = _named("right", self._right.state()) | _named("left", self._left.state())
        return small | sides | _named("beside", self._beside.state())

    def resume(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state` of weights with the same seed and shape. Raises ValueError or KeyError if it is none."""
        if any(tensor.is_floating_point() and tensor.dtype != self._inside.dtype for tensor in state.values()):
            raise ValueError(f"the weights are stored in another precision than {self._inside.dtype}")
        state = {name: tensor.to(self._inside.device) for name, tensor in state.items()}
        self._right.resume(_within("right", state))
        self._left.resume(_within("left", state))
        self._beside.resume(_within("beside", state))
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
            fresh, part = _orthonormal(block, torch.where(outside, norm, 0), floor)
            present: Tensor | None = None
            if part is None:
                fresh = side.directions.combine(side.directions.inner(fresh), fresh, -1)
                fresh, _ = _orthonormal(fresh, _norm(fresh), torch.full_like(floor, 0.5))
                present = (fresh != 0).any(-1)
                fresh, present = fresh[:, present.any(0)], present[:, present.any(0)]
                if fresh.shape[1] == 0:
                    break
                part = rest @ fresh.mT
            moved = self._reveal(transposed, fresh, present, c)  # M has no coordinates along new directions
            c, rest = torch.cat([c, part], -1), torch.baddbmm(rest, part, fresh, alpha=-1)
            norm = _norm(rest)
            if bool((norm > floor).any()):  # the directions are orthonormal to a few digits less than rounding
                c, rest, norm, floor = side.project(c, rest, norm, floor)
                moved = None
        side.asked, side.coordinates = x - rest, c
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

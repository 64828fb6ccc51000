"""Gaussian weights too large to store, revealed only along the directions that were asked for; exact in law.

Let W(t) = W(0) + (changes so far). Kept, as rows: Q orthonormal right directions with images Y = W(t) Q^T, U orthonormal
left directions with images V = W(t)^T U^T. Write P = Q^T Q and R = U^T U for the projections on what is known.

Law. Everything known is a function of W(0) P and R W(0). A Gaussian matrix with independent N(0, s^2) entries has the
same law in all orthonormal bases, and each new direction is a function of what was known before it; so, given all that
is known, (I - R) W(0) (I - P) is distributed as (I - R) G (I - P) with G a fresh copy of W(0).

Asking. For a unit vector q orthogonal to Q,    W(t) q = R W(t) q + (I - R) W(t) q = U^T (V q) + (I - R) g,
g ~ N(0, s^2 I): the first term because <u_j, W(t) q> = <V_j, q>, the second by the law, if (I - R)(W(t) - W(0))(I - P) = 0.
Likewise W(t)^T u = Q^T (Y u) + (I - P) g for u orthogonal to U. Several q's orthogonal to each other: independent g's.

Changing. W += u v^T with v in span(Q) (where it is not, v is asked for first): v^T (I - P) = 0, so the unknown part
(I - R) W (I - P) stays what it was, whatever u is, and only the images move: Y_i += <v, Q_i> u, V_j += <u, U_j> v.
The change itself lies in the span of Q, so E = (W(t) - W(0)) Q^T determines it, with the same norms.

Rounding. A vector is split as x = c Q + r by repeated projection. Where ‖r‖ is below what rounding leaves of a dependent
vector, or a new direction loses half of its length when it is projected again (it was rounding noise, not a direction;
"twice is enough", Parlett), the trial gets a zero row instead, which contributes nothing. So trials of different ranks
share a batch, and no trial ever holds more directions than there are dimensions.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import torch
from torch import Tensor

from checkers.randomness import NormalSource

# A row of which a tenth remains loses at most two digits, and the second projection finds them again.
WELL_CONDITIONED = 0.1


def _norm(x: Tensor) -> Tensor:
    # float64 sums: a unit vector of 10^7 float32 entries must be one to better than 1e-3.
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, dtype=torch.float64)
    return norm.to(x.dtype)


class _Rows:
    """A growing stack of row vectors (trials, count, dimension), in an array that doubles when it is full."""

    def __init__(self, empty: Tensor) -> None:
        self._store = empty
        self.count = 0

    @property
    def view(self) -> Tensor:
        return self._store[:, : self.count]

    @property
    def dimension(self) -> int:
        return self._store.shape[2]

    @property
    def nbytes(self) -> int:
        return self._store.nbytes

    def append(self, rows: Tensor) -> None:
        trials, capacity, dimension = self._store.shape
        needed = self.count + rows.shape[1]
        if needed > capacity:
            larger = self._store.new_empty(trials, max(needed, 2 * capacity), dimension)
            larger[:, : self.count] = self.view
            self._store = larger
        self._store[:, self.count : needed] = rows
        self.count = needed

    def copy(self) -> _Rows:
        twin = _Rows(self.view.clone())
        twin.count = self.count
        return twin


class _Side:
    """What is known from one side: orthonormal directions and the images of each."""

    def __init__(self, directions: _Rows, images: _Rows) -> None:
        self.directions = directions
        self.images = images

    def copy(self) -> _Side:
        return _Side(self.directions.copy(), self.images.copy())


def _orthonormal(block: Tensor, floor: Tensor) -> Tensor:
    """Gram-Schmidt on the rows (trials, k, dimension); a row whose remainder is at most `floor` (trials, k) becomes zero.

    With C = L L^T the rows' correlations, Gram-Schmidt's result is L^{-1} times the unit rows, and L_ii is what of row i remains. Where
    nothing nearly vanishes that is as accurate, for the caller repeats the projection (Yamamoto et al. 2015), and a few products.
    """
    norm = _norm(block)
    if bool((norm > floor).all()):
        unit = block / norm[..., None]
        lower, failed = torch.linalg.cholesky_ex(unit @ unit.mT)
        left = lower.diagonal(dim1=1, dim2=2)
        if not bool(failed.any()) and bool(((left > WELL_CONDITIONED) & (left * norm > floor)).all()):
            identity = torch.eye(lower.shape[1], dtype=lower.dtype, device=lower.device)
            inverse: Tensor = torch.linalg.solve_triangular(lower, identity, upper=False)
            return inverse @ unit
    result = torch.zeros_like(block)
    for i in range(block.shape[1]):
        earlier, row = result[:, :i], block[:, i : i + 1]
        row = row - (row @ earlier.mT) @ earlier
        norm = _norm(row)
        kept = norm > floor[:, i : i + 1]
        result[:, i : i + 1] = torch.where(kept, 1 / torch.where(kept, norm, 1), 0)[..., None] * row
    return result


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

    The answers depend on the order of the questions. A copy asked the same questions as the original gives the same
    answers; asked different ones, each of the two follows the exact law, but they are not two views of one matrix.
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
        def empty(dimension: int) -> _Rows:
            return _Rows(torch.empty(trials, 0, dimension, dtype=dtype, device=device))

        self.trials, self.rows, self.columns = trials, rows, columns
        self._deviation = sqrt(variance)
        self._source = source
        self._right = _Side(empty(columns), empty(rows))
        self._left = _Side(empty(rows), empty(columns))
        self._change = empty(rows)

    @property
    def directions(self) -> tuple[int, int]:
        """How many right and left directions are held."""
        return self._right.directions.count, self._left.directions.count

    @property
    def bytes_held(self) -> int:
        sides = (self._right, self._left)
        return self._change.nbytes + sum(side.directions.nbytes + side.images.nbytes for side in sides)

    def apply(self, x: Tensor) -> Tensor:
        product: Tensor = _Product.apply(x, self, False)  # type: ignore[no-untyped-call]
        return product

    def apply_transpose(self, u: Tensor) -> Tensor:
        product: Tensor = _Product.apply(u, self, True)  # type: ignore[no-untyped-call]
        return product

    @torch.no_grad()
    def _apply(self, x: Tensor, transposed: bool) -> Tensor:
        side, other = (self._left, self._right) if transposed else (self._right, self._left)
        return self._coordinates(side, other, x) @ side.images.view

    @torch.no_grad()
    def add_outer(self, u: Tensor, v: Tensor) -> None:
        right = self._coordinates(self._right, self._left, v)
        left = u @ self._left.directions.view.mT
        missing = self._right.directions.count - self._change.count
        self._change.append(self._change.view.new_zeros(self.trials, missing, self.rows))
        self._right.images.view.baddbmm_(right.mT, u)
        self._change.view.baddbmm_(right.mT, u)
        self._left.images.view.baddbmm_(left.mT, v)

    def change_norm(self) -> Tensor:
        return _norm(self._change.view.flatten(1))

    def change_spectral_norm(self) -> Tensor:
        change = self._change.view.double()
        if change.shape[1] == 0:
            return self._change.view.new_zeros(self.trials)
        gram = change @ change.mT if change.shape[1] <= self.rows else change.mT @ change
        square: Tensor = torch.linalg.eigvalsh(gram)[:, -1]
        return square.clamp(min=0).sqrt().to(self._change.view.dtype)

    def copy(self) -> RevealedWeights:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._source = self._source.copy()
        twin._right, twin._left, twin._change = self._right.copy(), self._left.copy(), self._change.copy()
        return twin

    def _coordinates(self, side: _Side, other: _Side, x: Tensor) -> Tensor:
        """c (trials, k, directions) with x = c Q up to rounding, after revealing what x has outside of Q."""
        coordinates, residual, size = [], x, _norm(x)
        ahead = side.directions.view  # the directions that `residual` was not projected off yet
        while True:
            coordinates.append(residual @ ahead.mT)
            residual = residual - coordinates[-1] @ ahead
            # Of a vector in the span there remain the rounding of its entries, that of sums of `count` terms of random sign, and that of
            # inner products, whose terms may all have one sign: some sqrt(dimension) roundings, in 32 or more partial sums.
            spread = sqrt(side.directions.count + 1) * max(1.0, sqrt(x.shape[-1]) / 32)
            floor = 8 * torch.finfo(x.dtype).eps * spread * size
            outside = _norm(residual) > floor
            if not bool(outside.any()):
                break
            known = side.directions.view
            fresh = _orthonormal(torch.where(outside[..., None], residual, 0), floor)
            fresh = _orthonormal(fresh - (fresh @ known.mT) @ known, torch.full_like(floor, 0.5))
            present = (fresh != 0).any(-1)
            ahead, present = fresh[:, present.any(0)], present[:, present.any(0)]
            if ahead.shape[1] == 0:
                break
            side.images.append(self._image(other, ahead) * present[..., None])
            side.directions.append(ahead)
        return torch.cat(coordinates, -1)

    def _image(self, other: _Side, fresh: Tensor) -> Tensor:
        """U^T (V q) + (I - U^T U) g = g + U^T (V q - U g)."""
        g = self._source.normal((*fresh.shape[:2], other.directions.dimension), self._deviation, fresh.dtype, fresh.device)
        return g + (self._known(other, fresh) - self._overlap(other, g)) @ other.directions.view

    def _known(self, other: _Side, fresh: Tensor) -> Tensor:
        """V q: the coordinates along U that the image must have."""
        return fresh @ other.images.view.mT

    def _overlap(self, other: _Side, g: Tensor) -> Tensor:
        """U g: the coordinates along U that fresh Gaussians have."""
        return g @ other.directions.view.mT

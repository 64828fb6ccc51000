"""A growing stack of long row vectors, in blocks that are written once and never moved."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

BLOCK_BYTES = 2**28  # a block reserves at most this much ahead of what is needed
FEW, SMALL_BYTES = 32, 2**24  # where rows are short, one block of a few of them: every block costs a call in every product
# BLAS kernels take vectors in fours: six of length 2 * 10^5 cost half as much again as eight. Short ones are not worth the copy.
LONG, FOURS = 4096, 4


def _in_fours(rows: Tensor, length: int) -> Tensor:
    count = rows.shape[1]
    if count <= FOURS or count % FOURS == 0 or length < LONG:
        return rows
    return torch.nn.functional.pad(rows, (0, 0, 0, -count % FOURS))


class RowBlocks:
    """Row vectors (trials, count, dimension), appended and added to."""

    def __init__(self, trials: int, dimension: int, dtype: torch.dtype, device: str | torch.device) -> None:
        self._empty = torch.empty(trials, 0, dimension, dtype=dtype, device=device)
        self._blocks: list[Tensor] = []
        self._filled: list[int] = []

    @property
    def count(self) -> int:
        return sum(self._filled)

    @property
    def trials(self) -> int:
        return self._empty.shape[0]

    @property
    def dimension(self) -> int:
        return self._empty.shape[2]

    @property
    def nbytes(self) -> int:
        """What the rows occupy; a block's unused part is only reserved."""
        return self.count * self._empty.shape[0] * self.dimension * self._empty.element_size()

    @property
    def parts(self) -> list[Tensor]:
        """The rows, block by block."""
        return [block[:, :filled] for block, filled in zip(self._blocks, self._filled, strict=True)]

    @property
    def rows(self) -> Tensor:
        """All rows in one tensor: a copy, where there is more than one block."""
        return torch.cat([self._empty, *self.parts], 1) if len(self._blocks) != 1 else self.parts[0]

    def since(self, start: int) -> Tensor:
        """The rows from that one on, in one tensor."""
        ends = itertools.accumulate(self._filled)
        kept = [part[:, max(0, start - end + filled) :] for part, end, filled in zip(self.parts, ends, self._filled, strict=True)]
        return torch.cat([self._empty, *kept], 1)

    def append(self, rows: Tensor) -> None:
        """Take copies of rows (trials, k, dimension)."""
        while rows.shape[1]:
            if not self._blocks or self._filled[-1] == self._blocks[-1].shape[1]:
                row_bytes = self._empty.shape[0] * self.dimension * self._empty.element_size()
                small = FEW if FEW * row_bytes <= SMALL_BYTES else 0
                capacity = max(rows.shape[1], min(self.count, BLOCK_BYTES // row_bytes), small)
                self._blocks.append(self._empty.new_empty(rows.shape[0], capacity, self.dimension))
                self._filled.append(0)
            block, filled = self._blocks[-1], self._filled[-1]
            taken = min(rows.shape[1], block.shape[1] - filled)
            block[:, filled : filled + taken] = rows[:, :taken]
            self._filled[-1] += taken
            rows = rows[:, taken:]

    def inner(self, x: Tensor) -> Tensor:
        """<x_i, row_j>: (trials, k, dimension) -> (trials, k, count)."""
        padded = _in_fours(x, self.dimension)
        products = [padded @ part.mT for part in self.parts]
        return torch.cat([x.new_empty(*padded.shape[:2], 0), *products], 2)[:, : x.shape[1]]

    def combine(self, coefficients: Tensor, onto: Tensor | None = None, sign: int = 1) -> Tensor:
        """onto + sign * sum_j c_ij row_j: (trials, k, at most count) -> (trials, k, dimension); missing coefficients are zero."""
        padded = _in_fours(coefficients, self.dimension)
        result, start = None, 0
        for part in self.parts:
            piece = padded[..., start : start + part.shape[1]]
            part, start = part[:, : piece.shape[2]], start + part.shape[1]
            if piece.shape[2]:
                result = piece @ part if result is None else result.baddbmm_(piece, part)
        if result is None:
            return coefficients.new_zeros(*coefficients.shape[:2], self.dimension) if onto is None else onto.clone()
        result = result[:, : coefficients.shape[1]]
        if onto is None:
            return result
        return torch.add(onto, result, alpha=sign, out=result)

    def add(self, coefficients: Tensor, x: Tensor) -> None:
        """row_j += sum_i c_ij x_i; coefficients: (trials, k, count), x: (trials, k, dimension)."""
        start = 0
        for part in self.parts:
            part.baddbmm_(coefficients[..., start : start + part.shape[1]].mT, x)
            start += part.shape[1]

    def state(self) -> dict[str, Tensor]:
        """The rows as they lie in blocks, for sums run block by block and so does their rounding; views, no copies."""
        capacities = torch.tensor([block.shape[1] for block in self._blocks], dtype=torch.int64)
        parts = {f"block {k}": part for k, part in enumerate(self.parts)}
        return {"capacities": capacities, **parts}

    def resume(self, state: dict[str, Tensor]) -> None:
        """Take copies of the rows of a `state`. Raises ValueError or KeyError if it is none of rows like these."""
        capacities = state["capacities"].tolist()
        parts = [state[f"block {k}"] for k in range(len(capacities))]
        trials, _, dimension = self._empty.shape
        fit = all(part.shape == (trials, part.shape[1], dimension) and part.dtype == self._empty.dtype for part in parts)
        most = max(FEW, sum(part.shape[1] for part in parts))
        if not fit or not all(0 < part.shape[1] <= size <= most for part, size in zip(parts, capacities, strict=True)):
            raise ValueError("the stored rows are not of these weights")
        self._blocks = [self._empty.new_empty(trials, size, dimension) for size in capacities]
        self._filled = [part.shape[1] for part in parts]
        for block, part in zip(self._blocks, parts, strict=True):
            block[:, : part.shape[1]] = part

    def copy(self) -> RowBlocks:
        """The same rows; what is appended or added to one is not seen by the other."""
        twin = RowBlocks(self._empty.shape[0], self.dimension, self._empty.dtype, self._empty.device)
        twin.append(self.rows)
        return twin

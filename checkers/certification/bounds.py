"""Suprema enclosed: one trial as a subject of balls whose `product_norm` and the like are known from both sides.

A measure that searches asks for the largest value found, which is a lower bound and can only refute. Here each such question is answered
by a ball between that value and a number that no vector exceeds, so that `left <= right`, once proved, holds for all that the claim
quantifies over inside the instance, and left - right is enclosed. Every product is afforded. What has no bound from above raises
Unsupported.
"""

from __future__ import annotations

import numpy as np
import torch
from flint import arb
from torch import Tensor

from checkers.certification.balls import Balls, Unsupported
from checkers.certification.subjects import BallNetworkSubject, Converted, tensor
from checkers.subjects.network import NetworkSubject
from checkers.subjects.suprema.sparse import sparse_pairs


def _upper(balls: Balls) -> Balls:
    return Balls(np.asarray(np.frompyfunc(lambda x: arb(x.upper()), 1, 1)(balls.data), dtype=object))


def _largest_sum(values: np.ndarray, count: int) -> arb:
    """The sum of the `count` largest of numbers known as balls, from above: the largest upper ends."""
    ends = sorted((x.upper() for x in values.tolist()), reverse=True)
    return sum(ends[:count], arb(0))


def _between(lower: list[list[arb]], upper: list[list[arb]]) -> Tensor:
    """Balls that reach from the lower ends to the upper bounds, (1, samples)."""
    return tensor(Balls(np.array([[a.lower().union(b) for a, b in zip(*lines, strict=True)] for lines in zip(lower, upper, strict=True)],
                                 dtype=object)))  # fmt: skip


def _norm(matrix: Balls) -> Balls:
    """‖M‖_2, enclosed."""
    return (matrix.mT @ matrix).eigvalsh()[-1].sqrt()


def _rounded(matrix: Balls) -> Tensor:
    """The matrix in float64, for searches: what they find is weighed in balls."""
    return torch.tensor([[float(x.mid()) for x in row] for row in matrix.data], dtype=torch.float64)


def _attained(matrix: Balls, left: int | None, right: int | None) -> arb:
    """|u^T M v| at unit u, v with at most so many nonzeros that a search finds, with a probe for every row: exact for one nonzero."""
    if right is None:  # the search ranks columns, so the sparse side has to be theirs
        matrix, left, right = matrix.mT, right, left
    middle = _rounded(matrix)
    probes = torch.eye(len(middle), dtype=torch.float64)[None, None]
    _, u, v = (Balls(part[0, 0]) for part in sparse_pairs(lambda x: x @ middle.mT, lambda x: x @ middle, probes, left, right))
    values: Balls = ((v @ matrix.mT) * u).sum(-1).abs() / (u.norm(dim=-1) * v.norm(dim=-1))
    largest: arb = values.amax().data.item()
    return largest


class SupremumSubject(BallNetworkSubject):
    """Weights as drawn, nothing moved; norms of products over all vectors."""

    def __init__(self, batch: NetworkSubject, convert: Converted, origin: BallNetworkSubject | None = None) -> None:
        super().__init__(batch, convert, origin)
        self._last: tuple[int, int, list[Balls]] | None = None

    def affords(self, layers: int) -> bool:
        return True

    def _matrices(self, first: int, last: int) -> list[Balls]:
        """W_b D_{b-1} ... D_a W_a of every sample, (neurons, neurons); from the one asked for before, if that lacks W_b alone."""
        architecture, hidden = self.network.architecture, self.network.hidden
        known = self._last[2] if self._last is not None and self._last[:2] == (first, last - 1) else None
        found = []
        for sample in range(self.instance.samples):
            signs = [sign[:, sample : sample + 1] for sign in self.record.signs]
            if known is None:
                identity = Balls(np.eye(self.instance.neurons))[None]
                columns = architecture.product(hidden, signs, first, last, tensor(identity))  # row k: M e_k
            else:
                columns = architecture.product(hidden, signs, last, last, signs[last - 1] * tensor(known[sample].mT[None]))
            found.append(Balls(columns)[0].mT)
        self._last = first, last, found
        return found

    def product_norm(self, first: int, last: int) -> Tensor:
        """By all eigenvalues of M^T M."""
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        return tensor(Balls(np.array([[_norm(matrix).data.item() for matrix in self._matrices(first, last)]], dtype=object)))

    def sparse_product_norm(self, first: int, last: int, left: int | None, right: int | None) -> Tensor:
        """At most the spectral norm, and at most what sparse rows and columns allow.

        One side sparse: for a support S of s columns, ‖M_S‖_2^2 is the largest eigenvalue of the Gram matrix G_S, at most its largest
        row sum (Gershgorin), at most max_j (G_jj + the s - 1 largest |G_jk|). Both: ‖M_ST‖_2^2 <= ‖M_ST‖_1 ‖M_ST‖_inf (Schur), with s
        entries in a line.
        """
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        found, bounds = [], []
        for matrix in self._matrices(first, last):
            found.append(_attained(matrix, left, right))
            if left is not None and right is not None:
                size = matrix.abs().data
                row = [_largest_sum(line, right) for line in size]
                column = [_largest_sum(line, left) for line in size.T]
                bound = _upper((Balls(np.array(row, dtype=object)).amax() * Balls(np.array(column, dtype=object)).amax()).sqrt())
            elif left is None and right is None:
                bound = _upper(_norm(matrix))
            else:
                lines = matrix.mT if right is not None else matrix  # one row for each coordinate of the sparse vector
                gram, sparsity = (lines @ lines.mT).abs().data, right if right is not None else left
                assert sparsity is not None
                sums = []
                for k, line in enumerate(gram):
                    others = np.concatenate([line[:k], line[k + 1 :]])
                    sums.append(arb(line[k].upper()) + _largest_sum(others, sparsity - 1))
                bound = _upper(Balls(np.array(sums, dtype=object)).amax().sqrt())
            if float(torch.linalg.matrix_norm(_rounded(matrix), 2)) < float(bound.data.item()):  # worth its eigenvalues; both are bounds
                bound = bound.minimum(_upper(_norm(matrix)))
            bounds.append(bound.data.item())
        return _between([found], [bounds])

    def sparse_backward_norm(self, layer: int, sparsity: int) -> Tensor:
        """‖Back_S‖_2 <= ‖Back_S‖_F: the root of the s largest squared columns, an equality for one output; or the whole matrix's norm."""
        rows = Balls(self.backward(layer))  # (1, samples, outputs, neurons)
        whole = _upper((rows @ rows.mT).eigvalsh()[..., -1].sqrt())
        columns = rows.square().sum(-2).data[0]
        sparse = Balls(np.array([[_largest_sum(line, sparsity) for line in columns]], dtype=object)).sqrt()
        return _between(Balls(super().sparse_backward_norm(layer, sparsity)).data.tolist(), _upper(sparse.minimum(whole)).data.tolist())

    def changed_products(self, first: int, last: int, nonzeros: int) -> list[tuple[Tensor, list[Tensor], Tensor]]:
        raise Unsupported("the supremum over diagonal changes, from above")

    def backward_changes(self, nonzeros: int, size: float, whole: bool = False) -> list[list[Tensor]]:
        raise Unsupported("the supremum over diagonal changes, from above")

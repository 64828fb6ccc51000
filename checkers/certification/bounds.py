"""Suprema from above: one trial as a subject of balls whose `product_norm` and the like are proved upper bounds.

A measure that searches asks for the largest value found, which is a lower bound and can only refute. Here each such question is
answered by a number that no vector exceeds, so that `left <= right`, once proved, holds for all that the claim quantifies over inside the
instance. What has no such bound here raises Unsupported.
"""

from __future__ import annotations

import numpy as np
from flint import arb
from torch import Tensor

from checkers.certification.balls import Balls, Unsupported
from checkers.certification.subjects import BallNetworkSubject, tensor


def _upper(balls: Balls) -> Balls:
    return Balls(np.asarray(np.frompyfunc(lambda x: arb(x.upper()), 1, 1)(balls.data), dtype=object))


def _largest_sum(values: np.ndarray, count: int) -> arb:
    """The sum of the `count` largest of numbers known as balls, from above: the largest upper ends."""
    ends = sorted((x.upper() for x in values.tolist()), reverse=True)
    return sum(ends[:count], arb(0))


class UpperBoundSubject(BallNetworkSubject):
    """Weights as drawn, nothing moved; norms of products over all vectors."""

    def _matrices(self, first: int, last: int) -> list[Balls]:
        """W_b D_{b-1} ... D_a W_a of every sample, (width, width)."""
        architecture, hidden, width = self.network.architecture, self.network.hidden, self.instance.width
        identity = Balls(np.eye(width))[None]
        found = []
        for sample in range(self.instance.samples):
            signs = [sign[:, sample : sample + 1] for sign in self.record.signs]
            columns = Balls(architecture.product(hidden, signs, first, last, tensor(identity)))[0]  # row k: M e_k
            found.append(columns.mT)
        return found

    def _norms(self, first: int, last: int) -> list[Balls]:
        """Spectral norms, by all eigenvalues of M^T M."""
        return [_upper((matrix.mT @ matrix).eigvalsh()[-1].sqrt()) for matrix in self._matrices(first, last)]

    def product_norm(self, first: int, last: int) -> Tensor:
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        return tensor(Balls(np.array([[norm.data.item() for norm in self._norms(first, last)]], dtype=object)))

    def sparse_product_norm(self, first: int, last: int, left: int | None, right: int | None) -> Tensor:
        """The smaller of the spectral norm and of what sparse rows and columns allow.

        One side sparse: for a support S of s columns, ‖M_S‖_2^2 is the largest eigenvalue of the Gram matrix G_S, at most its largest
        row sum (Gershgorin), at most max_j (G_jj + the s - 1 largest |G_jk|). Both: ‖M_ST‖_2^2 <= ‖M_ST‖_1 ‖M_ST‖_inf (Schur), with s
        entries in a line.
        """
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        bounds = []
        for matrix, norm in zip(self._matrices(first, last), self._norms(first, last), strict=True):
            if left is not None and right is not None:
                size = matrix.abs().data
                row = [_largest_sum(line, right) for line in size]
                column = [_largest_sum(line, left) for line in size.T]
                sparse = (Balls(np.array(row, dtype=object)).amax() * Balls(np.array(column, dtype=object)).amax()).sqrt()
            elif left is None and right is None:
                sparse = norm
            else:
                lines = matrix.mT if right is not None else matrix  # one row for each coordinate of the sparse vector
                gram, sparsity = (lines @ lines.mT).abs().data, right if right is not None else left
                assert sparsity is not None
                sums = []
                for k, line in enumerate(gram):
                    others = np.concatenate([line[:k], line[k + 1 :]])
                    sums.append(arb(line[k].upper()) + _largest_sum(others, sparsity - 1))
                sparse = Balls(np.array(sums, dtype=object)).amax().sqrt()
            bounds.append(_upper(sparse.minimum(norm)).data.item())
        return tensor(Balls(np.array([bounds], dtype=object)))

    def sparse_backward_norm(self, layer: int, sparsity: int) -> Tensor:
        """‖Back_S‖_2 <= ‖Back_S‖_F: the root of the s largest squared columns, an equality for one output; or the whole matrix's norm."""
        rows = Balls(self.backward(layer))  # (1, samples, outputs, width)
        whole = _upper((rows @ rows.mT).eigvalsh()[..., -1].sqrt())
        columns = rows.square().sum(-2).data[0]
        sparse = Balls(np.array([[_largest_sum(line, sparsity) for line in columns]], dtype=object)).sqrt()
        return tensor(_upper(sparse.minimum(whole)))

    def changed_products(self, first: int, last: int, nonzeros: int) -> list[tuple[Tensor, list[Tensor], Tensor]]:
        raise Unsupported("the supremum over diagonal changes, from above")

    def backward_changes(self, nonzeros: int, size: float) -> list[list[Tensor]]:
        raise Unsupported("the supremum over diagonal changes, from above")

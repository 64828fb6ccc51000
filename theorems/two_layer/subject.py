"""What the statements of this theory ask of a network f(x) = m^{-1/2} sum_r a_r relu(w_r . x), of which w_1..w_m are trained.

Only the products w_r . x_i matter, and only the part of w_r in the span of the inputs ever moves: a network is a table of m x n of them.
Leading dimension of every tensor: independent trials. kappa^2, the variance of the entries of w_r, is the statement's `variance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from theorems.language.subject import Drawn

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Path:
    """A training run; the first entry along `steps` is the start.

    residual: y - u, (trials, steps, samples). farthest: max_r ‖w_r - w_r(0)‖. distance: ‖W - W(0)‖_F. floor: lambda_min(H(W)). error: how
    far at most the residual is from what the path claims to follow, accumulated; zero for descent. All four (trials, steps).
    """

    residual: Tensor
    farthest: Tensor
    distance: Tensor
    floor: Tensor
    error: Tensor


class TwoLayer(Drawn, Protocol):
    """A batch of two-layer networks at their start."""

    def outputs(self) -> Tensor:
        """u_i(0), (trials, samples)."""
        ...

    def kernel(self) -> Tensor:
        """H_ij(0) = rho_ij (1/m) sum_r D_ri D_rj, (trials, samples, samples)."""
        ...

    def jacobian_gram(self) -> Tensor:
        """<df(x_i)/dW, df(x_j)/dW>, by reverse-mode differentiation: (trials, samples, samples)."""
        ...

    def near(self, radius: float) -> Tensor:
        """N_i(R), the neurons with |w_r(0) . x_i| <= R: (trials, samples)."""
        ...

    def flip_bound(self, radius: float) -> Tensor:
        """U_ij(R) = |rho_ij| #{r: i or j near, and each of i, j open or near}/m: (trials, samples, samples)."""
        ...

    def kernel_change(self, radius: float, top: bool, amplitude: float = 0.0) -> Tensor:
        """H(W, a) - H(0) of the worst W found with ‖w_r - w_r(0)‖ <= radius for all r, ||a_r| - 1| <= amplitude: with the largest top, or
        the least bottom eigenvalue; (trials, samples, samples)."""
        ...

    def complexity(self, radius: float, budget: float) -> Tensor:
        """(1/n) E_e sup sum_i e_i f(x_i) over sign vectors e and the W found with ‖w_r - w_r(0)‖ <= radius for all r, ‖W - W(0)‖_F <=
        budget: (trials,)."""
        ...

    def descend(self, residual: Tensor, step_size: Tensor, steps: int, frozen: bool = False) -> Path:
        """Gradient descent from W(0) with labels y = u(0) + residual, (trials, samples), and a step size for each trial. frozen: of the
        linearized network, whose gates stay those of W(0)."""
        ...

    def flow(self, residual: Tensor, horizon: Tensor, steps: int) -> Path:
        """Gradient flow up to time `horizon`, (trials,), in steps in each of which the gates are those of its beginning; what a gate that
        changes in between makes of the outputs is added to `error`."""
        ...

    def pushed(self, residual: Tensor, length: float) -> TwoLayer:
        """The networks with each w_r moved by that length where gradient descent would go for labels u(0) + residual, as a new start."""
        ...

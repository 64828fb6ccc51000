"""What the statements of this theory ask of a map f: R^P -> R^n: its Jacobian J at a start theta_0, bounds of it on a ball, and descent.

Leading dimension of every tensor: independent trials, each with a map, a start and labels of its own. No claim is about their law.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from theorems.language.subject import Drawn

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Path:
    """Training runs with several labels each; the first entry along `steps` is the start.

    residual: y - f, (trials, labels, steps, samples). distance: ‖theta - theta_0‖. length: of the path so far. apart: ‖theta - goal‖,
    where a goal was given. error: how far at most the residual, and the length, may be from those of the path that is followed; zero for
    descent. All four (trials, labels, steps).
    """

    residual: Tensor
    distance: Tensor
    length: Tensor
    apart: Tensor
    error: Tensor


@dataclass(frozen=True)
class Moves:
    """What moves of the parameters do to the Jacobian: ‖J(theta') - J(theta)‖, and of each move its Frobenius norm, its spectral norm as a
    matrix of k rows and the norm of its longest row; all (trials, moves)."""

    change: Tensor
    frobenius: Tensor
    spectral: Tensor
    row: Tensor


class Run(Protocol):
    """What is asked of a run of a ReLU network. residual: y - f, (trials, steps, samples). distance: ‖W - W_0‖_F. error: how far at most
    the residual is from that of the flow that is followed. Both (trials, steps)."""

    @property
    def residual(self) -> Tensor: ...

    @property
    def distance(self) -> Tensor: ...

    @property
    def error(self) -> Tensor: ...


class Gates(Drawn, Protocol):
    """A batch of networks m^{-1/2} sum_r a_r relu(w_r . x) at their start."""

    def outputs(self) -> Tensor:
        """f, (trials, samples)."""
        ...

    def kernel(self) -> Tensor:
        """J J^T, (trials, samples, samples)."""
        ...

    def gate_costs(self) -> Tensor:
        """The least square of a Frobenius norm of a change of W that changes k gates of an input, k = 1..m: (trials, samples, m)."""
        ...

    def flow(self, residual: Tensor, horizon: Tensor, steps: int) -> Run:
        """Gradient flow up to time `horizon`, (trials,), with labels f(W_0) + residual, (trials, samples)."""
        ...


class LocalJacobian(Drawn, Protocol):
    """A batch of maps f_i(W) = sum_l v_l phi(w_l . x_i), ‖v‖_2 = 1, at a start W_0, with the instance's inputs."""

    @property
    def error(self) -> float:
        """Absolute error bound of an output, after a few steps too."""
        ...

    def outputs(self) -> Tensor:
        """f(theta_0), (trials, samples)."""
        ...

    def gram(self) -> Tensor:
        """J J^T at theta_0, (trials, samples, samples)."""
        ...

    def jacobian_gram(self) -> Tensor:
        """The same by reverse-mode differentiation."""
        ...

    def expected_gram(self) -> tuple[Tensor, Tensor]:
        """E J J^T over W_0 given v and phi, (trials, samples, samples), and how far its entries may be off, (trials,)."""
        ...

    def output_weights(self) -> Tensor:
        """v, (trials, width)."""
        ...

    def slopes(self) -> tuple[Tensor, Tensor, Tensor]:
        """gamma <= phi' <= Gamma and |phi''| <= M everywhere, (trials,) each."""
        ...

    def largest_output(self) -> Tensor:
        """‖v‖_inf, (trials,)."""
        ...

    def lipschitz(self) -> Tensor:
        """L with ‖J(theta') - J(theta)‖ <= L ‖theta' - theta‖ everywhere, proved: (trials,)."""
        ...

    def least(self, radius: Tensor) -> Tensor:
        """A proved lower bound of sigma_min(J) on the ball of that radius, (trials,): radius as well."""
        ...

    def most(self, radius: Tensor) -> Tensor:
        """A proved upper bound of ‖J‖ on the ball of that radius."""
        ...

    def moves(self, direction: Tensor, length: Tensor) -> Tensor:
        """Moves of theta by that length, (trials,), along J^T direction, (trials, labels, samples), as the methods below take them."""
        ...

    def step(self, residual: Tensor, step_size: Tensor) -> Tensor:
        """The moves of one step of descent for each of these residuals y - f(theta_0)."""
        ...

    def to_origin(self, labels: int) -> Tensor:
        """The move to theta = 0, once for each label."""
        ...

    def outputs_at(self, moves: Tensor) -> Tensor:
        """f where these moves lead, (trials, labels, samples)."""
        ...

    def gram_at(self, moves: Tensor) -> Tensor:
        """J J^T there, (trials, labels, samples, samples)."""
        ...

    def descend(self, residual: Tensor, step_size: Tensor, steps: int, goal: Tensor | None = None) -> Path:
        """Gradient descent on 1/2 ‖f - y‖^2 from theta_0 with labels y = f(theta_0) + residual, (trials, labels, samples); step_size:
        (trials,), or (trials, labels); goal: moves."""
        ...

    def orders(self, labels: int, steps: int) -> Tensor:
        """Samples drawn uniformly, one for each step of each run, anew in every trial: (trials, labels, steps), numbers from 0."""
        ...

    def descend_sampled(self, residual: Tensor, step_size: Tensor, orders: Tensor, goal: Tensor | None = None) -> Path:
        """Stochastic descent theta' = theta - eta r_i J_i^T, i as in `orders`, (trials, labels, steps); the rest as for descend."""
        ...

    def linearized(self, residual: Tensor, step_size: Tensor, steps: int, extra: Tensor) -> tuple[Tensor, ...]:
        """Descent of f beside that of its linearization by a reference Jacobian, J and one more column `extra`, (trials, labels, samples),
        for a parameter that f ignores: the residuals of both, (trials, labels, steps + 1, samples), and how far the parameters are from
        each other, (trials, labels, steps + 1)."""
        ...

    def flow(self, residual: Tensor, horizon: Tensor, steps: int) -> Path:
        """Gradient flow up to time `horizon`, (trials,), labels as for descend."""
        ...

    def jacobian_moves(self, length: float) -> Moves:
        """Moves of that Frobenius norm that change J much, from starts that are chosen too."""
        ...

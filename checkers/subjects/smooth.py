"""Subjects of local Jacobian theory (theorems.local_jacobian.subject.LocalJacobian): smooth maps whose constants are known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from checkers.networks.hermite import expected_products
from checkers.networks.randomness import NormalSource
from checkers.networks.smooth import SmoothNetwork
from checkers.subjects.partial import PartialSubject
from theorems.language.instance import Instance
from theorems.local_jacobian.subject import Moves, Path

EPS = float(np.finfo(np.float64).eps)
EIGENVALUES = 16 * EPS  # of ‖J‖^2 and per sample: what LAPACK's eigenvalues of a symmetric matrix may be off by


class SmoothSubject(PartialSubject):
    """A batch of drawn maps."""

    engine = "jacobian"

    def __init__(self, network: SmoothNetwork, instance: Instance, source: NormalSource, variance: float = 1.0) -> None:
        super().__init__(instance, network.trials, source)
        self.network, self.variance = network, variance

    @property
    def rounding(self) -> float:
        return 16 * EPS * sqrt(self.network.weights.shape[1] * self.network.weights.shape[2])

    @property
    def error(self) -> float:
        terms = self.network.output.abs()[:, None] @ self.network.activation(self.network.pre_activations).abs()
        return 64 * EPS * float(1 + terms.amax())

    def outputs(self) -> Tensor:
        return self.network.outputs()

    @cached_property
    def _gram(self) -> Tensor:
        return self.network.gram()

    def gram(self) -> Tensor:
        return self._gram

    def jacobian_gram(self) -> Tensor:
        weights = self.network.weights.detach().clone().requires_grad_()
        outputs = SmoothNetwork(self.network.rows, weights, self.network.output, self.network.activation).outputs()
        rows = [torch.autograd.grad(one.sum(), weights, retain_graph=True)[0].flatten(1) for one in outputs.unbind(1)]
        jacobian = torch.stack(rows, 1)
        return jacobian @ jacobian.mT

    def expected_gram(self) -> tuple[Tensor, Tensor]:
        shares = self.network.rows @ self.network.rows.mT
        found, off = expected_products(self.network.activation, shares, sqrt(self.variance))
        size = self.network.output.square().sum(-1)
        return size[:, None, None] * found * shares, size * off

    def output_weights(self) -> Tensor:
        return self.network.output

    def slopes(self) -> tuple[Tensor, Tensor, Tensor]:
        activation = self.network.activation
        return activation.low, activation.high, activation.bend

    def largest_output(self) -> Tensor:
        return self.network.output.abs().amax(-1)

    @cached_property
    def _data(self) -> tuple[Tensor, Tensor]:
        """sigma_min(X) as an n x d matrix, so 0 for n > d, and ‖X‖."""
        rows = self.network.rows
        values = torch.linalg.svdvals(rows)
        least = values[-1] if len(rows) <= rows.shape[1] else values.new_zeros(())
        return least, values[0]

    def lipschitz(self) -> Tensor:
        """M ‖v‖_inf ‖X‖ for rows of norm 1."""
        return self.network.activation.bend * self.largest_output() * self._data[1]

    @cached_property
    def _ends(self) -> tuple[Tensor, Tensor]:
        """sigma_min(J) and ‖J‖ at the start, rounded outwards, (trials,) each."""
        values = torch.linalg.eigvalsh(self._gram)
        off = EIGENVALUES * self.instance.samples * values[..., -1]
        return (values[..., 0] - off).clamp_min(0).sqrt(), (values[..., -1] + off).sqrt()

    def least(self, radius: Tensor) -> Tensor:
        """gamma sigma_min(X) everywhere, for J J^T = sum_l v_l^2 D_l X X^T D_l; and near the start what J may lose on the way."""
        return torch.maximum(self._ends[0] - self._changed(radius), self.network.activation.low * self._data[0])

    def most(self, radius: Tensor) -> Tensor:
        return torch.minimum(self._ends[1] + self._changed(radius), self.network.activation.high * self._data[1])

    def _changed(self, radius: Tensor) -> Tensor:
        """L times the radius, which may be infinite; a linear map's J never changes."""
        bend = self.lipschitz()
        return torch.where(bend > 0, bend * radius, 0.0)

    def _pulls(self, residual: Tensor) -> Tensor:
        """J^T residual, (trials, labels, k, r)."""
        found = self.network.repeated(residual.shape[1]).pull(residual.flatten(0, 1))
        return found.reshape(*residual.shape[:2], *found.shape[1:])

    def moves(self, direction: Tensor, length: Tensor) -> Tensor:
        pulls = self._pulls(direction)
        norm = torch.linalg.vector_norm(pulls, dim=(-2, -1), keepdim=True)
        return length[:, None, None, None] * torch.where(norm > 0, pulls / torch.where(norm > 0, norm, 1), 0)

    def step(self, residual: Tensor, step_size: Tensor) -> Tensor:
        return step_size[:, None, None, None] * self._pulls(residual)

    def to_origin(self, labels: int) -> Tensor:
        return -self.network.weights[:, None].expand(-1, labels, -1, -1)

    def outputs_at(self, moves: Tensor) -> Tensor:
        return self._at(moves).outputs().reshape(*moves.shape[:2], -1)

    def gram_at(self, moves: Tensor) -> Tensor:
        return self._at(moves).gram().reshape(*moves.shape[:2], *self._gram.shape[1:])

    def _at(self, moves: Tensor) -> SmoothNetwork:
        return self.network.repeated(moves.shape[1]).at(moves.flatten(0, 1))

    def descend(self, residual: Tensor, step_size: Tensor, steps: int, goal: Tensor | None = None) -> Path:
        return self._descend(residual, step_size, [None] * steps, goal)

    def _descend(self, residual: Tensor, step_size: Tensor, drawn: Sequence[Tensor | None], goal: Tensor | None) -> Path:
        """drawn: for each step which samples it sees, 0/1 of shape (runs, samples); None: all."""
        run = _Run(self.network, residual)
        eta, away = run.steps(step_size), None if goal is None else goal.flatten(0, 1)
        change, length = torch.zeros_like(run.start.weights), run.residual.new_zeros(run.start.trials)
        r, now = run.residual, run.start
        records = [_record(r, change, length, away)]
        for seen in drawn:
            step = eta * now.pull(r if seen is None else seen * r)
            change, length = change + step, length + _norm(step)
            now = run.start.at(change)
            r = run.labels - now.outputs()
            records.append(_record(r, change, length, away))
        return run.path(records)

    def orders(self, labels: int, steps: int) -> Tensor:
        drawn = self._source.spawn("orders").integers((self.trials, labels, steps), 0, self.instance.samples - 1)
        return drawn.to(self.network.rows.device)

    def descend_sampled(self, residual: Tensor, step_size: Tensor, orders: Tensor, goal: Tensor | None = None) -> Path:
        drawn = torch.nn.functional.one_hot(orders.flatten(0, 1), self.instance.samples).to(residual)  # (runs, steps, n)
        return self._descend(residual, step_size, [r for r in drawn.unbind(1)], goal)

    def linearized(self, residual: Tensor, step_size: Tensor, steps: int, extra: Tensor) -> tuple[Tensor, ...]:
        run = _Run(self.network, residual)
        eta, column = run.steps(step_size), extra.flatten(0, 1)
        now, change, r, line = run.start, torch.zeros_like(run.start.weights), run.residual, run.residual
        pulled = torch.zeros_like(r)  # sum of eta r~: the linearization has moved by J^T of it
        records = [(r, line, _norm(change))]
        for _ in range(steps):
            change = change + eta * now.pull(r)
            pulled = pulled + eta[..., 0] * line
            moved, along = run.start.pull(pulled), (column * pulled).sum(-1)
            now = run.start.at(change)
            r, line = run.labels - now.outputs(), run.residual - run.start.push(moved) - column * along[:, None]
            records.append((r, line, (_norm(change - moved).square() + along.square()).sqrt()))
        return run.stacked(records)

    def flow(self, residual: Tensor, horizon: Tensor, steps: int) -> Path:
        """By the classical method of Runge and Kutta in twice as many steps; what differs from it in `steps` steps is the error: 15 times
        that of the finer where f is smooth."""
        run, time = _Run(self.network, residual), horizon.repeat_interleave(residual.shape[1])
        fine, coarse = (run.flow(time / count, count) for count in (2 * steps, steps))
        every = slice(None, None, 2)
        off = torch.linalg.vector_norm(fine.residual[:, :, every] - coarse.residual, dim=-1)
        off = torch.maximum(off, (fine.length[:, :, every] - coarse.length).abs()).cummax(-1).values
        return Path(fine.residual[:, :, every], fine.distance[:, :, every], fine.length[:, :, every], fine.apart[:, :, every], off)

    def jacobian_moves(self, length: float) -> Moves:
        """From W where every pre-activation is where |phi''| is largest, as far as the data allow, half of the move to either side. Along
        each input and along X's top singular direction: the row with the largest v_l alone, or all rows; and as many rows as there are
        inputs, each along one of its own."""
        network = self.network
        rows, neurons = network.rows, network.weights.shape[1]
        samples, dimension = rows.shape
        along = torch.cat([rows, torch.linalg.svd(rows)[2][:1]])
        one = torch.nn.functional.one_hot(network.output.abs().argmax(-1), neurons).to(rows)
        every = torch.full_like(one, neurons**-0.5)
        own = rows.new_zeros(self.trials, 1, neurons, dimension)
        own[..., : min(samples, neurons), :] = rows[:neurons] / sqrt(min(samples, neurons))
        move = length * torch.cat([part[:, None, :, None] * along[:, None] for part in (one, every)] + [own], 1)  # (trials, moves, k, r)
        middle = network.activation.steepest[:, None, None, None] * (rows @ torch.linalg.pinv(rows)).sum(-1)
        half = move @ rows.mT / 2
        ends = [network.activation.slope((middle + sign * half).flatten(1, 2)).view_as(half) for sign in (1, -1)]
        slopes = network.output[:, None, :, None] * (ends[0] - ends[1])
        change = torch.linalg.eigvalsh(network.gram(slopes))[..., -1].clamp_min(0).sqrt()
        longest = torch.linalg.vector_norm(move, dim=-1)
        return Moves(change, torch.linalg.vector_norm(longest, dim=-1), torch.linalg.matrix_norm(move, 2), longest.amax(-1))


Record = tuple[Tensor, Tensor, Tensor, Tensor]


class _Run:
    """The networks once for each of several labels, (trials, labels, samples) given as residuals: all runs side by side."""

    def __init__(self, network: SmoothNetwork, residual: Tensor) -> None:
        self.start, self.residual = network.repeated(residual.shape[1]), residual.flatten(0, 1)
        self.labels = self.start.outputs() + self.residual
        self._shape = residual.shape[:2]

    def steps(self, step_size: Tensor) -> Tensor:
        """(trials,) or (trials, labels) as (runs, 1, 1)."""
        found = step_size[..., None].expand(self._shape) if step_size.ndim == 1 else step_size
        return found.flatten()[:, None, None]

    def stacked(self, records: Sequence[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """Records of all steps, each part one tensor, the labels an axis of their own."""
        parts = (torch.stack(one, 1) for one in zip(*records, strict=True))
        return tuple(one.reshape(*self._shape, *one.shape[1:]) for one in parts)

    def path(self, records: list[Record]) -> Path:
        parts = self.stacked(records)
        return Path(*(*parts, torch.zeros_like(parts[-1])))

    def flow(self, step: Tensor, steps: int) -> Path:
        """Gradient flow by that many steps of the classical method of Runge and Kutta."""
        h = step[:, None, None]
        change, length = torch.zeros_like(self.start.weights), torch.zeros_like(step)

        def speed(where: Tensor) -> Tensor:
            now = self.start.at(where)
            return now.pull(self.labels - now.outputs())

        records = [_record(self.residual, change, length, None)]
        for _ in range(steps):
            first = speed(change)
            second = speed(change + h / 2 * first)
            third = speed(change + h / 2 * second)
            fourth = speed(change + h * third)
            # the length is one more coordinate: its speed is the norm of the others'
            speeds = [_norm(one) for one in (first, second, third, fourth)]
            change = change + h / 6 * (first + 2 * second + 2 * third + fourth)
            length = length + step / 6 * (speeds[0] + 2 * speeds[1] + 2 * speeds[2] + speeds[3])
            records.append(_record(self.labels - self.start.at(change).outputs(), change, length, None))
        return self.path(records)


def _norm(change: Tensor) -> Tensor:
    """Of all weights of each trial."""
    found: Tensor = torch.linalg.vector_norm(change.flatten(1), dim=-1)
    return found


def _record(residual: Tensor, change: Tensor, length: Tensor, goal: Tensor | None) -> Record:
    distance = _norm(change)
    return residual, distance, length, torch.zeros_like(distance) if goal is None else _norm(change - goal)

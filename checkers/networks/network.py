"""A batch of independent networks: an architecture, its weights, and the passes that everything else is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Literal

import torch
from torch import Tensor

from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.randomness import NormalSource
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.networks.weights.protocol import Weights
from checkers.networks.weights.revealed import RevealedWeights

Engine = Literal["dense", "revealed"]


def taken(x: Tensor, chosen: Tensor) -> Tensor:
    """The chosen rows of each trial: (trials, n, k), (trials, b) -> (trials, b, k)."""
    return x.gather(1, chosen[..., None].expand(-1, -1, x.shape[-1]))


@dataclass(frozen=True)
class ForwardPass:
    """One forward pass. inputs: (trials, samples, d_in); g_0..g_L and h_0..h_L: (trials, samples, neurons); outputs: (trials, samples,
    d)."""

    inputs: Tensor
    pre_activations: tuple[Tensor, ...]
    activations: tuple[Tensor, ...]
    outputs: Tensor

    @classmethod
    def of(cls, inputs: Tensor, pre_activations: Sequence[Tensor], output: Tensor) -> ForwardPass:
        """The pass with these pre-activations; output: B."""
        activations = tuple(torch.relu(g) for g in pre_activations)
        return cls(inputs, tuple(pre_activations), activations, activations[-1] @ output.mT)

    def at(self, chosen: Tensor) -> ForwardPass:
        """The pass of these samples alone, a selection in each trial: (trials, k)."""
        pre_activations, activations = (tuple(taken(x, chosen) for x in layers) for layers in (self.pre_activations, self.activations))
        return ForwardPass(taken(self.inputs, chosen), pre_activations, activations, taken(self.outputs, chosen))

    @cached_property
    def signs(self) -> tuple[Tensor, ...]:
        """The diagonals of D_l = 1[g_l >= 0], l = 0..L, as 0/1 floats: (trials, samples, neurons)."""
        return tuple((g >= 0).to(g.dtype) for g in self.pre_activations)


class Network:
    """Networks of one shape, independent along the leading dimension. Only the hidden weights W_1..W_L ever change."""

    def __init__(self, architecture: Architecture, input_weights: Weights, hidden: Sequence[Weights], output: Tensor) -> None:
        """output: B, (trials, d, neurons of a layer)."""
        self.architecture = architecture
        self.input_weights = input_weights
        self.hidden = list(hidden)
        self.output = output

    @classmethod
    def draw(
        cls,
        engine: Engine,
        width: int,
        depth: int,
        input_dimension: int,
        outputs: int,
        trials: int,
        source: NormalSource,
        variance: float = 2.0,
        dtype: torch.dtype = torch.float64,
        device: str | torch.device = "cpu",
        architecture: Architecture | None = None,
    ) -> Network:
        """The random initialization: A and W_l with entries N(0, variance / fan-in of W_l), B with entries N(0, 1/outputs)."""
        if engine not in ("dense", "revealed"):
            raise ValueError(f"engine must be 'dense' or 'revealed', not {engine!r}")
        sizes = {"width": width, "depth": depth, "input_dimension": input_dimension, "outputs": outputs, "trials": trials}
        for name, value in sizes.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        architecture = FullyConnected() if architecture is None else architecture
        draw = DenseWeights.draw if engine == "dense" else RevealedWeights

        def weights(name: str | int, shape: tuple[int, int], fan_in: float) -> Weights:
            return draw(*shape, variance / fan_in, trials, source.spawn(name), dtype, device)

        hidden = [weights(layer, architecture.hidden_shape(width), architecture.fan_in(width)) for layer in range(1, depth + 1)]
        output = source.spawn("output").normal((trials, outputs, architecture.neurons(width)), sqrt(1 / outputs), dtype, device)
        return cls(architecture, weights("input", architecture.input_shape(width, input_dimension), width), hidden, output)

    @classmethod
    def from_matrices(
        cls, input_matrix: Tensor, hidden_matrices: Sequence[Tensor], output: Tensor, architecture: Architecture | None = None
    ) -> Network:
        """A dense network from A, [W_1..W_L] and B, each (rows, columns) or (trials, rows, columns)."""
        hidden = [DenseWeights(matrix) for matrix in hidden_matrices]
        output = output if output.ndim == 3 else output[None]
        return cls(FullyConnected() if architecture is None else architecture, DenseWeights(input_matrix), hidden, output)

    @property
    def trials(self) -> int:
        return self.output.shape[0]

    @property
    def outputs(self) -> int:
        return self.output.shape[1]

    @property
    def width(self) -> int:
        """m, the rows of every W_l."""
        return self.hidden[0].rows

    @property
    def depth(self) -> int:
        return len(self.hidden)

    def inputs(self, x: Any) -> Tensor:
        """x (n, d_in) or (trials, n, d_in), tensor or array, as (trials, n, d_in) in this network's dtype, on its device."""
        rows = x if isinstance(x, Tensor) else torch.tensor(x)
        rows = rows.to(self.output)
        expected = self._input_dimension(rows)
        if rows.ndim not in (2, 3) or rows.shape[-1] != expected or (rows.ndim == 3 and rows.shape[0] != self.trials):
            raise ValueError(f"inputs need shape (n, {expected}) or ({self.trials}, n, {expected}), not {tuple(rows.shape)}")
        return rows.expand(self.trials, *rows.shape[-2:])

    def _input_dimension(self, rows: Tensor) -> int:
        """The d_in that fits A; where A is applied to parts of the input, any that gives parts of the right length does."""
        columns = self.input_weights.columns
        return rows.shape[-1] if rows.ndim > 1 and self.architecture.input_shape(1, rows.shape[-1])[1] == columns else columns

    def forward(self, x: Any, before: ForwardPass | None = None) -> ForwardPass:
        """The forward pass on x, (n, d_in) or (trials, n, d_in); differentiable where the weights are.

        before: a pass on the same x with other hidden weights, which begins alike: A never changes.
        """
        rows = self.inputs(x) if before is None else before.inputs
        first = None if before is None else (before.pre_activations[0], before.activations[0])
        pre_activations, activations = self.architecture.forward(self.input_weights, self.hidden, rows, first)
        return ForwardPass(rows, tuple(pre_activations), tuple(activations), activations[-1] @ self.output.mT)

    def backward(self, record: ForwardPass, v: Tensor) -> list[Tensor]:
        """D_l Back_{l+1}^T v for l = 1..L: (trials, n, c, d) -> list of (trials, n, c, neurons)."""
        return self.architecture.backward(self.hidden, record.signs, v @ self.output[:, None])

    def step(self, record: ForwardPass, loss_vectors: Tensor, step_size: float | Tensor) -> None:
        """W_l -= step_size * the gradient of sum_i <v_i, f(x_i)> in W_l, which for fully connected layers is
        sum_i (D_l Back_{l+1}^T v_i) h_{l-1,i}^T, on every hidden layer, v = loss_vectors (trials, n, d), step_size (trials,) or one.

        With v_i = f(x_i) - y_i this is a step of gradient descent on F (Fact 2.5); a zero v_i leaves sample i out.
        The record must be of the current weights.
        """
        each = step_size[:, None, None] if isinstance(step_size, Tensor) else step_size
        top = (-each * loss_vectors)[:, :, None] @ self.output[:, None]
        for layer, factor in self.architecture.sweep(self.hidden, record.signs, top):
            self.architecture.update(self.hidden, layer, record.activations[layer - 1], factor[:, :, 0])

    def distance(self) -> Tensor:
        """‖W - W(0)‖_F over all hidden layers, shape (trials,)."""
        norms = torch.stack([weights.change_norm() for weights in self.hidden])
        distance: Tensor = torch.linalg.vector_norm(norms, dim=0)
        return distance

    def copy(self) -> Network:
        """A network whose hidden weights change independently of this one's."""
        return Network(self.architecture, self.input_weights, [weights.copy() for weights in self.hidden], self.output)

    def perturbed(self) -> Network:
        """This network with W' = 0 added to every hidden layer; both ask the same matrices. This one must not change from now on."""
        empty = self.output.new_zeros
        hidden = [PerturbedWeights(w, empty(self.trials, 0, w.rows), empty(self.trials, 0, w.columns)) for w in self.hidden]
        return Network(self.architecture, self.input_weights, hidden, self.output)

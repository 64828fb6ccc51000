"""A batch of independent networks: an architecture, its weights, and the passes that everything else is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from checkers.dense import DenseWeights
from checkers.fully_connected import FullyConnected
from checkers.perturbed import PerturbedWeights
from checkers.randomness import NormalSource
from checkers.revealed import RevealedWeights
from checkers.weights import Weights

Engine = Literal["dense", "revealed"]


class Architecture(Protocol):
    """How layers use their weights. Shapes and meanings as in fully_connected.FullyConnected, which is the model to follow."""

    @property
    def name(self) -> str: ...

    def hidden_shape(self, width: int) -> tuple[int, int]: ...

    def forward(self, input_weights: Weights, hidden: Sequence[Weights], x: Tensor) -> tuple[list[Tensor], list[Tensor]]: ...

    def backward(self, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> list[Tensor]: ...

    def update(self, hidden: Sequence[Weights], activations: Sequence[Tensor], factors: Sequence[Tensor]) -> None: ...

    def product(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, x: Tensor) -> Tensor: ...

    def product_transpose(self, hidden: Sequence[Weights], signs: Sequence[Tensor], first: int, last: int, u: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Record:
    """One forward pass. inputs: (trials, samples, d_in); g_0..g_L and h_0..h_L: (trials, samples, width); outputs: (trials, samples, d)."""

    inputs: Tensor
    pre_activations: tuple[Tensor, ...]
    activations: tuple[Tensor, ...]
    outputs: Tensor

    @cached_property
    def signs(self) -> tuple[Tensor, ...]:
        """The diagonals of D_l = 1[g_l >= 0], l = 0..L, as 0/1 floats: (trials, samples, width)."""
        return tuple((g >= 0).to(g.dtype) for g in self.pre_activations)


class Network:
    """Networks of one shape, independent along the leading dimension. Only the hidden weights W_1..W_L ever change."""

    def __init__(self, architecture: Architecture, input_weights: Weights, hidden: Sequence[Weights], output: Tensor) -> None:
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
        """The random initialization: A and W_l with entries N(0, variance / columns of W_l), B with entries N(0, 1/outputs)."""
        if engine not in ("dense", "revealed"):
            raise ValueError(f"engine must be 'dense' or 'revealed', not {engine!r}")
        sizes = {"width": width, "depth": depth, "input_dimension": input_dimension, "outputs": outputs, "trials": trials}
        for name, value in sizes.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        architecture = FullyConnected() if architecture is None else architecture
        draw = DenseWeights.draw if engine == "dense" else RevealedWeights
        rows, columns = architecture.hidden_shape(width)

        def weights(name: str | int, columns_here: int) -> Weights:
            return draw(rows, columns_here, variance / columns, trials, source.spawn(name), dtype, device)

        hidden = [weights(layer, columns) for layer in range(1, depth + 1)]
        output = source.spawn("output").normal((trials, outputs, width), sqrt(1 / outputs), dtype, device)
        return cls(architecture, weights("input", input_dimension), hidden, output)

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
        return self.output.shape[2]

    @property
    def depth(self) -> int:
        return len(self.hidden)

    def inputs(self, x: Any) -> Tensor:
        """x (n, d_in) or (trials, n, d_in), tensor or array, as (trials, n, d_in) in this network's dtype, on its device."""
        rows = x if isinstance(x, Tensor) else torch.tensor(x)
        rows = rows.to(self.output)
        expected = self.input_weights.columns
        if rows.ndim not in (2, 3) or rows.shape[-1] != expected or (rows.ndim == 3 and rows.shape[0] != self.trials):
            raise ValueError(f"inputs need shape (n, {expected}) or ({self.trials}, n, {expected}), not {tuple(rows.shape)}")
        return rows.expand(self.trials, *rows.shape[-2:])

    def forward(self, x: Any) -> Record:
        """The forward pass on x, (n, d_in) or (trials, n, d_in); differentiable where the weights are."""
        rows = self.inputs(x)
        pre_activations, activations = self.architecture.forward(self.input_weights, self.hidden, rows)
        return Record(rows, tuple(pre_activations), tuple(activations), activations[-1] @ self.output.mT)

    def backward(self, record: Record, v: Tensor) -> list[Tensor]:
        """D_l Back_{l+1}^T v for l = 1..L: (trials, n, c, d) -> list of (trials, n, c, width)."""
        return self.architecture.backward(self.hidden, record.signs, v @ self.output[:, None])

    def step(self, record: Record, loss_vectors: Tensor, step_size: float) -> None:
        """W_l -= step_size * sum_i (D_l Back_{l+1}^T v_i) h_{l-1,i}^T on every hidden layer, v = loss_vectors (trials, n, d).

        With v_i = f(x_i) - y_i this is a step of gradient descent on F (Fact 2.5); a zero v_i leaves sample i out.
        The record must be of the current weights.
        """
        factors = self.backward(record, -step_size * loss_vectors[:, :, None])
        self.architecture.update(self.hidden, record.activations, [factor[:, :, 0] for factor in factors])

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

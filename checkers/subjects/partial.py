"""Subjects that answer some questions only: the base of all, and the subject of statements about plain vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from torch import Tensor

from checkers.networks.randomness import NormalSource
from theorems.language.instance import Instance
from theorems.language.subject import Descent, Subject, Trajectory

FULL_BATCH = Descent()


class PartialSubject:
    """A subject that answers randomness for plain vectors and refuses every other question; subclasses answer more."""

    engine = "vectors"

    def __init__(self, instance: Instance, trials: int, source: NormalSource) -> None:
        self._instance = instance
        self._trials = trials
        self._source = source

    @property
    def instance(self) -> Instance:
        return self._instance

    @property
    def trials(self) -> int:
        return self._trials

    @property
    def rounding(self) -> float:
        return 0.0

    def integers(self, shape: Sequence[int], low: int, high: int) -> Tensor:
        return self._source.integers((self.trials, *shape), low, high).double()

    def _layer(self, layer: int, low: int, high: int) -> int:
        if not low <= layer <= high:
            raise ValueError(f"layer must lie in {low}..{high}, not {layer}")
        return layer

    def _refuse(self, question: str) -> NoReturn:
        raise ValueError(f"the engine {self.engine!r} cannot answer {question}")

    def affords(self, layers: int) -> bool:
        self._refuse("affords")

    @property
    def origin(self) -> Subject:
        return self

    def displacement(self, layer: int, vectors: Tensor) -> Tensor:
        self._refuse("displacement")

    def displacement_norm(self) -> Tensor:
        self._refuse("displacement_norm")

    def pre_activations(self, layer: int) -> Tensor:
        self._refuse("pre_activations")

    def norms(self) -> Tensor:
        self._refuse("norms")

    def activations(self, layer: int) -> Tensor:
        self._refuse("activations")

    def signs(self, layer: int) -> Tensor:
        self._refuse("signs")

    def network_outputs(self) -> Tensor:
        self._refuse("network_outputs")

    def backward(self, layer: int) -> Tensor:
        self._refuse("backward")

    def masked_backward(self, layer: int) -> Tensor:
        self._refuse("masked_backward")

    def product_norm(self, first: int, last: int) -> Tensor:
        self._refuse("product_norm")

    def changed_product_norm(self, first: int, last: int, nonzeros: int) -> Tensor:
        self._refuse("changed_product_norm")

    def changed_backward_norm(self, nonzeros: int, size: float, whole: bool = False) -> Tensor:
        self._refuse("changed_backward_norm")

    def sparse_product_norm(self, first: int, last: int, left: int | None, right: int | None) -> Tensor:
        self._refuse("sparse_product_norm")

    def sparse_backward_norm(self, layer: int, sparsity: int) -> Tensor:
        self._refuse("sparse_backward_norm")

    def layer_kernel(self, layer: int) -> Tensor:
        self._refuse("layer_kernel")

    def gradient_factors(self, layer: int) -> tuple[Tensor, Tensor]:
        self._refuse("gradient_factors")

    def weights(self) -> tuple[Tensor, Sequence[Tensor], Tensor]:
        self._refuse("weights")

    def train(self, step_size: float | Tensor, steps: int, descent: Descent = FULL_BATCH) -> Trajectory:
        self._refuse("train")


class VectorSubject(PartialSubject):
    """Subject of statements about plain vectors: no network, exact arithmetic."""

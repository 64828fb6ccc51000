"""One trial of a decision as a subject of balls: its weights, data and perturbation are exact binary numbers, its passes the usual ones.

Where a measure asks for the largest value that a search finds, the search runs in floating point on the whole batch, as it did for the
decision, and what it found (a vector, a diagonal change) is an exact witness: the value there is computed again in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
from flint import arb
from torch import Tensor

from checkers.certification.balls import Balls, Unsupported, precision
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.networks.weights.protocol import Weights
from checkers.subjects.exact_law import ExactLawSubject, layer_kernels
from checkers.subjects.network import NetworkSubject
from checkers.subjects.partial import PartialSubject, VectorSubject
from theorems.language.subject import Subject

SQUARINGS = 60  # trace(M^(2^60))^(2^-60) exceeds the spectral radius of a k x k matrix by a factor k^(2^-60) at most
ENOUGH = 256  # bits, for norms of perturbations: SQUARINGS of them are lost
# A perturbation may exceed the ball by the rounding of its search; it is then shortened by so much, so that it lies inside.
SHORTER = (2.0**-44, 2.0**-30)


class OutsideBall(Exception):
    """The perturbation is longer than the radius that the statement allows."""


def tensor(balls: Any) -> Tensor:
    """Balls where a tensor is declared: they answer its functions."""
    return cast(Tensor, balls)


def spectral_norm(left: Balls, right: Balls) -> arb:
    """‖left^T right‖_2 of one trial's factors, (1, k, rows) and (1, k, columns).

    Its square is the largest eigenvalue of the product M of the two Gram matrices, whose eigenvalues are real and not negative, so
    trace(M^p)/k <= largest^p <= trace(M^p); p = 2^60 by repeated squaring.
    """
    if left.shape[1] == 0:
        return arb(0)
    product = left[0] @ left[0].mT @ (right[0] @ right[0].mT)
    count, scale = product.shape[0], arb(0)  # M^(2^j) = e^scale times the matrix kept
    for _ in range(SQUARINGS if count > 1 else 0):
        trace = product.diagonal().sum().data.item()
        if not trace > 0:
            break
        size = arb(trace.mid())
        product = product / size
        product = product @ product
        scale = 2 * (scale + size.log())
    trace = product.diagonal().sum().data.item()
    if not trace > 0:  # a zero perturbation, or one too close to tell
        return arb(trace.abs_upper()).union(arb(0)).sqrt() if count == 1 else arb(0).union((left.norm() * right.norm()).data.item())
    power = arb(2) ** (SQUARINGS if count > 1 else 0)
    upper, lower = (scale + trace.log()) / power, (scale + (trace / count).log()) / power
    norm: arb = (lower.union(upper) / 2).exp()
    return norm


class Converted:
    """Weights of one trial in balls, each made once, so that what was one matrix stays one matrix."""

    def __init__(self, trial: int, radius: float) -> None:
        self.trial, self.radius = trial, radius
        self._made: dict[int, Weights] = {}

    def __call__(self, weights: Weights) -> Weights:
        if id(weights) not in self._made:
            self._made[id(weights)] = self._convert(weights)
        return self._made[id(weights)]

    def _one(self, batch: Tensor) -> Balls:
        return Balls(batch[self.trial : self.trial + 1])

    def _convert(self, weights: Weights) -> Weights:
        if isinstance(weights, DenseWeights):
            return DenseWeights(tensor(self._one(weights.matrix)))
        if not isinstance(weights, PerturbedWeights):
            raise Unsupported(f"weights of the kind {type(weights).__name__} in balls")
        left, right = self._one(weights.left), self._one(weights.right)
        with precision(ENOUGH):
            norm = spectral_norm(left, right)
            share = next((s for s in (0.0, *SHORTER) if norm * (1 - s) <= self.radius), None)
            if share is None:
                raise OutsideBall(f"the perturbation has norm {norm.str(8)}, beyond the radius {self.radius:g}")
            left = left * (1 - share)
        return PerturbedWeights(self(weights.base), tensor(left), tensor(right))

    def network(self, network: Network) -> Network:
        made = [self(weights) for weights in (network.input_weights, *network.hidden)]
        return Network(network.architecture, made[0], made[1:], tensor(self._one(network.output)))


_ANSWERS: WeakKeyDictionary[NetworkSubject, dict[tuple[object, ...], Any]] = WeakKeyDictionary()


def _search(batch: NetworkSubject, question: str, *arguments: object) -> Any:
    """What a batch's search finds: the same for all its trials and at every precision, so it is asked once."""
    answers = _ANSWERS.setdefault(batch, {})
    key = (question, *arguments)
    if key not in answers:
        answers[key] = getattr(batch, question)(*arguments)
    return answers[key]


class BallNetworkSubject(NetworkSubject):
    """One trial of a batch. Searches are the batch's; their findings are weighed in balls."""

    def __init__(self, batch: NetworkSubject, convert: Converted, origin: BallNetworkSubject | None = None) -> None:
        super().__init__(convert.network(batch.network), batch.instance, NormalSource(np.random.SeedSequence(0)), origin)
        self.batch, self.trial, self._convert = batch, convert.trial, convert

    @property
    def origin(self) -> BallNetworkSubject:
        return cast(BallNetworkSubject, super().origin)

    def integers(self, shape: Sequence[int], low: int, high: int) -> Tensor:
        raise Unsupported("random integers of a network's subject")

    def affords(self, layers: int) -> bool:
        return self.batch.affords(layers)  # the searches were asked about these products and no others

    def _picked(self, batch: Tensor) -> Tensor:
        return tensor(Balls(batch[self.trial : self.trial + 1]))

    def displacement_norm(self) -> Tensor:
        with precision(ENOUGH):
            moved = [self._moved(layer) for layer in range(1, self.instance.depth + 1)]
            norms = [spectral_norm(Balls(w.left), Balls(w.right)) for w in moved if w is not None]
        return tensor(Balls(np.array([norms or [arb(0)]], dtype=object)).amax(1))

    def product_pair(self, first: int, last: int) -> tuple[Tensor, Tensor]:
        right = self._picked(_search(self.batch, "product_pair", first, last)[1])
        return self._stretch(self.record.signs, first, last, right), right

    def _stretch(self, signs: Sequence[Tensor], first: int, last: int, right: Tensor) -> Tensor:
        image = self.network.architecture.product(self.network.hidden, signs, first, last, right)
        stretch: Tensor = image.norm(dim=-1) / right.norm(dim=-1)
        return stretch

    def _changed(self, diagonals: Sequence[Tensor], first_layer: int) -> list[Tensor]:
        """This trial's D + D'' with the D'' of the batch's; small integers, so without rounding."""
        before, own = self.batch.origin.record.signs[first_layer:], self.origin.record.signs[first_layer:]
        return [
            sign + (diagonal - old)[self.trial : self.trial + 1] for diagonal, old, sign in zip(diagonals, before, own, strict=True)
        ]

    def changed_products(self, first: int, last: int, nonzeros: int) -> list[tuple[Tensor, list[Tensor], Tensor]]:
        found = []
        for _, diagonals, vector in _search(self.batch, "changed_products", first, last, nonzeros):
            signs, right = self._changed(diagonals, 0), self._picked(vector)
            found.append((self._stretch(signs, first, last, right), signs, right))
        return found

    def backward_changes(self, nonzeros: int, size: float, whole: bool = False) -> list[list[Tensor]]:
        return [self._changed(diagonals, 1) for diagonals in _search(self.batch, "backward_changes", nonzeros, size, whole)]

    def sparse_product_pairs(self, first: int, last: int, left: int | None, right: int | None) -> tuple[Tensor, Tensor, Tensor]:
        _, u, v = _search(self.batch, "sparse_product_pairs", first, last, left, right)
        u, v = self._picked(u), self._picked(v)
        image = self._of_many(self.network.architecture.product, first, last, v)
        return (image * u).sum(-1).abs() / (u.norm(dim=-1) * v.norm(dim=-1)), u, v

    def sparse_backward_pairs(self, layer: int, sparsity: int) -> tuple[Tensor, Tensor, Tensor]:
        _, z, u = _search(self.batch, "sparse_backward_pairs", layer, sparsity)
        z, u = self._picked(z), self._picked(u)
        return (self.backward(layer) @ u.mT).norm(dim=-2) / u.norm(dim=-1), z, u


class BallVectorSubject(PartialSubject):
    """One trial of a statement about plain vectors: the same integers."""

    def __init__(self, batch: VectorSubject, fresh: NormalSource, trial: int) -> None:
        super().__init__(batch.instance, 1, fresh.copy())
        self._batch, self._trial = VectorSubject(batch.instance, batch.trials, fresh.copy()), trial

    def integers(self, shape: Sequence[int], low: int, high: int) -> Tensor:
        drawn = self._batch.integers(shape, low, high)
        return tensor(Balls(drawn[self._trial : self._trial + 1]))


class BallExactLawSubject(PartialSubject):
    """One trial of the exact law: what was drawn are exact binary numbers, and norms and kernels follow from them."""

    def __init__(self, batch: ExactLawSubject, trial: int) -> None:
        super().__init__(batch.instance, 1, NormalSource(np.random.SeedSequence(0)))
        self._batch, self._trial = batch, trial
        self._factors = batch.half_chi_squares[0][:, trial].tolist()

    def norms(self) -> Tensor:
        square, found = arb(1), []
        for factor in self._factors:
            square = square * factor * 2 * self._batch.variance / self.instance.width
            found.append(square.sqrt())
        return tensor(Balls(np.array([[found]], dtype=object)))

    def layer_kernel(self, layer: int) -> Tensor:
        along, back = self._batch.backward_chi_squares
        kernel = arb(0)
        if 0 not in self._factors:
            drawn = [[arb(x) for x in numbers] for numbers in (self._factors, back[:, self._trial].tolist())]
            kernel = layer_kernels(drawn[0], arb(along[self._trial]), drawn[1], self.instance.width, self._batch.variance)[layer - 1]
        return tensor(Balls(np.array([[[kernel]]], dtype=object)))


def in_balls(
    batch: Subject, trial: int, fresh: NormalSource, kind: type[BallNetworkSubject] = BallNetworkSubject
) -> Callable[[], Subject]:
    """Makes one trial of a batch of float64 subjects, exactly, each time with passes of its own at the present precision.

    fresh: a source that will draw what the batch's drew, for vectors. kind: of subject for networks. Raises Unsupported for what has no
    exact numbers (revealed weights); the subject's making raises OutsideBall for a perturbation that the statement does not allow.
    """
    if isinstance(batch, NetworkSubject):
        if batch.engine != "dense":
            raise Unsupported("revealed weights have no entries to be exact about")
        convert = Converted(trial, batch.instance.radius)

        def make() -> Subject:
            origin = None if batch.origin is batch else kind(batch.origin, convert)
            return kind(batch, convert, origin)

        return make
    if isinstance(batch, ExactLawSubject):
        return lambda: BallExactLawSubject(batch, trial)
    if isinstance(batch, VectorSubject):
        return lambda: BallVectorSubject(batch, fresh, trial)
    raise Unsupported(f"a subject of the engine {getattr(batch, 'engine', '?')!r} in balls")

"""Subjects: what a statement's measure asks its questions of (theorems.language.subject.Subject)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from math import sqrt

import torch
from torch import Tensor

from checkers.networks.kernels import layer_kernel
from checkers.networks.network import ForwardPass, Network
from checkers.networks.randomness import NormalSource
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.networks.weights.protocol import Weights
from checkers.subjects.partial import FULL_BATCH, PartialSubject
from checkers.subjects.suprema.diagonal import backward_changes, backward_gap, changed_products
from checkers.subjects.suprema.singular_values import largest_singular_pair
from checkers.subjects.suprema.sparse import sparse_pairs
from theorems.language.instance import Instance
from theorems.language.subject import Descent, Trajectory

# The largest singular value lies at an edge where the spectrum thins out, and 24 steps find it to better than one per
# cent: measured in tests/checkers/subjects/suprema/test_singular_values.py on products of up to 8 layers.
LANCZOS_STEPS = 24
# Each step reveals a direction on either side of every layer: a third of the steps, and a bound lower by some per cent.
REVEALED_LANCZOS_STEPS = 8
# Up to this width all columns of a product are looked at, which costs as much as multiplying the matrices; beyond it, this many
# Gaussian probes rank the columns, and revealed weights, whose cost grows with every vector asked for, must do with fewer. At m = 1024
# and 2048, L = 1, 2 and 4, s = 1 to 8 that finds 0.90 to 0.99 of what all columns do, with stored and with revealed weights; of the
# largest single entry of a matrix 0.8.
ALL_COLUMNS = 128
DENSE_PROBES = 32
REVEALED_PROBES = 4
SPARSE_STARTS, SPARSE_ROUNDS = 2, 4
# Multiplications in one application of all the factors of the products whose suprema are searched for, in one trial; a search takes fifty.
# Below this all products of L = 8 layers cost a few tenths of a second a trial. Revealed weights, which compare each vector asked for with
# all before it, afford none but those that every depth can.
ALL_PRODUCTS = 2**24


class NetworkSubject(PartialSubject):
    """Subject of a network at its present weights; passes are run once, when they are first asked for.

    source: for what is random about the questions (Lanczos start vectors, integers), independent of the network's own.
    origin: the subject of the network that an adversary moved to become this one; the moved weights are perturbations of its weights.
    """

    def __init__(self, network: Network, instance: Instance, source: NormalSource, origin: NetworkSubject | None = None) -> None:
        sizes = (network.width, network.depth, network.outputs)
        if sizes != (instance.width, instance.depth, instance.outputs):
            raise ValueError(f"the network has (width, depth, outputs) {sizes}, which are not the instance's")
        super().__init__(instance, network.trials, source)
        self.network = network
        self.engine = "dense" if all(_stored(weights) for weights in network.hidden) else "revealed"
        self._origin = origin  # None for itself: a cycle would keep the weights until a garbage collection comes by
        self._record: ForwardPass | None = None
        self._factors: list[Tensor] | None = None
        self._found: dict[tuple[object, ...], Tensor] = {}  # what searches found: measures ask the origin beside each of its moves

    def standing_in(
        self, network: Network, record: ForwardPass | None = None, origin: NetworkSubject | None = None
    ) -> NetworkSubject:
        """This subject with another network, which is a move of the same origin; record: a pass to answer from in the place of its own."""
        other = copy.copy(self)
        other.network, other._record, other._factors, other._found = network, record, None, {}
        other._origin = self._origin if origin is None else origin
        return other

    def affords(self, layers: int) -> bool:
        return self.engine == "dense" and layers * self.instance.samples * self.instance.neurons**2 <= ALL_PRODUCTS

    @property
    def origin(self) -> NetworkSubject:
        return self if self._origin is None else self._origin

    def displacement(self, layer: int, vectors: Tensor) -> Tensor:
        weights = self._moved(layer)
        if weights is None:
            return torch.zeros_like(vectors)
        return self.network.architecture.through(weights.change, layer, self.network.depth, self.network.width, vectors)

    def displacement_norm(self) -> Tensor:
        moved = [self._moved(layer) for layer in range(1, self.instance.depth + 1)]
        norms = [self.network.output.new_zeros(self.trials) if weights is None else weights.change_spectral_norm() for weights in moved]
        return torch.stack(norms).amax(0)

    def _moved(self, layer: int) -> PerturbedWeights | None:
        """The layer's weights as a perturbation of the origin's; None where they are the origin's."""
        layer = self._layer(layer, 1, self.instance.depth)
        weights, before = self.network.hidden[layer - 1], self.origin.network.hidden[layer - 1]
        if weights is before:
            return None
        if isinstance(weights, PerturbedWeights) and weights.base is before:
            return weights
        raise ValueError("these weights are no perturbation of the origin's: two matrices would be compared, not one before and after")

    def changed_product_norm(self, first: int, last: int, nonzeros: int) -> Tensor:
        key = ("changed product", first, last, nonzeros)
        if key not in self._found:
            self._found[key] = torch.stack([norm for norm, _, _ in self.changed_products(first, last, nonzeros)]).amax(0)
        return self._found[key]

    def changed_products(self, first: int, last: int, nonzeros: int) -> list[tuple[Tensor, list[Tensor], Tensor]]:
        """What changed_product_norm looked at: norms, diagonals and right vectors."""
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        like = self.record.activations[0]
        start = self._source.spawn("changed product norm").normal(like.shape, 1.0, like.dtype, like.device)
        return changed_products(self.network, self.origin.record.signs, first, last, nonzeros, start, self._lanczos_steps)

    def changed_backward_norm(self, nonzeros: int, size: float, whole: bool = False) -> Tensor:
        key = ("changed backward", nonzeros, size, whole)
        if key not in self._found:
            back = self._origin_back()
            reference = [torch.zeros_like(one) for one in back] if whole else back
            found = [backward_gap(self.network, diagonals, reference) for diagonals in self.backward_changes(nonzeros, size, whole)]
            self._found[key] = torch.stack(found).amax(0)
        return self._found[key]

    def backward_changes(self, nonzeros: int, size: float, whole: bool = False) -> list[list[Tensor]]:
        """The changed diagonals D_1 + D'', ..., D_L + D'' that changed_backward_norm looked at."""
        return backward_changes(self.network, self.origin.record.signs, self._origin_back(), nonzeros, size, whole)

    def _origin_back(self) -> list[Tensor]:
        return [self.origin.backward(layer) for layer in range(1, self.instance.depth + 2)]

    def pre_activations(self, layer: int) -> Tensor:
        return self.record.pre_activations[self._layer(layer, 0, self.instance.depth)]

    @property
    def record(self) -> ForwardPass:
        """The forward pass on the instance's inputs."""
        if self._record is None:
            self._record = self.network.forward(self.instance.inputs)
        return self._record

    @property
    def rounding(self) -> float:
        """16 eps (L + 1)^{3/2} sqrt(m).

        Each of the 2L + 2 products of a forward and a backward pass errs by a few eps sqrt(m) relative to its result (sums
        of m terms whose roundings have random signs, Higham & Mary 2019), and what follows magnifies an error by at most
        O(sqrt L) (Lemma 7.3a). A pre-activation within this of zero may also flip its sign, which moves the squared norm of
        a backward vector by one of its m terms: about m L eps sqrt(m) entries do, none in float64 at any width in reach,
        a few in float32, where a relative change of a few / m stays below the bound too.
        """
        eps = float(torch.finfo(self.network.output.dtype).eps)
        return 16 * eps * (self.instance.depth + 1) * sqrt((self.instance.depth + 1) * self.instance.neurons)

    def norms(self) -> Tensor:
        return torch.stack([h.norm(dim=-1) for h in self.record.activations], -1)

    def activations(self, layer: int) -> Tensor:
        return self.record.activations[self._layer(layer, 0, self.instance.depth)]

    def signs(self, layer: int) -> Tensor:
        return self.record.signs[self._layer(layer, 0, self.instance.depth)]

    def network_outputs(self) -> Tensor:
        return self.record.outputs

    def backward(self, layer: int) -> Tensor:
        self._layer(layer, 1, self.instance.depth + 1)
        if layer == self.instance.depth + 1:
            return self.network.output[:, None].expand(-1, self.record.outputs.shape[1], -1, -1)
        factors = self.masked_backward(layer)
        rows = factors.flatten(1, 2)  # a product of one factor has no D of a sample's own in it
        return self.network.architecture.product_transpose(self.network.hidden, self.record.signs, layer, layer, rows).view(factors.shape)

    def masked_backward(self, layer: int) -> Tensor:
        if self._factors is None:
            rows = self.network.output[:, None].expand(*self.record.outputs.shape, -1)  # e_c^T B for every output c
            self._factors = self.network.architecture.backward(self.network.hidden, self.record.signs, rows)
        return self._factors[self._layer(layer, 1, self.instance.depth) - 1]

    def product_norm(self, first: int, last: int) -> Tensor:
        return self.product_pair(first, last)[0]

    def product_pair(self, first: int, last: int) -> tuple[Tensor, Tensor]:
        """product_norm and the right vectors, (trials, samples, width), that attain it."""
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        hidden, signs, architecture = self.network.hidden, self.record.signs, self.network.architecture
        like = self.record.activations[0]
        start = self._source.spawn("product norm").normal(like.shape, 1.0, like.dtype, like.device)
        return largest_singular_pair(
            lambda x: architecture.product(hidden, signs, first, last, x),
            lambda u: architecture.product_transpose(hidden, signs, first, last, u),
            start,
            self._lanczos_steps,
        )

    @property
    def _lanczos_steps(self) -> int:
        return LANCZOS_STEPS if self.engine == "dense" else REVEALED_LANCZOS_STEPS

    def sparse_product_norm(self, first: int, last: int, left: int | None, right: int | None) -> Tensor:
        return self.sparse_product_pairs(first, last, left, right)[0].amax(-1)

    def sparse_product_pairs(self, first: int, last: int, left: int | None, right: int | None) -> tuple[Tensor, Tensor, Tensor]:
        """What sparse_product_norm looked at: values u^T M v, u and v; see sparse_pairs."""
        self._layer(first, 1, self._layer(last, 1, self.instance.depth))
        like = self.record.activations[0]
        trials, samples, width = like.shape
        if self.engine == "dense" and width <= ALL_COLUMNS:
            probes = torch.eye(width, dtype=like.dtype, device=like.device).expand(trials, samples, width, width)
        else:
            few = DENSE_PROBES if self.engine == "dense" else REVEALED_PROBES
            probes = self._source.spawn("sparse").normal((trials, samples, few, width), 1.0, like.dtype, like.device)

        def apply(x: Tensor) -> Tensor:
            return self._of_many(self.network.architecture.product, first, last, x)

        def apply_transpose(u: Tensor) -> Tensor:
            return self._of_many(self.network.architecture.product_transpose, first, last, u)

        if right is None and left is not None:  # the search ranks columns: here those of the transpose
            value, v, u = sparse_pairs(apply_transpose, apply, probes, right, left, SPARSE_STARTS, SPARSE_ROUNDS)
            return value, u, v
        return sparse_pairs(apply, apply_transpose, probes, left, right, SPARSE_STARTS, SPARSE_ROUNDS)

    def _of_many(self, pass_through: Callable[..., Tensor], first: int, last: int, x: Tensor) -> Tensor:
        """architecture.product or its transpose of several vectors for each sample, (trials, samples, vectors, width)."""
        signs = [sign.repeat_interleave(x.shape[2], dim=1) for sign in self.record.signs]
        return pass_through(self.network.hidden, signs, first, last, x.flatten(1, 2)).view(x.shape)

    def sparse_backward_norm(self, layer: int, sparsity: int) -> Tensor:
        return self.sparse_backward_pairs(layer, sparsity)[0].amax(-1)

    def sparse_backward_pairs(self, layer: int, sparsity: int) -> tuple[Tensor, Tensor, Tensor]:
        """What sparse_backward_norm looked at: values z^T Back u, unit z in R^d and u; see sparse_pairs."""
        rows = self.backward(layer)
        probes = torch.eye(rows.shape[2], dtype=rows.dtype, device=rows.device).expand(*rows.shape[:3], -1)
        return sparse_pairs(lambda x: x @ rows.mT, lambda u: u @ rows, probes, None, sparsity)

    def layer_kernel(self, layer: int) -> Tensor:
        return layer_kernel(*self.gradient_factors(layer))

    def gradient_factors(self, layer: int) -> tuple[Tensor, Tensor]:
        h, s = self.activations(self._layer(layer, 1, self.instance.depth) - 1), self.masked_backward(layer)
        architecture = self.network.architecture
        return architecture.left_vectors(layer, self.network.depth, self.network.width, s), architecture.patches(h)

    def weights(self) -> tuple[Tensor, Sequence[Tensor], Tensor]:
        found = [_matrix(weights) for weights in (self.network.input_weights, *self.network.hidden)]
        matrices = [matrix for matrix in found if matrix is not None]
        if len(matrices) != self.instance.depth + 1:
            self._refuse("weights")
        return matrices[0], matrices[1:], self.network.output

    def train(self, step_size: float | Tensor, steps: int, descent: Descent = FULL_BATCH) -> Trajectory:
        from checkers.networks.descent import follow
        from checkers.networks.one_layer import answers, train_one_layer

        if self.origin is self and answers(self.network, descent):
            recorded = [step for step in range(steps + 1) if step % descent.every == 0 or step == steps]
            targets = torch.as_tensor(self.instance.targets)
            return train_one_layer(self.network, self.record, targets, step_size, steps, recorded, descent.distances)
        order = self._source.spawn("minibatches").seed
        return follow(self.network.copy(), self.instance.inputs, self.instance.targets, step_size, steps, descent, order)


def _stored(weights: Weights) -> bool:
    return _stored(weights.base) if isinstance(weights, PerturbedWeights) else isinstance(weights, DenseWeights)


def _matrix(weights: Weights) -> Tensor | None:
    """The matrix of weights that store one."""
    if isinstance(weights, PerturbedWeights):
        base = _matrix(weights.base)
        return None if base is None else base + weights.left.mT @ weights.right
    return weights.matrix if isinstance(weights, DenseWeights) else None

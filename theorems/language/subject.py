"""What a statement may ask of the network it is about, and the form of its answer.

`Subject` is the only door between theorems/ and the machinery in checkers/: a statement's measure is a function of a Subject.
Leading dimension of every tensor: independent trials (draws of the initialization). Layers are numbered as in the paper: 0..L.
The last dimension of activations and of what is like them: the neurons of a layer, `width` of them (times positions where there are
several). In products of layers W_l stands for the layer's linear map from h_{l-1} to g_l.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance


@dataclass(frozen=True)
class Comparison:
    """Left side and right side of the claim `left <= right`, for every trial and every index the claim quantifies over.

    left, right: (trials, *axes), each further dimension as long as what it counts or 1. axes: a name for each of them; "sample", "layer",
    "output", "interval", "neuron", "i" and "j" (samples) must be as long as the instance has of these; other names are free.
    rounding: relative error that floating-point arithmetic may have put into left/right; a trial whose excess lies
    within it is neither a failure nor a success. Zero where the arithmetic is exact.
    looked_at: in words, the only indices that are compared, where they are not all that the claim quantifies over; empty: all.
    names: axis -> what its indices are called, where that is not what indices.py says: samples i = 1..n, layers l = 1..L, or 0..L where
    there are L + 1 of them, any other axis by its own name, from 1.
    """

    left: Tensor
    right: Tensor
    axes: tuple[str, ...] = ()
    rounding: float = 0.0
    looked_at: str = ""
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Side:
    """The measured side of a claim whose other side is the statement's formula, for every trial and every index.

    values: (trials, *axes). given: what the formula speaks of beside sizes and constants, by name, each (trials,) or as values.
    axes, rounding, looked_at, names: as in Comparison. error: absolute error that floating-point arithmetic may have put into values, where
    that is known instead: it weighs as much as the least of the bound.
    """

    values: Tensor
    axes: tuple[str, ...] = ()
    rounding: float = 0.0
    given: Mapping[str, Tensor] = field(default_factory=dict)
    looked_at: str = ""
    error: float = 0.0
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Trajectory:
    """A training run, at its recorded steps, of which the first is 0; all tensors (trials, recorded).

    loss: F(t). distance: ‖W(t) - W(0)‖_F over all trained layers, unless it was not asked for. worst: the largest loss of one sample.
    gradient: ‖grad F(W(t))‖_F^2 over all trained layers, where it was asked for; else empty. step_size: one for all
    trials, or (trials,). steps: the recorded t.
    """

    loss: Tensor
    distance: Tensor
    step_size: float | Tensor
    worst: Tensor
    gradient: Tensor
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Descent:
    """How to train. loss: a name of laws.losses. batch: samples in a minibatch, drawn afresh at every step without replacement; 0: all.
    every: steps between records (the last step is always one). gradients: whether to record gradient norms; distances: and how far the
    weights are, which costs more than a step does where no layer's change is known in factors.
    never: a sample that no minibatch may hold, of a wrong implementation; -1: none."""

    loss: str = "squared"
    batch: int = 0
    every: int = 1
    gradients: bool = False
    distances: bool = True
    never: int = -1


class Drawn(Protocol):
    """A batch of independently drawn models together with the instance's data."""

    @property
    def instance(self) -> Instance: ...

    @property
    def trials(self) -> int: ...

    @property
    def rounding(self) -> float:
        """Relative error bound of what statements measure at these sizes: of a norm after a pass, an output, an entry of a kernel."""
        ...


class Subject(Drawn, Protocol):
    """Networks, frozen at one point of weight space."""

    def affords(self, layers: int) -> bool:
        """Whether a measure may ask for suprema over products with so many factors W_l together; else it looks at fewer, and says so."""
        ...

    @property
    def origin(self) -> Subject:
        """The same networks before the adversary moved them; itself where nothing moved."""
        ...

    def displacement(self, layer: int, vectors: Tensor) -> Tensor:
        """What W'_l = W_l - origin's W_l contributes to g_l at h_{l-1} = x, without cancellation: W'_l x in fully connected layers;
        (trials, k, neurons) -> (trials, k, neurons), layer in 1..L."""
        ...

    def displacement_norm(self) -> Tensor:
        """max_l ‖W'_l‖_2, how far the adversary moved; (trials,). Not differentiated: adversaries move by the whole radius."""
        ...

    def pre_activations(self, layer: int) -> Tensor:
        """g_l (g_0 = A x), shape (trials, samples, width), layer in 0..L."""
        ...

    def norms(self) -> Tensor:
        """‖h_{i,l}‖, shape (trials, samples, depth + 1)."""
        ...

    def activations(self, layer: int) -> Tensor:
        """h_l, shape (trials, samples, width), layer in 0..L."""
        ...

    def signs(self, layer: int) -> Tensor:
        """The diagonal of D_l = 1[g_l >= 0] as 0/1 floats, shape (trials, samples, width), layer in 0..L."""
        ...

    def network_outputs(self) -> Tensor:
        """f(x_i) = B h_L, shape (trials, samples, outputs)."""
        ...

    def backward(self, layer: int) -> Tensor:
        """Back_layer, whose row c is e_c^T B D_L W_L ... D_l W_l; shape (trials, samples, outputs, width), layer in 1..L+1."""
        ...

    def masked_backward(self, layer: int) -> Tensor:
        """Row c is (D_l Back_{l+1}^T e_c)^T: the left factors of the gradient; (trials, samples, outputs, width), layer in 1..L."""
        ...

    def product_norm(self, first: int, last: int) -> Tensor:
        """Largest singular value found of W_b D_{b-1} ... D_a W_a (a = first <= b = last), per sample: (trials, samples)."""
        ...

    def changed_product_norm(self, first: int, last: int, nonzeros: int) -> Tensor:
        """Largest singular value found of W_b (D_{b-1} + D'') ... W_a over diagonal D'' in [-1, 1] with so many nonzeros in each layer.
        W: this subject's, D: the origin's; (trials, samples)."""
        ...

    def changed_backward_norm(self, nonzeros: int, size: float, whole: bool = False) -> Tensor:
        """Largest ‖Back~_a - Back_a‖_2, or where whole ‖Back~_a‖_2, found over diagonal D'' in [-size, size] with so many nonzeros in each
        layer (0: none), for a = 1..L.
        Back~_a = B (D_L + D'') W_L ... (D_a + D'') W_a with this subject's W; D and Back_a: the origin's; (trials, samples, L)."""
        ...

    def sparse_product_norm(self, first: int, last: int, left: int | None, right: int | None) -> Tensor:
        """Largest |u^T W_b D_{b-1} ... D_a W_a v| found over unit u, v with at most `left` and `right` nonzeros (None: any number).

        Per sample: (trials, samples).
        """
        ...

    def sparse_backward_norm(self, layer: int, sparsity: int) -> Tensor:
        """Largest ‖Back_layer u‖ found over unit u with at most `sparsity` nonzeros; exact for one output: (trials, samples)."""
        ...

    def layer_kernel(self, layer: int) -> Tensor:
        """<grad_{W_l} f_c(x_i), grad_{W_l} f_c'(x_j)>, shape (trials, samples * outputs, samples * outputs)."""
        ...

    def gradient_factors(self, layer: int) -> tuple[Tensor, Tensor]:
        """a_{i,c,r} and b_{i,r} with grad_{W_l} f_c(x_i) = sum_r a_{i,c,r} b_{i,r}^T: (trials, samples, outputs, r, rows of W_l) and
        (trials, samples, r, columns of W_l). In fully connected layers r = 1, a = D_l Back_{l+1}^T e_c and b = h_{l-1}."""
        ...

    def weights(self) -> tuple[Tensor, Sequence[Tensor], Tensor]:
        """(A, [W_1..W_L], B) as dense tensors (trials, rows, columns); only the dense engine can answer."""
        ...

    def integers(self, shape: Sequence[int], low: int, high: int) -> Tensor:
        """Integers in [low, high], as float64, shape (trials, *shape): randomness for statements about plain vectors."""
        ...

    def train(self, step_size: float | Tensor, steps: int, descent: Descent = ...) -> Trajectory:
        """Gradient descent on F from these weights with the instance's targets; leaves this subject unchanged. step_size: one for all
        trials, or of each, (trials,)."""
        ...

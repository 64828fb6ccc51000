"""Facts that hold for every input: the gradient formula (Fact 2.5) and differences of activations (Proposition 11.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS
from theorems.language.subject import Comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from theorems.language.subject import Subject

UNIT_ROUNDOFF = 2.0**-53
RELU_PARTS = {
    "part": (
        "phi(a) - phi(b) = (D_b + D'')(a - b)", "D'' in [-1, 1]", "|D_b + D''| <= 1", "D''_k = 0 where the signs agree",
        "|D''_k (a - b)_k| = |a_k| where they differ",
    )
}  # fmt: skip


def _forward(first: Tensor, hidden: Sequence[Tensor], last: Tensor, inputs: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Section 1 written out: activations h_0..h_L, pre-activations g_0..g_L as (trials, samples, width), and f."""
    before = [inputs @ first.mT]
    after = [before[0].relu()]
    for matrix in hidden:
        before.append(after[-1] @ matrix.mT)
        after.append(before[-1].relu())
    return after, before, after[-1] @ last.mT


def loss_vectors(subject: Subject) -> Tensor:
    """f(x_i) - y_i: (trials, samples, outputs)."""
    import torch

    outputs = subject.network_outputs()
    if subject.instance.labels == "fitted":  # y_i = f(x_i)
        return torch.zeros_like(outputs)
    return outputs - torch.as_tensor(subject.instance.targets).to(outputs)


def _gradients(subject: Subject, next_layer: int = 0, samples: slice = slice(None)) -> list[Tensor]:
    """grad_{W_l} F = sum_i (D_l Back_{l+1}^T loss_i) h_{l-1}^T, for l = 1..L, as (trials, width, width), from the subject's own passes.

    The keyword arguments are mistakes of false variants: h_{l-1+next_layer} in place of h_{l-1}, samples left out.
    """
    loss = loss_vectors(subject)
    gradients = []
    for layer in range(1, subject.instance.depth + 1):
        left = (loss[:, :, None] @ subject.masked_backward(layer))[:, :, 0]
        gradients.append(left[:, samples].mT @ subject.activations(layer - 1 + next_layer)[:, samples])
    return gradients


def _without_derivative(subject: Subject) -> list[Tensor]:
    """The mistake of a false variant: the backward pass B W_L ... W_{l+1}, without the D's."""
    _, hidden, last = subject.weights()
    left = loss_vectors(subject) @ last
    gradients: list[Tensor] = []
    for layer in range(len(hidden), 0, -1):
        gradients.insert(0, left.mT @ subject.activations(layer - 1))
        left = left @ hidden[layer - 1]
    return gradients


def _compare(subject: Subject, formula: list[Tensor]) -> Comparison:
    """The formula against reverse-mode differentiation, entry by entry, within the rounding of both.

    Every entry of a gradient is a sum of products along chains of at most N = 2L + 4 matrix products. By the standard model of
    floating point (Higham, Accuracy and Stability, ch. 3) an entry computed in any order of summation is off by at most
    gamma_{N k} = N k u/(1 - N k u) times the same expression in absolute values, k the longest inner product. Two computations: twice that.
    """
    import torch

    instance = subject.instance
    first, hidden, last = subject.weights()
    inputs, targets = (torch.as_tensor(rows, device=last.device) for rows in (instance.inputs, instance.targets))
    free = [matrix.detach().clone().requires_grad_() for matrix in hidden]
    loss = 0.5 * (_forward(first, free, last, inputs)[2] - targets).square().sum()
    automatic = torch.autograd.grad(loss, free)

    _, before, _ = _forward(first, hidden, last, inputs)
    active = [(g >= 0).to(g.dtype) for g in before]
    size = [(inputs.abs() @ first.abs().mT) * active[0]]
    for matrix, mask in zip(hidden, active[1:], strict=True):
        size.append((size[-1] @ matrix.abs().mT) * mask)
    back = (size[-1] @ last.abs().mT + targets.abs()) @ last.abs()
    bounds: list[Tensor] = []
    for layer in range(len(hidden), 0, -1):
        back = back * active[layer]
        bounds.insert(0, back.mT @ size[layer - 1])
        back = back @ hidden[layer - 1].abs()
    longest = max(instance.width, instance.input_dimension, instance.outputs, instance.samples) + 2
    rounding = 2 * (2 * instance.depth + 4) * longest * UNIT_ROUNDOFF * 1.01
    left = torch.stack([(a - b).abs() for a, b in zip(formula, automatic, strict=True)], dim=1)
    return Comparison(left, rounding * torch.stack(bounds, dim=1) + 1e-300, axes=("layer", "row", "column"))


@statement(
    id="gradient-formula",
    source="Fact 2.5",
    claim="grad_{W_l} F = sum_i (D_{i,l} Back_{i,l+1}^T loss_i) h_{i,l-1}^T, for every l",
    kind="identity",
    ranges={"width": (2, 64), "depth": (1, 8), "samples": (1, 8), "input_dimension": INPUTS, "outputs": (1, 4), "separation": (1e-3, 1.0)},
    engines=("dense",),
    labels=("random", "one-hot"),
    exact=True,
    variants=(
        wrong("backward pass without D", "implementation", measure=lambda subject: _compare(subject, _without_derivative(subject))),
        wrong("h_l in place of h_{l-1}", "claim", measure=lambda subject: _compare(subject, _gradients(subject, next_layer=1))),
        wrong("last sample left out", "implementation",
              measure=lambda subject: _compare(subject, _gradients(subject, samples=slice(0, -1)))),
    ),
    note="The left side comes from the passes that all other statements use, the right side from a forward pass of its own.",
)  # fmt: skip
def gradient_formula(subject: Subject) -> Comparison:
    """|formula - reverse-mode derivative| <= rounding bound, for every entry of every layer."""
    return _compare(subject, _gradients(subject))


def _differences(subject: Subject) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """a, b integer vectors of mixed magnitudes, zeros included, with a - b and phi(a) - phi(b): all exact in float64."""
    size = subject.instance.width
    magnitude = subject.integers((2, size), 0, 20)
    vectors = (subject.integers((2, size), -(2**20), 2**20) / 2**magnitude).round()
    a, b = vectors[:, 0], vectors[:, 1]
    return a, b, a - b, a.relu() - b.relu()


def _correction(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Numerator and denominator of D'' = (phi(a) - phi(b))/(a - b) - D_b, zero where a = b."""
    difference = a - b
    return a.relu() - b.relu() - (b >= 0) * difference, difference


def _violations(subject: Subject, derivative_of_first: bool = False) -> Comparison:
    """Counts of coordinates that break a part of the claim; every count must be 0. Integers, so no rounding anywhere."""
    import torch

    a, b, difference, change = _differences(subject)
    numerator, denominator = _correction(a, b)
    if derivative_of_first:
        numerator = change - (a >= 0) * difference
    agree = (a >= 0) == (b >= 0)
    diagonal = (b >= 0) * difference + numerator
    parts = [
        change != diagonal,  # phi(a) - phi(b) = (D_b + D'')(a - b)
        numerator.abs() > denominator.abs(),  # D'' in [-1, 1]
        diagonal.abs() > denominator.abs(),  # |D_b + D''| <= 1
        agree & (numerator != 0),  # nonzero only where the signs differ
        ~agree & (numerator.abs() != a.abs()),  # where they differ, |D''(a - b)| = |a|, so ‖D''(a - b)‖ <= ‖a - b‖
    ]
    counts = torch.stack([part.sum(-1) for part in parts], dim=1).to(a.dtype)
    return Comparison(counts, torch.zeros_like(counts), axes=("part",), names=RELU_PARTS)


def _bounded_by_activations(subject: Subject) -> Comparison:
    """‖D''(a - b)‖^2 <= ‖phi(a) - phi(b)‖^2; false: a = -5, b = 1 gives 25 and 1."""
    a, b, _, change = _differences(subject)
    numerator, _ = _correction(a, b)
    return Comparison(numerator.square().sum(-1), change.square().sum(-1))


def _half(subject: Subject) -> Comparison:
    """|D''_k| <= 1/2 for every k."""
    a, b, _, _ = _differences(subject)
    numerator, denominator = _correction(a, b)
    return Comparison(2 * numerator.abs(), denominator.abs(), axes=("coordinate",))


@statement(
    id="relu-difference",
    source="Proposition 11.3",
    claim="phi(a) - phi(b) = (D_b + D'')(a - b) with D'' in [-1, 1] diagonal, |D_b + D''| <= 1, D''_k nonzero only where the signs of "
    "a_k and b_k differ, and there |D''_k (a - b)_k| = |a_k|; hence ‖D''(a - b)‖ <= ‖a - b‖",
    kind="identity",
    ranges={"width": (1, 4096)},
    engines=("vectors",),
    exact=True,
    variants=(
        wrong("correction bounded by the change of activations", "claim", measure=_bounded_by_activations),
        wrong("correction at most 1/2", "constant", measure=_half),
        wrong("D_a with the identity of D_b", "implementation", measure=lambda subject: _violations(subject, derivative_of_first=True)),
    ),
    note="Checked on integer vectors, where float64 is exact. The bound ‖D''(a - b)‖ <= ‖phi(a) - phi(b)‖ is false and is a false variant.",
)
def relu_difference(subject: Subject) -> Comparison:
    """No coordinate breaks any part of the claim."""
    return _violations(subject)

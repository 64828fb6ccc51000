"""What the bounds of a deep network's change ask of W(0): its passes, how each layer answers to training, and inner products.

g_l = W_l h_{l-1}, h_l = relu(g_l), f = b . h_L, of which W_1..W_L are trained; D_l the gates, u_L = b, a_l = D_l u_l, u_l = W_{l+1}^T
a_{l+1}, so that the gradient of f(x_i) in W_l is a_{l,i} h_{l-1,i}^T. Training moves W_l by sum_i R_i a_{l,i} h_{l-1,i}^T with R the sum of
eta r, as long as a and h stay what they are; g_{l,j} then by G_{l,j} R, G_{l,j} = [a_{l,i} <h_{l-1,i}, h_{l-1,j}>]_i + W_l D_{l-1,j}
G_{l-1,j}, and the i-th gradient's product with the j-th of what is above by W_{l+1} D_{l,i} a_{l,j} and so on: vectors that are known.

All of them are numbers in floating point; that W_l h_{l-1} is not quite g_l is one more change that the bounds allow for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from checkers.certification.gate_tables import EPS
from checkers.certification.spectral_norms import Norm
from checkers.errors import InputError
from checkers.networks.network import Network
from checkers.networks.weights.protocol import Weights


class Grams(Protocol):
    """Of one layer, whatever its activation: inner products of h_{l-1} and of a_l, (n, n)."""

    @property
    def forward(self) -> Tensor: ...

    @property
    def backward(self) -> Tensor: ...


class Passes(Protocol):
    """Of a deep network at W(0): f(x_i) and how far it may be off, (n,). up: a factor that makes room for the rounding of a sum over
    neurons."""

    @property
    def layers(self) -> Sequence[Grams]: ...

    @property
    def outputs(self) -> Tensor: ...

    @property
    def outputs_error(self) -> Tensor: ...

    @property
    def up(self) -> float: ...


def refuse_overflow(*found: Tensor) -> None:
    if not all(bool(torch.isfinite(one).all()) for one in found):
        raise InputError("the network's weights and the data are so large that their products overflow")


def _columns(weights: Weights, vectors: Tensor) -> Tensor:
    """W x of any number of vectors x, (..., m)."""
    return weights.apply(vectors.flatten(0, -2)[None])[0].view(*vectors.shape[:-1], weights.rows)


@dataclass(frozen=True)
class Probe:
    """Vectors v_{ij} that changes of a_{l,i} are multiplied with: (n or 1, n, m). reach: <h_{l,k}, D_{l,i} v_ij>, (n, n, n), and size:
    ‖D_{l,i} v_ij‖, (n, n), where there is a layer above."""

    vectors: Tensor
    reach: Tensor
    size: Tensor


@dataclass(frozen=True)
class Layer:
    """Layer l at W(0). before: h_{l-1}; near: |g_l|; opened: D_l; above: u_l; factor: a_l; all (n, m). norm: of W_l; slack: ‖error of
    a product with it‖/‖vector‖ at most. known: norms of the rows of G_{l,j}, (n, m); below the top, spread: ‖D_l G_{l,j}‖_2, (n,), along:
    ‖(D_l G_{l,i})^T h_{l,j}‖, (n, n); at the top known leaves out what W_L itself does. forward, backward: inner products of h_{l-1} and of
    a_l, (n, n). probes: by the layer whose a_{l,j} they came from. unsure: ‖error‖ of G_{l,j} R/‖R‖, (n,)."""

    before: Tensor
    near: Tensor
    opened: Tensor
    above: Tensor
    factor: Tensor
    norm: Norm
    slack: float
    known: Tensor
    unsure: Tensor
    spread: Tensor
    along: Tensor
    forward: Tensor
    backward: Tensor
    probes: dict[int, Probe]


@dataclass(frozen=True)
class DeepStart:
    """unsure: ‖h_0's error‖, (n,). up: a factor that makes room for the rounding of a sum over neurons."""

    layers: list[Layer]
    amplitude: Tensor
    outputs: Tensor
    outputs_error: Tensor
    unsure: Tensor
    up: float

    @property
    def samples(self) -> int:
        return len(self.outputs)

    @property
    def width(self) -> int:
        return len(self.amplitude)


def deep_start(network: Network, inputs: Tensor, norms: Sequence[Norm], input_norm: Norm) -> DeepStart:
    """network: one fully connected one with one output; inputs: (n, d_in); norms: of W_1..W_L and of A."""
    depth, samples = network.depth, len(inputs)
    width = max(weights.rows for weights in (network.input_weights, *network.hidden))
    record = network.forward(inputs)
    hidden = [h[0] for h in record.activations]
    opened = [sign[0] for sign in record.signs]
    amplitude = network.output[0, 0]
    above, factors = [amplitude.expand(samples, -1)], [opened[depth] * amplitude]
    for layer in reversed(range(1, depth)):
        above.insert(0, network.hidden[layer].apply_transpose(factors[0][None])[0])
        factors.insert(0, opened[layer] * above[0])
    slack = [norm.slack for norm in norms]
    off = (width + 64) * EPS
    layers: list[Layer] = []
    response: Tensor | None = None  # D_{l-1,j} G_{l-1,j}, (n of j, n of i, m)
    probes: dict[int, Tensor] = {}
    for layer in range(1, depth + 1):
        own, h, gates = factors[layer - 1], hidden[layer - 1], opened[layer]
        forward, backward = h @ h.mT, own @ own.mT
        pushed = own.new_zeros(samples, samples, own.shape[1]) if response is None else _columns(network.hidden[layer - 1], response)
        unsure = slack[layer - 1] * (own.new_zeros(samples) if response is None else response.norm(dim=(1, 2)))
        top = layer == depth
        moved = pushed if top else pushed + own * forward[..., None]
        unsure = unsure + 8 * EPS * moved.norm(dim=(1, 2))
        known = moved.norm(dim=1) * (1 + (samples + 8) * EPS)
        response = moved * gates[:, None]
        squares = response @ response.mT
        refuse_overflow(squares, forward * backward)
        spread = (torch.linalg.eigvalsh(squares)[:, -1].clamp_min(0) + off * squares.diagonal(dim1=1, dim2=2).sum(-1)).sqrt()
        lengths = hidden[layer].norm(dim=1)
        along = torch.einsum("icm,jm->ijc", response, hidden[layer]).norm(dim=2) + off * response.norm(dim=(1, 2))[:, None] * lengths
        probes = {came: _columns(network.hidden[layer - 1], v) for came, v in probes.items()}
        probes[layer] = own[None]
        gated = {came: v * gates[:, None] for came, v in probes.items()}
        layers.append(Layer(
            before=h, near=record.pre_activations[layer][0].abs(), opened=gates, above=above[layer - 1], factor=own,
            norm=norms[layer - 1], slack=slack[layer - 1], known=known, unsure=unsure, spread=spread, along=along, forward=forward,
            backward=backward, probes={
                came: Probe(probes[came], torch.einsum("ijm,km->ijk", v, hidden[layer]).abs(), v.norm(dim=2)) for came, v in gated.items()
            },
        ))  # fmt: skip
        probes = gated
    first = input_norm.slack * inputs.norm(dim=1)
    error = first
    for one in layers:
        error = one.norm.whole * error + one.slack * one.before.norm(dim=1)
    size = amplitude.norm()
    return DeepStart(
        layers=layers, amplitude=amplitude.abs(), outputs=record.outputs[0, :, 0],
        outputs_error=size * (error + off * hidden[depth].norm(dim=1)), unsure=first, up=1 + (width + 64) * EPS,
    )  # fmt: skip

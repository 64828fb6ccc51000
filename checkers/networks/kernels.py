"""Tangent kernels and gradient norms, from the gradients' factors of low rank.

grad_{W_l} f_c(x_i) = sum_r a_{i,c,r} b_{i,r}^T, where the a's are the parts of D_l Back_{l+1}^T e_c and the b's those of h_{l-1,i} that W_l
is applied to (architecture.py). So <grad f_c(x_i), grad f_c'(x_j)> = sum_{r,r'} <a_{i,c,r}, a_{j,c',r'}> <b_{i,r}, b_{j,r'}>. With one
part, as in fully connected layers, that is <h_{l-1,i}, h_{l-1,j}> <s_{i,c}, s_{j,c'}>, and no gradient matrix is ever formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.network import ForwardPass, Network

Rows = TypeVar("Rows", np.ndarray, Tensor)


def layer_kernel(left: Tensor, right: Tensor) -> Tensor:
    """One layer's kernel, (trials, n * c, n * c), sample-major: index i * c + output.

    left: a_{i,c,r}, (trials, n, c, r, rows). right: b_{i,r}, (trials, n, r, columns). Whichever is smaller is formed: the gradients
    themselves, rows x columns numbers each, or the inner products of all parts.
    """
    outputs, parts = left.shape[2:4]
    if parts == 1:
        rows, activations = left.flatten(1, 3), right[:, :, 0]
        gram = (activations @ activations.mT).repeat_interleave(outputs, 1).repeat_interleave(outputs, 2)
        return gram * (rows @ rows.mT)
    if right.shape[-1] < parts**2:
        gradients = (left.mT @ right[:, :, None]).flatten(1, 2).flatten(2)
        return gradients @ gradients.mT
    samples = left.shape[1]
    first = (left.flatten(1, 3) @ left.flatten(1, 3).mT).view(-1, samples, outputs, parts, samples, outputs, parts)
    second = (right.flatten(1, 2) @ right.flatten(1, 2).mT).view(-1, samples, parts, samples, parts)
    return torch.einsum("ticpjdq,tipjq->ticjd", first, second).flatten(3, 4).flatten(1, 2)


def gradient_factors(network: Network, record: ForwardPass, factors: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """(left, right) for `layer_kernel` of the layers 1..L, from D_l Back_{l+1}^T v as Network.backward gives it."""
    architecture, depth, width = network.architecture, network.depth, network.width
    pairs = enumerate(zip(factors, record.activations[:-1], strict=True), start=1)
    return [(architecture.left_vectors(layer, depth, width, s), architecture.patches(h)) for layer, (s, h) in pairs]


def gradient_norms(network: Network, record: ForwardPass, loss_vectors: Tensor) -> Tensor:
    """‖grad_{W_l} F‖_F, F summed over the samples: (trials, L), by the sum of all entries of the layer's kernel."""
    pairs = gradient_factors(network, record, network.backward(record, loss_vectors[:, :, None]))
    squares = [layer_kernel(*pair).sum((1, 2)) for pair in pairs]
    return torch.stack(squares, -1).clamp(min=0).sqrt()  # a vanishing gradient may round to a negative square


def empirical_kernel(network: Network, x: Rows) -> Rows:
    """(d/m) K(x_i, x_j) of output c = 1 (all outputs have one law): (n, n), or (trials, n, n) of more than one trial.

    x: (n, d_in), array or tensor; the answer is of the same kind. Tends to limit_kernel(x, network.depth) as the width grows.
    """
    record = network.forward(x)
    unit = torch.eye(network.outputs, dtype=record.outputs.dtype, device=record.outputs.device)[:1]
    factors = network.backward(record, unit.expand(*record.outputs.shape[:2], 1, -1))
    layers = [layer_kernel(*pair) for pair in gradient_factors(network, record, factors)]
    kernel = (network.outputs / network.width) * torch.stack(layers).sum(0)
    kernel = kernel[0] if network.trials == 1 else kernel
    return kernel if isinstance(x, Tensor) else kernel.detach().cpu().numpy()


def limit_kernel(x: Rows, depth: int, architecture: Architecture | None = None, width: int = 1) -> Rows:
    """The limit of (d/m) K as the width grows, (n, n), float64, for checked input; of fully connected networks if none are named.

    x: (n, d_in), rows of unit norm, array or tensor; the answer is of the same kind. width: for residual networks, whose tau depends on it.
    """
    if depth < 1:
        raise ValueError(f"depth must be at least 1, not {depth}")
    rows = np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"inputs need shape (n, d_in), not {rows.shape}")
    # 1e-6: rows normalized in single precision pass, anything that was not normalized does not.
    if not np.all(np.abs(np.linalg.norm(rows, axis=1) - 1) <= 1e-6):
        raise ValueError("every row of the inputs needs unit norm")
    kernel = (architecture or FullyConnected()).limit_kernel(rows, depth, width)
    return torch.from_numpy(kernel).to(x.device) if isinstance(x, Tensor) else kernel


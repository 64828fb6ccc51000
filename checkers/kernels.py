"""Tangent kernels and gradient norms, from the gradients' rank-one factors: no gradient matrix is ever formed.

grad_{W_l} f_c(x_i) = s_{i,c} h_{l-1,i}^T with s_{i,c} = D_l Back_{l+1}^T e_c, so <grad f_c(x_i), grad f_c'(x_j)> is
<h_{l-1,i}, h_{l-1,j}> <s_{i,c}, s_{j,c'}>.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from checkers.network import Network, Record
from theorems import exact_laws

Rows = TypeVar("Rows", np.ndarray, Tensor)


def layer_kernel(activations: Tensor, factors: Tensor) -> Tensor:
    """One layer's kernel, (trials, n * c, n * c), sample-major: index i * c + output.

    activations: h_{l-1}, (trials, n, width). factors: D_l Back_{l+1}^T e_c, (trials, n, c, width).
    """
    outputs = factors.shape[2]
    rows = factors.flatten(1, 2)
    gram = (activations @ activations.mT).repeat_interleave(outputs, 1).repeat_interleave(outputs, 2)
    return gram * (rows @ rows.mT)


def sample_gradient_norms(network: Network, record: Record, loss_vectors: Tensor) -> Tensor:
    """‖grad_{W_l} F_i‖_F = ‖D_l Back_{l+1}^T loss_i‖ ‖h_{l-1,i}‖: (trials, n, L) from loss vectors (trials, n, d)."""
    factors = network.backward(record, loss_vectors[:, :, None])
    pairs = zip(factors, record.activations[:-1], strict=True)
    return torch.stack([factor[:, :, 0].norm(dim=-1) * activation.norm(dim=-1) for factor, activation in pairs], -1)


def gradient_norms(network: Network, record: Record, loss_vectors: Tensor) -> Tensor:
    """‖grad_{W_l} F‖_F, F summed over the samples: (trials, L), by the sum of all entries of the layer's kernel."""
    factors = network.backward(record, loss_vectors[:, :, None])
    squares = [layer_kernel(h, s).sum((1, 2)) for s, h in zip(factors, record.activations[:-1], strict=True)]
    return torch.stack(squares, -1).clamp(min=0).sqrt()  # a vanishing gradient may round to a negative square


def empirical_kernel(network: Network, x: Rows) -> Rows:
    """(d/m) K(x_i, x_j) of output c = 1 (all outputs have one law): (n, n), or (trials, n, n) of more than one trial.

    x: (n, d_in), array or tensor; the answer is of the same kind. Tends to limit_kernel(x, network.depth) as the width grows.
    """
    record = network.forward(x)
    unit = torch.eye(network.outputs, dtype=record.outputs.dtype, device=record.outputs.device)[:1]
    factors = network.backward(record, unit.expand(*record.outputs.shape[:2], 1, -1))
    layers = [layer_kernel(h, s) for s, h in zip(factors, record.activations[:-1], strict=True)]
    kernel = (network.outputs / network.width) * torch.stack(layers).sum(0)
    kernel = kernel[0] if network.trials == 1 else kernel
    return kernel if isinstance(x, Tensor) else kernel.detach().cpu().numpy()


def limit_kernel(x: Rows, depth: int) -> Rows:
    """The limit of (d/m) K as the width grows: theorems.exact_laws.limit_kernel, (n, n), float64, for checked input.

    x: (n, d_in), rows of unit norm, array or tensor; the answer is of the same kind.
    """
    if depth < 1:
        raise ValueError(f"depth must be at least 1, not {depth}")
    rows = np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"inputs need shape (n, d_in), not {rows.shape}")
    # 1e-6: rows normalized in single precision pass, anything that was not normalized does not.
    if not np.all(np.abs(np.linalg.norm(rows, axis=1) - 1) <= 1e-6):
        raise ValueError("every row of the inputs needs unit norm")
    kernel = exact_laws.limit_kernel(rows, depth)
    return torch.from_numpy(kernel).to(x.device) if isinstance(x, Tensor) else kernel


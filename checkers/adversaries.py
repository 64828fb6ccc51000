"""Adversaries: they own "for all W in the ball". Each moves every layer by at most `radius` in spectral norm, on any weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from checkers.network import Network
from checkers.randomness import NormalSource
from theorems.instance import Instance

Adversary = Callable[[Network, Instance, NormalSource], None]


def _unit(vectors: Tensor) -> Tensor:
    """Rows scaled to norm 1; a zero row (a dead layer) stays zero."""
    norm = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(norm > 0, vectors / torch.where(norm > 0, norm, 1), 0)


def random_direction(network: Network, instance: Instance, source: NormalSource) -> None:
    """The baseline: W_l + radius u v^T with u, v uniform on the sphere."""
    for layer, weights in enumerate(network.hidden):
        like = network.output

        def draw(name: str, size: int, layer: int = layer, like: Tensor = like) -> Tensor:
            return _unit(source.spawn(f"{name} {layer}").normal((network.trials, 1, size), 1.0, like.dtype, like.device))

        weights.add_outer(instance.radius * draw("left", weights.rows), draw("right", weights.columns))


def rank_one_alignment(network: Network, instance: Instance, source: NormalSource) -> None:
    """W_l + radius (g_l/‖g_l‖) (h_{l-1}/‖h_{l-1}‖)^T at the first sample: of all moves inside the ball the one that lengthens g_l most."""
    record = network.forward(instance.inputs)
    for layer, weights in enumerate(network.hidden, start=1):
        left, right = record.pre_activations[layer][:, :1], record.activations[layer - 1][:, :1]
        weights.add_outer(instance.radius * _unit(left), _unit(right))


ADVERSARIES: Mapping[str, Adversary] = {"random": random_direction, "rank-one alignment": rank_one_alignment}

"""Networks of the first paper for certificates: drawn as matrices, or as training asks for them, or the user's own; and what they take."""

from __future__ import annotations

import numpy as np
import torch

from checkers.data.deep_model import DeepModel
from checkers.machine.memory import MEMORY
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights
from theorems.language.instance import Array

NODES = 100  # of a quadrature: E phi^2 of a smooth activation to 1e-10
STORED = 2048  # neurons up to which matrices are drawn, and their norms proved: seconds, which grow with the cube


def drawn_deep(inputs: Array, width: int, layers: int, seed: int) -> Network:
    """W_1..W_L and A with entries N(0, 2/m), B with entries N(0, 1): one output."""
    source = NormalSource(seed_sequence(seed, "certify-training", width, layers))
    return Network.draw("dense" if width <= STORED else "revealed", width, layers, inputs.shape[1], 1, 1, source)


def drawn_smooth_deep(inputs: Array, width: int, layers: int, activation: str, seed: int) -> DeepModel:
    """A with entries N(0, 1), W_1..W_L and B with entries N(0, c/m), c = 1/E phi(xi)^2 of a standard Gaussian: ‖h_l‖^2 is about m/c, as in
    Du, Lee, Li, Wang, Zhai (2018), whose weights are sqrt(m/c) times these."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    values = getattr(torch.nn.functional, activation)(torch.from_numpy(nodes)).numpy()
    spread = float((weights.sum() / (weights @ values**2) / width) ** 0.5)
    source = NormalSource(seed_sequence(seed, "certify-training", width, layers))
    first, last = source.spawn("input").normal((width, inputs.shape[1]), 1.0), source.spawn("output").normal((1, width), spread)
    hidden = [source.spawn(layer).normal((width, width), spread).numpy() for layer in range(1, layers + 1)]
    return DeepModel(first.numpy(), tuple(hidden), last.numpy(), 0.0, False)


def own_deep(model: DeepModel) -> Network:
    """Its weights as they are."""
    first, last = torch.from_numpy(model.input), torch.from_numpy(model.output)
    return Network.from_matrices(first, [torch.from_numpy(one) for one in model.hidden], last)


def _vectors(samples: int, layers: int) -> int:
    """Of m numbers, that a certificate holds at most: of each layer passes and responses, directions that W_l was asked about with their
    images, and the vectors that changes of the layers below are multiplied with; and copies of some while it works."""
    return layers * (10 * samples + 6 * samples**2) + 3 * samples**2 * layers * (layers - 1) + 8 * samples**2


def deep_bytes(samples: int, width: int, layers: int, *, stored: bool) -> int:
    """Of a certificate, at most; stored: of matrices, each with copies of one while its norm is proved, or while it is trained."""
    return 8 * (width * _vectors(samples, layers) + layers * (4 * width**2 if stored else 0))


def affordable_steps(network: Network, samples: int, free: int) -> int:
    """Of descent, in so much memory: weights that are revealed hold each step's passes."""
    each = sum(4 * samples * 8 * weights.rows for weights in network.hidden if not isinstance(weights, DenseWeights))
    return max(1, int(MEMORY * free) // each) if each else 10**9

"""From which width on a drawn two-layer network has a certificate that training converges (checkers/certification/training_certificate.py).

Depth, certified from 1 on, grows like the root of the width, so each width tried says where to try next.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from checkers.certification.smooth_certificate import smooth_certificate
from checkers.certification.training_certificate import certificate
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.records.training_certificates import CertifiedWidth, TrainingCertificate, TriedWidth
from theorems.language.instance import Array

FIRST = 64  # too few neurons for a floor, as a rule, and decided in no time
LARGEST = 2**20
STRIDE = 16.0  # times the last width, at most: where depth is 0, it predicts nothing
RESOLUTION = 1.1  # between the least width certified and the largest below it that is not; two draws of a width differ by more
MARGIN = 1.02  # beyond the width predicted


def drawn_network(inputs: Array, width: int, seed: int, variance: float = 1.0) -> tuple[Array, Array, Array]:
    """w_r in coordinates of the span of the inputs, (m, k), v_r = +-1/sqrt(m), (m,), and the inputs in these coordinates, (n, k)."""
    source = NormalSource(seed_sequence(seed, "certify-training", width))
    network = TwoLayerNetwork.draw(inputs, width, 1, source, variance)
    return network.weights[0].numpy(), network.signs[0].numpy() / math.sqrt(width), network.rows.numpy()


def decided(weights: Array, output: Array, inputs: Array, labels: Array, activation: str) -> TrainingCertificate:
    """By the theory of that activation."""
    if activation == "relu":
        return certificate(weights, output, inputs, labels)
    return smooth_certificate(weights, output, inputs, labels, activation)


def drawn_certificate(
    inputs: Array, labels: Array, width: int, seed: int, variance: float = 1.0, activation: str = "relu"
) -> TrainingCertificate:
    """Of the network that the seed draws at this width. inputs: (n, d); labels: (n,); entries of w_r ~ N(0, variance)."""
    weights, output, rows = drawn_network(inputs, width, seed, variance)
    return decided(weights, output, rows, labels, activation)


def certified_width(
    inputs: Array, labels: Array, seed: int, *, largest: int = LARGEST, resolution: float = RESOLUTION, activation: str = "relu"
) -> CertifiedWidth:
    """The least width up to `largest` whose drawn network is certified, up to that factor."""
    return least_certified(lambda width: drawn_certificate(inputs, labels, width, seed, activation=activation), largest, resolution)


def least_certified(decide: Callable[[int], TrainingCertificate], largest: int, resolution: float = RESOLUTION) -> CertifiedWidth:
    """By what is decided of one width after another."""
    tried: list[TriedWidth] = []

    def depth_at(width: int) -> float:
        tried.append(TriedWidth(width=width, depth=decide(width).descent.depth))
        return tried[-1].depth

    def predicted(width: int, depth: float) -> float:
        return width * MARGIN / max(depth, 1e-6) ** 2

    width, below = min(FIRST, largest), 0
    depth = depth_at(width)
    while depth < 1 and width < largest:
        below = width
        width = min(largest, max(width + 1, math.ceil(min(predicted(width, depth), STRIDE * width))))
        depth = depth_at(width)
    if depth < 1:
        return CertifiedWidth(width=0, predicted=predicted(width, depth) if depth > 0 else 0.0, tried=tried)
    while width > resolution * below and width - below > 1:
        middle = min(width - 1, max(below + 1, round(math.sqrt(width * max(below, 1)))))
        if depth_at(middle) < 1:
            below = middle
        else:
            width = middle
    return CertifiedWidth(width=width, predicted=float(width), tried=tried)

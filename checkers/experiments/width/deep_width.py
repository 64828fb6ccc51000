"""About how wide a network of the first paper has to be for its certificate: from the depth of one that is drawn at moderate width."""

from __future__ import annotations

import math

import numpy as np

from checkers.certification.deep_certificate import deep_certificate
from checkers.experiments.width.drawn_deep import drawn_deep
from theorems.language.instance import Array

WIDTH = 1 << 15  # of weights revealed as they are asked for, where depth grows like the root of the width nearly
MOST_SAMPLES = 6  # the work grows with their cube: seconds


def about_certified(inputs: Array, residual: float, layers: int, seed: int) -> float | None:
    """For ‖y - f‖ of that size, to which depth is inversely proportional. None where depth 0 says nothing, or for too many samples."""
    if len(inputs) > MOST_SAMPLES:
        return None
    network = drawn_deep(inputs, WIDTH, layers, seed)
    outputs = network.forward(inputs).outputs[0, :, 0].numpy()
    found = deep_certificate(network, inputs, outputs + residual / math.sqrt(len(inputs)) * np.ones(len(inputs)), shares=(1 / 16,))
    return WIDTH / found.descent.depth**2 if found.descent.depth > 0 else None

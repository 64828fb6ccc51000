"""Norms through a very deep network, fully connected and residual, at the same width: where the decay 1/L in the exponent is seen."""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch
from torch import Tensor

from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener
from checkers.records.experiments import DeepNorms
from checkers.runs.jobs.groups import Group, jobs
from checkers.subjects.exact_law import layer_norms
from theorems.laws.norm_laws import step

QUANTILES = (0.05, 0.5, 0.95)
WIDTH, DEPTH, TRIALS = 256, 1000, 200


def residual_norms(width: int, depth: int, trials: int, source: NormalSource) -> Tensor:
    """‖h_l‖ for l = 0..depth of one sample of unit norm in residual networks: (trials, depth + 1). Exact in law, without matrices: every
    W_l is asked for one vector only, and given h the entries of W_l h are independent N(0, (2/m) ‖h‖^2)."""
    h = (sqrt(2 / width) * source.normal((trials, width), 1.0)).relu()
    norms = [h.norm(dim=-1)]
    for layer in range(1, depth + 1):
        product = sqrt(2 / width) * norms[-1][:, None] * source.normal((trials, width), 1.0)
        h = (h + step(width, depth) * product if layer < depth else product).relu()
        norms.append(h.norm(dim=-1))
    return torch.stack(norms, 1)


def deep_norms_group(seed: int) -> list[Group]:
    """The work of `deep_norms`, at the sizes of the report."""
    return jobs(_deep_norms, seed, [()], "norms through deep networks", ["norms"])


def _deep_norms(seed: int, listener: Listener) -> DeepNorms:
    return deep_norms(seed)


def deep_norms(seed: int, width: int = WIDTH, depth: int = DEPTH, trials: int = TRIALS) -> DeepNorms:
    """Fully connected norms by their exact law, residual ones by theirs."""
    source = NormalSource(seed_sequence(seed, "deep norms", width, depth))
    with one_thread():
        connected = layer_norms(width, depth, trials, source.spawn("fully connected"))[:, 0]
        residual = residual_norms(width, depth, trials, source.spawn("residual"))
    layers = sorted({0, depth, *np.unique(np.geomspace(1, depth, 40).round().astype(int)).tolist()})

    def quantiles(norms: np.ndarray) -> list[list[float]]:
        rows: list[list[float]] = np.quantile(norms[:, layers], QUANTILES, axis=0).T.tolist()
        return rows

    found = {"fully connected": quantiles(connected.numpy()), "residual": quantiles(residual.numpy())}
    return DeepNorms(width=width, depth=depth, trials=trials, layers=layers, quantiles=found)

"""Failure probabilities of norms on residual and convolutional networks: they bound what is seen, and residual norms do not mind depth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from checkers.experiments.deep_norms import deep_norms, residual_norms
from checkers.networks.architectures.residual import Residual
from checkers.networks.network import Network
from checkers.report.figures import deep_norms as figure
from strategies.instances import instance_from_sizes
from tests.helpers import sources
from theorems.laws.exact_laws import norm_failure_probability
from theorems.laws.norm_laws import convolutional_failure_probability, residual_failure_probability

source = sources(31, "norm laws")


@pytest.mark.parametrize(("width", "depth", "tolerance"), [(64, 3, 0.5), (64, 40, 0.5), (256, 100, 0.25)])
def test_the_residual_bound_is_above_the_frequency(width: int, depth: int, tolerance: float) -> None:
    norms = residual_norms(width, depth, 4000, source(width, depth)).numpy()
    failures = int((np.abs(norms - 1) > tolerance).any(1).sum())
    bound = residual_failure_probability(width, depth, 1, tolerance)
    assert failures > 0  # at these tolerances the bound is not idle
    assert stats.binom.sf(failures - 1, 4000, bound) > 1e-6
    assert bound < 60 * failures / 4000


def test_the_law_of_residual_norms_is_that_of_the_network() -> None:
    """Two-sample Kolmogorov-Smirnov test of the last norm, false-alarm rate 1e-6."""
    network = Network.draw("dense", 16, 6, 2, 1, 3000, source("network"), architecture=Residual())
    instance = instance_from_sizes(None, {"width": 16})
    last = network.forward(instance.inputs).activations[-1][:, 0].norm(dim=-1)
    assert stats.ks_2samp(last.numpy(), residual_norms(16, 6, 3000, source("law"))[:, -1].numpy()).pvalue > 1e-6


def test_residual_norms_stay_within_constants_at_a_thousand_layers() -> None:
    """And fully connected ones of the same width do not; the residual bound promises it, for every width, with no L."""
    found = deep_norms(1, trials=60)
    low, _, high = found.quantiles["residual"][-1]
    assert 0.7 < low < high < 1.4
    low, _, high = found.quantiles["fully connected"][-1]
    assert low < 0.05
    promised = [residual_failure_probability(256, depth, 1, 0.4) for depth in (2, 10, 100, 1000)]
    assert max(promised) < 2e-3 < 0.5 < norm_failure_probability(256, 1000, 1, 0.4)
    assert promised[-1] < 2 * promised[0]
    assert figure(found).startswith("<?xml")


def test_the_convolutional_bound_is_the_fully_connected_one_but_for_small_counts() -> None:
    one, many = (convolutional_failure_probability(64, 4, 2, positions, 0.8) for positions in (1, 64))
    assert norm_failure_probability(64, 4, 2, 0.8) == pytest.approx(one, rel=1e-12)
    assert one <= many <= 2 * one

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from checkers.exact_norms import ExactLawSubject, layer_norms
from checkers.network import Network
from checkers.randomness import NormalSource, seed_sequence
from theorems.instance import Instance

ALARM = 1e-6  # false-alarm rate of each Kolmogorov-Smirnov test


def source(*names: str | int, threads: int | None = None) -> NormalSource:
    return NormalSource(seed_sequence(13, "exact norms", *names), threads)


@pytest.mark.parametrize("width", [1, 2, 5, 40])
def test_norms_have_the_law_of_dense_networks(width: int) -> None:
    trials, depth = 16_000, 3
    x = torch.tensor([[0.6, 0.8]], dtype=torch.float64)
    record = Network.draw("dense", width, depth, 2, 1, trials, source("dense", width)).forward(x)
    dense = torch.stack([h.norm(dim=-1) for h in record.activations], -1)
    exact = layer_norms(width, depth, trials, source("exact", width))
    wrong = layer_norms(width, depth, trials, source("exact", width), variance=2.8)
    assert exact.shape == dense.shape == (trials, 1, depth + 1)
    for layer in range(depth + 1):
        assert stats.ks_2samp(dense[:, 0, layer], exact[:, 0, layer]).pvalue > ALARM
    # Jointly, not only layer by layer: the ratio of two layers.
    first, second = (norms[norms[:, 0, 0] > 0][:, 0, 3] / norms[norms[:, 0, 0] > 0][:, 0, 0] for norms in (dense, exact))
    assert stats.ks_2samp(first, second).pvalue > ALARM
    assert stats.ks_2samp(dense[:, 0, 0], wrong[:, 0, 0]).pvalue < ALARM


def test_a_dead_layer_stays_dead() -> None:
    norms = layer_norms(1, 4, 10_000, source("dead"))[:, 0]
    dead = norms == 0
    assert bool((dead[:, 1:] >= dead[:, :-1]).all())
    # One neuron is off with probability 1/2 in each layer, so 2^-5 of the trials survive five of them.
    assert stats.binomtest(int((~dead[:, -1]).sum()), 10_000, 2**-5).pvalue > ALARM


@pytest.mark.parametrize("width", [10**6, 10**12])
def test_wide_norms_follow_the_central_limit_theorem(width: int) -> None:
    """‖h_0‖^2 has mean 1 and variance 5/m; skewness O(m^{-1/2}) is far below what 20000 trials can see."""
    square = layer_norms(width, 0, 20_000, source("wide"))[:, 0, 0].numpy() ** 2
    assert stats.kstest((square - 1) * np.sqrt(width / 5), "norm").pvalue > ALARM
    assert stats.kstest((square - 1) * np.sqrt(width / 4), "norm").pvalue < ALARM


def test_threads_do_not_change_the_numbers() -> None:
    one, many = (layer_norms(50, 2, 50_000, source("threads", threads=threads)) for threads in (1, 3))
    assert torch.equal(one, many)


def test_subject_answers_norms_only() -> None:
    subject = ExactLawSubject(Instance(width=10**9, depth=5), 7, source("subject"))
    assert subject.norms().shape == (7, 1, 6)
    assert torch.equal(subject.norms(), subject.norms())
    assert 0 < subject.rounding < 1e-12
    with pytest.raises(ValueError, match="'exact law' cannot answer layer_kernel"):
        subject.layer_kernel(1)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one sample, not of 2"):
        ExactLawSubject(Instance(width=5, samples=2), 1, source("bad"))
    with pytest.raises(ValueError, match="width must lie"):
        layer_norms(0, 1, 1, source("bad"))
    with pytest.raises(ValueError, match="trials at least 1"):
        layer_norms(1, 1, 0, source("bad"))

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from checkers.networks.kernels import gradient_factors, layer_kernel
from checkers.networks.network import Network
from checkers.subjects import exact_law
from checkers.subjects.exact_law import ExactLawSubject, layer_norms
from tests.helpers import sources
from theorems.language.instance import Instance

ALARM = 1e-6  # false-alarm rate of each Kolmogorov-Smirnov test

source = sources(13, "exact norms")


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


def test_subject_answers_norms_and_the_kernel_of_one_output() -> None:
    subject = ExactLawSubject(Instance(width=10**9, depth=5), 7, source("subject"))
    assert subject.norms().shape == (7, 1, 6)
    assert torch.equal(subject.norms(), subject.norms())
    assert 0 < subject.rounding < 1e-12
    assert subject.layer_kernel(5).shape == (7, 1, 1)
    with pytest.raises(ValueError, match=r"layer must lie in 1\.\.5, not 6"):
        subject.layer_kernel(6)
    with pytest.raises(ValueError, match="'exact law' cannot answer signs"):
        subject.signs(1)
    with pytest.raises(ValueError, match="'exact law' cannot answer layer_kernel of more than one output"):
        ExactLawSubject(Instance(width=9, depth=1, outputs=2), 7, source("subject")).layer_kernel(1)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one sample, not of 2"):
        ExactLawSubject(Instance(width=5, samples=2), 1, source("bad"))
    with pytest.raises(ValueError, match="width must lie"):
        layer_norms(0, 1, 1, source("bad"))
    with pytest.raises(ValueError, match="trials at least 1"):
        layer_norms(1, 1, 0, source("bad"))


def dense_kernels(width: int, depth: int, trials: int) -> Tensor:
    """K_l of the one sample of dense networks with one output: (trials, depth)."""
    network = Network.draw("dense", width, depth, 2, 1, trials, source("dense kernels", width))
    record = network.forward(torch.tensor([[0.6, 0.8]], dtype=torch.float64))
    factors = network.backward(record, torch.ones(trials, 1, 1, 1, dtype=torch.float64))
    return torch.stack([layer_kernel(*pair)[:, 0, 0] for pair in gradient_factors(network, record, factors)], 1)


def exact_kernels(width: int, depth: int, trials: int) -> Tensor:
    subject = ExactLawSubject(Instance(width=width, depth=depth), trials, source("exact kernels", width))
    return torch.stack([subject.layer_kernel(layer)[:, 0, 0] for layer in range(1, depth + 1)], 1)


@pytest.mark.parametrize("width", [1, 2, 5, 40])
def test_kernels_have_the_law_of_dense_networks(width: int) -> None:
    """Layer by layer, and jointly: the sum, and the share of the first layer."""
    trials, depth = 16_000, 3
    dense, exact = dense_kernels(width, depth, trials), exact_kernels(width, depth, trials)
    assert exact.shape == dense.shape == (trials, depth)
    for layer in range(depth):
        assert stats.ks_2samp(dense[:, layer], exact[:, layer]).pvalue > ALARM
    assert stats.ks_2samp(dense.sum(1), exact.sum(1)).pvalue > ALARM
    alive, living = dense[dense[:, 0] > 0], exact[exact[:, 0] > 0]
    assert stats.binomtest(len(living), trials, (1 - 0.5**width) ** (depth + 1)).pvalue > ALARM
    assert stats.ks_2samp(alive[:, 0] / alive.sum(1), living[:, 0] / living.sum(1)).pvalue > ALARM


def test_a_backward_pass_without_its_part_along_the_activation_has_another_law(monkeypatch: pytest.MonkeyPatch) -> None:
    right = exact_law.backward_chi_squares
    monkeypatch.setattr(exact_law, "backward_chi_squares", lambda active, source: (0 * active[0], right(active, source)[1]))
    wrong = exact_kernels(5, 3, 16_000)
    assert stats.ks_2samp(dense_kernels(5, 3, 16_000).sum(1), wrong.sum(1)).pvalue < ALARM


@pytest.mark.parametrize(("width", "depth"), [(3, 2), (30, 8), (10**12, 64)])
def test_the_mean_of_the_kernel_is_exact_at_every_width(width: int, depth: int) -> None:
    """E K_ii = (m/d) L/2: the mean of 10^5 draws lies within 5.3 standard errors of it (probability 10^-7 beyond),
    which are at most 2% of L each: a mean that is off by 22% is noticed at the narrowest, by far less at the others."""
    kernel = exact_kernels(width, depth, 100_000).sum(1) / width
    error = float(kernel.std()) / np.sqrt(len(kernel))
    assert abs(float(kernel.mean()) - depth / 2) < 5.3 * error
    assert error < 0.02 * depth

"""What the papers print and their proofs do not give: exact counterexamples, and the corrected form on the same instance."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from scipy.stats import binom

from checkers.evidence.profiles import PROFILES
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.runs.suite import power
from checkers.subjects.two_layer import TwoLayerSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry
from theorems.language.statement import Variant

source = sources(5, "slips")
PRINTED = [(one.id, variant.name) for one in registry.theory("two-layer") for variant in one.variants if variant.kind == "as printed"]


def printed(identifier: str) -> Variant:
    (one,) = (variant for variant in registry[identifier].variants if variant.kind == "as printed")
    return one


def test_there_are_four() -> None:
    assert [identifier for identifier, _ in PRINTED] == ["tl-entries", "tl-kept-gates", "tl-amplitudes", "tl-radius"]


@pytest.mark.parametrize(("identifier", "name"), PRINTED)
def test_each_is_refuted(identifier: str, name: str) -> None:
    alone = replace(registry[identifier], variants=(printed(identifier),))
    (found,) = power([alone], seed=11, profile=replace(PROFILES["quick"], shrinks=2)).variants
    assert (found.variant, found.kind, found.verdict) == (name, "as printed", "REFUTED")


def test_one_open_neuron_of_four_moves_twice_the_printed_radius() -> None:
    """n = 1, m = 4, a (y - u(0)) > 0: the gate stays open, lambda_min = 1/4 = lambda0/2 for all time, and it moves r_0/(sqrt(m)/4)."""
    statement = registry["tl-radius"]
    instance = instance_from_sizes(statement, {"width": 4, "samples": 1, "radius": 0.1})
    weights = torch.tensor([[[0.7], [-0.3], [-1.0], [-0.2]]], dtype=torch.float64)
    signs = torch.tensor([[1.0, -1.0, 1.0, -1.0]], dtype=torch.float64)
    rows = torch.ones(1, 1, dtype=torch.float64)
    subject = TwoLayerSubject(TwoLayerNetwork(rows, rows, weights, signs), instance, source("questions"))
    residual = torch.full((1, 1), 0.05, dtype=torch.float64)
    path = subject.flow(residual, torch.tensor([200.0], dtype=torch.float64), 50)
    lambda0, r_0 = 0.5, 0.05
    moved = float(path.farthest[0, -1])
    assert moved / (r_0 / (math.sqrt(4) * lambda0)) == pytest.approx(2.0, abs=1e-9)
    assert moved <= 2 * r_0 / (math.sqrt(4) * lambda0) * (1 + 1e-12)
    assert path.floor[0].tolist() == [0.25] * 51
    assert float(path.error[0, -1]) < 1e-15
    decay = path.residual[0, :, 0] / r_0
    torch.testing.assert_close(decay, torch.exp(-lambda0 * torch.linspace(0, 200, 51, dtype=torch.float64) / 2), rtol=1e-6, atol=1e-12)


def test_the_printed_union_bound_fails_more_often_than_it_may() -> None:
    """n = 3 orthonormal, p = 0.1: three independent Binomial(m, 1/2)/m within 2 sqrt(log(1/(n^2 p))/m) of 1/2, exactly."""
    m, n, p = 10_000, 3, 0.1
    half = 2 * math.sqrt(math.log(1 / (n**2 * p)) / m) * m
    inside = float(binom.cdf(math.floor(m / 2 + half), m, 0.5) - binom.cdf(math.ceil(m / 2 - half) - 1, m, 0.5))
    assert 1 - inside**n > 4 * p
    corrected = math.sqrt(math.log(n * (n + 1) / p) / (2 * m)) * m
    inside = float(binom.cdf(math.floor(m / 2 + corrected), m, 0.5) - binom.cdf(math.ceil(m / 2 - corrected) - 1, m, 0.5))
    assert 1 - inside**n < p
    assert "n^2 p" in printed("tl-entries").name


def test_the_printed_radius_of_a_step_keeps_too_few_gates() -> None:
    """n = 1: N ~ Binomial(m, p_R) exactly, against m lambda0/16 = m/32; with the p that was lost the count is far below."""
    m, p = 10_000, 0.05
    lost, kept = (math.erf(share * 0.5 / 12.8 / math.sqrt(2)) for share in (1.0, p))
    assert float(binom.sf(m // 32, m, lost)) > 0.4
    assert float(binom.sf(m // 32, m, kept)) < 1e-30


def test_the_printed_amplitudes_forget_a_square() -> None:
    reach = 1 / 32
    assert (1 + reach) ** 2 - 1 > 2 * reach
    assert (1 + reach) ** 2 - 1 == 2 * reach + reach**2

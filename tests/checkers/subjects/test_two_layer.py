"""Subjects of two-layer networks: drawn ones answer as written out, and the law of gates is theirs."""

from __future__ import annotations

import math

import pytest
import torch

from checkers.networks import two_layer
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.subjects.two_layer import GateLawSubject, TwoLayerSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.language.instance import Instance
from theorems.laws.gate_laws import both_open, correlations, gate_kernel, near_probability

source = sources(9, "two-layer")


def instance(samples: int = 3, width: int = 64, data: str = "sphere", **sizes: float) -> Instance:
    return instance_from_sizes(None, {"width": width, "samples": samples, "data": data, "input_dimension": 5, "labels": "signs", **sizes})


def subject(trials: int = 4, **sizes: object) -> TwoLayerSubject:
    of = instance(**sizes)  # type: ignore[arg-type]
    return TwoLayerSubject(TwoLayerNetwork.draw(of.inputs, of.width, trials, source("draw", of.key()), 1.0), of, source("questions"))


def test_a_network_costs_no_more_than_the_span_of_its_data() -> None:
    """Coordinates in the span keep all products of inputs, and the law of w . x."""
    one = subject(samples=3, width=16)
    assert one.network.weights.shape == (4, 16, 3)
    expected = torch.from_numpy(correlations(one.instance.inputs))
    torch.testing.assert_close(one.network.rows @ one.network.rows.mT, expected, atol=1e-12, rtol=0)


def test_descent_is_that_of_the_weights_written_out() -> None:
    one = subject(trials=2, samples=3, width=32)
    net, eta = one.network, torch.tensor([0.5, 0.25], dtype=torch.float64)
    residual = torch.tensor([[0.3, -0.2, 0.5]], dtype=torch.float64).expand(2, -1)
    labels = one.outputs() + residual
    path = one.descend(residual, eta, 5)
    w = net.weights.clone()
    for step in range(6):
        w = w.detach().requires_grad_()
        outputs = (net.signs[:, None] @ (w @ net.rows.mT).relu())[:, 0] / math.sqrt(32)
        torch.testing.assert_close(path.residual[:, step], labels - outputs.detach(), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(path.farthest[:, step], (w - net.weights).norm(dim=-1).amax(-1).detach(), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(path.distance[:, step], (w - net.weights).flatten(1).norm(dim=-1).detach(), rtol=1e-9, atol=1e-12)
        (gradient,) = torch.autograd.grad(0.5 * (labels - outputs).square().sum(), w)
        w = w - eta[:, None, None] * gradient


def test_flow_is_the_limit_of_small_steps() -> None:
    """500 steps of descent against 20 of flow: descent errs by eta lambda_max/2 of the residual, flow by what it says."""
    one = subject(trials=3, samples=3, width=256)
    residual = torch.tensor([[0.3, -0.2, 0.5]], dtype=torch.float64).expand(3, -1)
    flow = one.flow(residual, torch.full((3,), 4.0, dtype=torch.float64), 20)
    descent = one.descend(residual, torch.full((3,), 4.0 / 500, dtype=torch.float64), 500)
    gap = (flow.residual[:, -1] - descent.residual[:, -1]).norm(dim=-1)
    assert bool((gap <= flow.error[:, -1] + 0.01).all())
    assert float(flow.error.amax()) < 0.05


def test_the_kernel_is_the_gram_matrix_of_gradients() -> None:
    one = subject()
    torch.testing.assert_close(one.jacobian_gram(), one.kernel(), rtol=1e-12, atol=1e-14)


def test_wide_networks_are_summed_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """And none of all neurons' pre-activations is kept."""
    whole = subject(trials=2, width=100)
    answers = [whole.outputs(), whole.kernel(), whole.near(0.3), whole.flip_bound(0.3)]
    monkeypatch.setattr(two_layer, "BLOCK", 32)
    one = subject(trials=2, width=100)
    for found, expected in zip([one.outputs(), one.kernel(), one.near(0.3), one.flip_bound(0.3)], answers, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-14)
    assert not {"pre_activations", "gates"} & set(vars(one.network))
    assert {"pre_activations", "gates"} <= set(vars(whole.network))


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_the_law_of_gates_has_the_moments_of_binomials(samples: int) -> None:
    """m H_ij/rho_ij ~ Binomial(m, p_ij), 2^15 draws at m = 10^12: five standard errors of mean and variance."""
    of, draws = instance(samples, width=10**12), 2**15
    share = GateLawSubject(of, draws, source("law", samples), 1.0).kernel() / torch.from_numpy(correlations(of.inputs))
    expected = torch.from_numpy(both_open(correlations(of.inputs)))
    deviation = (share - expected) * 1e6
    variance = expected * (1 - expected)
    assert bool((deviation.mean(0).abs() <= 5 * (variance / draws).sqrt()).all())
    assert bool(((deviation.square().mean(0) / variance - 1).abs() <= 5 * math.sqrt(2 / draws)).all())


def test_drawn_networks_have_the_same_kernel_on_average() -> None:
    """10^4 networks of 64 neurons: five standard errors of an entry are 5 * 0.5/sqrt(64 * 10^4) at most."""
    one = subject(trials=10**4, samples=3, width=64)
    torch.testing.assert_close(one.kernel().mean(0), torch.from_numpy(gate_kernel(one.instance.inputs)), atol=3.2e-3, rtol=0)


def test_outputs_and_near_gates_of_one_input_by_law() -> None:
    """E u^2 = kappa^2/2 and E N = m p_R, 2^15 draws: five standard errors, of chi-squares and of a Binomial."""
    law = GateLawSubject(instance(1, width=1000), 2**15, source("outputs"), 0.25)
    assert float(law.outputs().square().mean()) == pytest.approx(0.125, rel=5 * math.sqrt(2.01 / 2**15))
    share = near_probability(0.1, 0.5)
    assert float(law.near(0.1).mean()) / 1000 == pytest.approx(share, abs=5 * math.sqrt(share / 1000 / 2**15))
    with pytest.raises(ValueError, match="cannot answer outputs of more than one sample"):
        GateLawSubject(instance(2), 4, source("two"), 1.0).outputs()


def test_a_wrong_initialization_has_a_mean() -> None:
    """a_r = 1 always: E u = kappa sqrt(m/(2 pi))."""
    of = instance(1, width=400)
    net = TwoLayerNetwork.draw(of.inputs, 400, 1000, source("unfair"), 1.0, fair=0.0)
    assert float(net.outputs().mean()) == pytest.approx(math.sqrt(400 / (2 * math.pi)), rel=0.01)


def test_pushed_networks_are_moved_by_the_length_where_anything_pushes() -> None:
    one = subject(samples=3, width=32)
    residual = torch.tensor([[0.3, -0.2, 0.5]], dtype=torch.float64).expand(4, -1)
    moved = (one.pushed(residual, 0.01).network.weights - one.network.weights).norm(dim=-1)
    awake = one.network.gates.amax(-1)
    torch.testing.assert_close(moved, 0.01 * awake, rtol=1e-9, atol=1e-12)

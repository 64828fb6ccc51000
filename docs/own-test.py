"""Tests of a plain torch module on the data that the theory speaks of; docs/own-test.md."""

import math
from itertools import pairwise

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lemmafuzz


def network(width, depth, input_dimension):
    """A ReLU network of torch's own layers, initialized as the theory has it: entries N(0, 2/m)."""
    sizes = [input_dimension] + [width] * depth
    layers = []
    for before, after in pairwise(sizes):
        linear = torch.nn.Linear(before, after, bias=False, dtype=torch.float64)
        torch.nn.init.normal_(linear.weight, std=math.sqrt(2 / width))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers)


@settings(max_examples=25, deadline=None)
@given(lemmafuzz.instances(lemmafuzz.registry["forward-norm"], limits={"width": (512, 1024), "depth": (1, 4)}))
def test_norms_neither_vanish_nor_explode(instance):
    """log‖h_L‖^2 has deviation sqrt(5 L/m), 0.2 at most here, and log 4 is seven of them: no example fails in a lifetime."""
    torch.manual_seed(instance.data_seed)
    norms = network(instance.width, instance.depth, instance.input_dimension)(torch.from_numpy(instance.inputs)).norm(dim=1)
    assert (norms.log2().abs() < 1).all()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_step_of_the_last_layer_lowers_the_loss(data):
    """‖H v - y‖^2/2 is quadratic in v with curvature ‖H‖^2, so that a step of 1/‖H‖^2 cannot raise it; 1e-12: rounding."""
    inputs = data.draw(lemmafuzz.data_sets(samples=(1, 12), separation=(0.01, 1.0)))
    targets = torch.from_numpy(data.draw(lemmafuzz.label_sets(inputs, outputs=2)))
    torch.manual_seed(data.draw(st.integers(0, 2**32 - 1)))
    features = network(64, 2, inputs.shape[1])(torch.from_numpy(inputs)).detach()
    last = torch.nn.Linear(64, 2, bias=False, dtype=torch.float64)
    before = (last(features) - targets).square().sum() / 2
    before.backward()
    with torch.no_grad():
        last.weight -= last.weight.grad / torch.linalg.matrix_norm(features, 2) ** 2
        assert (last(features) - targets).square().sum() / 2 <= before * (1 + 1e-12)

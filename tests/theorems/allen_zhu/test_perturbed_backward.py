"""Backward passes through changed networks, and one neuron pushed by all layers, against plain matrices."""

from __future__ import annotations

import itertools
import math
from functools import partial

import pytest
import torch

from checkers.adversaries import ADVERSARIES
from checkers.adversaries.attack import Attack
from checkers.evidence.drawing import drawn_subjects, largest_ratio
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from strategies.instances import instance_from_sizes
from theorems import registry
from theorems.allen_zhu.stability import pre_activation_split, sign_flips

ONE_LAYER = {"width": 2**12, "depth": 1, "radius": 1e-2, "samples": 1}


def source(name: str) -> NormalSource:
    return NormalSource(seed_sequence(11, name))


def norm(matrix: torch.Tensor) -> float:
    return float(torch.linalg.matrix_norm(matrix, ord=2))


def plain_backs(subject: NetworkSubject, diagonals: list[torch.Tensor]) -> list[torch.Tensor]:
    """B D_L W_L ... D_a W_a of the first trial and sample, a = L..1, with these D_1..D_L."""
    _, hidden, last = subject.weights()
    row, found = last[0], []
    for matrix, diagonal in zip(reversed(hidden), reversed(diagonals), strict=True):
        row = row * diagonal @ matrix[0]
        found.append(row)
    return found


@pytest.mark.parametrize("identifier", ["backward-change-by-weights", "changed-backward-norm"])
def test_norms_agree_with_plain_matrices(identifier: str) -> None:
    statement = registry[identifier]
    sizes: dict[str, int | float | str] = {"width": 24, "depth": 3, "samples": 1, "outputs": 2, "radius": 0.1}
    cases = dict(drawn_subjects(statement, instance_from_sizes(statement, sizes), "dense", 1, source(identifier), "cpu"))
    subject = next(one for name, one in cases.items() if name.endswith("output alignment"))
    assert isinstance(subject, NetworkSubject)
    signs = [subject.origin.signs(layer)[0, 0] for layer in (1, 2, 3)]
    whole = identifier == "changed-backward-norm"
    before = [0 * one if whole else one for one in plain_backs(subject.origin, signs)]
    expected = [norm(after - other) for after, other in zip(plain_backs(subject, signs), before, strict=True)][::-1]
    found = subject.changed_backward_norm(0, 1.0, whole=whole)[0, 0]
    assert found.tolist() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("whole", [False, True])
def test_one_changed_neuron_of_one_layer_is_found_exactly(whole: bool) -> None:
    """With one output the best D'' of one nonzero is the neuron whose row of W_1 changes Back_1 most: against all of them."""
    statement = registry["backward-change-by-signs"]
    sizes: dict[str, int | float | str] = {"width": 24, "depth": 1, "samples": 1, "outputs": 1, "sparsity": 1}
    ((_, subject),) = drawn_subjects(statement, instance_from_sizes(statement, sizes), "dense", 1, source("one"), "cpu")
    assert isinstance(subject, NetworkSubject)
    sign = subject.signs(1)[0, 0]
    back = 0 if whole else plain_backs(subject, [sign])[0]
    changes = itertools.product((-1.0, 1.0), torch.eye(24, dtype=sign.dtype))
    best = max(norm(plain_backs(subject, [sign + size * one])[0] - back) for size, one in changes)
    found = float(subject.changed_backward_norm(1, 1.0, whole=whole)[0, 0, 0])
    assert found <= best * (1 + 1e-12)
    assert found >= 0.9 * best


def test_one_neuron_takes_all_of_the_move() -> None:
    """In one layer it moves by radius ‖h_0‖: what flips carries radius ‖h_0‖ - min abs(g) afterwards, which no move exceeds by more than
    that minimum, and what sticks out of the threshold is radius ‖h_0‖ - t."""
    statement = registry["sign-flips"]
    instance = instance_from_sizes(statement, ONE_LAYER)
    network = Network.draw("revealed", 2**12, 1, instance.input_dimension, 1, 4, source("network"))
    origin = NetworkSubject(network, instance, source("questions"))
    attack = Attack(network, instance, source("attack"), partial(largest_ratio, statement, origin, source("objective")))
    moved = NetworkSubject(ADVERSARIES["joint push of one neuron"](attack), instance, source("questions"), origin)
    reach, nearest = 1e-2 * origin.norms()[:, 0, 0], origin.pre_activations(1)[:, 0].abs().amin(-1)
    flips, before, after = sign_flips(moved).values[:, 0, 0].unbind(-1)
    assert flips.tolist() == [1, 1, 1, 1]
    torch.testing.assert_close(before, nearest)
    torch.testing.assert_close(after, reach - nearest)
    t = 1e-2 * math.sqrt(math.log(2**12) / 2**12)
    torch.testing.assert_close(pre_activation_split(moved, t).values[:, 0, 0], reach - t)

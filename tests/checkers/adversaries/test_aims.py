"""Moves are aimed at every sample and output: their order plays no part, and nothing that the first sample gives is lost."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.attack import AIMS
from checkers.adversaries.directions import hidden_alignment, lengthening, output_alignment
from checkers.adversaries.flips import (
    flips_on_top,
    heavy_flips,
    heavy_flips_on_top,
    switching_off,
    switching_on,
    targeted_flips,
    weighted_flips,
)
from checkers.adversaries.pushes import pushes, to_the_brink
from checkers.evidence.drawing import drawn_subjects, largest_ratio
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.network import Network
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement

TRIALS = 6
AIMED = [
    lengthening, hidden_alignment, output_alignment, targeted_flips, weighted_flips, heavy_flips, flips_on_top, heavy_flips_on_top,
    switching_on, switching_off, pushes,
]  # fmt: skip

source = sources(14, "aims")


def attack(statement: Statement, instance: Instance, order: list[int], outputs: list[int]) -> Attack:
    """On one network, its samples and outputs taken in this order."""
    drawn = Network.draw(
        "dense", instance.width, instance.depth, instance.input_dimension, instance.outputs, TRIALS, source("network"),
        architecture=architecture_for(statement.architecture, instance),
    )  # fmt: skip
    network = Network(drawn.architecture, drawn.input_weights, drawn.hidden, drawn.output[:, outputs])
    targets = instance.targets[order][:, outputs] if instance.targets.size else instance.targets
    permuted = dataclasses.replace(instance, inputs=instance.inputs[order], targets=targets)
    origin = NetworkSubject(network, permuted, source("questions"))
    return Attack(network, permuted, source("attack"), partial(largest_ratio, statement, origin, source("objective")))


def small(statement: Statement, samples: int, depth: int = 2) -> Instance:
    sizes: dict[str, int | float | str] = {"width": 64, "depth": depth, "samples": samples, "outputs": 2, "radius": 5e-3}
    circle = {"positions": 4, "patch": 3} if statement.architecture == "convolutional" else {}
    return instance_from_sizes(statement, {**sizes, **circle, "labels": "random"})


@pytest.mark.parametrize("architecture", ["fully connected", "residual", "convolutional"])
@pytest.mark.parametrize("identifier", ["sign-flips", "semi-smoothness", "kernel-stability"])
@pytest.mark.parametrize("samples", [3, AIMS + 2])
def test_the_order_of_samples_and_outputs_plays_no_part(identifier: str, architecture: str, samples: int) -> None:
    """To rounding: the same sums in another order. Random moves know neither samples nor outputs; ascents pick among the samples by an
    objective that is the same, but their probes are laid against gradients whose terms come in another order."""
    statement = registry.form(identifier, architecture)
    instance = small(statement, samples)
    there = attack(statement, instance, list(range(samples)), [0, 1])
    back = attack(statement, instance, list(range(samples))[::-1], [1, 0])
    for name in ADVERSARIES:
        if name in ("spectral ascent", "continuation", "best of all", "ascent from alignment"):
            continue
        with torch.no_grad():
            one, other = (task.objective(ADVERSARIES[name](task)) for task in (there, back))
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9, msg=name)


@pytest.mark.parametrize("identifier", ["sign-flips", "linearization", "gradient-drift", "output-stability"])
def test_every_sample_is_at_least_as_good_as_the_first(identifier: str) -> None:
    statement = registry[identifier]
    task = attack(statement, small(statement, 3), [0, 1, 2], [0, 1])
    better = []
    for candidates in AIMED:
        found = candidates(task)
        assert len(found) == 3, "one for each sample; of pushes two for outputs and one along the loss"
        with torch.no_grad():
            best, first = task.objective(task.best(found)), task.objective(found[0])
        assert bool((best >= first).all())
        better.append(bool((best > 1.05 * first).any()))
    assert sum(better) >= 3, "and better in some networks, for several adversaries"


def test_many_samples_are_aimed_at_where_the_activations_are_longest() -> None:
    statement = registry["gradient-upper"]
    instance = small(statement, 7)
    task = attack(statement, instance, list(range(7)), [0, 1])
    lengths = task.origin.forward(instance.inputs).activations[-1].norm(dim=-1)
    assert torch.allclose(task.aims.activations[-1].norm(dim=-1), lengths.sort(-1, descending=True).values[:, :AIMS])
    assert len(ADVERSARIES) == len(set(ADVERSARIES))
    assert task.losses.shape == (TRIALS, AIMS, 2)


def test_w_tilde_and_w_prime_together_bend_the_loss_more_than_w_prime_alone() -> None:
    """W~ at the brink, then W' through it: 2.02 times as far as W' from where it is, for many neurons (test_adversaries_pushes.py)."""
    statement = registry["semi-smoothness"]
    instance = instance_from_sizes(
        statement, {"width": 2048, "depth": 1, "samples": 1, "outputs": 1, "radius": 2e-3, "labels": "signs"}
    )  # fmt: skip
    cases = dict(drawn_subjects(statement, instance, "dense", 4, source("joint"), "cpu"))
    ratio = {name: statement.sides(subject) for name, subject in cases.items()}

    def found(name: str) -> np.ndarray:
        return ratio[name].left.numpy()

    assert (found("jointly to the brink, then joint pushes") > 1.5 * found("hidden alignment, then joint pushes")).all()


def test_the_brink_lies_in_the_ball() -> None:
    statement = registry["semi-smoothness"]
    task = attack(statement, small(statement, 3), [0, 1, 2], [0, 1])
    (moved,) = to_the_brink(task)
    sizes = torch.stack([weights.change_spectral_norm() for weights in moved.hidden])
    assert float(sizes.amax()) <= 5e-3 * (1 + 1e-12)
    assert float(sizes.amax(0).amin()) > 0


def test_w_prime_answers_to_the_diagonal_change() -> None:
    """One step of ascent keeps the better of what it started from and what it found, D'' searched for anew at each."""
    statement = registry["backward-stability"]
    instance = instance_from_sizes(statement, {"width": 64, "depth": 2, "samples": 2, "outputs": 2, "radius": 1e-2})
    task = attack(statement, instance, [0, 1], [0, 1])
    with torch.no_grad():
        alone, joint = (task.objective(ADVERSARIES[name](task)) for name in ("output alignment", "ascent from alignment"))
        still = task.objective(task.still())
    assert bool((joint >= alone).all())
    # D'' decides most of it; of what W' adds, the joint step finds more
    assert float(((joint - still) / (alone - still).clamp_min(1e-12)).median()) > 1.1

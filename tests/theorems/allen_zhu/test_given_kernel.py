"""The forms of the convergence theorem that are given the kernel: what they rest on, and what refutes the theorem's own mutants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from checkers.evidence.decide import decide
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from theorems import registry
from theorems.allen_zhu.given_flips import flips_in_reach
from theorems.allen_zhu.given_kernel import LAST, run_from_kernel
from theorems.language.instance import Instance

WIDE: dict[str, Any] = {"width": 2**14, "samples": 2, "separation": 0.35, "data": "pairs", "labels": "opposite", "data_seed": 3}
GIVEN = ["gd-rate-given-kernel", "gd-radius-given-kernel", "gd-steps-given-kernel"]


def instance(**sizes: Any) -> Instance:
    return instance_from_sizes(None, {**WIDE, "tolerance": 0.1, **sizes})


def failures(identifier: str, at: Instance, **changes: Any) -> int:
    changed = replace(registry[identifier], **changes)
    return decide(changed, at, seed=1, engine="revealed", trials=2, alpha=0).failures


@pytest.mark.parametrize("identifier", [*GIVEN, "gd-rate-given-flips", "gd-radius-given-flips"])
def test_close_pairs_with_opposite_labels_are_learned_as_stated(identifier: str) -> None:
    assert failures(identifier, instance()) == 0


def test_what_the_theorem_says_without_its_factors_is_refuted() -> None:
    rate = registry["gd-rate-given-kernel"].at_least[0]
    assert failures("gd-rate-given-kernel", instance(), at_least=(rate, "c m/d")) == 2
    steps = registry["gd-steps-given-kernel"].at_most[0]
    assert failures("gd-steps-given-kernel", instance(), at_most=(steps, "1 + C_n log(1/eps)")) == 2


def test_the_steps_of_a_mutant_of_the_separation_are_too_few() -> None:
    """delta^0 in place of delta^(-1), all else as stated, n included."""
    rate = registry["gd-rate-given-kernel"].at_least[0]
    assert failures("gd-rate-given-kernel", instance(separation=0.3), at_least=(rate, "c m/(d n^2)")) == 2


@pytest.mark.parametrize(("samples", "outputs", "labels"), [(1, 1, "random"), (3, 2, "hardest"), (4, 1, "opposite")])
def test_no_kernel_along_the_run_moves_farther_than_the_flips_in_reach(samples: int, outputs: int, labels: str) -> None:
    at = instance(width=512, samples=samples, outputs=outputs, labels=labels, separation=0.3)
    source = NormalSource(seed_sequence(1, "flips", samples))
    network = Network.draw("dense", 512, 1, at.inputs.shape[1], outputs, 2, source)
    subject = NetworkSubject(network, at, source.spawn("questions"))
    run = run_from_kernel(subject, 1.0, LAST)
    reach = flips_in_reach(subject, run)
    before, moved = subject.layer_kernel(1), network.copy()
    farthest = []
    for _ in range(reach.shape[1]):
        record = moved.forward(at.inputs)
        moved.step(record, record.outputs - torch.tensor(at.targets), run.eta)
        drift = NetworkSubject(moved, at, source.spawn("again")).layer_kernel(1) - before
        farthest.append(torch.linalg.matrix_norm(drift, ord=2))
    share = torch.stack(farthest, 1) / reach
    assert float(share.max()) <= 1
    assert float(share.max()) > 0.01, "the bound speaks of what happens"

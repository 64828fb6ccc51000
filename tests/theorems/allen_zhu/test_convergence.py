"""What refutes the false variants about training is what they got wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.evidence.decide import decide
from checkers.records.decisions import Decision
from strategies import instance_from_sizes
from theorems import registry
from theorems.allen_zhu.convergence import DUPLICATES
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED

TWO = {"width": 256, "depth": 1, "samples": 2, "separation": 0.9, "tolerance": 0.2, "data_seed": 3}


OWN_SIZES: dict[str, dict[str, int | float | str]] = {
    FULLY_CONNECTED: {}, "residual": {"depth": 2}, "convolutional": {"width": 128, "positions": 4, "patch": 3},
}  # fmt: skip


def decision(identifier: str, variant: str, instance: Instance, architecture: str = FULLY_CONNECTED, **changes: object) -> Decision:
    statement = replace(registry.form(identifier, architecture).variant(variant), **changes)  # type: ignore[arg-type]
    return decide(statement, instance, seed=1, engine="dense", trials=4, alpha=1e-7)


@pytest.mark.parametrize("architecture", list(OWN_SIZES))
@pytest.mark.parametrize("identifier", ["gd-convergence", "sgd-convergence", "classification"])
def test_with_distinct_inputs_the_same_constants_hold(identifier: str, architecture: str) -> None:
    outputs = 3 if identifier == "classification" else 1
    # The seed gives the two samples different labels in either case.
    sizes = {**TWO, **OWN_SIZES[architecture], "outputs": outputs, "labels": "one-hot" if identifier == "classification" else "opposite"}
    equal = instance_from_sizes(None, {**sizes, "data": "duplicate rows"})
    apart = instance_from_sizes(None, {**sizes, "data": "pairs"})
    assert (equal.targets[0] != equal.targets[1]).any()
    assert (equal.inputs[0] == equal.inputs[1]).all()
    assert decision(identifier, DUPLICATES, equal, architecture).failures == 4
    assert decision(identifier, DUPLICATES, apart, architecture).failures == 0


@pytest.mark.parametrize("architecture", ["residual", "convolutional"])
def test_with_every_sample_seen_the_same_constants_hold(architecture: str) -> None:
    name = "a sample that is never seen"
    instance = instance_from_sizes(None, {**TWO, **OWN_SIZES[architecture], "outputs": 3, "labels": "one-hot", "data": "pairs"})
    assert decision("classification", name, instance, architecture).failures == 4
    own = registry.form("classification", architecture).measure
    assert decision("classification", name, instance, architecture, measure=own).failures == 0


def test_minibatches_that_see_all_samples_converge_where_one_is_left_out() -> None:
    instance = instance_from_sizes(None, {**TWO, "data": "pairs", "labels": "signs"})
    name = "a sample that no minibatch ever holds"
    assert decision("sgd-convergence", name, instance).failures > 0
    assert decision("sgd-convergence", name, instance, measure=registry["sgd-convergence"].measure).failures == 0


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_sgd_converges_at_every_batch_size(samples: int) -> None:
    """The measure tries all batch sizes from 1 to n."""
    instance = instance_from_sizes(None, {**TWO, "samples": samples, "data": "orthogonal", "labels": "hardest", "outputs": 2})
    found = decide(registry["sgd-convergence"], instance, seed=1, engine="dense", trials=4, alpha=0)
    assert found.failures == 0
    assert 0 <= found.place["batch size - 1"] < samples

"""Batches of trials: bounded memory, and the same numbers however many trials are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from checkers.evidence import batches
from checkers.evidence.batches import batch_sizes, batch_source, numbers_held
from checkers.evidence.decide import decide, judged_cases
from checkers.evidence.profiles import PROFILES
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Engine

DENSE = instance_from_sizes(registry["forward-norm"], {"width": 48, "depth": 3, "samples": 2, "tolerance": 0.5})


def test_the_first_stage_of_the_quick_profile_is_one_batch_wherever_weights_are_stored() -> None:
    """Numbers that were drawn before there were batches are drawn again."""
    for width, depth in ((64, 1), (64, 8), (512, 1), (512, 8)):
        instance = Instance(width=width, depth=depth)
        for statement in registry:
            if "dense" in statement.engines:
                trials = max(4, PROFILES["quick"].normals // (depth * width**2))
                assert batch_sizes(statement, instance, "dense", min(512, trials)) == [min(512, trials)]


def test_batches_make_up_the_trials() -> None:
    statement = registry["semi-smoothness"]
    wide = Instance(width=2**16, depth=8, radius=1e-6)
    assert batch_sizes(statement, wide, "revealed", 5) == [1] * 5, "one trial is the least"
    sizes = batch_sizes(statement, Instance(width=256, depth=12, radius=1e-6), "dense", 4000)
    assert sum(sizes) == 4000
    assert set(sizes[:-1]) == {sizes[0]}
    assert sizes[-1] <= sizes[0]
    assert 8 * sizes[0] * numbers_held(statement, Instance(width=256, depth=12), "dense") <= batches.BYTES


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_a_decision_is_made_of_its_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratios, failures and the place of the worst are those of the batches, each with its own stream."""
    statement = registry["forward-norm"]
    held = numbers_held(statement, DENSE, engine)
    monkeypatch.setattr(batches, "BYTES", 8 * 3 * held)
    whole = decide(statement, DENSE, seed=2, engine=engine, trials=8, alpha=1e-7)
    ratios = []
    for batch, size in enumerate((3, 3, 2)):
        ((case, _),) = judged_cases(statement, DENSE, 2, engine, size, 1, "cpu", batch)
        ratios += case.ratio.tolist()
    assert len(set(ratios)) == 8, "no two networks are the same"
    assert whole.ratio == max(ratios)
    assert whole.place["trial"] == ratios.index(max(ratios))
    assert whole.failures == sum(ratio > 1 for ratio in ratios)


def test_the_first_batch_has_the_stream_of_the_decision_and_the_others_their_own() -> None:
    def numbers(batch: int) -> list[float]:
        drawn: list[float] = batch_source(NormalSource(seed_sequence(1, "x")), batch).normal((3,), 1.0).tolist()
        return drawn

    assert numbers(0) == NormalSource(seed_sequence(1, "x")).normal((3,), 1.0).tolist()
    assert len({tuple(numbers(batch)) for batch in range(4)}) == 4


# Peak memory of a decision above what importing takes, in MiB. 200 trials of these matrices are 800 MiB.
PEAK = """
import resource
from checkers.evidence.decide import decide
from strategies import instance_from_sizes
from theorems import registry
statement = registry["forward-norm"]
def peak(trials):
    instance = instance_from_sizes(statement, {"width": 512, "depth": 2, "samples": 1, "tolerance": 0.9})
    decide(statement, instance, seed=1, engine="dense", trials=trials, alpha=1e-7)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
before = peak(1)
print(peak(200) - before)
"""


def test_memory_does_not_grow_with_the_trials() -> None:
    """The estimate of what a batch holds counts its matrices COPIES times, and one statement may need fewer."""
    used = int(subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True).stdout)
    assert used * 2**20 <= 0.75 * batches.BYTES

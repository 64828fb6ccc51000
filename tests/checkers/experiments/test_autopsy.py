"""Autopsies of planted failures: each finding says what was planted, and is silent where it was not."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from checkers.errors import InputError
from checkers.evidence.binomial import median_ranks, rate_interval
from checkers.evidence.decide import decide
from checkers.evidence.profiles import PROFILES
from checkers.experiments.autopsy import climbs, survey
from checkers.experiments.autopsy import inspect as autopsy
from checkers.fuzzing.counterexamples import read
from checkers.machine.software import versions
from checkers.records.autopsies import Autopsy
from checkers.records.counterexamples import Counterexample
from checkers.report.autopsy import findings
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.forms import probability, wrong
from theorems.language.instance import Instance
from theorems.language.statement import Constant, Statement
from theorems.language.subject import Comparison, Side, Subject

FOLDER = Path(__file__).parents[2] / "counterexamples"


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """An eighth of the networks, or less."""
    monkeypatch.setattr(survey, "PILOT", 2**16)
    for module, far, close in ((climbs, 2**18, 2**22), (autopsy, 2**20, 2**24)):
        monkeypatch.setattr(module, "FAR", far)
        monkeypatch.setattr(module, "CLOSE", close)
    monkeypatch.setattr(climbs, "WIDER", 2**20)


def half_active(subject: Subject, C: float) -> Side:
    """m/2 less the active neurons of every layer and sample: (trials, layers, samples)."""
    instance = subject.instance
    counts = torch.stack([subject.signs(layer).sum(-1) for layer in range(1, instance.depth + 1)], 1)
    return Side((instance.width / 2 - counts).clamp_min(0), axes=("layer", "sample"))


def claiming(failure: str, C: float) -> Statement:
    """At least m/2 - C sqrt(m) neurons are active; by Hoeffding one layer and sample fails with exp(-2 C^2) at most."""
    return Statement(
        id="half-active", source="a draft", claim="m/2 - |D_l| <= {bound} for all l and i", kind="derived", measure=half_active,
        at_most="C sqrt(m)", failure=probability(failure), constants={"C": Constant(C, "Hoeffding")}, exact=True,
        ranges={"width": (16, 2048), "depth": (1, 16), "samples": (1, 6), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
        variants=(wrong("C = 0.1", "constant", constants={"C": Constant(0.1, "")}), wrong("0.9 C", "exponent", at_most="0.9 C sqrt(m)")),
    )  # fmt: skip


@pytest.fixture
def declared() -> Iterator[list[Statement]]:
    """What is appended is known to the registry until the test ends."""
    own: list[Statement] = []
    yield own
    for statement in own:
        registry.remove(statement.id)


def dissected(statement: Statement, instance: Instance, trials: int, declared: list[Statement] | None = None, seed: int = 3) -> Autopsy:
    if declared is not None:
        registry.add(statement)
        declared.append(statement)
    engine = statement.engines[0]
    decision = decide(statement, instance, seed=seed, engine=engine, trials=trials, alpha=1e-6)
    record = Counterexample(
        schema=1, role="simplest", seed=seed, decision=decision, inputs=instance.inputs.tolist(), targets=instance.targets.tolist(),
        claim=statement.sentence, versions=versions(),
    )  # fmt: skip
    return autopsy.inspect(record)


ACTIVE = {"width": 28, "depth": 4, "samples": 4, "input_dimension": 5, "separation": 0.4}


@pytest.mark.usefixtures("quickly")
def test_a_forgotten_union_bound_is_named(declared: list[Statement]) -> None:
    found = dissected(claiming("exp(-2 C^2)", 1.5), instance_from_sizes(None, ACTIVE), 512, declared)
    union, rate = found.typical.union, found.typical.rate
    assert union is not None
    assert (union.count, union.factors, union.forgotten) == (16, "n L", True)
    assert rate.claimed < rate.low < rate.observed < 16 * rate.claimed
    text = " ".join(findings(found))
    assert "The bound lacks a factor n L, a union over the 16 indices: at every single one the claim holds" in text
    assert "Along m: fails at m = " in text
    by_symbol = {climb.symbol: climb for climb in found.climbs}
    assert [by_symbol[symbol].rungs[0].value for symbol in "nL"] == [1, 1], "growth is seen from one sample and one layer on"
    for symbol in "nL":
        growth = by_symbol[symbol].rate
        assert growth is not None
        assert growth.claimed == 0 < growth.high
    width = [rung.value for rung in by_symbol["m"].rungs]
    assert {28, 56, 112} <= set(width)


@pytest.mark.usefixtures("quickly")
def test_a_wrong_constant_is_not_blamed_on_the_union(declared: list[Statement]) -> None:
    found = dissected(claiming("n L exp(-20 C^2)", 0.5), instance_from_sizes(None, ACTIVE), 256, declared)
    union = found.typical.union
    assert union is not None
    assert not union.forgotten
    text = " ".join(findings(found))
    assert "lacks a factor" not in text
    assert "One index alone breaks the claim: at l = " in text


@pytest.mark.usefixtures("quickly")
def test_what_keeps_its_promise_is_said_to(declared: list[Statement]) -> None:
    found = dissected(claiming("n L exp(-2 C^2)", 1.5), instance_from_sizes(None, ACTIVE), 256, declared)
    assert not found.typical.rate.too_high
    assert findings(found)[0].startswith("On fresh networks the failure does not stand out")


@pytest.mark.usefixtures("quickly")
def test_the_lemma_below_that_fails_is_named() -> None:
    """With entries of variance 4/m norms double from layer to layer: what rests on forward-norm has no chance."""
    variant = registry["operator-norm"].variant("initialization variance 4/m")
    found = dissected(variant, instance_from_sizes(variant, {"width": 200, "depth": 4}), 8)
    (below,) = found.foundations
    assert (below.id, below.fails, below.rate.failures if below.rate else 0) == ("forward-norm", True, 8)
    assert below.with_failure == found.failing
    assert any(sentence.startswith("What it rests on fails here already: forward-norm") for sentence in findings(found))


@pytest.mark.usefixtures("quickly")
def test_the_adversarys_flips_are_those_that_were_counted() -> None:
    found = autopsy.inspect(read(next(FOLDER.glob("sign-flips--*.json"))))
    (move,) = found.moves
    (layer,) = move.layers
    assert move.adversary == found.decision.adversary
    assert layer.flips == found.decision.left, "of one sample, in the worst trial"
    assert len(layer.flipped) == min(layer.flips, 6)
    assert move.size == layer.singular_values[0] <= move.radius * (1 + 1e-9)
    assert layer.energy == 1.0
    assert found.failing == found.decision.failures


@pytest.mark.usefixtures("quickly")
def test_two_moves_are_told_one_after_the_other() -> None:
    found = autopsy.inspect(read(next(FOLDER.glob("semi-smoothness--*.json"))))
    assert ", then ".join(move.adversary for move in found.moves) == found.decision.adversary
    assert all(0 < move.size <= move.radius * (1 + 1e-9) for move in found.moves)


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem.split("--")[0])
def test_every_committed_counterexample_is_repeated_by_its_five_lines(file: Path) -> None:
    found = autopsy.inspect(read(file), path=file)
    assert len(found.python) == 5
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec("\n".join(found.python), {})
    assert printed.getvalue().startswith(f"STILL FAILS {found.decision.failures} of {found.decision.trials} fail")
    assert msgspec.json.decode(msgspec.json.encode(found), type=Autopsy) == found
    assert found.typical.rate.too_high
    assert sum(found.typical.counts) == found.typical.rate.trials
    assert all(climb.here in [rung.value for rung in climb.rungs] for climb in found.climbs)
    assert findings(found)[0].startswith("It is no accident")


@pytest.mark.usefixtures("quickly")
def test_the_same_file_gives_the_same_facts() -> None:
    record = read(next(FOLDER.glob("separation--*.json")))
    first, second = (msgspec.structs.replace(autopsy.inspect(record), seconds=0.0) for _ in range(2))
    assert first == second


def test_fewer_samples_are_the_first_of_the_same_data() -> None:
    instance = instance_from_sizes(None, ACTIVE)
    fewer = climbs.changed(registry["forward-norm"], instance, "samples", 2.0)
    assert fewer.samples == 2
    assert np.array_equal(fewer.inputs, instance.inputs[:2])
    wider = climbs.changed(registry["forward-norm"], instance, "width", 56.0)
    assert (wider.width, wider.inputs is instance.inputs) == (56, True)


def test_what_this_version_does_not_have_is_refused() -> None:
    record = read(next(FOLDER.glob("separation--*.json")))
    gone = msgspec.structs.replace(record, decision=msgspec.structs.replace(record.decision, variant="no such variant"))
    with pytest.raises(InputError, match=r"^cannot inspect the counterexample: .* no false variant 'no such variant' any more$"):
        autopsy.inspect(gone)


def test_a_measure_that_is_not_a_number_is_refused() -> None:
    def measure(subject: Subject) -> Comparison:
        return Comparison(torch.full((subject.trials,), math.nan), torch.ones(subject.trials))

    statement = Statement(id="own", source="", claim="", kind="declared", measure=measure, ranges={"width": (2, 8)}, engines=("vectors",))
    with pytest.raises(InputError, match="not a number"):
        survey.fresh(statement, instance_from_sizes(None, {"width": 4}), 1, 2**10, 8)


def test_intervals_of_a_rate_are_those_of_clopper_and_pearson() -> None:
    """0 of n: (1 - high)^n = tail; all of n: low^n = tail."""
    assert rate_interval(0, 20, 0.99) == pytest.approx((0.0, 1 - 0.005 ** (1 / 20)))
    assert rate_interval(20, 20, 0.99) == pytest.approx((0.005 ** (1 / 20), 1.0))
    low, high = rate_interval(5, 20, 0.9)
    assert sum(math.comb(20, k) * low**k * (1 - low) ** (20 - k) for k in range(5, 21)) == pytest.approx(0.05)
    assert sum(math.comb(20, k) * high**k * (1 - high) ** (20 - k) for k in range(6)) == pytest.approx(0.05)


@pytest.mark.parametrize("trials", [1, 4, 9, 10, 50, 1000])
def test_the_median_lies_between_its_ranks(trials: int) -> None:
    """The k-th least is above the median exactly where fewer than k of the draws are below it: P(Bin(n, 1/2) < k) <= 1/2%."""
    low, high = median_ranks(trials, 0.99)
    assert (low, high) == (trials - 1 - high, trials - 1 - low)
    above = sum(math.comb(trials, k) for k in range(low + 1)) / 2**trials
    assert above <= 0.005 or low == 0


def test_small_networks_are_looked_at_by_the_hundred() -> None:
    """A statement whose measure takes many passes decides on few networks at once; an autopsy of thousands cannot."""
    statement = registry.form("os-closest", "linear map")
    instance = instance_from_sizes(statement, {"width": 1, "samples": 2, "radius": 0.2, "tolerance": 0.01})
    found = survey.fresh(statement, instance, 1, 2**26, 700)
    assert [len(one) for one in found.tops] == [survey.BATCH, 700 - survey.BATCH]
    assert PROFILES["quick"].plan(statement, instance)[1] < survey.BATCH / 8

"""Mutants: which there are, which a check kills, and what the survivors are called."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from checkers.command_line.main import main
from checkers.experiments.mutants.fates import implied
from checkers.experiments.mutants.mutant import Mutant
from checkers.experiments.mutants.restricted import quantifier_mutants, restricted, where_several, with_constant
from checkers.experiments.mutants.run import mutants_of, run
from checkers.experiments.mutants.sabotage import pass_mutants, sabotaged
from checkers.experiments.mutants.slack import questions
from checkers.networks.weights.perturbed import PerturbedWeights
from checkers.records.mutants import MutantResult
from checkers.runs.jobs.own_statements import own_statements
from checkers.subjects.network import NetworkSubject
from lemmafuzz import Network
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import EXACT_LAW, Constant, FailureProbability, Statement, Variant
from theorems.language.subject import Side, Subject

OWN = Path(__file__).parents[3] / "docs" / "own-statement.py"
source = sources(77, "mutants")
Planted = Callable[..., Statement]


@pytest.fixture
def plant() -> Iterator[Planted]:
    """Declare a statement about numbers that are known exactly, (trials,) or (trials, layers), no network drawn; forgotten afterwards."""

    def planted(value: Callable[[Instance], list[float]], axes: tuple[str, ...] = (), **fields: Any) -> Statement:
        def measure(subject: Subject) -> Side:
            numbers = torch.tensor(value(subject.instance), dtype=torch.float64)
            return Side(numbers.expand(subject.trials, *numbers.shape) if axes else numbers.expand(subject.trials), axes)

        return registry.add(
            Statement(**{
                "id": "planted", "source": "tests", "claim": "at most {bound}", "kind": "declared", "measure": measure,
                "ranges": {"width": (16, 4096), "depth": (1, 4), "samples": (1, 2)}, "constants": {"C": Constant(1.0, "exact")},
                "engines": ("vectors",), "exact": True,
                "variants": (Variant("half", "constant", {"variance": 1.0}), Variant("none", "exponent", {"variance": 3.0})),
                **fields,
            })
        )  # fmt: skip

    yield planted
    registry.remove("planted")


def missed(mutant: Mutant) -> MutantResult:
    return MutantResult(
        id="planted", architecture="", mutant=mutant.name, kind=mutant.kind, claim="", outcome="missed", instances=1, trials=4,
        measured=None, ratio=1.0, reach=None
    )  # fmt: skip


def fates(statement: Statement) -> dict[str, MutantResult]:
    return {one.mutant: one for one in run([statement], seed=3).mutants}


def test_the_mutants_of_the_readers_own_statement() -> None:
    with own_statements([OWN]):
        mutants, notes = mutants_of(registry["loudest-neuron"])
    assert {one.name: one.claim for one in mutants} == {
        "bound: m^(-1/2) stronger by 1/6": "at most C size sqrt(log(m n))/m^(2/3)",
        "bound: m^(-1/2) stronger by 1/3": "at most C size sqrt(log(m n))/m^(5/6)",
        "bound: sqrt(log(m n)) dropped": "at most C size/sqrt(m)",
        "bound: L^0 stronger by 1/6": "at most C size sqrt(log(m n))/(L^(1/6) sqrt(m))",
        "bound: L^0 stronger by 1/3": "at most C size sqrt(log(m n))/(L^(1/3) sqrt(m))",
        "h_{l+1} in the place of h_l": "h_{l+1} in the place of h_l",
    }
    assert notes == ["samples are exchangeable"]
    assert pickle.loads(pickle.dumps(mutants)) == mutants, "they travel to other processes"
    assert mutants[0].reach == pytest.approx(4096 ** (1 / 6))
    assert mutants[0].where["m"] == 4096


def test_stronger_is_smaller_for_small_radii_and_larger_from_below(plant: Planted) -> None:
    ranges = {"width": (16, 64), "radius": (1e-4, 1e-1), "separation": (0.01, 1.0), "samples": (2, 4)}
    statement = plant(lambda i: [1.0], at_most="C omega^(1/3) n/delta", ranges=ranges)
    assert {one.claim for one in mutants_of(statement)[0]} == {
        "at most C n omega^(1/3)", "at most C n omega^(1/3)/delta^(5/6)", "at most C n omega^(1/3)/delta^(2/3)",
        "at most C omega^(1/3)/delta", "at most C n^(5/6) omega^(1/3)/delta", "at most C n^(2/3) omega^(1/3)/delta",
        "at most C n sqrt(omega)/delta", "at most C n omega^(2/3)/delta",
    }  # fmt: skip
    registry.remove("planted")
    below = plant(lambda i: [1.0], at_least="C omega^(1/3) n", ranges=ranges)
    assert {one.claim for one in mutants_of(below)[0]} == {
        "at least C n^(7/6) omega^(1/3)", "at least C n^(4/3) omega^(1/3)",
        "at least C n", "at least C n omega^(1/6)",
    }  # fmt: skip


def test_a_definition_counts_by_what_it_does_to_the_bound(plant: Planted) -> None:
    statement = plant(lambda i: [1.0], at_most="C/T", definitions={"T": "n^2"})
    assert [one.claim for one in mutants_of(statement)[0]] == ["T = n^(13/6)", "T = n^(7/3)"]
    registry.remove("planted")
    unread = plant(lambda i: [1.0], at_most="C", definitions={"T": "n^2"})
    assert [(one.claim, len(one.alternatives)) for one in mutants_of(unread)[0]] == [
        ("1", 1), ("n^(11/6) or n^(13/6)", 2), ("n^(5/3) or n^(7/3)", 2),
    ]  # fmt: skip
    assert {one.outcome for one in fates(unread).values()} == {"outside"}, "the measure does not read it either"


def test_a_tight_bound_kills_every_mutant(plant: Planted) -> None:
    statement = plant(
        lambda i: [i.width**-0.5 * i.samples], at_most="C n/sqrt(m)", scales=("depth",), constants={"C": Constant(1.0, "exact", sharp=1.0)}
    )
    found = fates(statement)
    assert {one.outcome for name, one in found.items() if "n stronger by 1/6" not in name} == {"REFUTED"}
    assert {one.kind for one in found.values()} == {"exponent", "constant"}
    assert len(found) == 8
    assert float(found["bound: m^(-1/2) stronger by 1/6"].refuted_at["width"]) > 1


def test_a_slack_bound_shows_its_survivors(plant: Planted) -> None:
    """The truth is m^(-1/2), claimed is m^(-1/4): a sixth more is true, a third more is not."""

    def true(instance: Instance) -> list[float]:
        return [instance.width**-0.5]

    missed = fates(plant(true, at_most="C/m^(1/4)", exponents={"width": -0.25}))
    assert {name: one.outcome for name, one in missed.items()} == {
        "bound: m^(-1/4) stronger by 1/6": "missed", "bound: m^(-1/4) stronger by 1/3": "REFUTED",
    }  # fmt: skip
    why = "up to 4 times stronger, at m = 4.1e+03, L = 4, n = 2; measured m^-0.50 (-0.64 to -0.36)"
    assert missed["bound: m^(-1/4) stronger by 1/6"].why == why, "the finite sizes of the ladder leave room for -5/12"
    registry.remove("planted")
    slack = plant(true, at_most="C log(m)/m^(1/4)", sharp={"width": -0.5})
    assert {name: one.outcome for name, one in fates(slack).items()} == {
        "bound: m^(-1/4) stronger by 1/6": "slack", "bound: m^(-1/4) stronger by 1/3": "missed", "bound: log(m) dropped": "slack",
    }  # fmt: skip


def test_a_measured_exponent_makes_a_survivor_slack(plant: Planted) -> None:
    """Beside log(m) the truth m^(-3/4) falls faster still: a sixth and a third more than m^(-1/4) are true, and so is no log(m)."""
    ranges = {"width": (16, 4096), "depth": (1, 4)}
    found = fates(plant(lambda i: [i.width**-0.75], at_most="C log(m)/m^(1/4)", scales=("width",), ranges=ranges))
    assert {name: (one.outcome, one.why) for name, one in found.items()} == {
        "bound: m^(-1/4) stronger by 1/6": ("slack", "measured m^-0.94 (-1.07 to -0.73)"),
        "bound: m^(-1/4) stronger by 1/3": ("slack", "measured m^-0.94 (-1.07 to -0.73)"),
        "bound: log(m) dropped": ("slack", "measured m^-0.50 beside the mutant (-0.64 to -0.36)"),
    }
    registry.remove("planted")
    below = fates(plant(lambda i: [i.depth**1.0], at_least="C L^0.5", scales=("depth",), ranges={**ranges, "depth": (1, 32)}, exact=False,
                        attack="none"))  # fmt: skip
    assert {name: (one.outcome, one.why.partition("; ")[2] or one.why) for name, one in below.items()} == {
        "bound: L^(1/2) stronger by 1/6": ("slack", "measured L^1.00 (0.74 to 1.26), at most so, under an attack"),
        "bound: L^(1/2) stronger by 1/3": ("missed", "measured L^1.00 (0.74 to 1.26)"),
    }


def test_what_is_proved_makes_a_survivor_slack(plant: Planted) -> None:
    """Claimed is m^(-1/4), proved m^(-1/2): a sixth more is true by that, of a third more nothing is known."""
    fields: dict[str, Any] = {"at_most": ("C/m^(1/4)", "C"), "proved": ("C/m^(1/2)", ""), "ranges": {"width": (16, 4096)}}
    found = fates(plant(lambda i: [i.width**-0.6, 0.5], ("part",), **fields))
    assert {name: one.outcome for name, one in found.items() if "m^" in name} == {
        "bound 1: m^(-1/4) stronger by 1/6": "slack", "bound 1: m^(-1/4) stronger by 1/3": "missed",
    }  # fmt: skip
    assert found["bound 1: m^(-1/4) stronger by 1/6"].why == "no stronger than what is proved: C/m^(1/2)"


def test_a_mutant_is_tried_where_nobody_knows_what_it_does() -> None:
    """1 - F/n without its n has no logarithm for any F that the corners try, and is another claim all the same."""
    (dropped,) = (one for one in mutants_of(registry.form("os-sgd", "linear map"))[0] if one.name.startswith("bound: n^(-1) dropped"))
    assert not dropped.alone
    assert all(one.outcome == "REFUTED" for one in fates(registry.form("os-sgd", "linear map")).values() if one.kind == "exponent")


def test_one_part_is_measured_once_for_all_its_mutants(plant: Planted) -> None:
    statement = plant(lambda i: [1.0], at_most=("C m", "C m L + C"), ranges={"width": (16, 4096), "depth": (1, 4)})
    survivors = [(one, missed(one)) for one in mutants_of(statement)[0]]
    asked = [question for one, result in survivors for question in questions(statement, one, result)]
    powers = {question for question in asked if not question.changes}
    assert {(question.axis, question.part, question.claimed) for question in powers} == {("width", 0, 1.0)}
    assert {(question.axis, question.part) for question in asked if question.changes} == {("width", 1), ("depth", 1)}, "one term of two"


def test_a_mutant_that_hardly_differs_is_outside(plant: Planted) -> None:
    statement = plant(lambda i: [0.1], at_most="C n d", ranges={"width": (16, 64), "samples": (1, 2)})
    found = fates(statement)
    assert {name: one.outcome for name, one in found.items()} == {
        "bound: d dropped": "outside", "bound: d stronger by 1/6": "outside", "bound: d stronger by 1/3": "outside",
        "bound: n dropped": "missed", "bound: n stronger by 1/6": "outside", "bound: n stronger by 1/3": "missed",
    }  # fmt: skip
    assert (found["bound: d dropped"].instances, found["bound: d dropped"].why) == (0, "the same claim everywhere in the ranges")
    assert found["bound: n stronger by 1/6"].why == "up to 1.12 times stronger, at m = 64, n = 2"


def test_a_quantifier_is_worth_what_the_first_index_does_not_know(plant: Planted) -> None:
    # at L = 1, which does not count, the first layer needs all of the bound
    grows = plant(lambda i: [1.0 * layer for layer in range(1, i.depth + 1)], ("layer",), at_most="C L")
    (killed,) = (one for one in run([grows], seed=3).mutants if one.kind == "quantifier")
    assert (killed.mutant, killed.outcome) == ("only the first layer looked at", "REFUTED")
    registry.remove("planted")
    same = plant(lambda i: [1.0] * i.depth, ("layer",), at_most="C")
    (kept,) = (one for one in run([same], seed=3).mutants if one.kind == "quantifier")
    assert (kept.outcome, kept.why) == ("outside", "the restricted measure needs 1 of the bound, with the margin all of it")
    pairs = where_several(registry["kernel-limit"], "i,j")
    assert pairs is not None
    assert pairs.ranges["samples"][0] == 2
    assert EXACT_LAW not in pairs.engines, "the law of one sample"
    below = dataclasses.replace(same, at_most=(), at_least="C")
    for statement, factor, claimed in ((same, 2.5e-7, 2.5e-7), (same, 0.0, 0.0), (below, 4.0, 0.25), (below, 0.0, 1e300)):
        bound = with_constant(statement, factor).bounds[0]
        assert bound(Instance(width=16), C=1.0) == pytest.approx(claimed)
    assert with_constant(dataclasses.replace(same, at_most="C m"), 0.0).bounds[0].exponent("m") == pytest.approx(1)
    assert quantifier_mutants(dataclasses.replace(same, ranges={"width": (16, 64)}))[0] == [], "one layer is all layers"


@pytest.mark.parametrize(("share", "outcome"), [(10, "outside"), (100, "missed"), (300, "REFUTED")])
def test_a_quantifier_that_fails_seldom_enough_decides_nothing(plant: Planted, share: int, outcome: str) -> None:
    """The second layer is beyond the first in so many of 1000 networks, where the claim allows 100 of them."""

    def measure(subject: Subject) -> Side:
        beyond = (subject.integers((), 0, 999) < share).double()
        return Side(torch.stack([torch.full_like(beyond, 0.5), 0.5 + beyond], 1), ("layer",))

    failure = FailureProbability("0.1", lambda instance, **constants: 0.1)
    ranges = {"width": (16, 64), "depth": (2, 2)}
    statement = plant(lambda i: [1.0], measure=measure, at_most="C", failure=failure, ranges=ranges)
    (found,) = (one for one in run([statement], seed=3).mutants if one.kind == "quantifier")
    assert found.outcome == outcome
    assert ("where 0.1 is allowed" in found.why) == (outcome == "outside")


def moved_subject(statement: Statement) -> NetworkSubject:
    instance = instance_from_sizes(statement, {"width": 12, "depth": 3, "samples": 2, "outputs": 2, "radius": 0.1})
    network = Network.draw("dense", 12, 3, instance.inputs.shape[1], 2, 4, source("draw"))
    moved = network.perturbed()
    for weights in moved.hidden:
        assert isinstance(weights, PerturbedWeights)
        weights.add_outer(source("left").normal((4, 1, 12), 1.0), source("right").normal((4, 1, 12), 1.0))
    return NetworkSubject(moved, instance, source("questions"), NetworkSubject(network, instance, source("questions")))


def on_networks(measure: Callable[[Subject], Side]) -> Statement:
    return dataclasses.replace(registry["sign-flips"], measure=measure, at_most="C", constants={"C": Constant(1.0, "")}, definitions={})


def test_a_move_in_one_layer_alone_leaves_the_others_where_they_were() -> None:
    def outputs(subject: Subject) -> Side:
        return Side(subject.network_outputs().norm(dim=-1), ("sample",), given={"F": subject.displacement_norm()})

    statement = on_networks(outputs)
    subject = moved_subject(statement)
    found = restricted(statement, "one layer").measure(subject)
    assert (found.axes, found.values.shape, found.given["F"].shape) == (("moved layer", "sample"), (4, 3, 2), (4, 3))
    network = Network(subject.network.architecture, subject.network.input_weights, [*subject.origin.network.hidden], subject.network.output)
    network.hidden[1] = subject.network.hidden[1]
    alone = NetworkSubject(network, subject.instance, source("questions"), subject.origin)
    torch.testing.assert_close(found.values[:, 1], alone.network_outputs().norm(dim=-1), rtol=0, atol=0)
    assert restricted(statement, "centre").adversary == ()
    names = [one.name for one in quantifier_mutants(statement)[0]]
    assert names == ["W only at the ball's centre", "the perturbation in one layer only"]


def test_a_sabotaged_pass_is_wrong_in_one_place_only() -> None:
    statement = on_networks(lambda subject: Side(subject.masked_backward(3).flatten(2).norm(dim=-1), ("sample",)))
    subject = moved_subject(statement)
    wrong = sabotaged(statement, "backward pass without D_L").measure(subject)
    expected = subject.network.output.flatten(1).norm(dim=-1)[:, None].expand(4, 2)
    torch.testing.assert_close(wrong.values, expected, rtol=1e-14, atol=0)
    assert not torch.equal(statement.measure(subject).values, wrong.values), "the honest subject has not changed"
    assert [one.name for one in pass_mutants(statement)] == ["backward pass without D_L", "backward pass with D_{l-1} for D_l"]
    forward = on_networks(lambda subject: Side(subject.activations(1).norm(dim=-1), ("sample",)))
    assert [one.name for one in pass_mutants(forward)] == ["h_{l+1} in the place of h_l"]


def test_the_command_measures_and_never_fails_on_a_survivor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mutants.json"
    arguments = ["mutants", "loudest-neuron", "--module", str(OWN), "--seed", "1", "--processes", "1", "--json", str(file)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "5 of 5 mutants refuted that are false (100%); of 6 mutants 1 outside" in text
    facts = json.loads(file.read_text())
    assert facts["scores"][0] | {"notes": []} == {
        "id": "loudest-neuron", "architecture": "fully connected", "mutants": 6, "refuted": 5, "slack": 0,
        "outside": 1, "missed": 0, "score": 1.0, "notes": [],
    }  # fmt: skip
    promised = {"id", "architecture", "mutant", "kind", "outcome", "instances", "trials", "measured"}
    assert [promised - set(one) for one in facts["mutants"]] == [set()] * 6
    assert facts["seed"] == 1
    assert {one["outcome"] for one in facts["mutants"]} == {"REFUTED", "outside"}
    assert main(["mutants", "no-such-statement"]) == 2
    assert "there is no statement 'no-such-statement'" in capsys.readouterr().err


def test_what_follows_from_a_sharper_statement_is_slack() -> None:
    """L^(5/2) m^{-1/4} without its L^(5/2) is above the sharper companion's L^(3/2) m^{-1/2} wherever m >= L^6 log(20 L)."""
    statement = registry["kernel-limit"]
    said = {one.name: implied(statement, one) for one in mutants_of(statement)[0] if one.alternatives}
    assert said["bound: L^(5/2) dropped"] == "it follows from kernel-limit-sharp"
    assert said["bound: m^(-1/4) stronger by 1/3"] == "", "which is m^(-7/12)"
    sharp = registry["kernel-limit-sharp"]
    assert {implied(sharp, one) for one in mutants_of(sharp)[0] if one.alternatives} == {""}

"""Indices in the paper's notation: what a place is called follows from the axis, its length and the statement."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pytest
import torch

from checkers.evidence.decide import decide
from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.measured import NotInForm, measured
from checkers.evidence.probe import TRIALS, tiny_instance
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.indices import index_name, place_in_words
from theorems.language.statement import Statement
from theorems.language.subject import Comparison, Subject

INSTANCE = instance_from_sizes(None, {"width": 8, "depth": 4, "samples": 3, "outputs": 2})
FORWARD, FLIPS = registry["forward-norm"], registry["sign-flips"]


@pytest.mark.parametrize(("axis", "index", "length", "name"), [
    ("layer", 0, 4, "l = 1"),  # 1..L
    ("layer", 0, 5, "l = 0"),  # 0..L
    ("layer", 4, 5, "l = 4"),
    ("sample", 0, 3, "i = 1"),
    ("j", 2, 3, "j = 3"),
    ("output", 1, 2, "c = 2"),
    ("neuron", 0, 8, "k = 1"),
    ("batch size - 1", 0, 3, "batch size 1"),
    ("floor", 0, 3, "floor 1"),  # a user's own
])  # fmt: skip
def test_an_index_has_the_papers_name(axis: str, index: int, length: int, name: str) -> None:
    assert index_name(FORWARD, INSTANCE, axis, index, length, {}) == name


def test_a_part_is_called_by_what_it_claims() -> None:
    assert index_name(FLIPS, INSTANCE, "part", 0, 2, {}) == "part 1, <= C m omega^(2/3) L"
    assert index_name(FLIPS, INSTANCE, "part", 1, 2, {"part": ("a", "‖b‖")}) == "‖b‖ <= C omega L^(3/2)"
    assert place_in_words(FORWARD, INSTANCE, ("layer", "sample"), (1, 2), (5, 3), {}) == "l = 1, i = 3"
    assert place_in_words(FORWARD, INSTANCE, (), (), (), {}) == ""


@pytest.mark.parametrize(("identifier", "axis", "first", "last"), [
    ("forward-norm", "layer", "l = 0", "l = 4"),
    ("separation", "layer", "l = 0", "l = 4"),
    ("sign-flips", "layer", "l = 1", "l = 4"),
    ("backward-norm", "layer", "a = 1", "a = 5"),  # L + 1 of them, and not from 0
    ("sparse-output", "layer", "a = 1", "a = 5"),
    ("operator-norm", "interval", "(a, b) = (1, 1)", "(a, b) = (4, 4)"),
    ("forward-stability", "part", "‖g~_l - g_l‖", "‖h~_l - h_l‖"),
    ("output-stability", "part", "‖h_l(W~ + W') - h_l(W~)‖ <= C L^(3/2) size", "‖B(h_L(W~ + W') - h_L(W~))‖ <= C L sqrt(m/d) size"),
    ("gradient-upper", "part", "‖grad_{W_l} F_i‖_F^2/F_i <= C m/d", "‖grad_{W_l} F‖_F^2/F <= C n m/d"),
])  # fmt: skip
def test_statements_say_where_their_axes_begin(identifier: str, axis: str, first: str, last: str) -> None:
    statement = dataclasses.replace(registry[identifier], adversary=(), start=())
    instance = tiny_instance(statement, "dense")
    source = NormalSource(seed_sequence(0, "names", identifier))
    ((_, subject),) = drawn_subjects(statement, instance, "dense", TRIALS, source, "cpu")
    found = measured(statement, subject)
    length = found.left.shape[1 + found.axes.index(axis)]
    ends = [index_name(statement, instance, axis, index, length, found.names) for index in (0, length - 1)]
    assert ends == [first, last]


def named(names: Mapping[str, Sequence[str]]) -> Statement:
    def measure(subject: Subject) -> Comparison:
        left = torch.tensor([[1.0, 3.0, 2.0]]).expand(subject.trials, 3)
        return Comparison(left, torch.ones_like(left), axes=("step",), names=names)

    return Statement(id="own", source="", claim="", kind="declared", measure=measure, ranges={"width": (2, 8)}, engines=("vectors",))


def test_a_decision_says_where_in_words_and_in_indices() -> None:
    found = decide(named({"step": ("t = 5", "t = 6", "t = 7")}), INSTANCE, seed=1, engine="vectors", trials=4, alpha=0.0)
    assert (found.at, found.place) == ("t = 6", {"trial": 0, "step": 1})


@pytest.mark.parametrize("names", [{"step": ("t = 1",)}, {"layer": ("a", "b", "c")}])
def test_names_that_do_not_fit_their_axis_are_refused(names: Mapping[str, Sequence[str]]) -> None:
    with pytest.raises(NotInForm, match=r"names of indices along '(step|layer)', which is none of its axes or not as long"):
        decide(named(names), INSTANCE, seed=1, engine="vectors", trials=4, alpha=0.0)

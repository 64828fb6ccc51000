"""Bugs planted in the machinery itself, and the statement that notices each: a checker that cannot fail is worth nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import Profile
from checkers.fuzzing.search import search
from checkers.networks.architectures.fully_connected import FullyConnected
from checkers.networks.weights.dense import DenseWeights
from checkers.networks.weights.protocol import Weights
from checkers.networks.weights.revealed import RevealedWeights
from checkers.runs.suite import check
from checkers.subjects import exact_law
from strategies import ALL_SHAPES, instance_from_sizes, shapes
from theorems import registry
from theorems.language.instance import Array
from theorems.language.statement import Constant

SMALL = Profile("small", 16, 16, 4, 2**20, 2**16, 256, 4096)


def verdict(identifier: str, profile: Profile = SMALL) -> str:
    return check([registry[identifier]], seed=1, profile=profile).verdicts[0].verdict


def refuted_on(engine: str, identifier: str, profile: Profile = SMALL) -> bool:
    """Whether the statement is refuted when this engine alone answers."""
    alone: Any = (engine,)
    statement = replace(registry[identifier], engines=alone)
    return search(statement, profile, Account(1e-7), seed=1, examples=profile.examples).severest is not None


def test_variance_2_2_in_the_exact_law_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refuted_on("exact law", "forward-norm")
    right = exact_law.layer_norms
    monkeypatch.setattr(exact_law, "layer_norms", lambda width, depth, trials, source, v: right(width, depth, trials, source, 1.1 * v))
    assert refuted_on("exact law", "forward-norm")
    assert verdict("forward-norm") == "REFUTED"


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_variance_2_2_in_the_weights_is_noticed(engine: Literal["dense", "revealed"], monkeypatch: pytest.MonkeyPatch) -> None:
    """At depth 16 the excess is 1.1^17 in ‖h_L‖^2: the typical norm is 2.2, where 1.9 is claimed to be rare."""
    instance = instance_from_sizes(None, {"width": 256, "depth": 16, "tolerance": 0.9})

    def refuted() -> bool:
        return decide(registry["forward-norm"], instance, seed=1, engine=engine, trials=30, alpha=1e-7).refuted

    assert not refuted()
    draw, initialize = DenseWeights.draw, RevealedWeights.__init__

    def wrong_draw(rows: int, columns: int, variance: float, *rest: Any) -> DenseWeights:
        return draw(rows, columns, 1.1 * variance, *rest)

    def wrong_initialize(self: RevealedWeights, rows: int, columns: int, variance: float, *rest: Any) -> None:
        initialize(self, rows, columns, 1.1 * variance, *rest)

    monkeypatch.setattr(DenseWeights, "draw", wrong_draw)
    monkeypatch.setattr(RevealedWeights, "__init__", wrong_initialize)
    assert refuted()


def _without_derivatives(layers: slice) -> Any:
    """FullyConnected.backward with D_l = I on some of the layers."""
    right = FullyConnected.backward

    def backward(self: FullyConnected, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> list[Tensor]:
        forgotten = list(signs)
        forgotten[layers] = [torch.ones_like(sign) for sign in forgotten[layers]]
        return right(self, hidden, forgotten, top)

    return backward


@pytest.mark.parametrize("layers", [slice(0, None), slice(-1, None), slice(1, 2)], ids=["all", "last", "first"])
def test_a_backward_pass_without_d_breaks_the_gradient_formula(layers: slice, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict("gradient-formula") == "HOLDS"
    monkeypatch.setattr(FullyConnected, "backward", _without_derivatives(layers))
    assert verdict("gradient-formula") == "REFUTED"


def test_a_backward_pass_without_d_breaks_the_backward_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each forgotten D doubles ‖Back‖^2, so depth 16 shows it whatever the constant."""
    monkeypatch.setattr(FullyConnected, "backward", _without_derivatives(slice(0, None)))
    assert verdict("backward-norm") == "REFUTED"


def test_a_backward_pass_that_uses_the_sign_of_the_layer_below_breaks_the_gradient_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FullyConnected.backward

    def shifted(self: FullyConnected, hidden: Sequence[Weights], signs: Sequence[Tensor], top: Tensor) -> list[Tensor]:
        return right(self, hidden, [signs[0], *signs[:-1]], top)

    monkeypatch.setattr(FullyConnected, "backward", shifted)
    assert verdict("gradient-formula") == "REFUTED"


def test_data_whose_separation_test_forgets_one_pair_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but one pair keep their distance; that one is ten times closer. Triage says that the data, not the statement, are at fault."""
    assert verdict("separation") == "HOLDS"

    def forgetful(generator: np.random.Generator, samples: int, input_dimension: int, separation: float) -> Array:
        shape = "pairs" if samples < 2 else "forgotten pair"
        return right[shape].make(generator, samples, input_dimension, separation)

    right = dict(ALL_SHAPES)
    for name in shapes.SHAPES:
        monkeypatch.setitem(ALL_SHAPES, name, replace(right["pairs"], make=forgetful))
    found = check([registry["separation"]], seed=1, profile=SMALL).verdicts[0]
    assert found.verdict == "UNDECIDED"
    assert {one.label for one in found.withdrawn} == {"outside the regime"}
    assert all("less than the promised separation" in one.reason for one in found.withdrawn)


def test_duplicate_rows_are_noticed() -> None:
    """The forgotten pair at distance zero: h_i = h_j at every layer, so nothing of h_j is orthogonal to h_i."""
    statement = replace(registry["separation"], data=("duplicate rows",))
    found = search(statement, SMALL, Account(1e-7), seed=1, examples=4)
    assert found.severest is not None
    assert found.severest[0].failures == found.severest[0].trials


def test_a_forward_pass_that_leaves_a_layer_linear_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """h_1 = g_1: no half of the norm is lost, and ‖h_1‖^2 = 2 ‖h_0‖^2."""
    right = FullyConnected.forward

    def forward(
        self: FullyConnected, input_weights: Weights, hidden: Sequence[Weights], x: Tensor, first: tuple[Tensor, Tensor] | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        before, after = right(self, input_weights, hidden[:1], x, first)
        more_before, more_after = [*before], [after[0], before[1]]
        for weights in hidden[1:]:
            more_before.append(weights.apply(more_after[-1]))
            more_after.append(torch.relu(more_before[-1]))
        return more_before, more_after

    monkeypatch.setattr(FullyConnected, "forward", forward)
    assert refuted_on("dense", "forward-norm")
    assert verdict("gradient-formula") == "REFUTED"


def test_a_gradient_step_that_never_sees_one_sample_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """gd-rate beyond its regime, on two samples: the forgotten one's loss never falls, whatever the rate."""
    statement = replace(
        registry["gd-rate"], ranges={"width": (256, 1024), "depth": (2, 2), "samples": (2, 2), "separation": (0.5, 1.0)}, assumptions=(),
        data=("orthogonal",), labels=("opposite",), engines=("dense",),
        constants={**registry["gd-rate"].constants, "step": Constant(1.0, "four times ours")},
    )  # fmt: skip

    def refuted() -> bool:
        return search(statement, SMALL, Account(1e-7), seed=1, examples=6).severest is not None

    assert not refuted()
    right = FullyConnected.update

    def forgetful(self: FullyConnected, hidden: Sequence[Weights], layer: int, activation: Tensor, factor: Tensor) -> None:
        right(self, hidden, layer, activation, torch.cat([factor[:, :1], torch.zeros_like(factor[:, 1:])], 1))

    monkeypatch.setattr(FullyConnected, "update", forgetful)
    assert refuted()

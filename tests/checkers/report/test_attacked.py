"""What the grade *attacked* is worth: read from the committed file, which names statements that are attacked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkers.report import attacked
from checkers.report.statements import grade_basis
from theorems import registry

# Younger than the last run of benchmarks/long_ascent.py.
NOT_YET = {"backward-change-by-weights", "difference-formula", "os-deep", "pre-activation-split"}
FACTS: dict[str, Any] = json.loads(attacked.FILE.read_text())


def test_the_committed_shares_are_those_of_attacked_statements() -> None:
    with_moves = {one.id for one in registry if one.architecture == "fully connected" and one.adversary and not one.attack}
    assert with_moves - set(FACTS["statements"]) == NOT_YET
    assert set(FACTS["statements"]) <= with_moves
    for entry in FACTS["statements"].values():
        assert 0 <= entry["least"] <= entry["share"] <= 1
        assert entry["networks"] >= 10


@pytest.mark.parametrize("identifier", ["sign-flips", "kernel-stability"])
def test_a_statement_says_what_share_its_attacks_find(identifier: str) -> None:
    share = f"{FACTS['statements'][identifier]['share']:.2g}"
    assert f"it is {share} of what long ascents find" in grade_basis(registry[identifier])
    assert f"{identifier} {share}" in attacked.shares_in_words()


def test_where_it_was_not_measured_nothing_is_said() -> None:
    assert attacked.share_in_words(registry["forward-norm"]) == ""
    assert attacked.share_in_words(registry.form("sign-flips", "residual")) == ""
    assert "long ascents" not in grade_basis(registry["operator-stability"])


def test_slack_is_at_most_what_it_is_where_it_was_attacked() -> None:
    assert attacked.attacked_ids([registry["sign-flips"], registry["forward-norm"], registry["operator-norm"]]) == {
        "sign-flips", "operator-norm",
    }  # fmt: skip

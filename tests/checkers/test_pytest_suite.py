"""Lemmas as tests: names, options, and what a failing one says. tests/test_wheel.py runs them in a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from checkers.evidence.profiles import PROFILES
from checkers.pytest_suite import Claim, asked, claims, complaint, configure, judged
from checkers.records.decisions import VariantVerdict, Verdict
from theorems import registry

GIVEN = {"lemmas": [], "lemmas_profile": "quick", "lemmas_seed": "1"}


def config(folder: Path, given: Mapping[str, Any]) -> Any:
    """As much of a pytest.Config as is asked for."""
    options = SimpleNamespace(**{**GIVEN, **given})
    where = SimpleNamespace(dir=folder)
    return SimpleNamespace(option=options, args=["tests"], invocation_params=where, getoption=lambda name: getattr(options, name))


def test_every_claim_is_one_test_with_a_name_of_its_own() -> None:
    found = claims(form for statement in registry for form in registry.forms(statement.id))
    assert len({claim.name for claim in found}) == len(found)
    assert found[0].name == f"{found[0].id}[fully connected]"
    assert {(claim.id, claim.architecture) for claim in found} == set(registry.cells())
    assert sum(bool(claim.variant) for claim in found) == sum(len(registry.form(*cell).variants) for cell in registry.cells())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"lemmas": ["absent.py"]}, "--lemmas absent.py does not exist"),
        ({"lemmas": ["."]}, "--lemmas . is not a file"),
        ({"lemmas_seed": "-1"}, "--lemmas-seed must be an integer from 0, not '-1'"),
        ({"lemmas_profile": "fast"}, "--lemmas-profile must be one of .*quick, .*, not 'fast'"),
    ],
)
def test_options_that_cannot_be_right(given: Mapping[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        configure(config(tmp_path, given))


def test_a_named_file_is_collected_once_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.py").touch()
    found = config(tmp_path, {"lemmas": ["mine.py"], "lemmas_seed": "7"})
    for _ in range(2):  # of xdist, here and in a worker
        configure(found)
        assert found.option.lemmas == [str(tmp_path / "mine.py")]
        assert found.args == ["tests", str(tmp_path / "mine.py")]
    assert asked(found) == (7, PROFILES["quick"])


def test_only_what_was_shown_passes() -> None:
    holds = judged(Claim("relu-difference", "fully connected"), seed=1, profile=PROFILES["quick"])
    assert isinstance(holds, Verdict)
    assert complaint(holds) == ""
    for verdict in ("VACUOUS", "UNDECIDED"):
        words = complaint(msgspec.structs.replace(holds, verdict=verdict))
        assert words.startswith(f"{verdict}  relu-difference  ({holds.source}): ")
        assert "a larger --lemmas-profile tries more" in words


def test_a_false_variant_that_survives_fails_its_test() -> None:
    variant = registry["relu-difference"].variants[0].name
    found = judged(Claim("relu-difference", "fully connected", variant), seed=1, profile=PROFILES["quick"])
    assert isinstance(found, VariantVerdict)
    assert complaint(found) == ""
    survives = complaint(msgspec.structs.replace(found, verdict="HOLDS", instances=25))
    assert survives.startswith(f"NOT REFUTED  relu-difference, false variant {variant!r}: 25 instances did not tell it")

"""What a measure may return: the trials first, one named axis for each further dimension, as long as its name says."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from checkers.command_line.main import main
from checkers.evidence.decide import decide
from checkers.evidence.measured import NotInForm, measured
from checkers.evidence.probe import LENGTHS, TRIALS, WIDEST, axes_of, tiny_instance
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.runs.jobs.own_statements import own_statements
from checkers.subjects.partial import VectorSubject
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.statement import EXACT_LAW, Engine, Statement
from theorems.language.subject import Comparison

CELLS = registry.cells()
INSTANCE = instance_from_sizes(None, {"width": 8, "depth": 4, "samples": 3, "outputs": 2})
OWN = Statement(
    id="own", source="", claim="", kind="declared", measure=lambda subject: Comparison(torch.zeros(1), torch.ones(1)), engines=("dense",),
    ranges={"width": (8, 64), "depth": (1, 8), "samples": (1, 6), "outputs": (1, 4), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
)  # fmt: skip


def returning(left: Any, right: Any = None, axes: tuple[str, ...] = ()) -> Statement:
    """A statement that measures these shapes, whatever it is asked about."""
    comparison = Comparison(torch.zeros(left), torch.ones(left if right is None else right), axes)
    return dataclasses.replace(OWN, measure=lambda subject: comparison)


@cache
def axes(identifier: str, architecture: str, variant: str, engine: Engine) -> tuple[str, ...]:
    form = registry.form(identifier, architecture)
    return axes_of(form.variant(variant) if variant else form, engine)


@pytest.mark.usefixtures("_two_steps")
@pytest.mark.parametrize("cell", CELLS, ids=[f"{name}, {where}" for name, where in CELLS])
def test_the_catalogue_is_in_form(cell: tuple[str, str]) -> None:
    """Every statement and false variant, by every engine, on dimensions that all differ; the axes are those of the first form."""
    statement = registry.form(*cell)
    first = registry[statement.id]
    expected = axes(first.id, first.architecture, "", first.engines[0])
    assert len(set(expected)) == len(expected)
    for engine in statement.engines:
        assert axes(*cell, "", engine) == expected
    for variant in statement.variants:
        assert len({axes(*cell, variant.name, engine) for engine in statement.variant(variant.name).engines}) == 1


@pytest.mark.parametrize(("statement", "complaint"), [
    (returning((5, 3), axes=("sample",)), ""),
    (returning((5, 1, 2), (5, 3, 1), axes=("sample", "output")), ""),
    (returning((5, 9), axes=("step",)), ""),  # of that many nothing is known
    (returning((5, 3, 10), axes=("sample", "interval")), ""),
    (returning((5,)), ""),
    (returning((3,), axes=("sample",)), r"a left side of shape \(3,\), which is not \(trials, sample\): the trials first"),
    (returning((5, 3), (3,), axes=("sample",)), r"a right side of shape \(3,\), which is not \(trials, sample\)"),
    (returning((1, 3), (5, 3), axes=("sample",)), r"left side of shape \(1, 3\), whose first dimension is not the 5 trials"),
    (returning((5, 3), (), axes=("sample",)), r"a right side of shape \(\)"),
    (returning((5, 3)), r"a left side of shape \(5, 3\), which is not \(trials\)"),
    (returning((5, 3, 4), axes=("layer",)), r"which is not \(trials, layer\)"),
    (returning((4, 5, 3), axes=("layer", "sample")), "first dimension is not the 5 trials"),
    (returning((5, 3, 4), axes=("layer", "sample")), "3 values along the axis 'layer', which has 4 to 5 here"),
    (returning((5, 4), axes=("output",)), "4 values along the axis 'output', which has 2 here"),
    (returning((5, 2, 3), axes=("i", "j")), "2 values along the axis 'i', which has 3 here"),
    (returning((5, 11), axes=("interval",)), "11 values along the axis 'interval', which has 1 to 10 here"),
    (returning((5, 4, 4), axes=("layer", "layer")), r"along two axes of one name: \(trials, layer, layer\)"),
    (returning((5, 3), (5, 2), axes=("sample",)), r"sides of shapes \(5, 3\) and \(5, 2\), which do not fit each other"),
    (returning((5, 0), axes=("step",)), "nothing along 'step'"),
])  # fmt: skip
def test_shapes_are_held_to_their_form(statement: Statement, complaint: str) -> None:
    subject = VectorSubject(INSTANCE, 5, NormalSource(seed_sequence(1)))
    if not complaint:
        assert measured(statement, subject).left.shape[0] == 5
        return
    with pytest.raises(NotInForm, match=f"^statement 'own' measures .*{complaint}"):
        measured(statement, subject)


def test_a_decision_refuses_what_is_not_in_form() -> None:
    with pytest.raises(NotInForm, match="whose first dimension is not the 6 trials"):
        decide(returning((4, 6, 3), axes=("layer", "sample")), INSTANCE, seed=1, engine="dense", trials=6, alpha=1e-6)


def test_the_tiny_instance_has_no_two_equal_dimensions() -> None:
    tiny = tiny_instance(OWN, "dense")
    lengths = [TRIALS, tiny.depth, tiny.depth + 1, *(int(tiny.quantity(name)) for name in LENGTHS if name not in ("depth", "positions"))]
    assert len(set(lengths)) == len(lengths)
    crowded = tiny_instance(dataclasses.replace(OWN, ranges={**OWN.ranges, "samples": (4, 5), "input_dimension": (5, 6)}), "dense")
    assert (crowded.samples, crowded.depth, crowded.input_dimension) == (4, 5, 6)  # 4 is taken; no dimension is free, 6 is nearest
    law = tiny_instance(dataclasses.replace(OWN, ranges={"width": (2**20, 2**30), "depth": (1, 8)}), EXACT_LAW)
    assert (law.samples, law.outputs, law.depth, law.width) == (1, 1, 4, WIDEST)


OWN_MODULE = """
import torch
from theorems import statement
from theorems.language.statement import Variant
from theorems.language.subject import Comparison

def right(subject):
    left = torch.stack([subject.signs(l).sum(-1) for l in range(1, subject.instance.depth + 1)], 1)
    return Comparison(left, torch.full_like(left, 1e9), axes=("layer", "sample"))

def transposed(subject):
    found = right(subject)
    return Comparison(found.left.transpose(0, 1), found.right.transpose(0, 1), axes=("layer", "sample"))

def reduced(subject):
    return Comparison(right(subject).left.amax(0), right(subject).right, axes=("layer", "sample"))

def kept(subject):
    return Comparison(right(subject).left.amax(0, keepdim=True), right(subject).right, axes=("layer", "sample"))

def exchanged(subject):
    return Comparison(right(subject).left.mT, right(subject).right.mT, axes=("layer", "sample"))

def unknown(subject):
    return Comparison(right(subject).left.transpose(0, 1), right(subject).right.transpose(0, 1), axes=("floor", "image"))

def by_engine(subject):
    found = right(subject)
    return Comparison(found.left, found.right, axes=("layer", "sample") if subject.engine == "dense" else ("floor", "image"))

@statement(
    id="own", source="", claim="", kind="derived", engines=("dense", "revealed"),
    ranges={"width": (16, 64), "depth": (1, 8), "samples": (1, 6), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
    variants=(Variant("a", "claim", {"measure": VARIANT}), Variant("b", "constant", {"variance": 9.0})),
)
def own(subject):
    return MEASURE(subject)
"""


@pytest.mark.parametrize("command", ["check", "power", "scale", "certify"])
@pytest.mark.parametrize(("measure", "variant", "complaint"), [
    ("transposed", "right", "statement 'own' measures a left side of shape (4, 7, 3), whose first dimension is not the 7 trials"),
    ("reduced", "right", "statement 'own' measures a left side of shape (4, 3), which is not (trials, layer, sample)"),
    ("kept", "right", "statement 'own' measures a left side of shape (1, 4, 3), whose first dimension is not the 7 trials"),
    ("exchanged", "right", "statement 'own' measures 3 values along the axis 'layer', which has 4 to 5 here"),
    ("unknown", "right", "statement 'own' measures a left side of shape (4, 7, 3), whose first dimension is not the 7 trials"),
    ("right", "transposed", "statement 'own', false variant 'a', measures a left side of shape (4, 7, 3)"),
    ("by_engine", "right", "statement 'own' must measure along the same axes everywhere, not along (layer, sample) on fully connected"
                           " networks by dense; (floor, image) on fully connected networks by revealed"),
])  # fmt: skip
def test_a_users_measure_is_probed_before_anything_is_decided(
    measure: str,
    variant: str,
    complaint: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(OWN_MODULE.replace("MEASURE", measure).replace("VARIANT", variant))
    assert main([command, "own", "--module", "own.py", "--seed", "1"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"lemmafuzz: {complaint}")
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["own.py"]
    assert "own" not in registry


def test_a_measure_that_fails_on_the_tiny_instance_is_left_to_the_decisions(tmp_path: Path) -> None:
    """It lies outside the regime, perhaps; and a measure in form is let through."""
    for measure in ("right", "lambda subject: 1 / 0 and"):
        path = tmp_path / "own.py"
        path.write_text(OWN_MODULE.replace("return MEASURE(subject)", f"return ({measure} (subject))").replace("VARIANT", "right"))
        with own_statements([path], probed=True) as names:
            assert names == ["own"]

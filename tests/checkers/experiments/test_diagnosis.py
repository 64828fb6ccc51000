"""`lemmafuzz diagnose`: what it says of data whose answer is known, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkers.command_line.main import main
from checkers.data.training_data import MOST_ROWS, load_training_data
from checkers.experiments.width.limit_kernel import LimitDescent
from checkers.records.experiments import ThresholdFit
from strategies.data import data_set
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.least import least_width

# Directions (1, 0), (0, 1), (1, 1): the last two are 45 degrees apart, so sqrt(2 - sqrt 2)/sqrt 2 in the paper's form.
ROWS = "x,y,label\n3,0,a\n0,2,b\n1,1,a\n"
CLOSEST = math.sqrt(2 - math.sqrt(2)) / math.sqrt(2)


def diagnosed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["diagnose", *arguments, "--json", "-"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_three_directions_in_the_plane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = diagnosed([write(tmp_path, "plane.csv", ROWS), "--label-column", "label"], capsys)
    assert (found["samples"], found["input_dimension"], found["outputs"]) == (3, 3, 2)
    assert found["delta"] == pytest.approx(CLOSEST, abs=1e-15)
    assert found["closest"] in (["line 2", "line 4"], ["line 3", "line 4"])
    assert found["coinciding"] == found["contradicting"] == []
    width = least_width(registry["gd-rate"], Instance(width=1, samples=3, outputs=2, separation=found["delta"]))
    assert width == pytest.approx(3**24 * math.log(width) ** 5 * 2 / found["delta"] ** 8, rel=1e-12)
    assert found["paper_width"] == width
    assert found["paper_step_size"] == pytest.approx(2 * found["delta"] / (3**4 * width))
    assert found["paper_steps"] == pytest.approx(3**6 / found["delta"] ** 2 * math.log(1000))
    assert found["certificate"] == "certificate by flips, as m grows"
    assert 1e3 < found["certificate_width"] < found["paper_width"]
    deeper = diagnosed([str(tmp_path / "plane.csv"), "--label-column", "label", "--depth", "2"], capsys)
    assert deeper["certificate"] == "along training, all 2 hidden layers"
    assert found["certificate_width"] < deeper["certificate_width"] < deeper["paper_width"]
    assert found["extrapolated"] == []


def test_the_kernels_eigenvalues_of_one_and_of_two_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = diagnosed([write(tmp_path, "one.csv", "1,2\n"), "--depth", "3"], capsys)
    assert one["eigenvalues"] == pytest.approx([1.5, 1.5]), "L/2 on the diagonal"
    assert (one["delta"], one["closest"], one["outputs"]) == (None, [], 1)
    # Orthogonal directions have <x_1, x_2> = 1/2, so K_12 = kappa1(1/2) kappa0(kappa1(1/2))/2.
    two = diagnosed([write(tmp_path, "two.csv", "1,0\n0,1\n")], capsys)
    correlation = (math.sqrt(3) / 2 + (math.pi - math.acos(0.5)) / 2) / math.pi
    other = correlation * (1 - math.acos(correlation) / math.pi) / 2
    assert two["eigenvalues"] == pytest.approx([0.5 - other, 0.5 + other])
    assert two["delta"] == pytest.approx(1.0)
    # the step 1.5/lambda_max, and what it leaves of the smallest eigenvalue's component
    left = 1 - 1.5 * (0.5 - other) / (0.5 + other)
    assert two["kernel_steps"] == math.ceil(math.log(1000) / (-2 * math.log(max(left, 0.5))))


def test_the_predicted_number_of_steps_is_the_least_that_suffices() -> None:
    kernel = LimitDescent.of(data_set("arc", np.random.Generator(np.random.SFC64(1)), 5, None, 0.3), 2)
    for goal in (0.5, 1e-3, 1e-9):
        steps = kernel.steps(goal, 1.0)
        assert steps is not None
        left = abs(1 - kernel.smallest / kernel.largest)
        assert left ** (2 * steps) <= goal < left ** (2 * (steps - 1))
    assert LimitDescent(0.0, 1.0).steps(0.1, 1.0) is None
    assert LimitDescent(1.0, 1.0).steps(0.1, 1.0) == 1


@pytest.mark.parametrize(
    ("text", "coinciding", "contradicting", "sentence"),
    [
        ("1,2,a\n3,4,b\n1,2,a\n", [["line 1", "line 3"]], [], "where the theorems say nothing: line 1 and line 3; --drop-duplicates"),
        ("1,2,a\n3,4,b\n2,4,b\n", [["line 1", "line 3"]], [["line 1", "line 3"]], "no network fits them: line 1 and line 3"),
        ("1,2,a\n1,2,a\n1,2,b\n", [["line 1", "line 2"], ["line 1", "line 3"]], [["line 1", "line 3"]], "no network fits them: line 1 and"),
    ],
)
def test_coinciding_inputs_are_named_and_are_no_error(
    text: str,
    coinciding: list[list[str]],
    contradicting: list[list[str]],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write(tmp_path, "rows.csv", text)
    found = diagnosed([file, "--label-column", "2"], capsys)
    assert (found["coinciding"], found["contradicting"], found["delta"]) == (coinciding, contradicting, 0.0)
    assert found["eigenvalues"][0] == 0
    absent = ("paper_width", "paper_step_size", "paper_steps", "fitted_width", "kernel_steps")
    assert [found[name] for name in absent] == [None] * len(absent)
    assert main(["diagnose", file, "--label-column", "2"]) == 0
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["csv", "npy", "npz"])
def test_all_kinds_of_file_say_the_same_and_train_on_the_same_rows(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    features, labels = np.random.Generator(np.random.SFC64(4)).standard_normal((12, 3)), np.arange(12) % 3
    both, path = np.column_stack([features, labels]), tmp_path / f"data.{kind}"
    if kind == "csv":
        path.write_text("\n".join(",".join(map(repr, map(float, row))) for row in both))
    elif kind == "npy":
        np.save(path, both)
    else:
        np.savez(path, inputs=features, labels=labels)
    column = "labels" if kind == "npz" else "-1"
    found = diagnosed([str(path), "--label-column", column, "--samples", "7", "--seed", "5"], capsys)
    trained = load_training_data(str(path), label_column=column, samples=7, labels="true", outputs=None, seed=5)
    assert found["outputs"] == trained.targets.shape[1] == 3
    assert found["eigenvalues"] == pytest.approx([*LimitDescent.of(trained.inputs, 1).__dict__.values()], rel=1e-12)


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("1,2\n3,nan\n", [], "line 2, column 1: 'nan' is not a finite number"),
        ("1,2\n0,0\n", [], "line 2: all inputs are zero"),
        ("1,2\n3,4\n", ["--label-column", "colour"], "no label column 'colour'"),
        ("1,2\n3,4\n", ["--samples", "3"], "--samples 3 asks for more than the 2 rows"),
        ("1,2\n3,4\n", ["--depth", "0"], "--depth"),
        ("1,2\n3,4\n", ["--goal", "nan"], "--goal"),
        ("1,2\n" * (MOST_ROWS + 1), [], "choose some of them with --samples"),
    ],
)
def test_bad_input_is_one_sentence(
    text: str, arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", write(tmp_path, "bad.csv", text), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


def test_a_fitted_width_is_called_extrapolated_where_it_is() -> None:
    fit = ThresholdFit(
        constant=10.0, exponents={"samples": 1.0, "depth": 2.0, "separation": -1.0}, seed=0, note="",
        ranges={"samples": (2.0, 8.0), "depth": (1.0, 4.0), "separation": (0.5, 1.0)},
    )  # fmt: skip
    assert fit.width(4, 2, 0.5) == (320.0, [])
    assert fit.width(100, 1, 0.25) == (4000.0, ["n", "delta"])
    assert fit.width(1, 5, None) == (250.0, ["n", "L"])

"""Data for networks with one output: unit rows that differ, one number each, or one sentence that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from checkers.data.one_output import load_one_output
from checkers.errors import InputError

TWO = "a,b,label\n3,4,yes\n1,0,no\n0,2,yes\n-1,1,no\n"


def written(folder: Path, text: str) -> str:
    path = folder / "data.csv"
    path.write_text(text)
    return str(path)


def test_rows_have_unit_norm_and_two_classes_are_signs(tmp_path: Path) -> None:
    found = load_one_output(written(tmp_path, TWO), label_column="label", seed=1)
    np.testing.assert_allclose(found.inputs[0], [0.6, 0.8])
    np.testing.assert_allclose(np.linalg.norm(found.inputs, axis=1), 1)
    assert found.targets.tolist() == [1, -1, 1, -1]
    assert found.labels == "+1 for yes, -1 for no"


def test_rows_and_numbers_are_left_alone_where_asked_for(tmp_path: Path) -> None:
    source = written(tmp_path, "a,b,label\n3,4,0.5\n1,0,200\n0,2,-3\n")
    found = load_one_output(source, label_column="label", seed=1, as_they_are=True, constant=True)
    assert found.inputs.tolist() == [[3, 4, 1], [1, 0, 1], [0, 2, 1]]
    assert found.targets.tolist() == [0.5, 200, -3]
    centred = load_one_output(source, label_column="label", seed=1)
    assert np.abs(centred.targets).max() == 1
    assert "centred" in centred.labels


def test_one_class_against_the_others(tmp_path: Path) -> None:
    source = written(tmp_path, "a,b,label\n3,4,x\n1,0,y\n0,2,z\n")
    assert load_one_output(source, label_column="label", seed=1, positive="y").targets.tolist() == [-1, 1, -1]
    with pytest.raises(InputError, match=r"has 3 classes .* one output: --positive x makes"):
        load_one_output(source, label_column="label", seed=1)
    with pytest.raises(InputError, match="--positive w is no class"):
        load_one_output(source, label_column="label", seed=1, positive="w")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("1,2,x\n0,0,y\n", "line 3: all inputs are zero, which has no direction"),
        ("1,2,x\n2,4,y\n", r"line 2 and line 3 are the same in direction, so lambda_min\(H\(0\)\) = 0 .* --drop-duplicates"),
        ("1,2,x\n1,2,y\n", "line 2 and line 3 are the same, so"),
        ("1,2,x\n1,nan,y\n", "line 3, column b: 'nan' is not a finite number"),
        ("1,2,x\n2,1,x\n", "all labels are the same"),
    ],
)
def test_what_no_certificate_speaks_of(rows: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        load_one_output(written(tmp_path, "a,b,label\n" + rows), label_column="label", seed=1)


def test_parallel_rows_differ_where_there_are_biases(tmp_path: Path) -> None:
    source = written(tmp_path, "a,b,label\n1,2,x\n2,4,y\n0,0,x\n")
    found = load_one_output(source, label_column="label", seed=1, as_they_are=True, constant=True)
    assert found.inputs.tolist() == [[1, 2, 1], [2, 4, 1], [0, 0, 1]]


def test_coinciding_rows_are_left_out_where_asked_for(tmp_path: Path) -> None:
    from checkers.data.columns import Reading

    source = written(tmp_path, "a,b,label\n1,2,x\n2,4,y\n0,1,y\n")
    assert len(load_one_output(source, label_column="label", seed=1, reading=Reading(drop_duplicates=True)).inputs) == 2


def test_random_signs_and_rows_follow_from_the_seed() -> None:
    first, again, other = (load_one_output("digits", samples=30, labels="random", seed=seed) for seed in (1, 1, 2))
    assert set(first.targets) == {-1.0, 1.0}
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.targets, other.targets)

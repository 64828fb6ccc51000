"""Reading a user's data: what comes out is valid for the paper, or one sentence says which row is not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.data.tables import read_table
from checkers.data.training_data import TrainingData, load_training_data, unit_rows
from checkers.errors import InputError
from strategies.data import check_data

FEATURES = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]])


def load(source: str | Path, **options: object) -> TrainingData:
    settings = {"label_column": None, "samples": None, "labels": "random", "outputs": None, "seed": 0} | options
    return load_training_data(str(source), **settings)  # type: ignore[arg-type]


def csv(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**32), st.floats(-300, 300))
def test_unit_rows_are_valid_at_every_scale(samples: int, columns: int, seed: int, exponent: float) -> None:
    rows = np.random.default_rng(seed).normal(size=(samples, columns + 1)) * 10.0**exponent
    check_data(unit_rows(rows, [f"row {i}" for i in range(samples)], "data"))


def test_unit_rows_keep_directions() -> None:
    inputs = unit_rows(np.array([[3.0, 4.0]]), ["row 0"], "data")
    assert inputs == pytest.approx(np.array([[0.6, 0.8, 1.0]]) / np.sqrt(2), rel=1e-15)


def test_csv_with_header_labels_by_name(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "a,kind,b\n1,cat,2\n3,dog,-1\n"), "kind")
    assert table.features.tolist() == [[1.0, 2.0], [3.0, -1.0]]
    assert table.labels == ["cat", "dog"]
    assert table.columns == ["a", "b"]
    assert table.rows == ["line 2", "line 3"]


def test_csv_without_header_labels_by_number(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, "1,2,cat\n\n3,-1,dog\n"), "-1")
    assert table.labels == ["cat", "dog"]
    assert table.rows == ["line 1", "line 3"]


def test_a_header_of_numbers_is_known_by_the_label_column(tmp_path: Path) -> None:
    assert read_table(csv(tmp_path, "label,0,1\n7,1,2\n"), "label").features.tolist() == [[1.0, 2.0]]


def test_npy_and_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.hstack([FEATURES, [[0.0], [1.0], [1.0]]]))
    np.savez(tmp_path / "data.npz", inputs=FEATURES, labels=np.array([0, 1, 1]), other=np.array([5, 6, 7]))
    for name, column in (("data.npy", "-1"), ("data.npz", None), ("data.npz", "labels")):
        table = read_table(tmp_path / name, column)
        assert table.features.tolist() == FEATURES.tolist()
        assert [float(label) for label in table.labels or []] == [0.0, 1.0, 1.0]
    assert read_table(tmp_path / "data.npz", "other").labels == ["5.0", "6.0", "7.0"]


def test_true_labels_become_one_hot(tmp_path: Path) -> None:
    loaded = load(csv(tmp_path, "1,2,3\n3,-1,3.0\n2,2,10\n"), labels="true", label_column="2")
    assert loaded.targets.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    assert loaded.classes is not None
    assert loaded.classes.tolist() == [0, 0, 1]


def test_real_labels_are_centred_and_scaled(tmp_path: Path) -> None:
    loaded = load(csv(tmp_path, "1,2,0.5\n3,-1,1.5\n2,2,4\n"), labels="true", label_column="2")
    assert loaded.classes is None
    assert loaded.targets == pytest.approx(np.array([[-0.75], [-0.25], [1.0]]), rel=1e-15)


def test_the_seed_decides_rows_and_labels() -> None:
    first, again, other = load("digits", samples=20), load("digits", samples=20), load("digits", samples=20, seed=1)
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.targets.shape == (20, 10)
    check_data(first.inputs)


def test_random_labels_are_uniform_and_independent_of_the_true_ones() -> None:
    # Chi-square of 1797 labels over 10 x 10 cells: 99 degrees of freedom, P(> 180) < 1e-6; the true labels themselves give 16000.
    true, random = (load("digits", samples=1797, labels=labels) for labels in ("true", "random"))
    own, drawn = true.classes, random.classes
    assert own is not None
    assert drawn is not None

    def chi_square(classes: np.ndarray) -> float:
        counts = np.zeros((10, 10))
        np.add.at(counts, (own, classes), 1)
        expected = counts.sum(1, keepdims=True) / 10
        return float(((counts - expected) ** 2 / expected).sum())

    assert chi_square(drawn) < 180
    assert chi_square(own) > 180


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", None, "is empty"),
        ("a,b\n", None, "has a header and no rows"),
        ("1,2\n3,nan\n", None, "line 2, column 1: 'nan' is not a finite number"),
        ("a,b\n1,2\n3,inf\n", None, "line 3, column b: 'inf' is not a finite number"),
        ("1,2\n3,x\n", None, "line 2, column 1: 'x' is not a finite number"),
        ("1,2\n3,\n", None, "line 2, column 1: '' is not a finite number"),
        ("1,2\n3\n", None, "line 2: has 1 cells where the first line has 2"),
        ("1,2\n3,4\n1,2\n", None, "line 1 and line 3 are the same"),
        ("1,2\n3,4\n2,4\n", None, "line 1 and line 3 are the same after scaling to unit norm"),
        ("1,2\n0,0\n", None, "line 2: all inputs are zero"),
        ("a,b\n1,2\n", "c", "has no label column 'c'; its columns are a, b"),
        ("1,2\n", "2", "has no label column '2'; its columns are 0, 1"),
        ("1\n", "0", "has no column of inputs"),
        ("a,b\n1,?\n3,\n", "b", "every label of column b is missing"),
        ("a,b\n1,2\n3,inf\n", "b", "line 3, column b: the label is inf, not a finite number"),
        ('1,"2\n', None, "it is not a csv file"),
    ],
)
def test_a_faulty_csv_gets_a_sentence(tmp_path: Path, text: str, column: str | None, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        load(csv(tmp_path, text), label_column=column)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array([1.0, 2.0]), "has shape (2,) where (rows, columns) is needed"),
        (np.array(1.0), "has shape () where (rows, columns) is needed"),
        (np.zeros((2, 2, 2)), "row 0: all inputs are zero"),
        (np.zeros((2, 2, 0)), "has no column of inputs"),
        (np.zeros((0, 3)), "has no rows"),
        (np.zeros((3, 0)), "has no column of inputs"),
        (np.array([["a", "b"]]), "holds <U1 where numbers are needed"),
        (np.array([[1.0, np.nan], [1.0, 2.0]]), "row 0, column 1: nan is not a finite number"),
        (np.array([[1.0, 2.0], [1.0, 2.0]]), "row 0 and row 1 are the same"),
        (np.array([[1j, 2.0]]), "holds complex128 where numbers are needed"),
        (np.array([[1, "two"]], dtype=object), "it is not an npy file of plain numbers"),
    ],
)
def test_a_faulty_npy_gets_a_sentence(tmp_path: Path, array: np.ndarray, sentence: str) -> None:
    np.save(tmp_path / "data.npy", array)
    with pytest.raises(InputError, match=re.escape(sentence)):
        load(tmp_path / "data.npy")


@pytest.mark.parametrize(
    ("arrays", "column", "sentence"),
    [
        ({"a": FEATURES, "b": FEATURES}, None, "has no array 'inputs'; its arrays are a, b: --inputs and --label-column name them"),
        ({"inputs": FEATURES}, "y", "has no label array 'y'; its arrays are inputs"),
        ({"inputs": FEATURES, "labels": np.zeros(2)}, None, "labels has shape (2,) where (3,) is needed"),
        ({"inputs": FEATURES, "labels": np.array([0, np.inf, 1])}, None, "row 1, column labels: the label is inf"),
        ({"inputs": FEATURES, "labels": np.array([["a"], [1]], dtype=object)}, None, "Object arrays cannot be loaded"),
        ({"inputs": FEATURES, "labels": np.ones((3, 2))}, None, "labels has shape (3, 2) where (3,) is needed"),
    ],
)
def test_a_faulty_npz_gets_a_sentence(tmp_path: Path, arrays: dict[str, np.ndarray], column: str | None, sentence: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape(sentence)):
        load(tmp_path / "data.npz", label_column=column)


@pytest.mark.parametrize("name", ["data.npy", "data.npz", "data.csv"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe not what it says", b"\x93NUMPY\x01\x00v\x00{'descr'", b"PK\x03\x04 truncated"])
def test_garbage_gets_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        load(tmp_path / name)


@pytest.mark.parametrize("source", ["nowhere.csv", "nowhere.npz", "nowhere.txt", "nowhere"])
def test_a_missing_file_gets_a_sentence(tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError, match=r"there is no such file|data files are"):
        load(tmp_path / source)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"samples": 4}, "--samples 4 asks for more than the 3 rows"),
        ({"labels": "true"}, "name their column with --label-column"),
        ({"labels": "true", "label_column": "1", "outputs": 5}, "--outputs 5 does not fit"),
        ({"labels": "true", "label_column": "2"}, "all labels are the same"),
        ({"labels": "true", "label_column": "3", "outputs": 2}, "which are real numbers: one output"),
    ],
)
def test_options_that_do_not_fit_the_data(tmp_path: Path, options: dict[str, object], sentence: str) -> None:
    path = csv(tmp_path, "1,5,1,0.5\n2,6,1,1\n4,5,1,2\n")
    with pytest.raises(InputError, match=re.escape(sentence)):
        load(path, **options)

"""Rows on the sphere with one label each, of files and drawn by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from checkers.data.sphere_data import load_sphere
from checkers.errors import InputError
from strategies.data import closest_pair

TABLE = "x1,x2,kind\n3,4,a\n-1,0,b\n6,8,c\n0,2,b\n1,1,d\n"


def written(folder: Path, content: str) -> str:
    path = folder / "data.csv"
    path.write_text(content)
    return str(path)


def test_rows_are_scaled_named_and_split_by_halves_of_the_classes(tmp_path: Path) -> None:
    data = load_sphere(written(tmp_path, TABLE), label_column="kind", seed=1)
    np.testing.assert_allclose(np.linalg.norm(data.inputs, axis=1), 1)
    by_row = dict(zip(data.rows, zip(data.inputs.tolist(), data.targets.tolist(), strict=True), strict=True))
    assert by_row["line 2"] == (pytest.approx([0.6, 0.8]), -1.0)
    assert by_row["line 4"] == (pytest.approx([0.6, 0.8]), 1.0)  # coincides with line 2: not refused here
    assert by_row["line 3"] == ([-1.0, 0.0], -1.0)
    assert data.labels == "true, -1 for a to b and +1 for c to d"
    assert data.read.startswith("read ")


def test_held_out_rows_are_others() -> None:
    data = load_sphere("digits", samples=20, held_out=30, seed=5)
    assert (data.inputs.shape, data.unseen.shape, data.unseen_targets.shape) == ((20, 64), (30, 64), (30,))
    assert closest_pair(np.vstack([data.inputs, data.unseen]))[2] > 0
    assert data.labels == "true, -1 for 0 to 4 and +1 for 5 to 9"
    again = load_sphere("digits", samples=20, held_out=30, seed=5)
    np.testing.assert_array_equal(data.inputs, again.inputs)


@pytest.mark.parametrize("name", ["orthonormal", "sphere", "circle"])
def test_rows_are_drawn_by_name(name: str) -> None:
    data = load_sphere(name, samples=5, seed=2)
    assert len(data.inputs) == 5
    assert set(data.targets.tolist()) <= {-1.0, 1.0}
    assert load_sphere("sphere", dimension=3, seed=2).inputs.shape == (10, 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"source": "sphere", "held_out": 3}, "--held-out needs rows with labels of their own, and those of sphere are drawn"),
        ({"source": "digits", "dimension": 3}, "--dimension is for rows that are drawn by name"),
        ({"source": "digits", "held_out": 1790}, "--held-out 1790 asks for more than the 1,747 rows of digits that are left"),
        ({"source": "orthonormal", "dimension": 3}, "data of shape 'orthonormal' cannot promise separation"),
        ({"source": "digits", "samples": 1798}, "--samples 1798 asks for more than the 1797 rows of digits"),
    ],
)
def test_mistakes_get_one_sentence(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        load_sphere(seed=1, **arguments)  # type: ignore[arg-type]

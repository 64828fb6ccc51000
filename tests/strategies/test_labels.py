from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from strategies.data import data_set
from strategies.instances import LABELLED, data_sets, label_sets
from strategies.labels import label_set
from theorems.language.instance import Array


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def inputs(shape: str = "random", samples: int = 12, delta: float = 0.01) -> Array:
    return data_set(shape, generator(7), samples, samples + 1, delta)


@pytest.mark.parametrize("labels", [name for name in LABELLED])
@pytest.mark.parametrize("outputs", [1, 3, 10])
def test_labels_have_a_row_for_every_sample(labels: str, outputs: int) -> None:
    y = label_set(labels, generator(), inputs(), outputs)
    assert y.shape == (12, outputs)
    assert y.dtype == np.float64
    if labels == "zero":
        assert not y.any()
    elif labels == "hardest":
        assert np.linalg.norm(y) == pytest.approx(np.sqrt(12), rel=1e-12)
    elif labels != "random":
        np.testing.assert_allclose(np.linalg.norm(y, axis=1), 1, rtol=1e-14)
    assert label_set(labels, generator(), inputs(samples=1), outputs).shape == (1, outputs)
    assert np.array_equal(y, label_set(labels, generator(), inputs(), outputs))


def test_labels_that_are_no_numbers() -> None:
    assert label_set("none", generator(), inputs(), 3).shape == (0, 0)
    assert np.isnan(label_set("fitted", generator(), inputs(), 3)).all(), "whoever reads them as numbers notices"


def test_random_labels_have_norm_one_on_average() -> None:
    # ‖y‖^2 = chi^2_10 / 10 has variance 1/5; the mean of 2000 has deviation 0.01, and 5 of those are exceeded with probability 6e-7.
    y = label_set("random", generator(), inputs(samples=2000, shape="arc", delta=1e-4), 10)
    assert np.mean(np.sum(y**2, axis=1)) == pytest.approx(1, abs=0.05)


def test_one_hot_uses_every_class_and_signs_both_signs() -> None:
    assert label_set("one-hot", generator(), inputs(samples=200, shape="orthogonal"), 5).sum(axis=0).min() > 0
    assert set(np.unique(label_set("signs", generator(), inputs(), 4))) == {-0.5, 0.5}


@pytest.mark.parametrize("shape", ["random", "pairs", "antipodal"])
def test_nearest_neighbours_get_opposite_labels(shape: str) -> None:
    x = inputs(shape, samples=21)
    y = label_set("opposite", generator(), x, 3)
    distances = np.linalg.norm(x[:, None] - x[None], axis=2) + 9 * np.eye(21)
    for i in range(21):
        nearest = np.flatnonzero(distances[i] < distances[i].min() * (1 + 1e-9))  # ties: at least one of them
        assert any(np.allclose(y[i], -y[j]) for j in nearest)


@pytest.mark.parametrize(
    ("labels", "outputs", "complaint"),
    [("most", 1, "unknown labels 'most'; known: none, "), ("signs", 0, "labels need outputs >= 1, not 0")],
)
def test_bad_labels_are_refused(labels: str, outputs: int, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        label_set(labels, generator(), inputs(), outputs)


@settings(max_examples=30)
@given(st.data())
def test_label_sets_are_those_of_a_kind(data: st.DataObject) -> None:
    x = data.draw(data_sets(samples=(1, 8)))
    y = data.draw(label_sets(x, outputs=3, kinds=("signs", "opposite")))
    assert y.shape == (len(x), 3)
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), 1, rtol=1e-14)


def test_label_sets_shrink_to_the_first_kind() -> None:
    assert not find(label_sets(inputs(), outputs=2), lambda y: True).any(), "zero"


@pytest.mark.parametrize(("given", "sentence"), [
    ({"kinds": ("hot",)}, "unknown labels 'hot'; known: none, zero, "), ({"outputs": 0}, "labels need outputs >= 1, not 0"),
    ({"kinds": ()}, "labels need at least one kind; known: zero, "),
])  # fmt: skip
def test_label_sets_that_there_are_not(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        label_sets(inputs(), **given)

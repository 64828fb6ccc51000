"""Theories side by side: measured widths, losses, and a third theory that adds its row by being there."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.data.sphere_data import SphereData, load_sphere
from checkers.errors import InputError
from checkers.experiments.compare.asked import all_asked
from checkers.experiments.compare.compare import compare
from checkers.experiments.compare.generalization import generalize
from checkers.experiments.compare.measured import GOAL, Problem, follow, least_enough, measure, predicted_steps
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.comparison import Comparison
from checkers.report.comparison import comparison_closing, figure, meaning, width_table
from theorems.language import requirement as language
from theorems.language.instance import Array
from theorems.laws.data_predicates import DISTINCT


def source(seed: int = 1) -> NormalSource:
    return NormalSource(seed_sequence(seed, "test_compare"))


def named(inputs: Array, targets: Array) -> SphereData:
    return SphereData(inputs, targets, [f"line {row + 2}" for row in range(len(inputs))], "test", "test", inputs[:0], np.zeros(0))


@pytest.fixture(scope="module")
def orthonormal() -> Comparison:
    return compare(load_sphere("orthonormal", seed=1), seed=1)


def test_orthonormal_data_are_ordered_as_they_should_be(orthonormal: Comparison) -> None:
    widths = {one.id: one.width_asked or math.inf for one in orthonormal.theories}
    assert orthonormal.lambda0 == pytest.approx(0.5)
    trained, certified = orthonormal.trained.width, orthonormal.certified
    assert trained is not None
    assert certified is not None
    assert certified.width is not None
    assert 8 <= trained <= 40  # 16 was found by another program, with labels of its own
    assert trained < widths["floor"] < certified.width < widths["frobenius"] < widths["converge-sharp"] < widths["du"] < widths["allen-zhu"]
    assert widths["certificate-limit"] == pytest.approx(611, abs=1)
    assert certified.width == pytest.approx(widths["certificate-limit"], rel=0.7)  # one draw of W(0) against its limit
    assert comparison_closing(orthonormal).startswith(f"the least width with a promise of convergence is {certified.width}: certificate")
    assert (orthonormal.width_measured, orthonormal.high) == (trained, trained)
    assert 0 < orthonormal.low < trained
    depths = {one.id: one.certificate_depth for one in orthonormal.theories}
    assert {id for id, depth in depths.items() if depth is not None} == {"certificate-limit"}
    assert depths["certificate-limit"] == certified.depth >= 1
    assert orthonormal.trained.predicted == 1  # the kernel is I/2, and its step lands on the labels


def test_the_factors_lead_from_the_proof_to_what_happens(orthonormal: Comparison) -> None:
    assert orthonormal.losses is not None
    assert orthonormal.trained.width is not None
    widths = {one.id: one.width_asked or math.inf for one in orthonormal.theories}
    product = math.prod(one.factor for one in orthonormal.losses.factors)
    assert product == pytest.approx(widths["du-markov"] / orthonormal.trained.width)
    values = [one.value for one in orthonormal.losses.deviations]
    assert values == sorted(values, reverse=True)
    pairs = next(one for one in orthonormal.losses.factors if one.name == "n^2 pairs")
    assert pairs.factor == pytest.approx(10**4)  # S = 1


def test_a_step_is_the_one_of_gradient_descent() -> None:
    """Against autograd on the weights themselves."""
    rows = np.random.default_rng(3).standard_normal((4, 3))
    problem = Problem(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.array([1.0, -1.0, 1.0, 1.0]))
    network = problem.draw(64, source(), 2)
    run = follow(network, torch.from_numpy(problem.targets), problem.floor, goal=0.05)
    assert bool(run.steps.isfinite().all())
    for trial in range(2):
        weights = network.weights[trial].clone().requires_grad_()
        eta = 1 / float(torch.linalg.eigvalsh(network.kernel()[trial])[-1])
        for _ in range(int(run.steps[trial])):
            outputs = network.signs[trial] @ (weights @ network.rows.mT).relu() / 8
            (gradient,) = torch.autograd.grad((outputs - torch.from_numpy(problem.targets)).square().sum() / 2, weights)
            weights = (weights - eta * gradient).detach().requires_grad_()
        moved = (weights - network.weights[trial]).detach()
        torch.testing.assert_close(run.change[trial], moved @ network.rows.mT, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(run.lengths(network)[trial], moved.norm(dim=-1), rtol=1e-7, atol=1e-9)


def test_the_least_width_is_found_by_bisection() -> None:
    asked: list[int] = []

    def enough(width: int) -> bool:
        asked.append(width)
        return width >= 770

    assert least_enough(enough, resolution=1.0) == 770
    assert len(asked) < 24
    assert least_enough(lambda width: width >= 3) == 3
    assert least_enough(lambda width: True) == 1
    assert least_enough(lambda width: False, largest=64) is None


def test_the_kernel_predicts_steps_for_the_labels() -> None:
    rows = np.random.default_rng(3).standard_normal((5, 4))
    inputs = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    from theorems.laws.gate_laws import gate_kernel

    values, vectors = np.linalg.eigh(gate_kernel(inputs))
    bottom = predicted_steps(Problem(inputs, vectors[:, 0] / np.abs(vectors[:, 0]).max()))
    assert bottom == math.ceil(math.log(GOAL) / (2 * math.log(1 - values[0] / values[-1])))
    assert predicted_steps(Problem(inputs, vectors[:, -1] / np.abs(vectors[:, -1]).max())) == 1


def test_where_lambda0_is_zero_nothing_is_promised_and_the_rows_are_named() -> None:
    angles = np.pi * np.arange(3) / 3
    half = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = compare(named(np.vstack([half, -half]), np.ones(6)), seed=1)
    assert (found.lambda0, found.trained.width, found.certified, found.losses) == (0.0, None, None, None)
    floor = next(one for one in found.theories if one.id == "floor")
    assert floor.width_asked is None
    assert floor.assumed[0].broken_by == [[f"line {row}" for row in range(2, 8)]]
    twice = compare(named(np.eye(3)[[0, 1, 0, 2]], np.array([1.0, 1.0, -1.0, 1.0])), seed=1)
    first = next(one for one in twice.theories if one.id == "allen-zhu")
    assert (first.width_asked, first.met, first.assumed[0].broken_by) == (None, False, [["line 2", "line 4"]])
    assert first.offending_rows == ["line 2", "line 3", "line 4", "line 5"], "none of them ends with 1/sqrt 2 either"
    assert next(one for one in twice.theories if one.id == "du").offending_rows == ["line 2", "line 4"]


def test_what_would_take_for_ever_is_not_measured() -> None:
    """Two rows at distance 1e-4: lambda0 is about 1.6e-5."""
    inputs = np.array([[1.0, 0.0], [math.sqrt(1 - 1e-8), 1e-4]])
    found = compare(named(inputs, np.array([1.0, -1.0])), seed=1)
    assert (found.trained.width, found.trained.tried, found.losses) == (None, [], None)
    assert found.trained.skipped == "a run takes up to 1.3e+06 steps"
    assert meaning(found) == "nothing was measured: a run takes up to 1.3e+06 steps"
    assert all(one.width_asked is not None and one.over_measured is None for one in found.theories)


def test_a_theory_adds_its_row_by_declaring_it() -> None:
    before = {one.id: one for one in language.requirements()}
    try:
        language.requirement(
            id="third", theory="third", name="a third theory", source="nowhere", trained="all", standing="derived", assumes=(DISTINCT,),
            width="k n^2 log(m)", given=lambda inputs, targets: {"k": float(inputs.shape[1])},
        )  # fmt: skip
        found = {one.id: one for one in all_asked(np.eye(3), np.ones(3), ["a", "b", "c"], 0.1, 1e-3, 9)}
    finally:
        language.forget("third")
    assert {one.id for one in language.requirements()} == set(before)
    assert found["third"].width_asked == pytest.approx(27)
    assert found["third"].over_measured == pytest.approx(3)
    assert found["third"].whole == pytest.approx(27 * math.log(found["third"].whole or 0))


def test_random_labels_travel_farther_and_their_bound_is_larger() -> None:
    true, drawn = generalize(load_sphere("digits", samples=30, held_out=100, seed=1), seed=1, p=0.1, width=256)
    assert true.distance < drawn.distance
    assert true.bound < drawn.bound
    assert true.held_out_error < 0.4 <= drawn.held_out_error + 0.05
    for one in (true, drawn):
        assert one.gap <= one.bound
        assert one.train_error == 0.0
        assert one.leading < one.bound
        assert one.predicted_distance == pytest.approx(one.distance, rel=0.3)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(InputError, match="201 rows would take hours, and the limit is 200: choose some of them with --samples"):
        compare(named(np.eye(201), np.ones(201)), seed=1)


def test_a_measured_width_is_the_same_again() -> None:
    problem = Problem(np.eye(3), np.array([1.0, -1.0, 1.0]))
    first, second = measure(problem, source(2)), measure(problem, source(2))
    assert first == second
    assert first.width is not None
    by_width = {one.width: one for one in first.tried}
    assert by_width[first.width].successes >= 6 > by_width[1].successes


def test_deep_certificates_of_few_rows_stand_beside_the_theories(orthonormal: Comparison) -> None:
    assert orthonormal.deep == []
    found = compare(load_sphere("orthonormal", samples=2, seed=1), seed=1)
    one, two = found.deep
    assert (one.layers, two.layers) == (1, 2)
    assert one.width is not None
    assert two.width is not None
    assert 500 < one.width < 5000 < 1e6 < two.width < 1e7
    shown = width_table(found)
    assert "certificate of a network of Allen-Zhu et al., L = 2  proved" in shown
    assert "L = 2" in figure(found)

"""The statements about perturbed weights: decided twice alike, and measured against plain matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from checkers.evidence.decide import decide
from checkers.evidence.drawing import drawn_subjects
from checkers.networks.randomness import NormalSource, seed_sequence
from strategies.instances import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement

IDS = [
    "sign-flips", "forward-stability", "operator-stability", "backward-stability", "output-stability", "semi-smoothness", "gradient-drift",
    "linearization", "kernel-stability", "pre-activation-split", "changed-backward-norm", "backward-change-by-signs",
    "backward-change-by-weights",
]  # fmt: skip


def instance(statement: Statement, width: int = 96, depth: int = 2) -> Instance:
    sizes: dict[str, int | float | str] = {"width": width, "depth": depth, "samples": 2, "outputs": 2, "radius": 1e-3}
    return instance_from_sizes(statement, sizes)


@pytest.mark.parametrize("identifier", IDS)
def test_a_decision_is_the_same_bit_for_bit_when_it_is_made_again(identifier: str) -> None:
    statement = registry[identifier]
    for engine in statement.engines:
        one, other = (decide(statement, instance(statement), seed=5, engine=engine, trials=4, alpha=1e-6) for _ in range(2))
        assert one == other
        assert math.isfinite(one.ratio)
        assert one.ratio > 0


@pytest.mark.parametrize("identifier", ["forward-stability", "semi-smoothness", "linearization", "gradient-drift", "kernel-stability"])
def test_both_sides_agree_with_plain_matrices(identifier: str) -> None:
    """The measures avoid cancellation; plain differences of autograd's values must agree with them."""
    statement = registry[identifier]
    chosen = instance(statement, width=32)
    source = NormalSource(seed_sequence(6, identifier))
    x, y = torch.tensor(chosen.inputs), torch.tensor(chosen.targets)
    moved = dict(drawn_subjects(statement, chosen, "dense", 1, source, "cpu"))
    subject = next(s for name, s in moved.items() if name.endswith("output alignment") or name.endswith("hidden alignment"))
    comparison = statement.compare(subject)
    (a, before, b), (_, after, _) = subject.origin.weights(), subject.weights()
    change = [w - v for v, w in zip(before, after, strict=True)]
    assert all(float(torch.linalg.matrix_norm(c, ord=2)[0]) == pytest.approx(1e-3) for c in change)
    assert float(subject.displacement_norm()[0]) == pytest.approx(1e-3)

    def outputs(matrices: list[torch.Tensor]) -> tuple[list[torch.Tensor], torch.Tensor]:
        h, met = torch.relu(x @ a[0].T), []
        for w in matrices:
            met.append(h @ w.T)
            h = torch.relu(met[-1])
        return met, h @ b[0].T

    def gradient(matrices: list[torch.Tensor], i: int, c: int) -> torch.Tensor:
        leaves = [w.clone().requires_grad_() for w in matrices]
        found = torch.autograd.grad(outputs(leaves)[1][i, c], leaves)
        return torch.cat([g.flatten() for g in found])

    v, w = [m[0] for m in before], [m[0] for m in after]
    flat = torch.cat([c[0].flatten() for c in change])
    pairs = [(i, c) for i in range(2) for c in range(2)]
    if identifier == "forward-stability":
        expected = (outputs(w)[0][1] - outputs(v)[0][1]).norm(dim=-1)
        measured = comparison.left[0, :, 1, 0]
    elif identifier == "linearization":
        gap = [outputs(w)[1][i, c] - outputs(v)[1][i, c] - gradient(v, i, c) @ flat for i, c in pairs]
        expected, measured = torch.stack(gap).abs(), comparison.left[0].flatten()
    elif identifier == "gradient-drift":
        expected = torch.stack([(gradient(w, i, c) - gradient(v, i, c)).norm() for i, c in pairs])
        measured = comparison.left[0].flatten()
    elif identifier == "semi-smoothness":
        loss = [(outputs(m)[1] - y).square().sum() / 2 for m in (v, w)]
        slope = sum((outputs(v)[1] - y)[i, c] * (gradient(v, i, c) @ flat) for i, c in pairs)
        expected, measured = loss[1] - loss[0] - slope, comparison.left[0]
    else:
        kernel = [torch.stack([gradient(m, 0, c) @ gradient(m, 1, c) for c in range(2)]) for m in (v, w)]
        own = torch.stack([gradient(v, 0, c).norm() * gradient(v, 1, c).norm() for c in range(2)])
        expected, measured = (kernel[1] - kernel[0]).abs() / own, comparison.left[0, :, 0, 1]
    # differences of numbers near one, to a few hundred roundings
    np.testing.assert_allclose(measured.numpy(), expected.detach().numpy(), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("identifier", ["output-stability", "semi-smoothness"])
def test_the_origin_of_a_second_move_lies_in_the_ball_and_not_at_its_centre(identifier: str) -> None:
    statement = registry[identifier]
    source = NormalSource(seed_sequence(7, identifier))
    cases = dict(drawn_subjects(statement, instance(statement, width=512), "revealed", 2, source, "cpu"))
    centre = cases.pop("")
    for name, subject in cases.items():
        start, second = name.split(", then ")
        assert start in statement.start
        assert second in statement.adversary
        gap = (subject.origin.pre_activations(1) - centre.pre_activations(1)).norm(dim=-1)
        most = 1e-3 * centre.norms()[..., 0]
        assert bool((gap <= most * (1 + 1e-9)).all())
        # an alignment spends all of the radius on one sample; the last switch that fits into it leaves some
        assert float((gap / most).max()) > (0.9 if "alignment" in start else 0.5)

"""Losses keep what they promise, the machinery notices those that do not, and one's own is one function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.runs.jobs.own_statements import own_statements
from checkers.training.loss_declaration import broken_promise, verify_declaration
from theorems.language.statement import DeclarationError
from theorems.laws.losses import Loss, loss, losses

MODULE = Path(__file__).parents[3] / "docs" / "own-loss.py"
NAMES = tuple(losses)
TARGETS = torch.eye(3, dtype=torch.float64)


def points(number: int = 64, outputs: int = 3) -> tuple[Tensor, Tensor]:
    generator = np.random.Generator(np.random.SFC64(3))
    z = torch.from_numpy(3 * generator.standard_normal((number, outputs)))
    return z, torch.eye(outputs, dtype=torch.float64)[torch.arange(number) % outputs]


@pytest.mark.parametrize("name", NAMES)
def test_built_in_losses_keep_their_promises(name: str) -> None:
    assert broken_promise(losses[name], TARGETS) == ""


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_the_derivatives(name: str) -> None:
    z, y = points()
    free = z.clone().requires_grad_()
    expected = torch.autograd.grad(losses[name].value(free, y).sum(), free)[0]
    torch.testing.assert_close(losses[name].gradient(z, y), expected, rtol=1e-12, atol=1e-14)


def test_values_that_can_be_computed_by_hand() -> None:
    z, y = torch.tensor([[0.0, 0.0]], dtype=torch.float64), torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    expected = {
        "squared": 0.5,
        "cross-entropy": math.log(2),
        "logistic": 2 * math.log(2),
        "huber": 0.5,
        "rippled": 1 + 3 * math.sin(1) ** 2,
        "welsch": 1 - math.exp(-0.5),
    }
    assert {name: float(losses[name].value(z, y)) for name in NAMES} == pytest.approx(expected, rel=1e-14)
    far = torch.tensor([[4.0, 0.0]], dtype=torch.float64)
    assert float(losses["huber"].value(far, y)) == pytest.approx(2.5)


@pytest.mark.parametrize("name", NAMES)
def test_a_certain_sample_is_classified_rightly(name: str) -> None:
    generator = np.random.Generator(np.random.SFC64(5))
    z = torch.from_numpy(generator.standard_normal((20000, 3)) * 2)
    y = torch.eye(3, dtype=torch.float64)[torch.arange(20000) % 3]
    value, right = losses[name].value(z, y), z.argmax(-1) == torch.arange(20000) % 3
    assert bool(right[value < losses[name].certain].all())
    assert bool((value < losses[name].certain).any())


@pytest.mark.parametrize("name", [name for name in NAMES if losses[name].conclusion == "global minimum"])
def test_references_come_close_to_the_infimum(name: str) -> None:
    _, y = points()
    assert min(float(losses[name].value(z, y).max()) for z in losses[name].references(y)) < 1e-5


def test_the_non_convex_ones_are_not_convex() -> None:
    for name in ("rippled", "welsch"):
        z = torch.linspace(-3, 3, 601, dtype=torch.float64)[:, None]
        value = losses[name].value(z, torch.zeros_like(z))
        assert bool((value[:-2] + value[2:] - 2 * value[1:-1] < -1e-6).any())


@pytest.fixture
def forget() -> Iterator[None]:
    before = set(losses)
    yield
    for name in set(losses) - before:
        del losses[name]


WRONG = {
    "its value has shape": Loss("wrong", lambda z, y: (z - y).square(), lambda z, y: 2 * (z - y), "global minimum", 2.0),
    "negative": Loss("wrong", lambda z, y: (z - y).sum(-1), lambda z, y: torch.ones_like(z), "global minimum", 1.0),
    "not the derivative": Loss("wrong", losses["squared"].value, lambda z, y: 1.01 * (z - y), "global minimum", 2.0),
    "changes faster": Loss("wrong", losses["squared"].value, losses["squared"].gradient, "global minimum", 0.9),
    "is smaller than domination": Loss("wrong", losses["welsch"].value, losses["welsch"].gradient, "linear rate", 1.0, 0.01),
    "not convex": Loss("wrong", losses["rippled"].value, losses["rippled"].gradient, "global minimum", 8.0),
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_broken_promise_is_noticed(reason: str) -> None:
    assert reason in broken_promise(WRONG[reason], TARGETS)


@pytest.mark.usefixtures("forget")
def test_a_loss_that_breaks_its_declaration_is_refused_in_a_sentence() -> None:
    loss(name="steep", conclusion="global minimum", smoothness=1.0)(lambda z, y: 2 * (z - y).square().sum(-1))
    sentence = r"^loss 'steep' does not keep its declaration: its gradient changes faster than smoothness 1 allows$"
    with pytest.raises(InputError, match=sentence):
        verify_declaration("steep", np.eye(2))
    loss(name="raising", conclusion="global minimum", smoothness=1.0)(lambda z, y: z @ y)
    with pytest.raises(InputError, match=r"^loss 'raising' cannot be evaluated: RuntimeError: [^\n]*$"):
        verify_declaration("raising", np.eye(2))


@pytest.mark.usefixtures("forget")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "squared"}, "is declared twice"),
        ({"name": "Mine"}, "lower-case"),
        ({"conclusion": "success"}, "unknown conclusion"),
        ({"smoothness": 0.0}, "positive, finite smoothness"),
        ({"smoothness": math.inf}, "positive, finite smoothness"),
        ({"domination": 0.5}, "belongs to a linear rate"),
        ({"conclusion": "linear rate"}, "belongs to a linear rate"),
    ],
)
def test_declarations_that_cannot_be_right_are_refused(changes: dict[str, object], reason: str) -> None:
    declaration = {"name": "mine", "conclusion": "global minimum", "smoothness": 1.0, **changes}
    with pytest.raises(DeclarationError, match=reason):
        loss(**declaration)  # type: ignore[arg-type]


def test_a_loss_of_ones_own_is_one_function_and_is_forgotten_afterwards() -> None:
    with own_statements([MODULE]) as declared:
        assert declared == []
        assert broken_promise(losses["pseudo-huber"], TARGETS) == ""
        z, y = points()
        expected = (z - y) / (1 + (z - y).square()).sqrt()
        torch.testing.assert_close(losses["pseudo-huber"].gradient(z, y), expected, rtol=1e-12, atol=1e-14)
    assert "pseudo-huber" not in losses

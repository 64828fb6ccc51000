"""The chain of lemmas along runs on each architecture: left sides by automatic gradients, claimed sides as the statements measure them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from checkers.adversaries import ADVERSARIES, Attack
from checkers.command_line.main import main
from checkers.data.training_data import TrainingData
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.gradient import Gradient
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from checkers.training.chain import CHAIN, Chain, left_out, longest_step
from checkers.training.step_size import paper_step_size, promised_separation
from strategies import instance_from_sizes
from tests.helpers import train_on
from theorems import registry
from theorems.language.instance import Instance
from theorems.laws.losses import losses

NAMES = ["fully connected", "residual", "convolutional"]
ETA = 1e-3


def sizes(name: str, **changes: Any) -> Instance:
    circle: dict[str, int | float | str] = {"positions": 5, "patch": 3} if name == "convolutional" else {}
    plain: dict[str, int | float | str] = {
        "width": 24, "depth": 3, "samples": 3, "input_dimension": 6, "outputs": 2, "separation": 0.4, "labels": "random"
    }  # fmt: skip
    return instance_from_sizes(None, {**plain, **circle, **changes})


def draw(name: str, instance: Instance, engine: Any = "dense") -> Network:
    source = NormalSource(seed_sequence(3, "chain", name))
    return Network.draw(
        engine, instance.width, instance.depth, instance.input_dimension, instance.outputs, 1, source,
        architecture=architecture_for(name, instance),
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [6, 24])  # the gradient has fewer entries than the factors have inner products, or more
def test_the_left_sides_are_what_automatic_gradients_give(name: str, width: int) -> None:
    instance = sizes(name, width=width)
    network = draw(name, instance)
    matrices = [weights.matrix.requires_grad_() for weights in network.hidden]  # type: ignore[attr-defined]
    targets, loss = torch.as_tensor(instance.targets), losses["squared"]
    outputs = network.forward(instance.inputs).outputs
    each = (outputs - targets).square().sum(-1)[0] / 2
    gradients = torch.autograd.grad(each.sum(), matrices, retain_graph=True)
    own = [torch.autograd.grad(value, matrices, retain_graph=True) for value in each]
    jacobian = [torch.cat([g.flatten() for g in torch.autograd.grad(one, matrices, retain_graph=True)]) for one in outputs[0, :, 0]]
    chain = Chain(instance, loss, ETA, name)
    with torch.no_grad():
        record, n, total = network.forward(instance.inputs), instance.samples, float(each.sum())
        vectors = loss.gradient(record.outputs, targets)
        chain.examine(0, network, record, vectors, vectors, total)
    squares = [float(g.square().sum()) for g in gradients]
    worst = []
    for layer, square in enumerate(squares):
        single = max(float(one[layer].square().sum() / value.detach()) for one, value in zip(own, each, strict=True))
        of_one, of_all = chain.claimed("gradient-upper", tau_l=network.architecture.scale(layer + 1, instance.depth, width))
        assert of_all == pytest.approx(n * of_one, rel=1e-12)
        worst += [(single, of_one), (square / total, of_all)]
    assert chain.rows["gradient-upper"][0][1:] == pytest.approx(max(worst, key=lambda sides: sides[0] / sides[1]), rel=1e-9)
    assert chain.rows["gradient-lower"][0][2] == pytest.approx(squares[-1], rel=1e-9)
    assert chain.squares[0][1] == pytest.approx(sum(squares), rel=1e-9)
    eigenvalues = torch.linalg.eigvalsh(torch.stack(jacobian) @ torch.stack(jacobian).mT)
    assert chain.kernel[0][1:] == pytest.approx((float(eigenvalues[0]), float(eigenvalues[-1])), rel=1e-9)
    assert chain.pending is not None
    spectral = ETA * max(float(torch.linalg.matrix_norm(g, ord=2)) for g in gradients)
    assert (chain.pending["promised"], chain.pending["size"]) == pytest.approx((ETA * sum(squares), spectral), rel=1e-9)
    (remainder,) = chain.claimed("semi-smoothness", F=total, omega=spectral, size=spectral)
    assert chain.pending["remainder"] == pytest.approx(remainder, rel=1e-9)
    chain.finish_step(1, 0.9 * total)
    assert chain.rows["semi-smoothness"][0][1] == pytest.approx(ETA * sum(squares) - 0.1 * total, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_claimed_sides_are_those_of_the_statements(name: str) -> None:
    """Each form's bound along a run against the claimed side of its own measure, on one network moved by a random perturbation."""
    radius = 0.01
    instance = sizes(name, radius=radius)
    network = draw(name, instance)
    origin = NetworkSubject(network, instance, NormalSource(seed_sequence(3, "origin")))
    attack = Attack(network, instance, NormalSource(seed_sequence(3, "attack")), lambda moved: moved.output.sum((1, 2)))
    moved = NetworkSubject(ADVERSARIES["random"](attack), instance, NormalSource(seed_sequence(3, "moved")), origin)
    loss = float((origin.network_outputs() - torch.as_tensor(instance.targets)).square().sum() / 2)
    chain = Chain(instance, losses["squared"], ETA, name)

    def measured(identifier: str, subject: NetworkSubject) -> Any:
        return registry.form(identifier, name).compare(subject)

    upper = measured("gradient-upper", origin)
    bounds = upper.right.expand_as(upper.left)[0]
    for layer in range(1, instance.depth + 1):
        scale = network.architecture.scale(layer, instance.depth, instance.width)
        assert chain.claimed("gradient-upper", tau_l=scale) == pytest.approx(bounds[layer - 1].tolist(), rel=1e-12)
    claimed = {
        "gradient-lower": (chain.claimed("gradient-lower", F=1.0), measured("gradient-lower", origin).left),
        "semi-smoothness": (
            chain.claimed("semi-smoothness", F=loss, omega=radius, size=float(moved.displacement_norm())),
            measured("semi-smoothness", moved).right,
        ),
        "kernel-stability": (chain.claimed("kernel-stability", omega=radius), measured("kernel-stability", moved).right),
    }
    for (bound,), side in claimed.values():
        assert bound == pytest.approx(float(side.flatten()[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["residual", "convolutional"])
@pytest.mark.parametrize(("loss", "batch"), [("squared", 0), ("squared", 2), ("cross-entropy", 0)])
@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_a_run_is_checked_and_explains_itself(name: str, loss: str, batch: int, engine: Any) -> None:
    instance = sizes(name, width=256, samples=4)
    run = train_on(
        TrainingData(instance.inputs, np.eye(2)[[0, 1, 1, 0]], np.array([0, 1, 1, 0])), width=256, weights=engine, goal=0.1, loss=loss,
        batch=batch, architecture=name, positions=instance.positions, patch=instance.patch,
    )  # fmt: skip
    checked = {check.id: check.verdict for check in run.checks}
    expected = {"gradient-upper", "gradient-lower"} | ({"semi-smoothness"} if loss == "squared" else set())
    assert expected <= set(checked)
    assert ("kernel-stability" in checked) == (engine == "dense")
    assert {checked[one] for one in expected} == {"HOLDS"}
    assert run.constants["gradient-upper.C"] == registry.form("gradient-upper", name).constant_values()["C"]
    text = " ".join(run.explanation)
    assert "gradient-lower asks for a gradient that large" in text
    assert "not evaluated" not in text
    assert {radius.id for radius in run.radii} >= {"gradient-lower", "semi-smoothness"}
    own = {one.formula for radius in run.radii for one in registry.form(radius.id, name).assumptions}
    assert {radius.formula for radius in run.radii} <= own


@pytest.mark.parametrize("name", ["residual", "convolutional"])
def test_train_shows_the_steps_checks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--width", "16", "--depth", "2", "--samples", "10", "--labels", "random", "--steps", "5", "--seed", "1"]
    assert main(["train", "--architecture", name, *sizes]) == 0
    shown = capsys.readouterr().out
    table = shown[shown.index("checked along the run") :]
    assert all(identifier in table for identifier in (*CHAIN, "gd-rate", "gd-radius"))
    assert "gradient-lower asks for a gradient that large at least" in table


def test_a_lemma_without_a_form_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [left_out(name) for name in NAMES] == [[], [], []]
    assert [name for name, _ in left_out("recurrent")] == list(CHAIN)
    whole = registry.form("gradient-upper", "residual")
    silent = dataclasses.replace(whole, at_most=("C m/d", "C novel m/d"))
    declared = registry.form
    monkeypatch.setattr(registry, "form", lambda *cell: silent if declared(*cell) is whole else declared(*cell))
    assert left_out("residual") == [("gradient-upper", "its bound there is no formula of what a run knows")]
    instance = sizes("residual")
    run = train_on(TrainingData(instance.inputs, instance.targets), width=32, steps=5, architecture="residual")
    assert "gradient-upper" not in {check.id for check in run.checks}
    assert "gradient-upper was not evaluated along the run: its bound there is no formula of what a run knows." in run.explanation


def test_separation_and_step_size_are_the_architectures_own() -> None:
    promised = {name: promised_separation(0.9, sizes(name), name) for name in NAMES}
    assert promised == pytest.approx({"fully connected": 1 / 3, "residual": 0.5, "convolutional": 1 / (3 * math.sqrt(5))})
    assert promised_separation(0.1, sizes("residual"), "residual") == 0.1
    assert promised_separation(0.9, sizes("residual"), "recurrent") == pytest.approx(1 / 3)
    instance = sizes("residual")
    for batch, identifier in ((0, "gd-convergence"), (2, "sgd-convergence")):
        if registry.has_form(identifier, "residual"):
            own, plain = (registry.form(identifier, name).constant_values()["step"] for name in ("residual", "fully connected"))
            ratio = paper_step_size(instance, batch, "residual") / paper_step_size(instance, batch)
            assert ratio == pytest.approx(9 * own / plain)  # L^2


def test_products_and_norms_of_a_gradient_from_factors() -> None:
    generator = np.random.Generator(np.random.SFC64(4))
    for rows, columns in ((4, 5), (40, 30)):
        left, other = (torch.from_numpy(generator.standard_normal((3, 2, rows))) for _ in range(2))
        right = torch.from_numpy(generator.standard_normal((3, 2, columns)))
        one, two = Gradient(left, right), Gradient(other, right)
        matrices = [gradient.left.mT @ right for gradient in (one, two)]
        totals = [matrix.sum(0) for matrix in matrices]
        assert one.inner(two) == pytest.approx(float((totals[0] * totals[1]).sum()), rel=1e-10)
        assert one.spectral_norm() == pytest.approx(float(torch.linalg.matrix_norm(totals[0], ord=2)), rel=1e-10)
        torch.testing.assert_close(one.own_squares(), matrices[0].square().sum((1, 2)), rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_half_of_the_norm_of_the_weights(name: str) -> None:
    instance = sizes(name, width=256, depth=1)
    network = draw(name, instance)
    norm = float(torch.linalg.matrix_norm(network.hidden[0].matrix[0], ord=2))  # type: ignore[attr-defined]
    assert longest_step(network) == pytest.approx(norm / 2, rel=0.05)

"""Whatever runs on the CPU runs on a device, with the same numbers: no tensor of one meets a tensor of the other (tests/stub_device.py)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import asdict

from checkers.adversaries import ADVERSARIES, Attack
from checkers.command_line.main import main
from checkers.data.training_data import HeldOut, TrainingData
from checkers.evidence.decide import judged_cases
from checkers.evidence.profiles import PROFILES
from checkers.evidence.worst_case import Worst
from checkers.experiments.scaling import attacks, exponents
from checkers.experiments.width import inside_the_regime
from checkers.experiments.width.threshold import succeeded
from checkers.fuzzing.counterexamples import read, replay
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.runs.suite import check, power
from checkers.training import checkpoint
from strategies import instance_from_sizes
from tests.helpers import train_on
from tests.stub_device import StubTensor, stub_device
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement

ARCHITECTURES = ("fully connected", "residual", "convolutional")
LAWS = ("exact law", "gate law")
FORMS = [registry.form(*cell) for cell in registry.cells()]
TINY = {"width": 16, "depth": 2, "samples": 2, "outputs": 2, "tolerance": 0.5, "radius": 0.05, "sparsity": 2}


def an_instance(architecture: str, statement: Statement | None = None, **sizes: Any) -> Instance:
    circle = {"positions": 3, "patch": 3} if architecture == "convolutional" else {}
    return instance_from_sizes(statement, {**TINY, **circle, **sizes})


def judged(statement: Statement, engine: Any, device: str) -> list[Worst]:
    single = {"samples": 1, "outputs": 1} if engine in LAWS else {}
    instance = an_instance(statement.architecture, statement, **single)
    return [case for case, _ in judged_cases(statement, instance, 1, engine, 2, 1, device)]


@pytest.mark.usefixtures("_two_steps")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.id}-on-{form.architecture}")
def test_every_measure_and_variant_gives_the_same_numbers_on_a_device(form: Statement) -> None:
    """The statement on all its engines, with every adversary that it names; its variants on the first that draws networks, with every
    adversary that the statement does not name, or else with one."""
    networks = [engine for engine in form.engines if engine not in LAWS] or [*form.engines]
    variants = [form.variant(one.name) for one in form.variants]
    others = [tuple(name for name in one.adversary if name not in form.adversary) or one.adversary[:1] for one in variants]
    cases = [(form, engine) for engine in form.engines]
    cases += [(replace(one, adversary=names), networks[0]) for one, names in zip(variants, others, strict=True)]
    for statement, engine in cases:
        expected = judged(statement, engine, "cpu")
        with stub_device() as device:
            found = judged(statement, engine, device)
        assert [case.adversary for case in found] == [case.adversary for case in expected]
        for one, other in zip(found, expected, strict=True):
            # plain vectors and exact laws are numpy's, and stay on the CPU
            assert isinstance(one.ratio, StubTensor) == (engine not in ("vectors", *LAWS))
            for side in ("ratio", "left", "right", "index"):
                assert torch.equal(getattr(one, side).cpu(), getattr(other, side)), (statement.variant_name, one.adversary, side)


@pytest.mark.parametrize("engine", get_args(Engine))
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_adversary_moves_the_same_way_on_a_device(architecture: str, engine: Engine) -> None:
    instance = an_instance(architecture)

    def outputs(name: str, device: str) -> torch.Tensor:
        network = Network.draw(
            engine, instance.width, instance.depth, instance.input_dimension, instance.outputs, 2, NormalSource(seed_sequence(1)),
            device=device, architecture=architecture_for(architecture, instance),
        )  # fmt: skip

        def size(moved: Network) -> torch.Tensor:
            return moved.forward(instance.inputs).outputs.square().sum((1, 2))

        return ADVERSARIES[name](Attack(network, instance, NormalSource(seed_sequence(2)), size)).forward(instance.inputs).outputs.detach()

    for name in ADVERSARIES:
        expected = outputs(name, "cpu")
        with stub_device() as device:
            found = outputs(name, device)
        assert isinstance(found, StubTensor), name
        assert torch.equal(found.cpu(), expected), name


@pytest.mark.parametrize("identifier", ["forward-norm", "output-stability", "sign-flips"])
def test_a_rung_of_scale_has_the_same_sides_on_a_device(identifier: str) -> None:
    statement = attacks.steady(registry[identifier])
    instance = an_instance(statement.architecture, statement)
    settings = exponents.Settings(5, PROFILES["quick"], 1e-6, "cpu", ())
    expected = exponents.rung_sides(statement, instance, 1, settings, "width")
    with stub_device() as device:
        found = exponents.rung_sides(statement, instance, 1, replace(settings, device=device), "width")
    np.testing.assert_array_equal(np.array(found), np.array(expected))


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("engine", get_args(Engine))
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_is_the_same_on_a_device(
    architecture: str, engine: Engine, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that is checked and predicted along the way, and gone on with from a checkpoint."""
    monkeypatch.setattr(checkpoint, "Saver", partial(checkpoint.Saver, seconds=0.0))
    data = an_instance(architecture, samples=5, labels="one-hot", input_dimension=8)
    rows = slice(0, 3)
    held_out = None if batch else HeldOut(data.inputs[3:], data.targets[3:].argmax(1))
    run = partial(
        train_on, TrainingData(data.inputs[rows], data.targets[rows], data.targets[rows].argmax(1)), held_out=held_out,
        architecture=architecture, positions=data.positions, patch=data.patch, width=16, weights=engine, batch=batch, step_size=1e-3,
        steps=4, goal=0.0,
    )  # fmt: skip
    expected = run()
    with stub_device() as device:
        run(steps=3, device=device, save_to=tmp_path / "saved")
        whole = run(device=device)
        resumed = run(device=device, resume_from=tmp_path / "saved")
    for found in (whole, resumed):
        assert {**asdict(found), "seconds": 0.0} == {**asdict(expected), "seconds": 0.0}


def test_the_place_inside_the_regime_trains_on_a_device() -> None:
    place = inside_the_regime.Place(1, 2, 64)
    expected = inside_the_regime.run(place, 1)
    with stub_device() as device:
        found = inside_the_regime.run(place, 1, device)
    assert expected.taken is not None
    assert {**asdict(found), "seconds": 0.0} == {**asdict(expected), "seconds": 0.0}


@pytest.mark.parametrize("width", [8, 64], ids=["dense", "revealed"])
def test_a_width_of_a_threshold_has_the_same_successes_on_a_device(width: int) -> None:
    expected = succeeded(2, 1, 0.5, width, 20, NormalSource(seed_sequence(1)))
    with stub_device() as device:
        found = succeeded(2, 1, 0.5, width, 20, NormalSource(seed_sequence(1)), device)
    assert isinstance(found, StubTensor)
    assert torch.equal(found.cpu(), expected)


def test_a_counterexample_says_its_device_and_replays_on_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = replace(PROFILES["quick"], power_examples=2, shrinks=2, far=0, normals=2**12, dense_width=64)
    with stub_device() as device:
        found = power(["gradient-formula"], seed=1, profile=small, device=device, folder=tmp_path)
        assert any(one.verdict == "REFUTED" for one in found.variants)
        file, *_ = sorted(tmp_path.iterdir())
        assert main(["replay", str(file), "--device", device]) == 1
    record = read(file)
    assert record.device == "cuda"
    assert "the same numbers, bit for bit" in capsys.readouterr().out
    other = msgspec.structs.replace(record, decision=msgspec.structs.replace(record.decision, ratio=7.0))
    outcome = replay(other)
    assert outcome.status == "STILL FAILS"
    assert outcome.reason == "different ratio (device cuda then, cpu now)"


def test_check_and_power_give_the_same_verdicts_on_a_device() -> None:
    """From the search through the decisions to the simplest counterexample, with its proof."""
    statements = [registry[name] for name in ("forward-norm", "gradient-formula")]
    small = replace(PROFILES["quick"], examples=2, power_examples=2, shrinks=2, far=0, normals=2**12, law_draws=2**10, dense_width=64)
    expected = check(statements, seed=1, profile=small), power(statements, seed=1, profile=small)
    with stub_device() as device:
        found = check(statements, seed=1, profile=small, device=device), power(statements, seed=1, profile=small, device=device)
    assert [one.verdict for one in found[1].variants].count("REFUTED") > 3
    assert found[0].verdicts == expected[0].verdicts
    assert found[1].variants == expected[1].variants


def test_the_command_runs_on_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    with stub_device() as device:
        assert main(["check", "gradient-formula", "--profile", "glance", "--seed", "1", "--device", device]) == 0
    assert "HOLDS" in capsys.readouterr().out

"""Joint moves: the known optimum, the gain over the moves of single layers, the same numbers on stored and on revealed weights."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack
from checkers.adversaries.joint import joint_flips
from checkers.evidence.drawing import largest_ratio
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.network import Engine, Network
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems import registry
from theorems.language.instance import Instance

JOINT = [name for name in ADVERSARIES if name.startswith("joint")]
TRIALS = 12

source = sources(15, "joint")


def count(origin: Network, instance: Instance, moved: Network) -> Tensor:
    """Flips in the last layer, (trials,)."""
    before, after = (network.forward(instance.inputs).signs[-1] for network in (origin, moved))
    return (before != after).sum((1, 2)).double()


def ratio(identifier: str, name: str, depth: int, engine: Engine = "dense", start: str = "", width: int = 512) -> Tensor:
    """The statement's largest ratio under this adversary, from the W~ of `start`, one sample and output: (trials,)."""
    statement = registry[identifier]
    sizes: dict[str, int | float | str] = {"width": width, "depth": depth, "samples": 1, "outputs": 1, "radius": 2e-3, "labels": "signs"}
    instance = instance_from_sizes(statement, sizes)
    network = Network.draw(engine, width, depth, instance.input_dimension, 1, TRIALS, source("network", identifier, depth))
    origin = NetworkSubject(network, instance, source("questions"))
    for adversary in filter(None, (start, name)):
        objective = partial(largest_ratio, statement, origin, source("objective"))
        moved = ADVERSARIES[adversary](Attack(origin.network, instance, source(adversary), objective))
        last, origin = origin, NetworkSubject(moved, instance, source("questions"), origin)
    with torch.no_grad():
        return largest_ratio(statement, last, source("objective"), origin.network)


@pytest.mark.parametrize(
    ("identifier", "alone", "joint", "gains"),
    [
        (
            "sign-flips", ("targeted sign flips", "flips on top", "heavy sign flips", "heavy flips on top"),
            ("joint sign flips", "joint heavy flips"), (1.3, 1.5, 1.6),
        ),
        ("linearization", ("pushes through zero",), ("joint pushes",), (1.2, 1.5, 1.6)),
    ],
)  # fmt: skip
def test_all_layers_together_do_more_than_each_for_itself(
    identifier: str, alone: tuple[str, ...], joint: tuple[str, ...], gains: tuple[float, ...]
) -> None:
    """Median over networks of the best of `joint` over the best of `alone`; L^{2/3} and L^{1/3} for many flips, and here there are ten."""
    for depth, gain in zip((2, 3, 4), gains, strict=True):
        best = [torch.stack([ratio(identifier, name, depth) for name in names]).amax(0) for names in (joint, alone)]
        assert float((best[0] / best[1]).median()) >= gain


def test_two_joint_moves_bend_the_loss_further() -> None:
    for depth, gain in ((2, 1.1), (3, 1.2)):
        joint = ratio("semi-smoothness", "joint pushes", depth, start="jointly to the brink")
        alone = ratio("semi-smoothness", "pushes through zero", depth, start="to the brink")
        assert float((joint / alone).median()) >= gain


@pytest.mark.parametrize(
    ("identifier", "name", "single"),
    [("sign-flips", "joint sign flips", "targeted sign flips"), ("linearization", "joint pushes", "pushes through zero")],
)
def test_in_one_layer_they_are_the_known_optimum(identifier: str, name: str, single: str) -> None:
    assert torch.equal(ratio(identifier, name, 1), ratio(identifier, single, 1))


@pytest.mark.parametrize("name", JOINT)
@pytest.mark.parametrize("architecture", ["fully connected", "residual", "convolutional"])
@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_every_layer_moves_and_stays_in_the_ball(name: str, architecture: str, engine: Engine) -> None:
    circle = {"positions": 4, "patch": 3} if architecture == "convolutional" else {}
    instance = instance_from_sizes(
        registry.form("linearization", architecture),
        {"width": 48, "depth": 3, "samples": 3, "outputs": 2, "radius": 5e-2, **circle},
    )
    network = Network.draw(
        engine, 48, 3, instance.input_dimension, 2, 3, source("ball", engine), architecture=architecture_for(architecture, instance)
    )  # fmt: skip
    moved = ADVERSARIES[name](Attack(network, instance, source("attack"), partial(count, network, instance)))
    sizes = torch.stack([weights.change_spectral_norm() for weights in moved.hidden])
    assert float(sizes.amax()) <= 5e-2 * (1 + 1e-12)
    assert float(sizes.amin()) > 0


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_flips_follow_the_radius_of_all_layers_together(engine: Engine) -> None:
    """0.985 m R^{2/3} flips for a last layer that goes R = L omega ‖h‖; ‖u_l‖ and ‖h_l‖ vary by some sqrt(L/m) s, s flips being few."""
    width, radius = (2048, 4096)[engine == "revealed"], 1e-3
    for depth in (2, 4):
        instance = Instance(width=width, depth=depth, radius=radius, inputs=np.array([[math.sqrt(0.5), math.sqrt(0.5)]]))
        network = Network.draw(engine, width, depth, 2, 1, 4, source("law", engine, depth))
        task = Attack(network, instance, source("attack"), partial(count, network, instance))
        (moved,) = joint_flips(task)
        assert float(task.objective(moved).mean()) == pytest.approx(0.985 * width * (depth * radius) ** (2 / 3), rel=0.12)

"""Certificates of smooth deep networks: sound against runs along any residuals, kept by descent, and false ones are caught."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from checkers.certification.activations import SMOOTH
from checkers.certification.balls import precision
from checkers.certification.deep_change import Change, unmoved
from checkers.certification.smooth_certificate import smooth_certificate
from checkers.certification.smooth_deep_certificate import smooth_deep_certificate
from checkers.certification.smooth_deep_change import smooth_changed
from checkers.certification.smooth_deep_path import ball
from checkers.certification.smooth_deep_start import SmoothDeepStart, given_norm, smooth_deep_start
from checkers.certification.training_certificate import BITS, SHARES
from checkers.errors import InputError
from checkers.records.training_certificates import TrainingCertificate
from checkers.training.certified_run import Wrong, descending_smooth_deep, kept_word
from theorems.language.instance import Array


@dataclass(frozen=True)
class Net:
    first: Array
    hidden: list[Array]
    output: Array
    inputs: Array
    activation: str

    def passes(self, hidden: list[Tensor] | None = None) -> tuple[list[Tensor], Tensor]:
        """W_1..W_L with gradients, and f."""
        phi = getattr(torch.nn.functional, self.activation)
        matrices = [one.clone().requires_grad_() for one in (hidden or [torch.from_numpy(one) for one in self.hidden])]
        h = phi(torch.from_numpy(self.inputs) @ torch.from_numpy(self.first).mT)
        for one in matrices:
            h = phi(h @ one.mT)
        return matrices, h @ torch.from_numpy(self.output)

    def jacobian(self, hidden: list[Tensor] | None = None) -> Tensor:
        """(n, all weights)."""
        matrices, outputs = self.passes(hidden)
        rows = [torch.autograd.grad(one, matrices, retain_graph=True) for one in outputs]
        return torch.stack([torch.cat([part.flatten() for part in one]) for one in rows])

    def outputs(self) -> Array:
        found: Array = self.passes()[1].detach().numpy()
        return found

    def certificate(self, labels: Array, shares: tuple[float, ...] = SHARES) -> TrainingCertificate:
        return smooth_deep_certificate(self.first, self.hidden, self.output, self.inputs, labels, self.activation, shares=shares)


def drawn(seed: int, widths: list[int], samples: int, activation: str) -> Net:
    generator = np.random.default_rng([seed, *widths])
    inputs = generator.normal(size=(samples, samples + 1))
    first = generator.normal(size=(widths[0], samples + 1))
    hidden = [generator.normal(size=(rows, columns)) * math.sqrt(2 / columns) for columns, rows in pairwise(widths)]
    output = generator.normal(size=widths[-1]) / math.sqrt(widths[-1])
    return Net(first, hidden, output, inputs / np.linalg.norm(inputs, axis=1, keepdims=True), activation)


def begun(net: Net) -> SmoothDeepStart:
    matrices = [torch.from_numpy(one) for one in (net.first, *net.hidden)]
    with precision(BITS):
        return smooth_deep_start(
            matrices[0], matrices[1:], torch.from_numpy(net.output), torch.from_numpy(net.inputs), net.activation,
            [given_norm(one) for one in matrices],
        )  # fmt: skip


def bound(net: Net, travel: float) -> Change | None:
    """By way of three nodes."""
    start = begun(net)
    change: Change | None = unmoved(start)
    for part in (0.25, 0.5, 1.0):
        change = None if change is None else smooth_changed(start, part * travel, change)
    return change


@dataclass
class Seen:
    """The largest ratios of what was found to what was proved."""

    jacobian: list[float] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    flow: list[float] = field(default_factory=list)
    distance: list[float] = field(default_factory=list)

    def look(self, net: Net, travel: float, change: Change, generator: np.random.Generator) -> None:
        """Follow residuals of total norm `travel`: one direction, the kernel's top one, or a wandering one."""
        first = net.jacobian()
        start = [torch.from_numpy(one) for one in net.hidden]
        now, steps, kind, middle = start, int(generator.choice([1, 3, 8])), int(generator.integers(3)), first
        residual = torch.linalg.eigh(first @ first.mT)[1][:, -1] if kind == 1 else torch.from_numpy(generator.normal(size=len(first)))
        for _ in range(steps):
            if kind == 2:
                residual = residual / residual.norm() + 0.5 * torch.from_numpy(generator.normal(size=len(first)))
            residual = residual / residual.norm()
            middle = net.jacobian(now)
            moves = (travel / steps * residual @ middle).split([one.numel() for one in now])
            now = [one + move.view_as(one) for one, move in zip(now, moves, strict=True)]
        last = net.jacobian(now)
        kernel = last @ last.mT - first @ first.mT
        assert bool(((last @ middle.mT - first @ first.mT).abs() <= change.step).all())  # as the mean along a step mixes two places
        self.jacobian.append(float(torch.linalg.matrix_norm(last - first, 2)) / change.jacobian)
        self.entries.append(float((kernel.abs() / change.step).max()))
        self.flow.append(-float(torch.linalg.eigvalsh(kernel)[0]) / float(torch.linalg.matrix_norm(change.flow, 2)))
        distance = math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(now, start, strict=True)))
        self.distance.append(distance / change.distance)


@pytest.mark.parametrize("activation", sorted(SMOOTH))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_run_changes_more_than_the_bound(depth: int, activation: str) -> None:
    seen, generator = Seen(), np.random.default_rng(depth)
    for seed in range(9):
        widths = [int(generator.choice([4, 10, 24])) for _ in range(depth + 1)]
        net, travel = drawn(seed, widths, 1 + seed % 3, activation), 10 ** generator.uniform(-4, -1.5)
        change = bound(net, travel)
        for _ in range(3 if change is not None else 0):
            assert change is not None
            seen.look(net, travel, change, generator)
    assert len(seen.entries) >= 9
    for found in (seen.jacobian, seen.entries, seen.flow, seen.distance):
        assert max(found) <= 1
    assert max(seen.distance) > 0.8
    assert max(seen.jacobian) > 0.1


def test_a_bound_is_nearly_attained_by_one_neuron() -> None:
    """phi'' where it is largest: softplus about 0."""
    one = np.ones((1, 1))
    net = Net(one * 2.0, [one * 0.0], np.ones(1), one, "softplus")
    change = bound(net, 1e-3)
    assert change is not None
    first, start = net.jacobian(), torch.zeros(1, 1, dtype=torch.float64)
    last = net.jacobian([start + 1e-3 * first.view(1, 1)])
    assert 0.95 < float(abs(last - first)) / change.jacobian <= 1
    assert 0.95 < float(last @ last.mT - first @ first.mT) / float(change.step) <= 1


@pytest.mark.parametrize("activation", sorted(SMOOTH))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_place_of_a_ball_and_no_way_between_two_changes_more(depth: int, activation: str) -> None:
    """Moved at random, along the gradients, and by ascent on the change of J itself."""
    generator, seen = np.random.default_rng(depth), [list[float](), list[float]()]
    for seed in range(6):
        net = drawn(seed, [int(generator.choice([2, 6, 12])) for _ in range(depth + 1)], 1 + seed % 3, activation)
        distance = 10 ** generator.uniform(-2, 0.5)
        most, first, start = ball(begun(net), distance), net.jacobian(), [torch.from_numpy(one) for one in net.hidden]
        sizes = [one.numel() for one in start]

        def moved(direction: Tensor, far: float, start: list[Tensor] = start, sizes: list[int] = sizes) -> list[Tensor]:
            parts = (far * direction / direction.norm()).split(sizes)
            return [one + part.view_as(one) for one, part in zip(start, parts, strict=True)]

        drawn_way = torch.from_numpy(generator.normal(size=sum(sizes)))
        steepest = torch.linalg.svd(net.jacobian(moved(drawn_way, distance / 10)) - first)[0][:, 0] @ first
        for direction in (drawn_way, first.sum(0), steepest):
            there, near = net.jacobian(moved(direction, distance)), net.jacobian(moved(direction, 0.999 * distance))
            seen[0].append(float(torch.linalg.matrix_norm(there - first, 2)) / most.omega)
            seen[1].append(float(torch.linalg.matrix_norm(there - near, 2)) / (most.ell * 0.001 * distance))
    assert max(seen[0]) <= 1
    assert max(seen[1]) <= 1
    assert max(seen[0]) > 0.03  # of norms of all layers in a row


def reached(net: Net, direction: Array, share: float = 0.7) -> tuple[Array, TrainingCertificate]:
    """Labels in that direction from the outputs, a share of how far the certificate goes."""
    outputs = net.outputs()
    far = net.certificate(outputs + direction)
    labels = outputs + share * far.descent.depth * direction
    return labels, net.certificate(labels)


@pytest.mark.parametrize("activation", sorted(SMOOTH))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_certified_runs_keep_their_word(depth: int, activation: str) -> None:
    for seed in range(3):
        samples, widths = 1 + seed, [(40, 120, 80)[(seed + k) % 3] for k in range(depth + 1)]
        net = drawn(seed, widths, samples, activation)
        first = net.jacobian()
        spectrum, vectors = torch.linalg.eigh(first @ first.mT)
        labels, found = reached(net, (vectors[:, 0], vectors[:, -1], vectors[:, 0])[seed].numpy())
        assert found.certified
        assert found.floor <= float(spectrum[0]) <= found.floor * (1 + 1e-6)
        descend = descending_smooth_deep(net.first, net.hidden, net.output, net.inputs, labels, activation)
        run = kept_word(descend, labels, found, steps=60, goal=1e-6)
        assert run.broken == -1
        assert 0 < run.residual_ratio <= 1
        assert 0 < run.distance_ratio <= 1


@pytest.mark.parametrize("wrong", [Wrong(rate=1.5), Wrong(distance=0.8), Wrong(step_size=30.0)], ids=str)
def test_a_false_promise_is_caught_by_the_run(wrong: Wrong) -> None:
    net = drawn(3, [100, 100, 100], 1, "tanh")
    labels, _ = reached(net, np.ones(1), 1e-3)
    found = net.certificate(labels, shares=(0.1,))
    descend = partial(descending_smooth_deep, net.first, net.hidden, net.output, net.inputs, labels, "tanh")
    assert kept_word(descend(), labels, found, steps=60).broken == -1
    assert 0 < kept_word(descend(), labels, found, steps=60, wrong=wrong).broken <= 40


def test_one_hidden_layer_is_certified_at_least_as_far_as_a_two_layer_network_of_its_inputs() -> None:
    net, labels = drawn(2, [200, 300], 2, "tanh"), np.array([1.0, -1.0])
    deep = net.certificate(labels)
    hidden = np.tanh(net.inputs @ net.first.T)
    wide = smooth_certificate(net.hidden[0], net.output, hidden, labels, "tanh")
    assert deep.floor == pytest.approx(wide.floor, rel=1e-9)
    assert deep.descent.depth > 0.97 * wide.descent.depth  # by the same path, up to the nodes of the integral


def test_depth_grows_like_the_root_of_the_width() -> None:
    reach = []
    for width in (100, 1600):
        net = drawn(5, [width] * 3, 1, "tanh")
        found = net.certificate(net.outputs() + 1)
        reach.append(found.descent.depth)
    assert 0.4 < math.log(reach[1] / reach[0]) / math.log(16) < 0.65  # 1/2, and terms of lower order


def test_what_is_not_decided() -> None:
    twice = drawn(1, [16, 16, 16], 2, "tanh")
    twice.inputs[1] = twice.inputs[0]
    found = twice.certificate(np.ones(2))
    assert (found.certified, found.descent.depth, found.floor <= 0) == (False, 0.0, True)
    wide = Net(np.ones((300_000, 1)), [np.ones((1, 300_000))], np.ones(1), np.ones((2, 1)), "tanh")
    with pytest.raises(InputError, match="300,000 neurons, 1 layers and 2 rows: more values and slopes of tanh than are enclosed"):
        wide.certificate(np.ones(2))

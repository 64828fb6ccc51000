"""Every architecture's passes against torch's autograd through a forward pass written out here, on both engines and in both precisions."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack
from checkers.errors import InputError
from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.by_name import architecture_for, known, register, restore
from checkers.networks.architectures.convolutional import Convolutional
from checkers.networks.architectures.residual import Residual
from checkers.networks.kernels import empirical_kernel, gradient_norms
from checkers.networks.network import Network
from checkers.subjects.network import NetworkSubject
from strategies.instances import instance_from_sizes
from tests.helpers import sources
from theorems.language.instance import Instance

TRIALS, WIDTH, DEPTH, SAMPLES, INPUTS, OUTPUTS, POSITIONS, PATCH = 2, 6, 3, 3, 6, 2, 5, 3
# ~10^3 operations on numbers below 10^2; float32 has 2^29 times larger roundings
ROUNDING = {torch.float64: 1e-12, torch.float32: 1e-3}
Forward = Callable[[Tensor, list[Tensor], Tensor, Tensor], Tensor]


def fully_connected(first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor) -> Tensor:
    h = (x @ first.mT).relu()
    for matrix in hidden:
        h = (h @ matrix.mT).relu()
    return h @ last.mT


def residual(first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor) -> Tensor:
    tau = 1 / (len(hidden) * math.log(first.shape[1]))
    h = (x @ first.mT).relu()
    for matrix in hidden[:-1]:
        h = (h + tau * h @ matrix.mT).relu()
    return (h @ hidden[-1].mT).relu() @ last.mT


def convolutional(first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor) -> Tensor:
    """By loops over positions and neighbours; five inputs without the constant, so one at each of five positions."""
    h = [(torch.stack([x[..., p], x[..., -1] / math.sqrt(POSITIONS)], -1) @ first.mT).relu() for p in range(POSITIONS)]
    for matrix in hidden:
        h = [(torch.cat([h[(p + o) % POSITIONS] for o in (-1, 0, 1)], -1) @ matrix.mT).relu() for p in range(POSITIONS)]
    width = first.shape[1]
    return torch.stack([h[p] @ last[..., p * width : (p + 1) * width].mT for p in range(POSITIONS)]).sum(0)


WRITTEN_OUT: dict[str, Forward] = {"fully connected": fully_connected, "residual": residual, "convolutional": convolutional}
NAMES = list(WRITTEN_OUT)
ENGINES = ["dense", "revealed"]
# At width 6 there may be no neuron near enough to zero.
IDLE = {
    "targeted sign flips", "weighted sign flips", "heavy sign flips", "flips on top", "heavy flips on top", "switching on", "switching off",
    "pushes through zero", "to the brink", "joint sign flips", "joint heavy flips", "joint weighted flips", "joint switching",
    "joint pushes", "jointly to the brink",
}  # fmt: skip

source = sources(23, "architectures")


def sizes(name: str, width: int = WIDTH, radius: float = 0.0) -> Instance:
    own = {"positions": POSITIONS, "patch": PATCH} if name == "convolutional" else {}
    return instance_from_sizes(
        None,
        {"width": width, "depth": DEPTH, "samples": SAMPLES, "input_dimension": INPUTS, "outputs": OUTPUTS, "separation": 0.4,
         "labels": "random", "radius": radius, **own},
    )  # fmt: skip


def draw(name: str, engine: str, dtype: torch.dtype = torch.float64, trials: int = TRIALS, width: int = WIDTH) -> Network:
    chosen = architecture_for(name, sizes(name))
    return Network.draw(
        engine, width, DEPTH, INPUTS, OUTPUTS, trials, source(name, engine, width), dtype=dtype, architecture=chosen  # type: ignore[arg-type]
    )  # fmt: skip


def matrices(network: Network) -> tuple[Tensor, list[Tensor], Tensor]:
    """The matrices behind either engine, by asking for everything; leaves of autograd. Afterwards revealed weights know all of W."""

    def whole(weights: object) -> Tensor:
        columns = weights.columns  # type: ignore[attr-defined]
        eye = torch.eye(columns, dtype=network.output.dtype).expand(network.trials, -1, -1)
        return weights.apply(eye).mT.detach().clone().requires_grad_()  # type: ignore[attr-defined, no-any-return]

    return whole(network.input_weights), [whole(weights) for weights in network.hidden], network.output


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_passes_gradients_and_kernels_are_autograds(name: str, engine: str, dtype: torch.dtype) -> None:
    network, instance, tolerance = draw(name, engine, dtype), sizes(name), ROUNDING[dtype]
    subject = NetworkSubject(network, instance, source("subject"))
    outputs = subject.network_outputs()
    kernels = [subject.layer_kernel(layer) for layer in range(1, DEPTH + 1)]
    backs = [subject.backward(layer) for layer in range(1, DEPTH + 2)]
    loss = outputs - torch.as_tensor(instance.targets).to(dtype)
    alone = torch.eye(SAMPLES, dtype=dtype)[:, None, :, None] * loss  # (n, trials, n, d): the loss of one sample at a time
    single = torch.stack([gradient_norms(network, subject.record, one) for one in alone], 1)
    together = gradient_norms(network, subject.record, loss)

    first, hidden, last = matrices(network)
    x = torch.as_tensor(instance.inputs).to(dtype).expand(TRIALS, -1, -1)
    expected = WRITTEN_OUT[name](first, hidden, last, x)
    torch.testing.assert_close(outputs, expected.detach(), rtol=tolerance, atol=tolerance)
    for layer, back in enumerate(backs, start=1):
        through = (back @ subject.activations(layer - 1)[..., None])[..., 0]
        torch.testing.assert_close(through, outputs, rtol=tolerance, atol=tolerance)

    rows: list[list[Tensor]] = [[] for _ in hidden]
    for sample in range(SAMPLES):
        for output in range(OUTPUTS):
            for layer, gradient in enumerate(torch.autograd.grad(expected[:, sample, output].sum(), hidden, retain_graph=True)):
                rows[layer].append(gradient.flatten(1))
    for kernel, layer_rows in zip(kernels, rows, strict=True):
        stacked = torch.stack(layer_rows, 1)
        torch.testing.assert_close(kernel, stacked @ stacked.mT, rtol=tolerance, atol=tolerance * float(kernel.abs().max()))
    for layer, layer_rows in enumerate(rows):
        gradients = torch.stack(layer_rows, 1).view(TRIALS, SAMPLES, OUTPUTS, -1)
        weighted = (loss[..., None] * gradients).sum(2)
        torch.testing.assert_close(single[..., layer], weighted.norm(dim=-1), rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(together[:, layer], weighted.sum(1).norm(dim=-1), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_gradient_descent(name: str, engine: str) -> None:
    network, instance = draw(name, engine), sizes(name)
    first, hidden, last = matrices(network)
    x, y = torch.as_tensor(instance.inputs).expand(TRIALS, -1, -1), torch.as_tensor(instance.targets)
    gradients = torch.autograd.grad((WRITTEN_OUT[name](first, hidden, last, x) - y).square().sum() / 2, hidden)
    record = network.forward(instance.inputs)
    network.step(record, record.outputs - y, 0.1)
    after = WRITTEN_OUT[name](first, [w - 0.1 * g for w, g in zip(hidden, gradients, strict=True)], last, x)
    # revealed weights found their matrix through a basis, and took the step in it
    torch.testing.assert_close(network.forward(instance.inputs).outputs, after.detach(), rtol=1e-9, atol=1e-9)
    moved = 0.1 * torch.stack([g.square().sum((1, 2)) for g in gradients]).sum(0).sqrt()
    torch.testing.assert_close(network.distance(), moved, rtol=1e-9, atol=0.0)


@pytest.mark.parametrize("positions", [1, 4, 7])
@pytest.mark.parametrize("patch", [1, 3, 5])
def test_cutting_and_joining_are_each_others_transposes(positions: int, patch: int) -> None:
    if patch > positions:
        with pytest.raises(ValueError, match="odd size"):
            Convolutional(positions, patch)
        return
    circle = Convolutional(positions, patch)
    h, v = source("h").normal((2, 3, positions * 4), 1.0), source("v").normal((2, 3, positions, patch * 4), 1.0)
    torch.testing.assert_close((circle.patches(h) * v).sum(), (h * circle.scatter(v)).sum(), rtol=1e-12, atol=0.0)
    assert torch.equal(circle.join(circle.split(h)), h)
    # a patch holds every position q times in all, so the total norm of the patches is q times that of h
    torch.testing.assert_close(circle.patches(h).square().sum((-2, -1)), patch * h.square().sum(-1), rtol=1e-12, atol=0.0)


def test_the_input_is_dealt_out_without_loss() -> None:
    instance = instance_from_sizes(None, {"width": 4, "samples": 5, "input_dimension": 9, "separation": 0.4})
    x = torch.as_tensor(instance.inputs)
    for positions in (1, 3, 8, 20):
        parts = Convolutional(positions, 1).cut_input(x)
        assert parts.shape[:2] == (5, positions)
        torch.testing.assert_close(parts.flatten(1) @ parts.flatten(1).mT, x @ x.mT, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_every_adversary_stays_in_the_ball_and_improves_on_nothing(name: str) -> None:
    radius = 0.1
    network, instance = draw(name, "dense"), sizes(name, radius=radius)
    origin = NetworkSubject(network, instance, source("origin"))

    def objective(moved: Network) -> Tensor:
        outputs = NetworkSubject(moved, instance, source("moved"), origin).network_outputs()
        return (outputs - origin.network_outputs().detach()).square().sum((1, 2))

    attack = Attack(network, instance, source("attack"), objective)
    for kind, adversary in ADVERSARIES.items():
        moved = adversary(attack)
        for weights in moved.hidden:
            assert bool((weights.change_spectral_norm() <= radius * (1 + 1e-9)).all())
        if kind not in IDLE:
            assert bool((objective(moved) > 0).all())
    strongest, baseline = objective(ADVERSARIES["best of all"](attack)), objective(ADVERSARIES["random"](attack))
    assert bool((strongest > 2 * baseline).all())


@pytest.mark.parametrize("name", NAMES)
def test_displacements_are_what_the_move_adds_to_a_layer(name: str) -> None:
    network, instance = draw(name, "dense"), sizes(name, radius=0.5)
    origin = NetworkSubject(network, instance, source("origin"))
    moved = ADVERSARIES["targeted sign flips"](Attack(network, instance, source("attack"), lambda moved: moved.output.sum((1, 2))))
    subject = NetworkSubject(moved, instance, source("moved"), origin)
    for layer in range(1, DEPTH + 1):
        h = origin.activations(layer - 1)
        architecture = network.architecture
        before, after = (architecture.linear(net.hidden[layer - 1], layer, DEPTH, h) for net in (network, moved))
        torch.testing.assert_close(subject.displacement(layer, h), after - before, rtol=1e-9, atol=1e-12)
    assert float((subject.signs(DEPTH)[:, 0] - origin.signs(DEPTH)[:, 0]).abs().sum()) > 0


def statistics(network: Network, instance: Instance) -> dict[str, Tensor]:
    """What three steps of gradient descent leave behind, one number per trial."""
    targets = torch.as_tensor(instance.targets)
    for _ in range(3):
        record = network.forward(instance.inputs)
        network.step(record, record.outputs - targets, 0.3 / network.width)
    record = network.forward(instance.inputs)
    loss = record.outputs - targets
    last, norms = record.activations[-1], gradient_norms(network, record, loss)
    return {
        "norm": last[:, 0].norm(dim=-1),
        "inner product": (last[:, 0] * last[:, 1]).sum(-1),
        "output": record.outputs[:, 0, 0],
        "first layer's gradient": norms[:, 0],
        "last layer's gradient": norms[:, -1],
        "distance": network.distance(),
        "loss": loss.square().sum((1, 2)),
    }


@pytest.mark.parametrize("width", [3, 8])
@pytest.mark.parametrize("name", ["residual", "convolutional"])
def test_revealed_networks_have_the_law_of_dense_ones(name: str, width: int) -> None:
    """Two-sample Kolmogorov-Smirnov tests, false-alarm rate 1e-6 each; width 3 is saturated, with more questions than directions."""
    instance, trials = sizes(name, width), 3000
    dense, revealed = (statistics(draw(name, engine, trials=trials, width=width), instance) for engine in ENGINES)
    p_values = {key: float(stats.ks_2samp(dense[key].numpy(), revealed[key].numpy()).pvalue) for key in dense}
    assert min(p_values.values()) > 1e-6, p_values


@pytest.mark.parametrize("name", ["residual", "convolutional"])
def test_the_comparison_of_laws_can_fail(name: str) -> None:
    """A tau four times larger, and a network whose variance forgets the factor q."""
    instance = sizes(name, 8)
    wrong = Residual(c=4.0) if name == "residual" else Convolutional(POSITIONS, PATCH, shared_fan_in=False)
    other = Network.draw("revealed", 8, DEPTH, INPUTS, OUTPUTS, 3000, source("wrong"), architecture=wrong)
    dense, revealed = statistics(draw(name, "dense", trials=3000, width=8), instance), statistics(other, instance)
    assert min(float(stats.ks_2samp(dense[key].numpy(), revealed[key].numpy()).pvalue) for key in dense) < 1e-6


def test_the_total_norm_over_positions_is_a_martingale_of_mean_one() -> None:
    network = draw("convolutional", "dense", trials=4000)
    for h in network.forward(sizes("convolutional").inputs).activations:
        squares = h[:, 0].square().sum(-1)
        assert abs(float(squares.mean()) - 1) < 5 * float(squares.std()) / 4000**0.5  # false-alarm rate 6e-7


def test_one_position_and_one_neighbour_is_the_fully_connected_network() -> None:
    instance = sizes("fully connected")
    alone = Network.draw("dense", WIDTH, DEPTH, INPUTS, OUTPUTS, TRIALS, source("alone"), architecture=Convolutional(1, 1))
    plain = Network.draw("dense", WIDTH, DEPTH, INPUTS, OUTPUTS, TRIALS, source("alone"))
    torch.testing.assert_close(alone.forward(instance.inputs).outputs, plain.forward(instance.inputs).outputs, rtol=1e-12, atol=1e-12)
    kernels = [empirical_kernel(network, instance.inputs) for network in (alone, plain)]
    torch.testing.assert_close(torch.as_tensor(kernels[0]), torch.as_tensor(kernels[1]), rtol=1e-12, atol=1e-12)


def test_architectures_are_known_by_name() -> None:
    before = known()
    with pytest.raises(InputError, match="registered twice"):
        register("residual", lambda instance: Architecture())
    with pytest.raises(InputError, match="there is no architecture 'recurrent'"):
        architecture_for("recurrent", sizes("residual"))
    register("own", lambda instance: Architecture())
    restore(before)
    assert known() == before

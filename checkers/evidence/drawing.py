"""The networks of one decision: drawn from its seed alone, then moved by each adversary of the statement."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from torch import Tensor

from checkers.adversaries import ADVERSARIES, Attack, affordable
from checkers.adversaries.attack import AIMS, REVEALED_AIMS
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.smooth import SmoothNetwork
from checkers.networks.two_layer import TwoLayerNetwork
from checkers.subjects.exact_law import ExactLawSubject
from checkers.subjects.network import NetworkSubject
from checkers.subjects.partial import VectorSubject
from checkers.subjects.smooth import SmoothSubject
from checkers.subjects.two_layer import GateLawSubject, TwoLayerSubject
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Subject


def draw_network(statement: Statement, instance: Instance, engine: Engine, trials: int, source: NormalSource, device: str) -> Network:
    """The random initialization of this instance."""
    return Network.draw(
        "revealed" if engine == "revealed" else "dense",
        instance.width, instance.depth, instance.inputs.shape[1], instance.outputs, trials, source, statement.variance, device=device,
        architecture=architecture_for(statement.architecture, instance, **statement.options),
    )  # fmt: skip


def drawn_subjects(
    statement: Statement, instance: Instance, engine: Engine, trials: int, source: NormalSource, device: str, aims: int | None = None
) -> Iterator[tuple[str, Subject]]:
    """The subjects to measure, each with the adversary that moved its weights: "" for none. aims: samples that moves are aimed at; None: as
    many as the engine affords."""
    if engine == "vectors":
        yield "", VectorSubject(instance, trials, source)
        return
    if engine == "exact law":
        yield "", ExactLawSubject(instance, trials, source, statement.variance)
        return
    if engine == "gate law":
        yield "", GateLawSubject(instance, trials, source, statement.variance)
        return
    if engine == "gates":
        fair = statement.options.get("fair", 1.0)
        gates = TwoLayerNetwork.draw(instance.inputs, instance.width, trials, source, statement.variance, fair=fair, device=device)
        yield "", TwoLayerSubject(gates, instance, source.spawn("questions"))
        return
    if engine == "jacobian":
        linear = bool(statement.options.get("linear", 0.0))
        smooth = SmoothNetwork.draw(instance.inputs, instance.width, trials, source, statement.variance, linear=linear, device=device)
        yield "", SmoothSubject(smooth, instance, source.spawn("questions"), statement.variance)
        return
    network = draw_network(statement, instance, engine, trials, source, device)
    questions = source.spawn("questions")
    still = NetworkSubject(network, instance, questions)
    aims = aims or (AIMS if still.engine == "dense" else REVEALED_AIMS)
    if not statement.start:
        yield from _moved(statement, still, source, aims)
    for name in statement.start:
        # To W~, where in the ball this adversary would go from the untouched network.
        attack = _attack(statement, still, source.spawn(f"start {name}"), questions, aims)
        origin = NetworkSubject(ADVERSARIES[name](attack), instance, questions)
        for second, subject in _moved(statement, origin, source.spawn(f"from {name}"), aims):
            yield f"{name}, then {second}", subject
    yield "", still


def _moved(statement: Statement, origin: NetworkSubject, source: NormalSource, aims: int) -> Iterator[tuple[str, Subject]]:
    questions = source.spawn("questions")
    for name in statement.adversary:
        if origin.engine == "revealed" and not affordable(name, origin.network):
            continue
        moved = ADVERSARIES[name](_attack(statement, origin, source.spawn(name), questions, aims))
        yield name, NetworkSubject(moved, origin.instance, questions, origin)


def _attack(statement: Statement, origin: NetworkSubject, source: NormalSource, questions: NormalSource, aims: int) -> Attack:
    objective = partial(largest_ratio, statement, origin, questions)
    return Attack(origin.network, origin.instance, source, objective, origin.record, aims)


def largest_ratio(statement: Statement, origin: NetworkSubject, questions: NormalSource, network: Network) -> Tensor:
    """The statement's largest ratio left/right in each trial, (trials,), with its derivatives."""
    comparison = statement.sides(NetworkSubject(network, origin.instance, questions, origin))
    ratio = comparison.left / comparison.right
    return ratio.reshape(ratio.shape[0], -1).amax(1)


def source_of(statement: Statement, instance: Instance, seed: int, engine: Engine, stage: int) -> NormalSource:
    """All randomness of a decision."""
    return NormalSource(seed_sequence(seed, *statement.stream, instance.key(), engine, stage))

"""A certificate for a data set and a network, drawn or the user's own; and the run that it speaks of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from checkers.certification.both_layers_certificate import both_layers_certificate
from checkers.certification.deep_certificate import deep_certificate, deep_norms
from checkers.certification.smooth_certificate import MOST_GATES
from checkers.data.one_output import OneOutputData
from checkers.data.two_layer_model import TwoLayerModel
from checkers.errors import InputError
from checkers.experiments.width.certified_width import LARGEST, decided, drawn_network, least_certified
from checkers.experiments.width.drawn_deep import STORED, affordable_steps, deep_bytes, drawn_deep
from checkers.experiments.width.local_theory import local_theory
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener, silent
from checkers.records.training_certificates import CertifiedRun, CertifiedTraining, CertifiedWidth, LocalTheory, TrainingCertificate
from checkers.training.certified_run import STEPS, descending, descending_both, descending_deep, kept_word
from theorems.language.instance import Array

MOST_SAMPLES = 300  # eigenvalues in ball arithmetic, 250 times: minutes
WIDTH = 4096
LESS = "take fewer samples or a smaller width"


@dataclass(frozen=True)
class Asked:
    """width: of W(0) to draw; None: that of `model`, or the least certified one up to `largest` (None: the usual). steps: 0 for none.
    layers: L of a network of the first paper, 0 of a two-layer one. both: train the output layer, too."""

    width: int | None = WIDTH
    model: TwoLayerModel | None = None
    model_name: str = ""
    activation: str = "relu"
    largest: int | None = None
    layers: int = 0
    both: bool = False
    steps: int = STEPS
    goal: float = 1e-3


def certify_training(data: OneOutputData, asked: Asked, *, seed: int, progress: Listener = silent) -> CertifiedTraining:
    """Decide, and where the decision is a certificate, train."""
    samples = len(data.inputs)
    if samples > MOST_SAMPLES:
        raise InputError(f"{samples} rows are more work than a certificate does, {MOST_SAMPLES}: choose some of them with --samples")
    if asked.layers:
        return _of_deep(data, asked, seed, progress)
    search: CertifiedWidth | None = None
    labels = data.targets
    if asked.model is not None:
        weights, output, inputs, labels = _of_model(data, asked.model, asked.model_name)
        _refuse_beyond_memory(len(weights), samples)
    else:
        largest = asked.largest or (LARGEST if asked.activation == "relu" else MOST_GATES // samples)
        width = asked.width or largest
        _refuse_beyond_memory(width, samples)
        if asked.width is None:
            search = least_certified(lambda tried: _decide(asked, *drawn_network(data.inputs, tried, seed), labels), largest)
            width = search.width or max(one.width for one in search.tried)
        weights, output, inputs = drawn_network(data.inputs, width, seed)
    found = _decide(asked, weights, output, inputs, labels)
    run = None
    if found.certified and asked.steps:
        descend = descending(weights, output, inputs, labels, found, asked.activation)
        if asked.both:
            descend = descending_both(weights, output, inputs, labels, _ratio(asked, len(weights)))
        run = kept_word(descend, labels, found, steps=asked.steps, goal=asked.goal, progress=progress)
    return _answer(data, asked, seed, found, search, run)


def _ratio(asked: Asked, width: int) -> float:
    """c: of a drawn network v_r = a_r/sqrt(m), and the a_r are trained; of the user's own the v_r."""
    return 1.0 if asked.model is not None else 1 / math.sqrt(width)


def _decide(asked: Asked, weights: Array, output: Array, inputs: Array, labels: Array) -> TrainingCertificate:
    if asked.both:
        return both_layers_certificate(weights, output, inputs, labels, _ratio(asked, len(weights)))
    return decided(weights, output, inputs, labels, asked.activation)


def _of_deep(data: OneOutputData, asked: Asked, seed: int, progress: Listener) -> CertifiedTraining:
    """The same of a network of the first paper."""
    inputs, labels = data.inputs, data.targets
    width = asked.width or asked.largest or LARGEST
    refuse_beyond_memory(deep_bytes(len(inputs), width, asked.layers), free_bytes(), "this certificate", LESS)
    search: CertifiedWidth | None = None
    if asked.width is None:
        search = least_certified(
            lambda tried: deep_certificate(drawn_deep(inputs, tried, asked.layers, seed), inputs, labels), asked.largest or LARGEST
        )
        width = search.width or max(one.width for one in search.tried)
    network = drawn_deep(inputs, width, asked.layers, seed)
    norms = deep_norms(network)
    found = deep_certificate(network, inputs, labels, norms)
    local, run = None, None
    if width <= STORED:
        local = local_theory(network, inputs, norms[1:], found, NormalSource(seed_sequence(seed, "local theory", width, asked.layers)))
    if found.certified and asked.steps:
        steps = min(asked.steps, affordable_steps(network, len(inputs), free_bytes()))
        run = kept_word(descending_deep(network, inputs, labels), labels, found, steps=steps, goal=asked.goal, progress=progress)
    return _answer(data, asked, seed, found, search, run, local)


def _answer(
    data: OneOutputData, asked: Asked, seed: int, found: TrainingCertificate, search: CertifiedWidth | None, run: CertifiedRun | None,
    local: LocalTheory | None = None,
) -> CertifiedTraining:  # fmt: skip
    depth = found.descent.depth
    return CertifiedTraining(
        verdict="CERTIFIED" if found.certified else "NOT CERTIFIED", data=data.name, labels=data.labels, samples=len(data.inputs),
        dimension=data.inputs.shape[1], model=asked.model_name, activation=asked.activation, seed=seed, width=found.width,
        rate=found.descent.rate, radius=found.descent.radius, depth=depth, floor=found.floor, bits=found.bits, certificate=found,
        needed_width=float(found.width) if found.certified else found.width / depth**2 if depth > 0 else 0.0, search=search, run=run,
        read=data.read, warnings=list(data.warnings), layers=asked.layers, local=local,
        both_layers=asked.both,
    )  # fmt: skip


def _of_model(data: OneOutputData, model: TwoLayerModel, name: str) -> tuple[Array, Array, Array, Array]:
    """Weights, output, inputs and what the hidden layer has to fit."""
    columns, wanted = data.inputs.shape[1] - model.bias, model.weights.shape[1] - model.bias
    if columns != wanted:
        raise InputError(f"the network of {name} takes {wanted} inputs, and {data.name} has {columns} columns of them")
    return model.weights, model.output, data.inputs, data.targets - model.offset


def _refuse_beyond_memory(width: int, samples: int) -> None:
    """Of each gate: its product, from when on it may change, and copies of those that may, at most five numbers in all."""
    refuse_beyond_memory(5 * 8 * width * samples, free_bytes(), "this certificate", LESS)

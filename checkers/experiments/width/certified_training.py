"""A certificate for a data set and a network, drawn or the user's own; and the run that it speaks of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from checkers.certification.both_layers_certificate import both_layers_certificate
from checkers.certification.deep_certificate import deep_certificate, deep_norms
from checkers.certification.smooth_certificate import MOST_GATES
from checkers.certification.smooth_deep_certificate import smooth_deep_certificate
from checkers.data.deep_model import DeepModel
from checkers.data.one_output import OneOutputData
from checkers.data.two_layer_model import TwoLayerModel
from checkers.errors import InputError
from checkers.experiments.width.certified_width import LARGEST, decided, drawn_network, least_certified
from checkers.experiments.width.drawn_deep import STORED, affordable_steps, deep_bytes, drawn_deep, drawn_smooth_deep, own_deep
from checkers.experiments.width.local_theory import local_theory
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.events import Listener, silent
from checkers.records.training_certificates import CertifiedRun, CertifiedTraining, CertifiedWidth, LocalTheory, TrainingCertificate
from checkers.training.certified_run import STEPS, descending, descending_both, descending_deep, descending_smooth_deep, kept_word
from theorems.language.instance import Array

MOST_SAMPLES = 300  # eigenvalues in ball arithmetic, 250 times: minutes
WIDTH = 4096
LESS = "take fewer samples or a smaller width"


@dataclass(frozen=True)
class Asked:
    """width: of W(0) to draw; None: that of `model`, or the least certified one up to `largest` (None: the usual). steps: 0 for none.
    layers: L of a network of the first paper, or of a deep `model`, 0 of a two-layer one. both: train the output layer, too."""

    width: int | None = WIDTH
    model: TwoLayerModel | DeepModel | None = None
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
        return (_of_deep if asked.activation == "relu" else _of_smooth_deep)(data, asked, seed, progress)
    search: CertifiedWidth | None = None
    inputs, labels = data.inputs, data.targets
    if isinstance(asked.model, TwoLayerModel):
        _refuse_other_inputs(data, asked.model.weights, asked.model.bias, asked.model_name)
        weights, output, labels = asked.model.weights, asked.model.output, labels - asked.model.offset
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
            c, bias = _output_layer(asked, len(weights))
            descend = descending_both(weights, output, inputs, labels, c, bias=bias)
        run = kept_word(descend, labels, found, steps=asked.steps, goal=asked.goal, progress=progress)
    return _answer(data, asked, seed, found, search, run)


def _output_layer(asked: Asked, width: int) -> tuple[float, bool]:
    """s of v_r = s a_r, of which the a_r are trained: 1/sqrt(m) of a drawn network, --scale of the user's own; and whether a bias is."""
    if isinstance(asked.model, TwoLayerModel):
        return abs(asked.model.scale), asked.model.output_bias
    return 1 / math.sqrt(width), False


def _decide(asked: Asked, weights: Array, output: Array, inputs: Array, labels: Array) -> TrainingCertificate:
    if asked.both:
        c, bias = _output_layer(asked, len(weights))
        return both_layers_certificate(weights, output, inputs, labels, c, bias=bias)
    return decided(weights, output, inputs, labels, asked.activation)


def _of_deep(data: OneOutputData, asked: Asked, seed: int, progress: Listener) -> CertifiedTraining:
    """The same of a network of the first paper, or of the user's own of its kind."""
    inputs, labels = data.inputs, data.targets
    own = asked.model if isinstance(asked.model, DeepModel) else None
    width = own.width if own is not None else asked.width or asked.largest or LARGEST
    stored = own is not None or width <= STORED
    refuse_beyond_memory(deep_bytes(len(inputs), width, asked.layers, stored=stored), free_bytes(), "this certificate", LESS)
    search: CertifiedWidth | None = None
    if own is not None:
        _refuse_other_inputs(data, own.input, own.bias, asked.model_name)
        labels = labels - own.offset
    elif asked.width is None:
        search = least_certified(
            lambda tried: deep_certificate(drawn_deep(inputs, tried, asked.layers, seed), inputs, labels), asked.largest or LARGEST
        )
        width = search.width or max(one.width for one in search.tried)
    network = drawn_deep(inputs, width, asked.layers, seed) if own is None else own_deep(own)
    norms = deep_norms(network)
    found = deep_certificate(network, inputs, labels, norms)
    local, run = None, None
    if width <= STORED and (own is None or own.even):  # adversaries are of networks with one width
        local = local_theory(network, inputs, norms[1:], found, NormalSource(seed_sequence(seed, "local theory", width, asked.layers)))
    if found.certified and asked.steps:
        steps = min(asked.steps, affordable_steps(network, len(inputs), free_bytes()))
        run = kept_word(descending_deep(network, inputs, labels), labels, found, steps=steps, goal=asked.goal, progress=progress)
    return _answer(data, asked, seed, found, search, run, local)


def _of_smooth_deep(data: OneOutputData, asked: Asked, seed: int, progress: Listener) -> CertifiedTraining:
    """The same with a smooth activation, whose matrices are stored."""
    inputs, labels = data.inputs, data.targets
    own = asked.model if isinstance(asked.model, DeepModel) else None
    largest = asked.largest or WIDTH
    width = own.width if own is not None else asked.width or largest
    refuse_beyond_memory(deep_bytes(len(inputs), width, asked.layers, stored=True), free_bytes(), "this certificate", LESS)
    if own is not None:
        _refuse_other_inputs(data, own.input, own.bias, asked.model_name)
        labels = labels - own.offset

    def decide(model: DeepModel) -> TrainingCertificate:
        return smooth_deep_certificate(model.input, model.hidden, model.output[0], inputs, labels, asked.activation)

    search: CertifiedWidth | None = None
    if own is None and asked.width is None:
        search = least_certified(lambda tried: decide(drawn_smooth_deep(inputs, tried, asked.layers, asked.activation, seed)), largest)
        width = search.width or max(one.width for one in search.tried)
    model = drawn_smooth_deep(inputs, width, asked.layers, asked.activation, seed) if own is None else own
    found, run = decide(model), None
    if found.certified and asked.steps:
        descend = descending_smooth_deep(model.input, model.hidden, model.output[0], inputs, labels, asked.activation)
        run = kept_word(descend, labels, found, steps=asked.steps, goal=asked.goal, progress=progress)
    return _answer(data, asked, seed, found, search, run)


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


def _refuse_other_inputs(data: OneOutputData, first: Array, bias: bool, name: str) -> None:
    """first: the matrix that meets the inputs, with its bias as a column."""
    columns, wanted = data.inputs.shape[1] - bias, first.shape[1] - bias
    if columns != wanted:
        raise InputError(f"the network of {name} takes {wanted} inputs, and {data.name} has {columns} columns of them")


def _refuse_beyond_memory(width: int, samples: int) -> None:
    """Of each gate: its product, from when on it may change, and copies of those that may, at most five numbers in all."""
    refuse_beyond_memory(5 * 8 * width * samples, free_bytes(), "this certificate", LESS)

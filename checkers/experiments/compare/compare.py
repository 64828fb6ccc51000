"""All theories on one data set: what each asks for, what is certified, what it takes, and which inequality loses the rest."""

from __future__ import annotations

import math
import time

import msgspec
import numpy as np

from checkers.data.sphere_data import SphereData
from checkers.errors import InputError
from checkers.experiments.compare.asked import FAILURE, all_asked, not_asked
from checkers.experiments.compare.losses import losses
from checkers.experiments.compare.measured import GOAL, Problem, measure
from checkers.experiments.width.certified_width import certified_width, drawn_certificate
from checkers.experiments.width.deep_width import MOST_SAMPLES as DEEP_SAMPLES
from checkers.experiments.width.deep_width import about_certified
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.comparison import Asked, Certified, Comparison, DeepCertified, Trained
from strategies.data import closest_pair
from theorems.laws.data_predicates import POSITIVE
from theorems.two_layer.requirements import given

LIMIT = "certificate-limit"  # the requirement that the certificate of a drawn W(0) tends to
MOST_SAMPLES = 200  # the trainings of more take hours
MOST_TABLE = 2**20  # a few seconds on one core
LAYERS = (1, 2)  # of the first paper's networks, whose certificates are set beside that of two layers
MOST_PROVED = 64  # rows whose eigenvalues are enclosed by the hundred: more take minutes


def compare(data: SphereData, *, seed: int, p: float = FAILURE, most_table: int = MOST_TABLE) -> Comparison:
    """p: the failure probability of every theory. most_table: numbers of a certificate's table, width times samples."""
    start = time.monotonic()
    inputs, targets = data.inputs, data.targets
    if len(inputs) > MOST_SAMPLES:
        raise InputError(f"{len(inputs):,} rows would take hours, and the limit is {MOST_SAMPLES}: choose some of them with --samples")
    problem = Problem(inputs, targets)
    source = NormalSource(seed_sequence(seed, "compare"))
    degenerate = bool(POSITIVE.broken_by(inputs))
    trained = measure(problem, source.spawn("measured"), hopeless=degenerate)
    asked = all_asked(inputs, targets, data.rows, p, GOAL, trained.width, degenerate=degenerate)
    widths = {one.id: one.width_asked for one in asked if one.width_asked is not None}
    certified = None if degenerate or len(inputs) > MOST_PROVED else _certified(problem, seed, trained.width, most_table)
    reached = certified.width if certified is not None and certified.width else widths.get(LIMIT)
    symbols = given(inputs, targets)
    delta = closest_pair(inputs)[2]
    return Comparison(
        data=data.name, labels=data.labels, read=data.read, warnings=list(data.warnings), seed=seed, rows=len(inputs),
        input_dimension=inputs.shape[1], delta=delta if math.isfinite(delta) else None, lambda0=0.0 if degenerate else symbols["lambda0"],
        top=symbols["top"], data_norm=symbols["X"], crowding=symbols["S"], residual=symbols["r_0"], p=p,
        theories=[_with_depth(one, certified) for one in asked], not_asked=not_asked(),
        certified=certified, deep=[] if degenerate else _deep(problem, seed, trained.width), trained=trained,
        width_measured=trained.width, low=_low(trained), high=trained.width,
        losses=losses(problem, widths, p, reached, trained.width, source.spawn("losses")),
        seconds=time.monotonic() - start,
    )  # fmt: skip


def _low(trained: Trained) -> int:
    """The largest width that was tried and is not enough; 0 for none. What is enough stays so at larger widths."""
    return max((one.width for one in trained.tried if trained.width is None or one.width < trained.width), default=0)


def _with_depth(asked: Asked, certified: Certified | None) -> Asked:
    """What the limit of the certificates asks, with how deep the last certificate stands."""
    return msgspec.structs.replace(asked, certificate_depth=certified.depth) if certified and asked.id == LIMIT else asked


def _certified(problem: Problem, seed: int, measured: int | None, most_table: int) -> Certified:
    """The least certified width within that table, or where the last depth says that it might be."""
    largest = max(256, most_table // len(problem.inputs))
    found = certified_width(problem.inputs, problem.targets, seed, largest=largest)
    last = found.tried[-1]
    if not found.width:
        predicted = found.predicted or None
        return Certified(width=None, predicted=predicted, depth=last.depth, largest=last.width, over_measured=_over(predicted, measured))
    promise = drawn_certificate(problem.inputs, problem.targets, found.width, seed).descent
    steps = math.log(1 / GOAL) / (-2 * float(np.log1p(-promise.step_size * promise.rate)))
    return Certified(
        width=found.width, predicted=None, depth=promise.depth, largest=last.width, steps=steps, over_measured=_over(found.width, measured)
    )  # fmt: skip


def _deep(problem: Problem, seed: int, measured: int | None) -> list[DeepCertified]:
    """E ‖y - f‖^2 = ‖y‖^2 + n."""
    if len(problem.inputs) > DEEP_SAMPLES:
        return []
    residual = math.sqrt(float(np.square(problem.targets).sum()) + len(problem.inputs))
    widths = {layers: about_certified(problem.inputs, residual, layers, seed) for layers in LAYERS}
    return [DeepCertified(layers=one, width=width, over_measured=_over(width, measured)) for one, width in widths.items()]


def _over(width: float | None, measured: int | None) -> float | None:
    return width / measured if width is not None and measured else None

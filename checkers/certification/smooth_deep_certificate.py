"""What W(0), the data and the labels prove of deep networks with a smooth activation, of which all hidden layers are trained.

f = b . h_L, h_l = phi(W_l h_{l-1}), h_0 = phi(A x): the theorem of deep_certificate.py by what smooth_deep_change.py bounds, or that of
smooth_deep_path.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
import torch
from flint import arb

from checkers.certification.balls import precision
from checkers.certification.deep_certificate import certified
from checkers.certification.smooth_certificate import MOST_GATES
from checkers.certification.smooth_deep_change import smooth_changed
from checkers.certification.smooth_deep_path import balls_of, path_promise
from checkers.certification.smooth_deep_start import SmoothDeepStart, given_norm, smooth_deep_start
from checkers.certification.training_certificate import BITS, SHARES
from checkers.errors import InputError
from checkers.records.training_certificates import Promise, TrainingCertificate
from theorems.language.instance import Array


def smooth_deep_certificate(
    first: Array, hidden: Sequence[Array], output: Array, inputs: Array, labels: Array, activation: str,
    *, shares: tuple[float, ...] = SHARES,
) -> TrainingCertificate:  # fmt: skip
    """first: A, (m_0, d); hidden: W_1..W_L, (m_l, m_{l-1}); output: b, (m_L,); inputs: (n, d); labels: (n,); activation: a name in SMOOTH.

    shares: of 1/lambda_max(H(0)), step sizes to try, the first certified is taken.
    """
    samples = len(inputs)
    if 2 * samples * sum(len(one) for one in (first, *hidden)) > MOST_GATES:
        size = f"{max(len(one) for one in (first, *hidden)):,} neurons, {len(hidden)} layers and {samples} rows"
        raise InputError(f"{size}: more values and slopes of {activation} than are enclosed, {MOST_GATES:,}")
    matrices = [torch.from_numpy(one) for one in (first, *hidden)]
    norms = [given_norm(one) for one in matrices]
    with precision(BITS):
        start = smooth_deep_start(matrices[0], matrices[1:], torch.from_numpy(output), torch.from_numpy(inputs), activation, norms)
    found = certified(start, partial(smooth_changed, start), inputs, labels, norms, shares)
    return _or_by_path(found, start, shares) if found.floor > 0 else found


def _or_by_path(found: TrainingCertificate, start: SmoothDeepStart, shares: tuple[float, ...]) -> TrainingCertificate:
    """The promise that ‖y - f‖ falls faster by."""
    with precision(BITS):
        alpha, beta, residual = arb(found.floor).sqrt().lower(), arb(found.top).sqrt().upper(), arb(found.residual)
        balls = balls_of(start, float(alpha), found.residual)
        step_sizes = [share / found.top * (1 - 2**-50) for share in shares]
        descent, flow = (path_promise(balls, alpha, beta, residual, sizes) for sizes in (step_sizes, [0.0]))
    return msgspec.structs.replace(found, descent=_better(found.descent, descent), flow=_better(found.flow, flow))


def _better(one: Promise, other: Promise) -> Promise:
    best = max(one, other, key=lambda promise: promise.rate * (promise.step_size or 1))
    return msgspec.structs.replace(best, depth=max(one.depth, other.depth))

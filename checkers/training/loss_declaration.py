"""Whether a loss keeps what its declaration says, on random outputs: a promise that is wrong would make every conclusion about it wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.networks.randomness import NormalSource, seed_sequence
from theorems.laws.losses import Loss, losses

POINTS = 256
SCALES = (0.1, 1.0, 10.0)  # of the random outputs about the targets: the bottom, the middle and the tails
ROUNDING = 1e-9  # of sums of a few products of numbers below 100, far above float64's


def broken_promise(loss: Loss, targets: Tensor) -> str:
    """What of its declaration the loss breaks near the targets (n, d), in words; empty if nothing was found."""
    source = NormalSource(seed_sequence(0, "promises", loss.name))
    for scale in SCALES:
        y = targets[source.integers((POINTS,), 0, len(targets) - 1)]
        z, other = (y + source.normal(tuple(y.shape), scale, y.dtype) for _ in range(2))
        value, gradient = loss.value(z, y), loss.gradient(z, y)
        if tuple(value.shape) != (POINTS,) or tuple(gradient.shape) != tuple(z.shape):
            return f"its value has shape {tuple(value.shape)} for outputs of shape {tuple(z.shape)}: one number a sample is needed"
        if not bool(torch.isfinite(value).all()) or float(value.min()) < 0:
            return "its value is negative or not finite somewhere"
        step = other - z
        distance, square = step.norm(dim=-1), gradient.square().sum(-1)
        slope = (loss.value(z + 1e-6 * step, y) - loss.value(z - 1e-6 * step, y)) / 2e-6
        # a central difference errs by 1e-12 of the third derivative and by the rounding of the values over 1e-6
        if bool(((slope - (gradient * step).sum(-1)).abs() > 1e-5 * (1 + value + distance * (1 + distance) * loss.smoothness)).any()):
            return "its gradient is not the derivative of its value"
        if bool(((loss.gradient(other, y) - gradient).norm(dim=-1) > loss.smoothness * distance * (1 + ROUNDING) + ROUNDING).any()):
            return f"its gradient changes faster than smoothness {loss.smoothness:g} allows"
        if loss.conclusion == "linear rate" and bool((2 * loss.domination * value > square * (1 + ROUNDING) + ROUNDING).any()):
            return f"its gradient is smaller than domination {loss.domination:g} asks for"
        below = value + (gradient * step).sum(-1) - loss.value(other, y)
        if loss.conclusion == "global minimum" and bool((below > ROUNDING * (1 + value + distance)).any()):
            return "it is not convex, as a global minimum needs"
        if loss.conclusion == "stationary point" and float(value.max()) > 1e6:
            return "it is not bounded, as the promise of a stationary point needs"
    return ""


def verify_declaration(name: str, targets: npt.NDArray[np.float64]) -> None:
    """Raise InputError if the loss of that name breaks its declaration."""
    try:
        reason = broken_promise(losses[name], torch.as_tensor(targets))
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"loss {name!r} cannot be evaluated: {type(error).__name__}: {' '.join(str(error).split())}") from error
    if reason:
        raise InputError(f"loss {name!r} does not keep its declaration: {reason}")
